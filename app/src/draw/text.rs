use super::Markup;
use crate::{text, words::words};

/// The dot of a message that is unread; the style sheet shows it while the message is.
const DOT: &str = "<span class=\"unread-dot\"><span class=\"visually-hidden\" dir=\"ltr\">";

/// The mark of an unread message.
pub(super) fn dot(m: &mut Markup) {
    // A text finds its direction without these words.
    m.raw(DOT).text(words().unread_mark).raw("</span></span>");
}

/// A text with the words searched for marked.
pub(super) fn highlighted(m: &mut Markup, text: &str, needles: &[String]) {
    if needles.is_empty() {
        m.text(text);
        return;
    }
    for piece in text::split(text, needles) {
        if piece.hit {
            m.raw("<mark>").text(piece.text).raw("</mark>");
        } else {
            m.text(piece.text);
        }
    }
}

/// What a message says: its addresses are links, and a long one is folded by the style sheet alone, so that it is there
/// in full without script. Where no title says so, it has the dot.
pub(super) fn body(m: &mut Markup, text: &str, needles: &[String], with_dot: bool) {
    m.raw("<p class=\"message-text\" dir=\"auto\">");
    if with_dot {
        dot(m);
    }
    for stretch in text::links(text) {
        if stretch.link {
            m.raw("<a href=\"").text(stretch.text).raw("\" target=\"_blank\" rel=\"noopener nofollow ugc\">");
        }
        highlighted(m, stretch.text, needles);
        if stretch.link {
            m.raw("</a>");
        }
    }
    m.raw("</p>");
    if text::is_long(text) {
        m.raw("<label class=\"fold\"><input type=\"checkbox\" autocomplete=\"off\"><span class=\"fold-more\">");
        m.text(words().show_whole).raw("</span><span class=\"fold-less\">").text(words().show_less);
        m.raw("</span></label>");
    }
}
