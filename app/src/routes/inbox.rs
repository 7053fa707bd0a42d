use leptos::prelude::*;
use push_system::api::Filter;

use crate::{
    clock::use_clock,
    components::{Composer, FeedList, Rail, Search, Segmented},
    live::use_live,
    place::use_place,
    question::Question,
    store::{Feed, Results},
    words::words,
};

/// What the inbox can be cut to.
const FILTERS: &[Filter] = &[Filter::All, Filter::Unread, Filter::Me];

/// `/`: what arrived, and where one writes.
#[component]
pub fn InboxPage() -> impl IntoView {
    let store = use_live().store;
    let search = use_place().search;
    let asked = Memo::new(move |_| Question::read(&search.get()));
    let filter = Memo::new(move |_| asked.with(|question| question.filter));
    let question = Memo::new(move |_| Question { filter: filter.get(), ..Question::default() });
    let results = Results::new(store, question, |question| question.filter != Filter::All);
    let feed = Feed::new(store, filter, results, use_clock().offset_minutes);
    store.held.set(None);
    view! {
        <main class="main" id="main" tabindex="-1">
            <h1 class="visually-hidden">{words().inbox}</h1>
            <div class="toolbar">
                <Search />
                <Segmented path="/" question filters=FILTERS />
            </div>
            <Composer to=asked.with_untracked(|question| question.to.clone()) />
            <FeedList feed filter />
        </main>
        <Rail />
    }
}
