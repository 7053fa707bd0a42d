use leptos::prelude::*;

use super::{Icon, Symbol};
use crate::desk::desk_words;

/// The way through pages that are asked for one after the other: on, or back to the first. What would lead nowhere is not
/// there.
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
            {first
                .map(|first| {
                    view! {
                        <a class="button" href=first rel="first">
                            <Icon symbol=Symbol::ArrowLeft />
                            {w.first_page}
                        </a>
                    }
                })}
            {next
                .map(|next| {
                    view! {
                        <a class="button" href=next rel="next">
                            {w.next_page}
                            <Icon symbol=Symbol::ArrowRight />
                        </a>
                    }
                })}
        </nav>
    })
}
