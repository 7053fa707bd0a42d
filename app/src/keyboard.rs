//! Keys that act on the page, while nobody types.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDialogElement, HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition};

use crate::{
    components::{COMPOSER_ID, HELP_ID, MESSAGE_ID},
    live::{Live, browser},
    paint::{self, number},
    palette,
    place::Place,
};

/// Listens while the caller's owner lives. In the browser only.
pub fn listen(live: Live, place: Place) {
    let listener = window_event_listener(ev::keydown, move |event| {
        // Chromium's autofill sends a `keydown` that is no keyboard event and has no key.
        if !event.has_type::<ev::KeyboardEvent>() {
            return;
        }
        let modified = event.ctrl_key() || event.meta_key() || event.alt_key();
        if (event.ctrl_key() || event.meta_key()) && event.key() == "k" {
            event.prevent_default();
            return palette::open(live);
        }
        if !modified && !event.default_prevented() && !is_taken(&event) && press(live, place, &event.key()) {
            event.prevent_default();
        }
    });
    on_cleanup(move || listener.remove());
}

/// Whether the key belongs to a field or to an open dialog.
fn is_taken(event: &ev::KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let typing = target.is_some_and(|element| {
        // The tick that unfolds a message takes only the space bar, which means nothing here.
        let field = element.matches("input:not([type='checkbox']), textarea, select");
        field.unwrap_or(false) && event.key() != "Escape"
    });
    typing || paint::all("dialog[open]").next().is_some()
}

/// Does what a key stands for; false when it stands for nothing here.
fn press(live: Live, place: Place, key: &str) -> bool {
    match key {
        "j" => step(live, true),
        "k" => step(live, false),
        "e" => mark(live, "is-unread", ".act-unread", ".act-read"),
        "s" => mark(live, "is-saved", ".act-save", ".act-unsave"),
        "a" => mark(live, "is-archived", ".act-archive", ".act-unarchive"),
        "x" => press_in_row(live, ".pick"),
        "r" => press_in_row(live, "a.act-reply"),
        "u" => paint::all("[data-act='jump']").next().is_some_and(|link| press_element(&link)),
        "c" => focus_or_go(MESSAGE_ID, &format!("/#{COMPOSER_ID}"), place),
        "/" => focus_or_go("q", "/history#q", place),
        "?" => open_help(),
        "Escape" => leave(live),
        _ => false,
    }
}

fn rows() -> Vec<HtmlElement> {
    paint::all(".messages article[id^='m']").filter_map(|row| row.dyn_into().ok()).collect()
}

/// The row that has the focus, or was selected last.
fn current(live: Live, rows: &[HtmlElement]) -> Option<usize> {
    let focused = document().active_element().and_then(|element| element.closest("article.message").ok().flatten());
    let selected = live.store.selected.get_untracked();
    let by_focus = focused.and_then(|focused| rows.iter().position(|row| row.id() == focused.id()));
    by_focus.or_else(|| rows.iter().position(|row| selected.is_some() && number(row) == selected))
}

fn step(live: Live, forwards: bool) -> bool {
    let rows = rows();
    let next = match (current(live, &rows), forwards) {
        (None, _) => 0,
        (Some(at), true) => (at + 1).min(rows.len().saturating_sub(1)),
        (Some(at), false) => at.saturating_sub(1),
    };
    rows.get(next).is_some_and(|row| select(live, row))
}

fn select(live: Live, row: &HtmlElement) -> bool {
    live.store.selected.set(number(row));
    row.focus().ok();
    let near = ScrollIntoViewOptions::new();
    near.set_block(ScrollLogicalPosition::Nearest);
    row.scroll_into_view_with_scroll_into_view_options(&near);
    true
}

/// Presses the one of two opposite buttons of the row that makes sense now: `class` says which.
fn mark(live: Live, class: &str, act: &str, opposite: &str) -> bool {
    let rows = rows();
    let Some((at, id)) = current(live, &rows).and_then(|at| Some((at, number(rows.get(at)?)?))) else { return false };
    let act = if rows[at].class_list().contains(class) { opposite } else { act };
    if !click(&rows[at], act) {
        return false;
    }
    // Under a filter the row may go: its neighbour takes over.
    request_animation_frame(move || {
        let left = self::rows();
        let gone = !left.iter().any(|row| number(row) == Some(id));
        if let (true, Some(row)) = (gone, left.get(at).or(left.last())) {
            select(live, row);
        }
    });
    true
}

/// Presses something of the row.
fn press_in_row(live: Live, selector: &str) -> bool {
    let rows = rows();
    current(live, &rows).and_then(|at| rows.get(at)).is_some_and(|row| click(row, selector))
}

/// Presses what the selector finds in a row.
fn click(row: &HtmlElement, selector: &str) -> bool {
    row.query_selector(selector).ok().flatten().is_some_and(|found| press_element(&found))
}

fn press_element(element: &Element) -> bool {
    let Some(element) = element.dyn_ref::<HtmlElement>() else { return false };
    element.click();
    true
}

fn focus_or_go(id: &str, address: &str, place: Place) -> bool {
    match browser::by_id(id) {
        Some(element) => {
            element.focus().ok();
        }
        None => place.go(address),
    }
    true
}

fn help() -> Option<HtmlDialogElement> {
    browser::by_id(HELP_ID)?.dyn_into().ok()
}

/// The browser gives the focus back when the dialog closes.
pub fn open_help() -> bool {
    help().is_some_and(|dialog| dialog.show_modal().is_ok())
}

fn leave(live: Live) -> bool {
    let focused = document().active_element().and_then(|element| element.dyn_into::<HtmlElement>().ok());
    if let Some(element) = focused {
        element.blur().ok();
    }
    paint::close_forms();
    live.store.selected.set(None);
    live.store.toast.set(None);
    false
}
