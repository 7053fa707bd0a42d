use leptos::prelude::*;
use push_system::api::Filter;

use crate::{
    app::use_page,
    components::focus_at_fragment,
    draw::{self, Answered, Searching, drawn},
    live::use_live,
    place::use_place,
    question::Question,
    store::Results,
    words::words,
};

/// What the history can be cut to.
const FILTERS: &[Filter] = &[Filter::All, Filter::Unread, Filter::Me, Filter::Saved, Filter::Sent, Filter::Archived];

/// `/history`: everything there is, searched and filtered by the address.
#[component]
pub fn HistoryPage() -> impl IntoView {
    let store = use_live().store;
    let search = use_place().search;
    let question = Memo::new(move |_| Question { to: String::new(), ..Question::read(&search.get()) });
    let results = Results::new(store, question, |_| true);
    focus_at_fragment("q", "q");
    let form = drawn(|m| {
        let question = question.get_untracked();
        draw::search(m, Searching::History, &question);
        draw::segmented(m, "/history", &question, FILTERS);
    });
    let page = use_page();
    let answer = move || {
        let question = results.question.get();
        let mut answer = results.page.get();
        answer.messages = answer.messages.into_iter().map(|message| store.shown(message)).collect();
        let answered = Answered {
            question: &question,
            page: &answer,
            loading: results.loading.get(),
            failed: results.failed.get(),
            base_url: &page.base_url,
        };
        drawn(|m| draw::answer(m, &answered, &store.eye(store.needles()), |message| store.look(message)))
    };
    view! {
        <main class="main" id="main" tabindex="-1">
            <div class="page-head">
                <h1>{words().history}</h1>
            </div>
            <div class="history-head" inner_html=form />
            <section
                aria-label=words().messages
                aria-busy=move || results.loading.get().then_some("true")
                inner_html=answer
            />
        </main>
    }
}
