//! What only a browser has: a clock, an address bar, a tab.

use std::time::Duration;

use leptos::prelude::{document, request_animation_frame, set_timeout, window, window_event_listener_untyped};
use push_system::{api::Filter, position::Pos, timestamp::Timestamp};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, HtmlElement, HtmlInputElement, PageTransitionEvent, VisibilityState};

use crate::{question::Question, text};

/// Where the time of the last reload is noted, so that a page that does not help is not loaded for ever.
const RELOADED_KEY: &str = "push.reloaded";
const RELOAD_EVERY_MS: i64 = 60_000;

/// The time of this device.
pub fn now() -> Timestamp {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 are far below 2^53")]
    Timestamp::from_unix_ms(js_sys::Date::now() as i64)
}

/// Minutes this device is east of UTC.
pub fn offset_minutes() -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "an offset is at most a day")]
    let west = js_sys::Date::new_0().get_timezone_offset() as i32;
    -west
}

/// Whether the tab is looked at.
pub fn is_visible() -> bool {
    document().visibility_state() == VisibilityState::Visible
}

/// Whether a `pageshow` brings back an old page.
pub fn is_restored(event: &web_sys::Event) -> bool {
    event.dyn_ref::<PageTransitionEvent>().is_some_and(PageTransitionEvent::persisted)
}

/// Loads the page anew.
pub fn reload() {
    // A browser that refuses leaves the page as it is, with its banner.
    window().location().reload().ok();
}

/// Loads an address in the place of the page, also of one that answered a form.
pub fn load(address: &str) {
    // It fails only for addresses that are none.
    window().location().replace(address).ok();
}

/// Loads the page anew, unless that was just tried.
pub fn reload_once() {
    let storage = window().session_storage().ok().flatten();
    let last = storage.as_ref().and_then(|storage| storage.get_item(RELOADED_KEY).ok().flatten());
    let last: i64 = last.and_then(|text| text.parse().ok()).unwrap_or_default();
    let now = now().unix_ms();
    if now - last < RELOAD_EVERY_MS {
        return;
    }
    // Without a place to note it, a reload could repeat for ever.
    if storage.is_some_and(|storage| storage.set_item(RELOADED_KEY, &now.to_string()).is_ok()) {
        reload();
    }
}

/// Leaves for the login page, which says why, to come back here.
pub fn go_to_login(why: &str) {
    let location = window().location();
    let here = location.pathname().unwrap_or_default() + &location.search().unwrap_or_default();
    location.assign(&format!("/login?next={}&why={why}", text::encode(&here))).ok();
}

/// Whether a form that is being sent ends this login.
pub fn is_sign_out(event: &web_sys::Event) -> bool {
    let form = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    form.is_some_and(|form| form.get_attribute("action").is_some_and(|action| action == "/logout"))
}

/// Whether the page is the inbox, and no part of it.
pub fn shows_the_inbox() -> bool {
    let location = window().location();
    let filter = location.search().map(|search| Question::read(&search).filter.of_inbox());
    location.pathname().is_ok_and(|path| path == "/") && filter == Ok(Filter::Inbox)
}

/// Where the socket is.
pub fn socket_address(pos: &Pos) -> String {
    let location = window().location();
    let scheme = if location.protocol().is_ok_and(|protocol| protocol == "https:") { "wss" } else { "ws" };
    format!("{scheme}://{}/ws?since={pos}", location.host().unwrap_or_default())
}

/// Whether a row added at the top of the list would move nothing that is read: its beginning is on the screen, or there is no list.
pub fn is_at_top() -> bool {
    let feed = document().query_selector(".feed").ok().flatten();
    feed.is_none_or(|feed| feed.get_bounding_client_rect().top() >= 0.0)
}

/// Goes to the beginning of the list.
pub fn scroll_to_top() {
    window().scroll_to_with_x_and_y(0.0, 0.0);
}

/// The element of that id.
pub fn by_id(id: &str) -> Option<HtmlElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// The text inside that element.
pub fn text_of(id: &str) -> String {
    by_id(id).and_then(|element| element.text_content()).unwrap_or_default()
}

/// Moves the focus.
pub fn focus(id: &str) {
    if let Some(element) = by_id(id) {
        element.focus().ok();
    }
}

/// Keeps a choice in a cookie for a year.
pub fn set_cookie(name: &str, value: &str) {
    let secure = if window().is_secure_context() && window().location().protocol().is_ok_and(|p| p == "https:") {
        "; Secure"
    } else {
        ""
    };
    let cookie = format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax{secure}");
    // `Document` does not carry cookies; its HTML kind does, under another type.
    js_sys::Reflect::set(&document(), &JsValue::from_str("cookie"), &JsValue::from_str(&cookie)).ok();
}

/// Puts a text on the clipboard; false where the browser does not let it.
pub async fn copy(text: &str) -> bool {
    // Outside of https and localhost there is no clipboard at all.
    if !window().is_secure_context() {
        return false;
    }
    let writing = window().navigator().clipboard().write_text(text);
    JsFuture::from(writing).await.is_ok()
}

/// Comes back once the next frame was drawn; while nobody looks at the tab there is none.
pub async fn frame() {
    let frame = js_sys::Promise::new(&mut |drawn, _| {
        request_animation_frame(move || {
            set_timeout(
                move || {
                    // A promise is resolved with anything.
                    drawn.call0(&JsValue::NULL).ok();
                },
                Duration::ZERO,
            );
        });
    });
    JsFuture::from(frame).await.ok();
}

/// Whether the keyboard has a command key.
pub fn is_apple() -> bool {
    window().navigator().platform().is_ok_and(|platform| platform.starts_with("Mac") || platform.starts_with("iP"))
}

/// Puts the dot on the tab's icon, or takes it away.
pub fn set_unread_icon(unread: bool) {
    let icon = document().query_selector("link[rel='icon'][type='image/svg+xml']").ok().flatten();
    if let Some(icon) = icon {
        let file = if unread { "/favicon-unread.svg" } else { "/favicon.svg" };
        // An attribute of that name is always allowed.
        icon.set_attribute("href", file).ok();
    }
}

/// Shows another address for this page, without going there.
pub fn show_address(path: &str) {
    if window().location().pathname().is_ok_and(|now| now != path)
        && let Ok(history) = window().history()
    {
        // It fails only for another origin.
        history.replace_state_with_url(&JsValue::NULL, "", Some(path)).ok();
    }
}

/// The path and the query string of the address, without its `?`.
pub fn path_and_search() -> (String, String) {
    let location = window().location();
    let search = location.search().unwrap_or_default();
    (location.pathname().unwrap_or_default(), search.trim_start_matches('?').to_owned())
}

/// What the address points at, without its `#`.
pub fn fragment() -> String {
    window().location().hash().unwrap_or_default().trim_start_matches('#').to_owned()
}

/// What the page is called: what its heading says, where that says all of it.
pub fn heading() -> String {
    let heading = document().query_selector("h1").ok().flatten();
    let called = |heading: Element| heading.get_attribute("data-title").or_else(|| heading.text_content());
    heading.and_then(called).unwrap_or_default()
}

/// Brings the element of that id on the screen.
pub fn scroll_to(id: &str) {
    if let Some(element) = by_id(id) {
        element.scroll_into_view();
    }
}

/// Lets the eye beside each password show it. One listener for all, as pages that are not hydrated have them too.
pub fn listen_for_passwords() {
    // It stays as long as the document.
    window_event_listener_untyped("click", |event| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let eye = target.and_then(|target| target.closest(".password > button").ok().flatten());
        let Some(eye) = eye else { return };
        let field = eye.get_attribute("aria-controls").and_then(|id| by_id(&id));
        let Some(field) = field.and_then(|field| field.dyn_into::<HtmlInputElement>().ok()) else { return };
        let show = field.type_() == "password";
        field.set_type(if show { "text" } else { "password" });
        // An attribute of that name is always allowed.
        eye.set_attribute("aria-pressed", if show { "true" } else { "false" }).ok();
    });
}

/// Whether the page is one of someone who is logged in.
pub fn is_framed() -> bool {
    document().query_selector(".shell").ok().flatten().is_some()
}

/// Tells style sheets and tests that the page is alive.
pub fn mark_hydrated() {
    set_root("data-hydrated", "");
}

/// Sets an attribute of the document.
pub fn set_root(name: &str, value: &str) {
    if let Some(root) = document().document_element() {
        // It fails only for names that are none.
        root.set_attribute(name, value).ok();
    }
}
