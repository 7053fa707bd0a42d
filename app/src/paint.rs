//! Keeps true what is drawn as text: times, classes and what the keys are at. In the browser only.

pub mod still_page;

use std::time::Duration;

use leptos::prelude::*;
use push_system::{
    api::Filter, catalogue::Ui, ids::MessageId, marks::Marks, read_state::Ranges, session::client::Status,
    timestamp::Timestamp, topic::Topic,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};

use crate::{
    clock::Clock,
    draw,
    live::browser,
    place::{Page, Place},
    question::Question,
    store::Store,
    text,
    title::name,
    words::words,
};

/// More ids than this are not looked for one by one.
const FEW: u64 = 500;
/// Times on the page that are looked at in one go.
const AT_ONCE: usize = 500;
/// How far apart one looks for a row; less than any is high.
const STEP_PX: f64 = 24.0;
/// How often one looks where no row is. What is not found below the heading of a day and what floats above the list is not
/// there: a browser has not drawn it yet, or something lies on all of it. Looks take the longer, the longer the list is.
const LOOKS: u32 = 8;

/// Follows the page's state while the caller's owner lives.
pub fn follow(store: Store, clock: Clock, place: Place) {
    Effect::new(move |_| show_connection(store.status.get()));
    Effect::new(move |_| counts(store.unread.get()));
    Effect::new(move |_| here(place));
    let round = StoredValue::new(0);
    Effect::new(move |_| times(clock.now.get(), clock.offset_minutes.get(), round));
    Effect::new(move |before: Option<Ranges>| {
        let read = store.read.with(push_system::read_state::ReadState::read);
        let before = before.unwrap_or_default();
        set_class("is-unread", |id| !read.contains(id), &before.minus(&read));
        read
    });
    let topics = Memo::new(move |_| store.inbox.with(|inbox| inbox.topics().to_vec()));
    Effect::new(move |before: Option<()>| {
        let topics = topics.get();
        // The server's are there already.
        if before.is_some() {
            show_topics(&topics, &current(place));
        }
    });
    still_page::follow(store, place, topics);
    follow_set("is-saved", store, |marks| &marks.saved);
    follow_set("is-archived", store, |marks| &marks.archived);
    Effect::new(move |before: Option<Option<MessageId>>| {
        let now = store.selected.get();
        for (id, selected) in [(before.flatten(), false), (now, true)] {
            if let Some(row) = id.and_then(row) {
                toggle(&row, "is-selected", selected);
            }
        }
        now
    });
}

fn follow_set(class: &'static str, store: Store, set: fn(&Marks) -> &Ranges) {
    Effect::new(move |before: Option<Ranges>| {
        let now = store.marks.with(|marks| set(marks).clone());
        set_class(class, |id| now.contains(id), &now.minus(&before.unwrap_or_default()));
        now
    });
}

/// The newest message on the screen, as far as it stands in a list.
pub fn newest_in_view() -> Option<MessageId> {
    let list = document().query_selector("ol.messages").ok()??.get_bounding_client_rect();
    let height = window().inner_height().ok()?.as_f64()?;
    let x = list.left() + list.width() / 2.0;
    let (mut y, mut looks) = (list.top().max(0.0) + 1.0, 0);
    while looks < LOOKS && y < height.min(list.bottom()) {
        #[expect(clippy::cast_possible_truncation, reason = "a place on a screen")]
        let there = document().element_from_point(x as f32, y as f32);
        let row = there.and_then(|element| element.closest("article.message").ok().flatten());
        if let Some(row) = row {
            if let Some(id) = number(&row) {
                return Some(id);
            }
            // It is only being sent.
            y = row.get_bounding_client_rect().bottom() + 1.0;
        } else {
            (y, looks) = (y + STEP_PX, looks + 1);
        }
    }
    None
}

/// Draws a message anew, where it is on the page. What is being written in it stays, and so does what is picked, selected
/// and focused.
pub fn redraw(store: Store, id: MessageId) {
    let (Some(row), Some(message)) = (row(id), store.message(id)) else { return };
    let look = store.look(&message).outside(row.class_list().contains("is-outside"));
    let markup = draw::drawn(|m| draw::message(m, &message, &store.eye(store.needles()), look));
    let Some(new) = parsed(&markup) else { return };
    // Nothing can be changed in what was taken back.
    let form = within(&row, "form").filter(|_| message.deleted.is_none());
    let focused = row.matches(":focus-within").unwrap_or(false);
    if let (Some(_), Some(pick)) = (within(&row, ".pick:checked"), within(&new, ".pick")) {
        set(&pick, "checked", "");
    }
    toggle(&new, "is-selected", row.class_list().contains("is-selected"));
    toggle(&new, "is-changing", form.is_some());
    for name in ["class", "aria-labelledby"] {
        set(&row, name, &new.get_attribute(name).unwrap_or_default());
    }
    // The form stands last, and stays in the document: what is taken out loses its focus.
    while let Some(child) = row.first_element_child().filter(|child| Some(child) != form.as_ref()) {
        child.remove();
    }
    while let Some(child) = new.first_element_child() {
        // It fails only where the form is in no row any more.
        if row.insert_before(&child, form.as_deref()).is_err() {
            break;
        }
    }
    if focused && !row.matches(":focus-within").unwrap_or(false) {
        browser::focus(&row.id());
    }
}

/// The element that a markup makes.
fn parsed(markup: &str) -> Option<Element> {
    let place = document().create_element("div").ok()?;
    place.set_inner_html(markup);
    place.first_element_child()
}

fn within(element: &Element, selector: &str) -> Option<Element> {
    element.query_selector(selector).ok().flatten()
}

/// Opens the fields in which a message is changed, in place of what it says.
pub fn open_edit(id: MessageId, title: &str, text: &str, refused: Option<&str>) {
    open_form(id, &draw::drawn(|m| draw::edit(m, id, title, text, refused)));
    browser::focus("edit-text");
}

/// Puts a form into a row. There is one on a page, as its fields have ids.
pub fn open_form(id: MessageId, markup: &str) {
    close_forms();
    if let Some(row) = row(id) {
        toggle(&row, "is-changing", true);
        // It fails only for places that are none.
        row.insert_adjacent_html("beforeend", markup).ok();
    }
}

/// Takes such a form away.
pub fn close_forms() {
    for row in all("article.is-changing") {
        toggle(&row, "is-changing", false);
    }
    all("article.message > form").for_each(|form| form.remove());
}

/// How a connection is called, for style sheets and for people.
pub fn connection(words: &'static Ui, status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Live => ("live", words.live),
        Status::Connecting => ("reconnecting", words.connecting),
        Status::Waiting(_) => ("reconnecting", words.reconnecting),
        Status::Offline => ("offline", words.offline),
        Status::Stopped(_) => ("offline", words.stopped),
    }
}

fn show_connection(status: Status) {
    let (state, text) = connection(words(), status);
    for element in all(".connection") {
        set(&element, "data-state", state);
        show(element.first_element_child(), text);
    }
}

/// The number of unread ones beside the ways to them.
fn counts(unread: u64) {
    for element in all("[data-count='unread']") {
        // An attribute of that name is always allowed.
        element.toggle_attribute_with_force("hidden", unread == 0).ok();
        show(element.first_element_child(), &unread.to_string());
    }
}

fn show_topics(topics: &[Topic], here: &str) {
    if let Some(list) = all(".nav-topics").next() {
        list.set_inner_html(&draw::drawn(|m| draw::topics(m, topics, here)));
    }
}

/// Where one is, as `data-here` says it.
fn current(place: Place) -> String {
    let filter = place.search.with_untracked(|search| Question::read(search).filter);
    format!("{}?{}", place.path.get_untracked(), filter.as_str())
}

/// Which of the ways leads to where one is, and what the ways from here are.
fn here(place: Place) {
    let (path, page) = (place.path.get(), place.page.get());
    let question = place.search.with(|search| Question { to: String::new(), ..Question::read(search) });
    let now = format!("{path}?{}", question.filter.as_str());
    let mark = |link: &Element, current: bool| {
        if current {
            set(link, "aria-current", "page");
        } else {
            // Where there is none, nothing is removed.
            link.remove_attribute("aria-current").ok();
        }
    };
    for link in all("[data-here]") {
        let places = link.get_attribute("data-here").unwrap_or_default();
        mark(&link, places.split(' ').any(|place| place == now));
    }
    for link in all("a[data-filter]") {
        let filter = link.get_attribute("data-filter").and_then(|name| Filter::parse(&name)).unwrap_or_default();
        set(&link, "href", &question.with_filter(filter).address(&path));
        mark(&link, filter == question.filter);
    }
    show(all(".page-name").next(), page.map_or("", |page| name(page, question.filter)));
    if page == Some(Page::History) {
        follow_search(&question);
    }
}

/// The address changes without the search form when a link is followed.
fn follow_search(question: &Question) {
    if let Some(filter) = all("input[name='filter']").next() {
        set(&filter, "value", question.filter.as_str());
        // An attribute of that name is always allowed.
        filter.toggle_attribute_with_force("disabled", question.filter == Filter::All).ok();
    }
    let field = browser::by_id("q").and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
    if let Some(field) = field.filter(|field| field.value().trim() != question.words) {
        field.set_value(&question.words);
    }
}

fn show(element: Option<Element>, text: &str) {
    // What is the same is left alone, so that it is not read aloud again.
    if let Some(element) = element.filter(|element| element.text_content().as_deref() != Some(text)) {
        element.set_text_content(Some(text));
    }
}

/// How many are picked, beside what can be done with them.
pub fn count_picked() {
    let count = all(".pick:checked").count() as u64;
    show(all(".bulk-count").next(), &words().picked_count(count));
    all(".feed").for_each(|feed| toggle(&feed, "is-picking", count > 0));
}

/// The elements that a selector finds.
pub fn all(selector: &str) -> impl Iterator<Item = Element> {
    let list = document().query_selector_all(selector).ok();
    let length = list.as_ref().map_or(0, web_sys::NodeList::length);
    (0..length).filter_map(move |index| list.as_ref()?.get(index)?.dyn_into().ok())
}

/// The row of a message.
pub fn row(id: MessageId) -> Option<Element> {
    document().get_element_by_id(&format!("m{id}"))
}

/// The message of a row.
pub fn number(row: &Element) -> Option<MessageId> {
    row.id().strip_prefix('m')?.parse().ok().map(MessageId)
}

fn toggle(element: &Element, class: &str, on: bool) {
    // It fails only for names that are none.
    element.class_list().toggle_with_force(class, on).ok();
}

/// Gives the class to the rows for which it is `wanted`, and to no others. `came` are those for which it was not before.
fn set_class(class: &'static str, wanted: impl Fn(u64) -> bool, came: &Ranges) {
    let wants = |row: &Element| number(row).is_some_and(|id| wanted(id.0));
    for row in all(&format!("article.{class}")).filter(|row| !wants(row)) {
        toggle(&row, class, false);
    }
    let give = |row: Element| {
        // What the reader wrote, and what was taken back, is never unread; what is not in the inbox is never marked at all.
        let unmarked = if class == "is-unread" { ".is-own, .is-deleted, .is-outside" } else { ".is-outside" };
        let never = row.matches(unmarked).unwrap_or(false);
        if wants(&row) && !never {
            toggle(&row, class, true);
        }
    };
    if came.iter().map(|(from, to)| to - from).sum::<u64>() > FEW {
        return all(&format!("article.message:not(.{class})")).for_each(give);
    }
    for id in came.iter().flat_map(|(from, to)| from..=to) {
        row(MessageId(id)).into_iter().for_each(give);
    }
}

/// Every time on the page, as it is now and here; in a long list some after some, so that nobody waits for all of them, and
/// until the next `round` begins.
fn times(now: Timestamp, offset_minutes: i32, round: StoredValue<u64>) {
    round.update_value(|round| *round += 1);
    let this = round.get_value();
    let is_on = move || round.try_get_value() == Some(this);
    some_times(all("main time[datetime]").collect::<Vec<_>>().into_iter(), now, offset_minutes, is_on);
}

fn some_times(
    mut elements: std::vec::IntoIter<Element>,
    now: Timestamp,
    offset_minutes: i32,
    is_on: impl Fn() -> bool + 'static,
) {
    for element in elements.by_ref().take(AT_ONCE) {
        let written = element.get_attribute("datetime").unwrap_or_default();
        let text = match Timestamp::parse(&written) {
            Some(at) => {
                set(&element, "title", &text::absolute(at, offset_minutes));
                text::relative(words(), at, now, offset_minutes)
            }
            // The heading of a day.
            None => match Timestamp::parse(&format!("{written}T00:00:00Z")) {
                Some(day) => text::day_label(words(), day.day(0), now.day(offset_minutes)),
                None => continue,
            },
        };
        show(Some(element), &text);
    }
    if elements.len() > 0 {
        let rest = move || {
            if is_on() {
                some_times(elements, now, offset_minutes, is_on);
            }
        };
        set_timeout(rest, Duration::ZERO);
    }
}

fn set(element: &Element, name: &str, value: &str) {
    // An attribute of that name is always allowed.
    element.set_attribute(name, value).ok();
}
