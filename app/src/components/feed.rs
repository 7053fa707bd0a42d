use leptos::{either::Either, html, prelude::*};
use push_system::api::Filter;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::IntersectionObserver;

use super::{Command, DayHeading, Empty, Icon, MessageRow, Symbol, UnsentRow};
use crate::{
    live::{browser, use_live},
    question::Question,
    store::{Feed, Row},
    words::words,
};

/// The list of the inbox with what belongs to it: the pill above, older ones below.
#[component]
pub fn FeedList(
    /// The list.
    feed: Feed,
    /// What it is cut to.
    filter: Memo<Filter>,
) -> impl IntoView {
    let store = use_live().store;
    let scrolled = window_event_listener(leptos::ev::scroll, move |_| {
        if store.held.get_untracked().is_some() && browser::is_at_top() {
            store.held.set(None);
        }
    });
    on_cleanup(move || scrolled.remove());

    let row = move |row: Row| match row {
        Row::Day(day) => leptos::either::EitherOf3::A(view! { <DayHeading day /> }),
        Row::Unsent(client_id) => leptos::either::EitherOf3::B(view! { <UnsentRow client_id /> }),
        Row::Message(id) => {
            leptos::either::EitherOf3::C(feed.message(id).map(|message| view! { <MessageRow message /> }))
        }
    };
    let empty = Memo::new(move |_| feed.rows.with(Vec::is_empty));
    view! {
        <section class="feed" aria-label=words().messages>
            <Pill feed />
            <MarkAllRead feed filter />
            <ol class="messages" role="list" hidden=move || empty.get()>
                <For each=move || feed.rows.get() key=Row::clone children=row />
            </ol>
            {move || empty.get().then(|| view! { <Nothing filter=filter.get() /> })}
            <Older feed filter empty />
        </section>
    }
}

/// The way to what arrived while the reader was further down.
#[component]
fn Pill(feed: Feed) -> impl IntoView {
    let held = use_live().store.held;
    let any = Memo::new(move |_| feed.waiting.get() > 0);
    let reveal = move |_| {
        held.set(None);
        browser::scroll_to_top();
    };
    let pill = move || {
        any.get().then(|| {
            view! {
                <button class="new-pill" type="button" on:click=reveal>
                    <Icon symbol=Symbol::ArrowUp />
                    {move || (words().new_messages)(feed.waiting.get())}
                </button>
            }
        })
    };
    view! { <div class="new-pill-slot needs-script">{pill}</div> }
}

/// Marks what is shown. The whole inbox and its unread part show everything, at once or by scrolling; under another
/// filter only the rows that are there are meant, which is no single number that a form could carry.
#[component]
fn MarkAllRead(feed: Feed, filter: Memo<Filter>) -> impl IntoView {
    let whole = Memo::new(move |_| matches!(filter.get(), Filter::All | Filter::Unread));
    move || {
        if whole.get() {
            Either::Left(view! { <MarkInboxRead /> })
        } else {
            Either::Right(view! { <MarkTheseRead feed /> })
        }
    }
}

#[component]
fn MarkTheseRead(feed: Feed) -> impl IntoView {
    let live = use_live();
    let shown = Memo::new(move |_| feed.unread_shown());
    let any = Memo::new(move |_| shown.with(|shown| !shown.is_empty()));
    let label = move || (words().mark_shown_read)(shown.with(Vec::len) as u64);
    move || {
        any.get().then(|| {
            view! {
                <div class="feed-tools needs-script">
                    <button
                        class="link-button"
                        type="button"
                        on:click=move |_| live.mark_these_read(&shown.get_untracked())
                    >
                        {label}
                    </button>
                </div>
            }
        })
    }
}

#[component]
fn MarkInboxRead() -> impl IntoView {
    let live = use_live();
    let any = Memo::new(move |_| live.store.unread.get() > 0);
    let newest = move || live.store.inbox.with(push_system::inbox::Inbox::seq);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        live.mark_all_read(untrack(newest));
    };
    move || {
        any.get().then(|| {
            view! {
            <form class="feed-tools" method="post" action="/read" on:submit=submit>
                <input type="hidden" name="read_upto" value=move || newest().to_string() />
                <input type="hidden" name="next" value="/" />
                <button class="link-button">{words().mark_all_read}</button>
            </form>
            }
        })
    }
}

/// Loads the next page when its end comes near; a link without script.
#[component]
fn Older(feed: Feed, filter: Memo<Filter>, empty: Memo<bool>) -> impl IntoView {
    let end = NodeRef::<html::P>::new();
    Effect::new(move |_| {
        feed.loading.track();
        if let Some(end) = end.get() {
            watch(&end, feed);
        }
    });
    let href = move || {
        let question = Question { filter: filter.get(), before: feed.oldest(), ..Question::default() };
        question.address("/history")
    };
    let click = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        feed.load_older();
    };
    let label = move || if feed.loading.get() { words().loading } else { words().load_older };
    move || {
        if feed.has_more.get() {
            Either::Left(view! {
                <p class="feed-more" node_ref=end>
                    <a class="button" href=href rel="next" on:click=click>
                        {label}
                    </a>
                </p>
            })
        } else {
            Either::Right((!empty.get()).then(|| view! { <p class="feed-end">{words().the_beginning}</p> }))
        }
    }
}

/// Loads older ones once the element is on the screen. Watching anew after each page looks again at where it is.
fn watch(end: &web_sys::Element, feed: Feed) {
    let seen = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
        let entry = entries.get(0).unchecked_into::<web_sys::IntersectionObserverEntry>();
        if entry.is_intersecting() && feed.loading.try_get_untracked() == Some(false) {
            feed.load_older();
        }
    });
    // A browser without it still has the link.
    let Ok(observer) = IntersectionObserver::new(seen.as_ref().unchecked_ref()) else { return };
    observer.observe(end);
    let watched = StoredValue::new_local((observer, seen));
    on_cleanup(move || {
        watched.try_with_value(|(observer, _)| observer.disconnect());
    });
}

/// Why the list is empty, and the next step.
#[component]
fn Nothing(filter: Filter) -> impl IntoView {
    let w = words();
    let (symbol, title, hint) = match filter {
        Filter::All => (Symbol::Inbox, w.empty_title, w.empty_hint),
        Filter::Unread => (Symbol::CheckAll, w.all_read_title, w.all_read_hint),
        Filter::Me => (Symbol::Inbox, w.none_for_me_title, w.none_for_me_hint),
        Filter::Sent => (Symbol::Send, w.none_sent_title, w.none_sent_hint),
    };
    let next = if filter == Filter::All {
        Either::Left(view! { <Command /> })
    } else {
        Either::Right(view! {
            <div class="button-row">
                <a class="button" href="/">
                    {w.show_all}
                </a>
            </div>
        })
    };
    view! {
        <Empty symbol title hint>
            {next}
        </Empty>
    }
}
