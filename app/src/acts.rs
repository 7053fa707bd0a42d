//! What people press in what is drawn as text. One listener for all: a button says by `data-act` what it does, and the
//! row around it says to which message.

use leptos::{ev, prelude::*, task::spawn_local};
use push_system::{ids::MessageId, message::ClientId, read_state::Ranges};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, HtmlTextAreaElement};

use crate::{
    components::COMPOSER_ID,
    context::{Density, Theme},
    draw,
    live::{Live, browser},
    paint::{self, all, count_picked},
    place::Place,
    question::Question,
    store::Toast,
    words::words,
};

/// Listens while the caller's owner lives. In the browser only.
pub fn listen(live: Live, place: Place) {
    let last_picked = StoredValue::new(None);
    let listeners = [
        window_event_listener(ev::click, move |event| {
            close_menus(&event);
            if let Some(pressed) = around(&event, "input.pick") {
                return picking(&pressed, event.shift_key(), last_picked);
            }
            // A link so pressed is to open elsewhere.
            let modified = event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key();
            if let Some(pressed) = around(&event, "[data-act]")
                && !(modified && pressed.has_attribute("href"))
                && act(live, &pressed)
            {
                event.prevent_default();
            }
        }),
        window_event_listener(ev::submit, move |event| {
            if let Some(form) = around(&event, "form[data-act='search']") {
                event.prevent_default();
                search(place, &form);
            } else if around(&event, "article.message > form").is_some_and(|form| submit(live, &form)) {
                event.prevent_default();
            }
        }),
        window_event_listener(ev::change, |event| {
            for (name, cookie) in [("theme", Theme::COOKIE), ("density", Density::COOKIE)] {
                let chosen = around(&event, &format!("input[name='{name}']"));
                if let Some(value) = chosen.and_then(|input| input.get_attribute("value")) {
                    browser::set_cookie(cookie, &value);
                    browser::set_root(&format!("data-{name}"), &value);
                }
            }
        }),
    ];
    on_cleanup(move || listeners.into_iter().for_each(WindowListenerHandle::remove));
}

/// A menu closes when something else is pressed, and when something in it was.
fn close_menus(event: &web_sys::Event) {
    let pressed = around(event, "details.more > summary").and_then(|summary| summary.parent_element());
    for menu in all("details.more[open]").filter(|menu| Some(menu) != pressed.as_ref()) {
        // Where there is none, nothing is removed.
        menu.remove_attribute("open").ok();
    }
}

/// A box was pressed; with shift, all between it and the one before.
fn picking(pressed: &Element, shift: bool, last: StoredValue<Option<MessageId>>) {
    let row = pressed.closest("article.message").ok().flatten();
    let (Some(id), Some(input)) = (row.as_ref().and_then(paint::number), pressed.dyn_ref::<HtmlInputElement>()) else {
        return;
    };
    if shift {
        pick_between(last.get_value(), id, input.checked());
    }
    last.set_value(Some(id));
    count_picked();
}

/// What an event happened in.
fn around(event: &web_sys::Event, selector: &str) -> Option<Element> {
    event.target()?.dyn_into::<Element>().ok()?.closest(selector).ok()?
}

/// Goes to what the history answers, without loading a page.
fn search(place: Place, form: &Element) {
    let input = form.query_selector("input[type='search']").ok().flatten();
    let Some(input) = input.and_then(|input| input.dyn_into::<HtmlInputElement>().ok()) else { return };
    let path = place.path.get_untracked();
    let base = if path == "/history" { Question::read(&place.search.get_untracked()) } else { Question::default() };
    let question = Question { words: input.value().trim().to_owned(), before: None, ..base };
    place.go(&question.address("/history"));
}

/// Does what was pressed; false where the browser is to do it.
fn act(live: Live, pressed: &Element) -> bool {
    let name = pressed.get_attribute("data-act").unwrap_or_default();
    if pressed.has_attribute("data-bulk") {
        let ids = picked();
        pick(all(".pick:checked"), false);
        return live.mark_all(&name, ids);
    }
    if let Some(row) = pressed.closest("article.message").ok().flatten() {
        return act_on(live, pressed, &name, &row);
    }
    match name.as_str() {
        "read_all" => live.mark_all_read(live.store.inbox.with_untracked(push_system::inbox::Inbox::seq)),
        "read_shown" => return live.mark_all("read", numbers(all("article.is-unread"))),
        "jump" => return jump(live),
        "pick_all" => pick(all(".messages .pick"), true),
        "pick_none" => pick(all(".pick:checked"), false),
        "focus" => {
            let field = pressed.get_attribute("data-field").unwrap_or_default();
            if browser::by_id(&field).is_none() {
                return false;
            }
            browser::focus(&field);
        }
        "copy" => copy_text(live, pressed.closest(".code").ok().flatten(), "code"),
        _ => return false,
    }
    true
}

/// Does what was pressed in a row.
fn act_on(live: Live, pressed: &Element, name: &str, row: &Element) -> bool {
    let Some(id) = paint::number(row) else { return answer_for(live, row, name) };
    match name {
        // Opening it is reading it.
        "open" => {
            if row.class_list().contains("is-unread") {
                live.mark_read(id);
            }
            return false;
        }
        "reply" => {
            if browser::by_id(COMPOSER_ID).is_none() {
                return false;
            }
            live.store.reply.set(pressed.get_attribute("data-name"));
        }
        "copy" => copy_text(live, Some(row.clone()), ".message-text"),
        "copy_link" => copy(live, format!("{}/m/{id}", window().location().origin().unwrap_or_default())),
        "edit" | "delete" => {
            // What is not loaded is changed on a page of its own.
            let Some(message) = live.store.message(id) else { return false };
            if name == "edit" {
                paint::open_edit(id, &message.title, &message.message, None);
            } else {
                paint::open_form(id, &draw::drawn(|m| draw::confirm_delete(m, id)));
                focus_in(row, ".confirm button");
            }
        }
        "cancel" => {
            paint::close_forms();
            browser::focus(&format!("m{id}"));
        }
        act => {
            // The button goes; the row keeps the focus.
            browser::focus(&format!("m{id}"));
            return live.mark_all(act, Ranges::one(id.0));
        }
    }
    true
}

/// Sends what is in the form of a row; false where the browser is to do it.
fn submit(live: Live, form: &Element) -> bool {
    let row = form.closest("article.message").ok().flatten();
    let Some(message) = row.and_then(|row| live.store.message(paint::number(&row)?)) else { return false };
    let title = form.query_selector("input[name='title']").ok().flatten();
    let text = form.query_selector("textarea").ok().flatten();
    paint::close_forms();
    browser::focus(&format!("m{}", message.id));
    match (title.and_then(|title| title.dyn_into::<HtmlInputElement>().ok()), text) {
        (Some(title), Some(text)) => {
            let text = text.dyn_into::<HtmlTextAreaElement>().map(|text| text.value()).unwrap_or_default();
            live.edit(message, title.value(), text);
        }
        _ => live.delete(message),
    }
    true
}

fn focus_in(row: &Element, selector: &str) {
    let found = row.query_selector(selector).ok().flatten();
    if let Some(found) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
        found.focus().ok();
    }
}

/// To the oldest that is unread, where all of them are on the page; elsewhere the link leads to them.
fn jump(live: Live) -> bool {
    let unread: Vec<Element> = all(".messages article.is-unread").collect();
    if unread.len() as u64 != live.store.unread.get_untracked() {
        return false;
    }
    let Some(id) = unread.last().and_then(paint::number) else { return false };
    live.store.selected.set(Some(id));
    browser::scroll_to(&format!("m{id}"));
    browser::focus(&format!("m{id}"));
    true
}

/// The messages of rows.
fn numbers(rows: impl Iterator<Item = Element>) -> Ranges {
    Ranges::collect(rows.filter_map(|row| paint::number(&row)).map(|id| (id.0, id.0)))
}

fn picked() -> Ranges {
    numbers(all(".pick:checked").filter_map(|pick| pick.closest("article.message").ok().flatten()))
}

/// Picks, or lets go.
fn pick(boxes: impl Iterator<Item = Element>, picked: bool) {
    for one in boxes.filter_map(|one| one.dyn_into::<HtmlInputElement>().ok()) {
        one.set_checked(picked);
    }
    count_picked();
}

/// Picks what lies between the box that was pressed last and this one, as this one is.
fn pick_between(last: Option<MessageId>, now: MessageId, picked: bool) {
    let Some(last) = last else { return };
    let between = last.min(now)..=last.max(now);
    let boxes = all("article.message").filter(|row| paint::number(row).is_some_and(|id| between.contains(&id)));
    pick(boxes.filter_map(|row| row.query_selector(".pick").ok().flatten()), picked);
}

fn answer_for(live: Live, row: &Element, act: &str) -> bool {
    let key = row.id();
    let Some(key) = key.strip_prefix('p').and_then(|key| ClientId::parse(key, "client_id").ok()) else { return false };
    match act {
        "retry" => live.retry(&key),
        "discard" => live.discard(&key),
        _ => return false,
    }
    true
}

/// Puts what is written in a part of an element on the clipboard.
fn copy_text(live: Live, within: Option<Element>, part: &str) {
    let Some(source) = within.and_then(|within| within.query_selector(part).ok().flatten()) else { return };
    let text = source.text_content().unwrap_or_default();
    // The dot's words are for those who listen.
    let dot = source.query_selector(".unread-dot").ok().flatten().and_then(|dot| dot.text_content());
    copy(live, text.strip_prefix(dot.as_deref().unwrap_or_default()).unwrap_or(&text).to_owned());
}

/// Puts a text on the clipboard, and says whether that worked.
fn copy(live: Live, text: String) {
    spawn_local(async move {
        let copied = browser::copy(&text).await;
        let text = if copied { words().copied } else { words().copy_failed }.to_owned();
        live.store.toast.try_set(Some(Toast { text, undo: None }));
    });
}
