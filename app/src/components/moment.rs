use leptos::prelude::*;
use push_system::timestamp::Timestamp;

use crate::{app::use_page, text, words::words};

/// How long ago, with the exact time on hover, in a page that stays as it was rendered.
#[component]
pub fn Moment(
    /// When.
    at: Timestamp,
    /// Whether to show the exact time itself.
    #[prop(optional)]
    exact: bool,
) -> impl IntoView {
    let page = use_page();
    let whole = text::absolute(at, page.offset_minutes);
    let shown = if exact { whole.clone() } else { text::relative(words(), at, page.now, page.offset_minutes) };
    view! {
        <time datetime=at.to_string() title=whole>
            {shown}
        </time>
    }
}
