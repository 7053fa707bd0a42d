use leptos::{either::Either, prelude::*};

use super::{Highlighted, UnreadDot};
use crate::{text, words::words};

/// What a message says: its addresses are links, and a long one is folded by the style sheet alone, so that it is there
/// in full without script.
#[component]
pub fn MessageText(
    /// The text.
    text: String,
    /// Words to mark in it.
    #[prop(optional)]
    needles: Vec<String>,
    /// Whether it is unread, where no title says so.
    #[prop(optional_no_strip)]
    unread: Option<Memo<bool>>,
) -> impl IntoView {
    let fold = text::is_long(&text).then(|| {
        view! {
            <label class="fold">
                <input type="checkbox" autocomplete="off" />
                <span class="fold-more">{words().show_whole}</span>
                <span class="fold-less">{words().show_less}</span>
            </label>
        }
    });
    let stretch = |stretch: text::Stretch<'_>| {
        let shown = view! { <Highlighted text=stretch.text.to_owned() needles=needles.clone() /> };
        if stretch.link {
            let address = stretch.text.to_owned();
            Either::Left(view! {
                <a href=address target="_blank" rel="noopener nofollow ugc">
                    {shown}
                </a>
            })
        } else {
            Either::Right(shown)
        }
    };
    let stretches = text::links(&text).into_iter().map(stretch).collect_view();
    view! {
        <p class="message-text" dir="auto">
            {unread.map(|unread| view! { <UnreadDot unread /> })}
            {stretches}
        </p>
        {fold}
    }
}
