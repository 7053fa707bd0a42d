use super::Markup;
use crate::{components::Symbol, words::words};

/// What stands where there is nothing: why, and the next step, which `next` writes.
pub fn empty(m: &mut Markup, symbol: Symbol, (title, hint): (&str, &str), next: impl FnOnce(&mut Markup)) {
    m.raw("<div class=\"empty\"><span class=\"empty-icon\">").icon(symbol).raw("</span><h2>").text(title);
    m.raw("</h2><p>").text(hint).raw("</p>");
    next(m);
    m.raw("</div>");
}

/// A next step that is a link.
pub fn step(m: &mut Markup, href: &'static str, text: &str) {
    m.raw("<div class=\"button-row\"><a class=\"button\" href=\"").raw(href).raw("\">").text(text).raw("</a></div>");
}

/// A command line that sends a message, to be copied.
pub fn command(m: &mut Markup, base_url: &str) {
    let w = words();
    m.raw(r#"<div class="code"><pre><code>curl -H &quot;Authorization: Bearer $TOKEN&quot; \"#).raw("\n");
    m.raw(r"  -H &quot;Content-Type: application/json&quot; \").raw("\n");
    m.raw("  -d '{&quot;message&quot;:&quot;backup done&quot;}' \\\n  ");
    m.text(base_url).raw("/message</code></pre>");
    m.raw("<button class=\"icon-button needs-script\" type=\"button\" data-act=\"copy\" aria-label=\"");
    m.text(w.copy_command).raw("\" title=\"").text(w.copy).raw("\">").icon(Symbol::Copy).raw("</button></div>");
}
