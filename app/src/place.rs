//! Where a person is: the address as signals, and the ways between pages that need no loading.
//!
//! A router of its own, because there are two such pages and no parameters in paths: a general one is a quarter of the
//! WebAssembly. Everything else (login, errors, other sites) is left to the browser.

use leptos::{ev, prelude::*};
use push_system::ids::TopicId;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlAnchorElement};

use crate::{context::PageData, live::browser};

/// What lives at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// `/login`
    Login,
    /// `/register`
    Register,
    /// `/`
    Inbox,
    /// `/history`
    History,
    /// `/settings`
    Settings,
}

impl Page {
    /// The page at a path, where there is one.
    pub fn at(path: &str) -> Option<Self> {
        match path {
            "/login" => Some(Self::Login),
            "/register" => Some(Self::Register),
            "/" => Some(Self::Inbox),
            "/history" => Some(Self::History),
            "/settings" => Some(Self::Settings),
            _ => None,
        }
    }

    /// Whether the browser can draw it, so that going there loads nothing.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Inbox | Self::History)
    }
}

/// The address.
#[derive(Clone, Copy)]
pub struct Place {
    /// Its path.
    pub path: RwSignal<String>,
    /// Its query string, without the `?`.
    pub search: RwSignal<String>,
    /// Its fragment, without the `#`; the server never knows it.
    pub fragment: RwSignal<String>,
    /// What lives there.
    pub page: Memo<Option<Page>>,
}

/// The address of the page around the caller.
///
/// # Panics
/// Outside of [`crate::App`], which provides it.
pub fn use_place() -> Place {
    expect_context()
}

impl Place {
    /// The address that was asked for.
    pub fn new(data: &PageData) -> Self {
        let path = RwSignal::new(data.path.clone());
        Self {
            path,
            search: RwSignal::new(data.search.clone()),
            fragment: RwSignal::new(String::new()),
            page: Memo::new(move |_| path.with(|path| Page::at(path))),
        }
    }

    /// The topic whose page this is.
    pub fn topic(self) -> Option<TopicId> {
        self.path.with_untracked(|path| path.strip_prefix("/topics/")?.parse().ok().map(TopicId))
    }

    /// The path with its query string.
    pub fn address(self) -> String {
        let (path, search) = (self.path.get_untracked(), self.search.get_untracked());
        if search.is_empty() { path } else { format!("{path}?{search}") }
    }

    /// From here on, while the caller's owner lives: links between the live pages load nothing, and *Back* works. In the
    /// browser only.
    pub fn follow(self) {
        self.fragment.set(browser::fragment());
        let listeners = [
            window_event_listener(ev::click, move |event| self.click(&event)),
            window_event_listener_untyped("popstate", move |_| {
                // Of a page that the browser cannot draw only its address would come back.
                let (path, _) = browser::path_and_search();
                let here = self.path.with_untracked(|here| *here == path);
                if here || Page::at(&path).is_some_and(Page::is_live) { self.read() } else { browser::reload() }
            }),
        ];
        on_cleanup(move || listeners.into_iter().for_each(WindowListenerHandle::remove));
    }

    fn read(self) {
        let (path, search) = browser::path_and_search();
        set_if_new(self.search, search);
        set_if_new(self.path, path);
        // Even when it is the same: whoever follows it again wants to get there again.
        self.fragment.set(browser::fragment());
    }

    /// Goes to one of the live pages.
    pub fn go(self, address: &str) {
        let Ok(history) = window().history() else { return };
        // It fails only for another origin.
        history.push_state_with_url(&JsValue::NULL, "", Some(address)).ok();
        self.read();
        match self.fragment.get_untracked() {
            fragment if fragment.is_empty() => browser::scroll_to_top(),
            // The element may come with the page.
            fragment => request_animation_frame(move || browser::scroll_to(&fragment)),
        }
    }

    fn click(self, event: &ev::MouseEvent) {
        let modified = event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key();
        if event.default_prevented() || event.button() != 0 || modified {
            return;
        }
        if let Some(address) = link(event).and_then(|link| inner_address(&link)) {
            event.prevent_default();
            self.go(&address);
        }
    }
}

fn set_if_new(signal: RwSignal<String>, value: String) {
    if signal.with_untracked(|now| *now != value) {
        signal.set(value);
    }
}

fn link(event: &ev::MouseEvent) -> Option<HtmlAnchorElement> {
    event.target()?.dyn_into::<Element>().ok()?.closest("a[href]").ok()??.dyn_into().ok()
}

/// Where a link leads, when that is a live page other than a place on this one.
fn inner_address(link: &HtmlAnchorElement) -> Option<String> {
    let location = window().location();
    let own = location.origin().is_ok_and(|origin| origin == link.origin());
    let live = Page::at(&link.pathname()).is_some_and(Page::is_live);
    if !own || !live || !link.target().is_empty() || link.has_attribute("download") {
        return None;
    }
    let address = link.pathname() + &link.search();
    let (path, search) = browser::path_and_search();
    let here = if search.is_empty() { path } else { format!("{path}?{search}") };
    if address == here && !link.hash().is_empty() {
        return None;
    }
    Some(address + &link.hash())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_that_the_browser_draws_are_reached_without_loading() {
        let live = |path| Page::at(path).map(Page::is_live);
        assert_eq!(live("/"), Some(true));
        assert_eq!(live("/history"), Some(true));
        assert_eq!(live("/settings"), Some(false));
        assert_eq!(live("/nope"), None);
    }
}
