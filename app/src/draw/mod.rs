//! What is drawn as text: messages and what surrounds them, by the server and the browser alike.
//!
//! A view of Leptos is a type for each element with code to make it, to find it in the server's document and to change
//! it. A message has thirty elements, a list ten thousand messages, and nothing in them changes but their classes and
//! times. So both sides write the same markup, but for the form that only a page without script needs; the browser lets its
//! parser make the elements, and [`crate::paint`] changes what does change, by looking for it. What people press is found
//! by its `data-act`: [`crate::acts`].

mod actions;
mod answer;
mod avatar;
mod bulk;
mod chips;
mod edit;
mod empty;
mod message;
mod search;
mod text;
mod topics;
mod unsent;

pub use answer::{Answered, answer, empty_view};
pub use avatar::avatar;
pub use bulk::bulk;
pub use edit::{confirm_delete, edit};
pub use empty::{command, empty, step};
pub use message::{Eye, Look, day, is_high, message, sent_by};
pub use search::{Searching, filter_name, search, segmented};
pub use topics::topics;
pub use unsent::unsent;

use crate::components::Symbol;

/// Priority from which a message is called high: what the composer's second choice sends.
pub const PRIORITY_HIGH: u8 = 5;

/// Markup that is being written. What is not the program's own goes through [`Markup::text`], which makes it harmless as a
/// text and as the value of a quoted attribute.
#[derive(Debug, Default)]
pub struct Markup(String);

impl Markup {
    /// The program's own markup: only what is written in the source has such a life.
    pub fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Any text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        let mut from = 0;
        for (at, byte) in text.bytes().enumerate() {
            let escaped = match byte {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                b'\'' => "&#39;",
                _ => continue,
            };
            // The five are one byte each, so both ends are between characters.
            self.0.push_str(text.get(from..at).unwrap_or_default());
            self.0.push_str(escaped);
            from = at + 1;
        }
        self.0.push_str(text.get(from..).unwrap_or_default());
        self
    }

    /// A number.
    pub fn number(&mut self, number: u64) -> &mut Self {
        self.text(&number.to_string())
    }

    /// A picture beside words.
    pub fn icon(&mut self, symbol: Symbol) -> &mut Self {
        self.raw(r#"<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d=""#)
            .raw(symbol.path())
            .raw(r#""/></svg>"#)
    }

    /// What was written.
    pub fn finish(self) -> String {
        self.0
    }
}

/// Markup by a function that writes it.
pub fn drawn(write: impl FnOnce(&mut Markup)) -> String {
    let mut markup = Markup::default();
    write(&mut markup);
    markup.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        let text = r#"<img src=x onerror="a('b')">&lt;é會"#;
        let shown = drawn(|m| {
            m.raw("<b title=\"").text(text).raw("\">").text(text).raw("</b>");
        });
        let safe = "&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&amp;lt;é會";
        assert_eq!(shown, format!("<b title=\"{safe}\">{safe}</b>"));
    }
}
