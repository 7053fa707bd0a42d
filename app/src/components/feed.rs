use std::time::Duration;

use leptos::{either::Either, html, prelude::*};
use push_system::{api::Filter, message::ClientId, session::client::Status};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::IntersectionObserver;

use super::{Icon, Symbol};
use crate::{
    app::use_page,
    draw::{self, Markup, drawn},
    live::{browser, use_live},
    paint::count_picked,
    question::Question,
    store::{Feed, LONG, Part, Row},
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
        Row::Unsent(client_id) => Either::Left(view! { <li role="listitem" inner_html=unsent(feed, client_id) /> }),
        Row::Day(day) => {
            let heading = drawn(|m| draw::day(m, day, &feed.eye()));
            Either::Right(view! { <li class="day" role="listitem" inner_html=heading /> })
        }
        Row::Message(id) => Either::Right(view! { <li class="" role="listitem" inner_html=feed.draw(id) /> }),
    };
    let [long, long_wide] = LONG;
    let stretch = move |key| {
        let rows = Memo::new(move |_| feed.rows_of(key));
        stretch_of("stretch", move || rows.with(Vec::len) >= long, rows, row)
    };
    let wide = move |key| {
        let within = Memo::new(move |_| feed.stretches_of(key));
        let is_long = move || within.with(|within| feed.rows_in(within)) >= long_wide;
        stretch_of("stretch is-wide", is_long, within, stretch)
    };
    let section = NodeRef::<html::Section>::new();
    Effect::new(move |before: Option<()>| {
        feed.rows.track();
        // Rows go with their boxes, once all that follows from this is drawn; also in a tab that nobody looks at. Where nothing
        // is picked nothing goes, and to look for it in thousands of rows takes a frame; but at first somebody may have picked
        // before this program was there.
        let is_picking = || section.get_untracked().is_some_and(|feed| feed.class_list().contains("is-picking"));
        if before.is_none() || is_picking() {
            set_timeout(count_picked, Duration::ZERO);
        }
    });
    let empty = Memo::new(move |_| feed.rows.with(Vec::is_empty));
    let page = use_page();
    let nothing = move || {
        let put_away = store.inbox.with(|inbox| !inbox.messages().is_empty());
        let nothing = |m: &mut Markup| nothing(m, filter.get(), put_away, &page.base_url);
        if empty.get() { drawn(nothing) } else { String::new() }
    };
    view! {
        <section class="feed" aria-label=words().messages node_ref=section>
            <Pill feed />
            <div class="feed-tools" inner_html=tools(feed, filter) />
            <div class="contents" inner_html=drawn(draw::bulk) />
            <ol class="messages" role="list" hidden=move || empty.get()>
                <For each=move || feed.wide() key=|key| *key children=wide />
            </ol>
            <div inner_html=nothing />
            <Older feed filter empty />
        </section>
    }
}

/// A stretch of the list. Rows are heard as items of one list: a part of it is nothing by itself, which they would take after.
fn stretch_of<T, V>(
    class: &'static str,
    is_long: impl Fn() -> bool + Send + Sync + 'static,
    parts: Memo<Vec<T>>,
    part: impl Fn(T) -> V + Clone + Send + 'static,
) -> impl IntoView
where
    T: Part + Send + Sync + 'static,
    V: IntoView + 'static,
{
    view! {
        <li class=class class:is-long=is_long role="presentation">
            <ol role="presentation">
                <For each=move || parts.get() key=T::clone children=part />
            </ol>
        </li>
    }
}

/// A row on its way, drawn anew at each step.
fn unsent(feed: Feed, client_id: ClientId) -> impl Fn() -> String + Clone {
    let store = feed.store;
    let row = Memo::new(move |_| {
        store.outbox.with(|outbox| outbox.rows().iter().find(|row| row.client_id == client_id).cloned())
    });
    let connected = Memo::new(move |_| store.status.get() == Status::Live);
    move || row.with(|row| drawn(|m| row.iter().for_each(|row| draw::unsent(m, row, connected.get(), &feed.eye()))))
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
                    {move || words().new_messages(feed.waiting.get())}
                </button>
            }
        })
    };
    view! { <div class="new-pill-slot needs-script">{pill}</div> }
}

/// Marks what is shown. The whole inbox and its unread part show everything, at once or by scrolling; under another
/// filter only the rows that are there are meant, which is no single number that a form could carry.
fn tools(feed: Feed, filter: Memo<Filter>) -> impl Fn() -> String {
    let store = feed.store;
    let whole = move || matches!(filter.get(), Filter::Inbox | Filter::Unread);
    let any = Memo::new(move |_| if whole() { store.unread.get() } else { feed.unread_shown() });
    move || {
        drawn(|m| match (any.get(), whole()) {
            (0, _) => {}
            (_, true) => {
                m.raw("<button class=\"link-button\" form=\"marks\" name=\"read_upto\" data-act=\"read_all\" value=\"");
                m.number(store.inbox.with_untracked(push_system::inbox::Inbox::seq).0).raw("\">");
                m.text(words().mark_all_read).raw("</button>");
                m.raw("<a class=\"link-button\" data-act=\"jump\" aria-keyshortcuts=\"u\" href=\"/unread/first\">");
                m.text(words().jump_to_unread).raw("</a>");
            }
            (count, false) => {
                m.raw("<button class=\"link-button needs-script\" type=\"button\" data-act=\"read_shown\">");
                m.text(&words().mark_shown_read(count)).raw("</button>");
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
        // It may have come and gone since the last time anybody was told; what counts is where it is now.
        let entry = entries.pop().unchecked_into::<web_sys::IntersectionObserverEntry>();
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

/// Why the list is empty, and the next step. It may be so because what was there is put away.
fn nothing(m: &mut Markup, filter: Filter, put_away: bool, base_url: &str) {
    let symbol = match filter {
        Filter::Unread => Symbol::CheckAll,
        Filter::Sent => Symbol::Send,
        Filter::Saved => Symbol::Bookmark,
        Filter::Archived => Symbol::Archive,
        Filter::All | Filter::Inbox | Filter::Me => Symbol::Inbox,
    };
    if filter == Filter::Inbox && put_away {
        let why = (words().all_put_away_title, words().all_put_away_hint);
        return draw::empty(m, Symbol::CheckAll, why, |m| {
            draw::step(m, "/?filter=archived", words().filter_archived);
        });
    }
    if filter == Filter::Inbox {
        let why = (words().empty_title, words().empty_hint);
        return draw::empty(m, symbol, why, |m| draw::command(m, base_url));
    }
    draw::empty(m, symbol, draw::empty_view(filter), |m| draw::step(m, "/", words().show_all));
}
