use leptos::prelude::*;

use super::{Icon, Symbol};
use crate::desk::desk_words;

/// The way through pages that are asked for one after the other: on, or back to the first.
#[component]
pub fn StepPager(
    /// The first page, where this is a later one.
    first: Option<String>,
    /// The next page, where there is one.
    next: Option<String>,
) -> impl IntoView {
    if first.is_none() && next.is_none() {
        return None;
    }
    let w = desk_words();
    Some(view! {
        <nav class="pager" aria-label=w.pages>
            <a class="button" href=first.clone() rel="first" aria-disabled=first.is_none().then_some("true")>
                <Icon symbol=Symbol::ArrowLeft />
                {w.first_page}
            </a>
            <a class="button" href=next.clone() rel="next" aria-disabled=next.is_none().then_some("true")>
                {w.next_page}
                <Icon symbol=Symbol::ArrowRight />
            </a>
        </nav>
    })
}
