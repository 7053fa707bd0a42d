use super::Markup;
use crate::{components::Symbol, words::words};

/// What can be done with all that is picked. The style sheet shows it while something is.
pub fn bulk(m: &mut Markup) {
    let w = words();
    m.raw("<div class=\"bulk\" role=\"group\" aria-label=\"")
        .text(w.picked)
        .raw("\"><span class=\"bulk-count\"></span>");
    for (act, symbol, label) in [
        ("read", Symbol::Check, w.mark_read),
        ("unread", Symbol::Circle, w.mark_unread),
        ("save", Symbol::Bookmark, w.save_message),
        ("archive", Symbol::Archive, w.archive),
    ] {
        m.raw("<button class=\"button button-small\" form=\"marks\" name=\"act\" data-bulk data-act=\"").raw(act);
        m.raw("\" value=\"").raw(act).raw("\">").icon(symbol).text(label).raw("</button>");
    }
    for (act, label) in [("pick_all", w.pick_all), ("pick_none", w.pick_none)] {
        m.raw("<button class=\"link-button needs-script\" type=\"button\" data-act=\"").raw(act).raw("\">");
        m.text(label).raw("</button>");
    }
    m.raw("</div>");
}
