use push_system::{ids::MessageId, limits};

use super::Markup;
use crate::{components::Symbol, words::words};

/// The fields in which a message is changed, in place of what it says. `refused` is why the last try failed.
pub fn edit(m: &mut Markup, id: MessageId, title: &str, text: &str, refused: Option<&str>) {
    let w = words();
    m.raw("<form class=\"edit-form\" method=\"post\" data-act=\"save_edit\" action=\"/m/").number(id.0).raw("\">");
    m.raw("<input type=\"hidden\" name=\"act\" value=\"edit\">");
    m.raw("<label class=\"visually-hidden\" for=\"edit-title\">").text(w.title_field).raw("</label>");
    m.raw("<input class=\"input\" id=\"edit-title\" name=\"title\" autocomplete=\"off\" maxlength=\"");
    m.number(limits::TITLE_CHARS as u64).raw("\" placeholder=\"").text(w.title_field).raw("\" value=\"").text(title);
    m.raw("\"><label class=\"visually-hidden\" for=\"edit-text\">").text(w.message_field).raw("</label>");
    // A parser drops one line break at the beginning of a text field.
    m.raw("<textarea class=\"input\" id=\"edit-text\" name=\"message\" rows=\"4\" aria-required=\"true\"");
    if refused.is_some() {
        m.raw(" aria-invalid=\"true\" aria-describedby=\"edit-error\"");
    }
    m.raw(">\n").text(text).raw("</textarea>");
    if let Some(why) = refused {
        m.raw("<p class=\"field-error\" id=\"edit-error\" role=\"alert\">");
        m.icon(Symbol::Alert).raw("<span>").text(why).raw("</span></p>");
    }
    m.raw("<div class=\"button-row\"><button class=\"button button-primary button-small\">").text(w.save);
    m.raw("</button><button class=\"button button-small needs-script\" type=\"button\" data-act=\"cancel\">");
    m.text(w.cancel).raw("</button></div></form>");
}

/// The question before a message is taken back, which nothing undoes.
pub fn confirm_delete(m: &mut Markup, id: MessageId) {
    let w = words();
    m.raw("<form class=\"confirm\" method=\"post\" data-act=\"delete_now\" action=\"/m/").number(id.0).raw("\">");
    m.raw("<input type=\"hidden\" name=\"act\" value=\"delete\"><span>").text(w.delete_question);
    m.raw("</span><button class=\"button button-danger button-small\">").text(w.delete);
    m.raw("</button><button class=\"button button-small needs-script\" type=\"button\" data-act=\"cancel\">");
    m.text(w.cancel).raw("</button></form>");
}
