use leptos::prelude::*;

use super::{Icon, Symbol};
use crate::{place::use_place, question::Question, words::words};

/// The search box of the inbox; its results are the history's.
#[component]
pub fn Search() -> impl IntoView {
    let input = NodeRef::<leptos::html::Input>::new();
    let search = navigate_to_search(input, Question::default);
    view! {
        <form class="search" role="search" method="get" action="/history" on:submit=search>
            <Icon symbol=Symbol::Search />
            <label class="visually-hidden" for="q">
                {words().search_messages}
            </label>
            <input
                class="search-input"
                id="q"
                name="q"
                type="search"
                placeholder=words().search_messages
                autocomplete="off"
                aria-keyshortcuts="/"
                node_ref=input
            />
            <kbd class="needs-script" aria-hidden="true">
                "/"
            </kbd>
        </form>
    }
}

/// Answers a submitted search without loading a page. `base` is what the words are added to.
pub fn navigate_to_search(
    input: NodeRef<leptos::html::Input>,
    base: impl Fn() -> Question,
) -> impl Fn(leptos::ev::SubmitEvent) {
    let place = use_place();
    move |event| {
        let Some(input) = input.get_untracked() else { return };
        event.prevent_default();
        let question = Question { words: input.value().trim().to_owned(), before: None, ..base() };
        place.go(&question.address("/history"));
    }
}
