use leptos::{either::Either, html, prelude::*};
use push_system::{api::Filter, message::Message};

use crate::{
    clock::use_clock,
    components::{
        Command, DayHeading, Empty, Icon, MessageRow, Pager, Segmented, Symbol, filter_name, focus_at_fragment,
        navigate_to_search,
    },
    live::use_live,
    place::use_place,
    question::Question,
    store::{Results, Row, rows},
    text,
    words::words,
};

/// `/history`: everything there is, searched and filtered by the address.
#[component]
pub fn HistoryPage() -> impl IntoView {
    let store = use_live().store;
    let search = use_place().search;
    let question = Memo::new(move |_| Question { to: String::new(), ..Question::read(&search.get()) });
    let results = Results::new(store, question, |_| true);
    focus_at_fragment("q", "q");
    view! {
        <main class="main" id="main" tabindex="-1">
            <div class="page-head">
                <h1>{words().history}</h1>
            </div>
            <SearchForm question />
            <section aria-label=words().messages aria-busy=move || results.loading.get().then_some("true")>
                {move || view! { <Answer results question=results.question.get() /> }}
            </section>
        </main>
    }
}

#[component]
fn SearchForm(question: Memo<Question>) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let submit = navigate_to_search(input, move || question.get_untracked());
    let words_now = Memo::new(move |_| question.with(|question| question.words.clone()));
    // The address changes without this form when a link is followed.
    Effect::new(move |before: Option<String>| {
        let now = words_now.get();
        if let (Some(input), true) = (input.get_untracked(), before.is_some_and(|before| before != now)) {
            input.set_value(&now);
        }
        now
    });
    let filter = move || {
        let filter = question.with(|question| question.filter);
        (filter != Filter::All).then(|| view! { <input type="hidden" name="filter" value=filter.as_str() /> })
    };
    view! {
        <form class="history-form" role="search" method="get" action="/history" on:submit=submit>
            <div class="toolbar">
                <div class="search">
                    <Icon symbol=Symbol::Search />
                    <label class="visually-hidden" for="q">
                        {words().search_messages}
                    </label>
                    <input
                        class="search-input"
                        id="q"
                        name="q"
                        type="search"
                        value=words_now.get_untracked()
                        placeholder=words().search_hint
                        autocomplete="off"
                        aria-keyshortcuts="/"
                        node_ref=input
                    />
                </div>
                <button class="button button-primary">{words().search}</button>
            </div>
            {filter}
            <Segmented path="/history" question filters=&Filter::ALL />
        </form>
    }
}

/// What the history answered, or why it did not.
#[component]
fn Answer(results: Results, question: Question) -> impl IntoView {
    let heading = match question.filter {
        _ if !question.words.is_empty() => (words().results_for)(&question.words),
        Filter::All => words().results_all.to_owned(),
        filter => filter_name(filter).to_owned(),
    };
    let clear = (question != Question::default()).then(|| {
        view! { <a href="/history">{words().clear}</a> }
    });
    let list = move || {
        let page = results.page.get();
        if page.messages.is_empty() {
            return Either::Left(view! { <Nothing question=question.clone() loading=results.loading.get() /> });
        }
        let last = page.messages.last().filter(|_| page.has_more).map(|message| message.id);
        Either::Right(view! {
            <List messages=page.messages query=question.words.clone() />
            <Pager question=question.clone() older_than=last />
        })
    };
    let failed = move || {
        results.failed.get().then(|| {
            view! {
                <p class="notice notice-bad" role="alert">
                    <Icon symbol=Symbol::Alert />
                    <span>{words().load_failed}</span>
                </p>
            }
        })
    };
    view! {
        <div class="results-head">
            <h2>{heading}</h2>
            {clear}
        </div>
        {failed}
        {list}
    }
}

#[component]
fn List(messages: Vec<Message>, query: String) -> impl IntoView {
    let offset = use_clock().offset_minutes;
    let needles = text::needles(&query);
    let line = move || {
        let lines = rows([], messages.iter().map(|message| (message.id, message.date)), offset.get());
        let mut messages = messages.iter();
        let row = |row: Row| match row {
            Row::Day(day) => Some(Either::Left(view! { <DayHeading day /> })),
            Row::Message(_) => messages.next().map(|message| {
                let (message, needles) = (message.clone(), needles.clone());
                Either::Right(view! { <MessageRow message needles /> })
            }),
            Row::Unsent(_) => None,
        };
        lines.into_iter().map(row).collect_view()
    };
    view! {
        <ol class="messages" role="list">
            {line}
        </ol>
    }
}

/// Nothing matched, which is not the same as nothing being there yet.
#[component]
fn Nothing(question: Question, loading: bool) -> impl IntoView {
    use leptos::either::EitherOf3;

    let w = words();
    if loading {
        return EitherOf3::A(view! { <p class="feed-end">{w.loading}</p> });
    }
    if question == Question::default() {
        return EitherOf3::B(view! {
            <Empty symbol=Symbol::Inbox title=w.empty_title hint=w.empty_hint>
                <Command />
            </Empty>
        });
    }
    let (title, hint) = match question.filter {
        _ if !question.words.is_empty() => ((w.nothing_matched)(&question.words), w.nothing_matched_hint),
        Filter::Unread => (w.all_read_title.to_owned(), w.all_read_hint),
        Filter::Me => (w.none_for_me_title.to_owned(), w.none_for_me_hint),
        Filter::Sent => (w.none_sent_title.to_owned(), w.none_sent_hint),
        Filter::All => (w.empty_title.to_owned(), w.all_read_hint),
    };
    let way_back = if question.words.is_empty() { w.show_all } else { w.clear_search };
    EitherOf3::C(view! {
        <Empty symbol=Symbol::Search title hint>
            <div class="button-row">
                <a class="button" href="/history">
                    {way_back}
                </a>
            </div>
        </Empty>
    })
}
