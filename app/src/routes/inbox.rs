use leptos::prelude::*;
use push_system::api::Filter;

use crate::{
    clock::use_clock,
    components::{Composer, FeedList},
    draw::{self, Searching, drawn},
    live::use_live,
    place::{Page, use_place},
    question::Question,
    store::{Feed, Results},
    title::name,
};

/// What the inbox can be cut to.
const FILTERS: &[Filter] = &[Filter::All, Filter::Unread, Filter::Me];

/// `/`: what arrived, and where one writes.
#[component]
pub fn InboxPage() -> impl IntoView {
    let store = use_live().store;
    let search = use_place().search;
    let asked = Memo::new(move |_| Question::read(&search.get()));
    let filter = Memo::new(move |_| asked.with(|question| question.filter.of_inbox()));
    let question = Memo::new(move |_| Question { filter: filter.get(), ..Question::default() });
    let results = Results::new(store, question, |question| question.filter != Filter::Inbox);
    let feed = Feed::new(store, filter, results, use_clock());
    store.held.set(None);
    let toolbar = drawn(|m| {
        draw::search(m, Searching::Inbox, &Question::default());
        draw::segmented(m, "/", &asked.get_untracked(), FILTERS);
    });
    view! {
        <main class="main" id="main" tabindex="-1">
            <h1 class="visually-hidden">{move || name(Page::Inbox, filter.get())}</h1>
            <div class="toolbar" inner_html=toolbar />
            <Composer to=asked.with_untracked(|question| question.to.clone()) />
            <FeedList feed filter />
        </main>
    }
}
