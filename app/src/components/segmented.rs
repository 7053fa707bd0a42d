use leptos::prelude::*;
use push_system::api::Filter;

use crate::{question::Question, words::words};

/// Filters as links: what is shown is in the address.
#[component]
pub fn Segmented(
    /// The page the links stay on.
    path: &'static str,
    /// What is asked now.
    question: Memo<Question>,
    /// The filters offered.
    filters: &'static [Filter],
) -> impl IntoView {
    let link = move |filter: Filter| {
        let href = move || question.with(|question| question.with_filter(filter).address(path));
        let here = move || question.with(|question| question.filter == filter).then_some("page");
        view! {
            <a href=href aria-current=here>
                {filter_name(filter)}
            </a>
        }
    };
    view! {
        <nav class="segmented" aria-label=words().show>
            {filters.iter().map(|filter| link(*filter)).collect_view()}
        </nav>
    }
}

/// What a filter is called.
pub fn filter_name(filter: Filter) -> &'static str {
    match filter {
        Filter::All => words().filter_all,
        Filter::Unread => words().filter_unread,
        Filter::Me => words().filter_me,
        Filter::Sent => words().filter_sent,
    }
}
