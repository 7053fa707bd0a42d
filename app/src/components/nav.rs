use leptos::prelude::*;

use super::{Icon, MESSAGE_ID, Symbol};
use crate::{
    draw::{self, drawn},
    live::use_live,
    place::use_place,
    question::Question,
    words::words,
};

/// A way to a page.
#[derive(Clone, Copy)]
pub(super) struct Way {
    pub(super) href: &'static str,
    pub(super) symbol: Symbol,
    pub(super) text: &'static str,
    /// On which screens there is room for it, where not on all.
    pub(super) class: &'static str,
    /// The places at which it is the current one.
    here: &'static str,
    /// How the number of unread ones looks, where it is shown.
    count: Option<&'static str>,
    /// What it is for, where that is on the page already.
    field: Option<&'static str>,
}

impl Way {
    const fn new(href: &'static str, symbol: Symbol, text: &'static str, here: &'static str) -> Self {
        Self { href, symbol, text, class: "", here, count: None, field: None }
    }

    const fn only(self, class: &'static str) -> Self {
        Self { class, ..self }
    }

    const fn counting(self, count: &'static str) -> Self {
        Self { count: Some(count), ..self }
    }

    const fn to_field(self, field: &'static str) -> Self {
        Self { field: Some(field), ..self }
    }
}

/// The ways between the pages of somebody who is logged in.
pub(super) fn ways() -> [Way; 10] {
    const HISTORY: &str =
        "/history?all /history?inbox /history?unread /history?me /history?saved /history?sent /history?archived";
    const WIDE: &str = "only-wide";
    const PHONE: &str = "only-phone";
    let w = words();
    [
        Way::new("/", Symbol::Inbox, w.nav_inbox, "/?all /?inbox /?me").counting("count count-accent"),
        Way::new("/?filter=unread", Symbol::Circle, w.nav_unread, "/?unread").only(WIDE).counting("count"),
        Way::new("/history#q", Symbol::Search, w.nav_search, "").only(PHONE).to_field("q"),
        Way::new("/#compose", Symbol::Plus, w.nav_write, "").only(PHONE).to_field(MESSAGE_ID),
        Way::new("/?filter=saved", Symbol::Bookmark, w.filter_saved, "/?saved").only(WIDE),
        Way::new("/?filter=sent", Symbol::Send, w.nav_sent, "/?sent").only(WIDE),
        Way::new("/?filter=archived", Symbol::Archive, w.filter_archived, "/?archived").only(WIDE),
        Way::new("/history", Symbol::Clock, w.nav_history, HISTORY),
        Way::new("/topics", Symbol::Hash, w.topics, "/topics?all").only(WIDE),
        Way::new("/settings", Symbol::Sliders, w.nav_settings, "/settings?all"),
    ]
}

/// The ways between the pages: beside them on a wide screen, below them on a phone. Each says by `data-here` at which
/// places it is the current one.
#[component]
pub fn Nav() -> impl IntoView {
    let w = words();
    let topics = use_live().store.inbox.with_untracked(|inbox| drawn(|m| draw::topics(m, inbox.topics(), &here())));
    let ways = ways().map(|way| {
        view! {
            <li class=way.class>
                <NavLink way />
            </li>
        }
    });
    view! {
        <nav class="nav" aria-label=w.nav>
            <ul>{ways.into_iter().collect_view()}</ul>
            <ul class="nav-topics only-wide" aria-label=w.topics inner_html=topics />
        </nav>
    }
}

/// Where one is, as `data-here` says it.
fn here() -> String {
    let place = use_place();
    let filter = Question::read(&place.search.get_untracked()).filter;
    format!("{}?{}", place.path.get_untracked(), filter.as_str())
}

#[component]
fn NavLink(way: Way) -> impl IntoView {
    let Way { href, symbol, text, here, count, field, .. } = way;
    let current = self::here();
    let current = here.split(' ').any(|here| here == current).then_some("page");
    let unread = use_live().store.unread.get_untracked();
    view! {
        <a
            class="nav-link"
            href=href
            aria-current=current
            data-here=here
            data-act=field.map(|_| "focus")
            data-field=field
        >
            <Icon symbol />
            <span>{text}</span>
            {count
                .map(|class| {
                    view! {
                        <span class=class data-count="unread" hidden=unread == 0>
                            <span>{unread}</span>
                            " "
                            <span class="visually-hidden">{words().unread_suffix}</span>
                        </span>
                    }
                })}
        </a>
    }
}
