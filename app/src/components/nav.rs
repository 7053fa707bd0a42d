use leptos::prelude::*;
use leptos_router::hooks::use_location;
use push_system::api::Filter;

use super::{Icon, MESSAGE_ID, Symbol};
use crate::{
    live::{browser, use_live},
    question::Question,
    words::words,
};

/// The ways between the pages: beside them on a wide screen, below them on a phone.
#[component]
pub fn Nav() -> impl IntoView {
    let w = words();
    let location = use_location();
    let place = Memo::new(move |_| (location.pathname.get(), Question::read(&location.search.get()).filter));
    let at = move |path: &'static str, wanted: fn(Filter) -> bool| {
        let below = move |now: &str| now == path || (path != "/" && now.starts_with(path));
        Signal::derive(move || place.with(|(now, filter)| below(now) && wanted(*filter)))
    };
    let nowhere = Signal::derive(|| false);
    view! {
        <nav class="nav" aria-label=w.nav>
            <ul>
                <li>
                    <NavLink
                        href="/"
                        symbol=Symbol::Inbox
                        text=w.nav_inbox
                        here=at("/", |filter| filter != Filter::Unread)
                        counts=true
                    />
                </li>
                <li class="only-wide">
                    <NavLink
                        href="/?filter=unread"
                        symbol=Symbol::Circle
                        text=w.nav_unread
                        here=at("/", |filter| filter == Filter::Unread)
                    />
                </li>
                <li class="only-phone">
                    <NavLink href="/history#q" symbol=Symbol::Search text=w.nav_search here=nowhere field="q" />
                </li>
                <li class="only-phone">
                    <NavLink href="/#compose" symbol=Symbol::Plus text=w.nav_write here=nowhere field=MESSAGE_ID />
                </li>
                <li class="only-wide">
                    <NavLink
                        href="/history?filter=sent"
                        symbol=Symbol::Send
                        text=w.nav_sent
                        here=at("/history", |filter| filter == Filter::Sent)
                    />
                </li>
                <li>
                    <NavLink
                        href="/history"
                        symbol=Symbol::Clock
                        text=w.nav_history
                        here=at("/history", |filter| filter != Filter::Sent)
                    />
                </li>
                <li>
                    <NavLink
                        href="/settings"
                        symbol=Symbol::Sliders
                        text=w.nav_settings
                        here=at("/settings", |_| true)
                    />
                </li>
            </ul>
        </nav>
    }
}

#[component]
fn NavLink(
    href: &'static str,
    symbol: Symbol,
    text: &'static str,
    #[prop(into)] here: Signal<bool>,
    #[prop(optional)] counts: bool,
    // What the link is for, where it is on the page already.
    #[prop(optional)] field: Option<&'static str>,
) -> impl IntoView {
    let click = move |event: leptos::ev::MouseEvent| {
        if let Some(element) = field.and_then(browser::by_id) {
            event.prevent_default();
            element.focus().ok();
        }
    };
    view! {
        <a class="nav-link" href=href aria-current=move || here.get().then_some("page") on:click=click>
            <Icon symbol />
            <span>{text}</span>
            {counts.then(|| view! { <UnreadCount /> })}
        </a>
    }
}

#[component]
fn UnreadCount() -> impl IntoView {
    let unread = use_live().store.unread;
    let any = move || unread.get() > 0;
    view! {
        <Show when=any>
            <span class="count count-accent">
                {move || unread.get()} <span class="visually-hidden">{words().unread_suffix}</span>
            </span>
        </Show>
    }
}
