use leptos::prelude::*;

use crate::words::words;

/// The mark of an unread message.
#[component]
pub fn UnreadDot(
    /// Whether to show it.
    unread: Memo<bool>,
) -> impl IntoView {
    move || {
        unread.get().then(|| {
            view! {
                <span class="unread-dot">
                    // A text finds its direction without these words.
                    <span class="visually-hidden" dir="ltr">{words().unread_mark}</span>
                </span>
            }
        })
    }
}
