use super::Markup;
use crate::text;

/// A person's initials on their colour; the name always stands beside it.
pub fn avatar(m: &mut Markup, name: &str, class: &'static str) {
    m.raw("<span class=\"avatar avatar-").number(text::colour(name).into()).raw(class);
    m.raw("\" aria-hidden=\"true\">").text(&text::initials(name)).raw("</span>");
}
