/// The id of the dialog, by which it is opened.
pub const PALETTE_ID: &str = "palette";

/// What is in the dialog of commands. The server draws it, and it stays; [`crate::palette`] fills the list.
#[cfg(not(feature = "ssr"))]
pub fn palette() -> String {
    String::new()
}

/// What is in the dialog of commands.
#[cfg(feature = "ssr")]
pub fn palette() -> String {
    use super::Symbol;
    use crate::{draw::drawn, words::words};

    drawn(|m| {
        let w = words();
        m.raw("<div class=\"search\">").icon(Symbol::Search);
        m.raw("<input class=\"search-input\" id=\"command\" type=\"text\" role=\"combobox\" autocomplete=\"off\" ");
        m.raw("autocapitalize=\"none\" spellcheck=\"false\" aria-autocomplete=\"list\" aria-expanded=\"true\" ");
        m.raw("aria-controls=\"commands\" aria-label=\"").text(w.palette).raw("\" placeholder=\"").text(w.palette_hint);
        m.raw("\"></div><ul class=\"commands\" id=\"commands\" role=\"listbox\" aria-label=\"").text(w.palette);
        m.raw("\"></ul>");
    })
}
