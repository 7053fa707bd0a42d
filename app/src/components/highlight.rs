use leptos::{either::Either, prelude::*};

use crate::text;

/// A text with the words searched for marked.
#[component]
pub fn Highlighted(
    /// The text.
    text: String,
    /// The words.
    needles: Vec<String>,
) -> impl IntoView {
    if needles.is_empty() {
        return Either::Left(text);
    }
    let piece = |piece: text::Piece<'_>| {
        let text = piece.text.to_owned();
        if piece.hit { Either::Left(view! { <mark>{text}</mark> }) } else { Either::Right(text) }
    };
    Either::Right(text::split(&text, &needles).into_iter().map(piece).collect_view())
}
