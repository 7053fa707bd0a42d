use leptos::prelude::*;
use push_system::api::Filter;

use super::{Icon, MESSAGE_ID, Symbol};
use crate::{
    live::{browser, use_live},
    place::{Page, use_place},
    question::Question,
    words::words,
};

/// The ways between the pages: beside them on a wide screen, below them on a phone.
#[component]
pub fn Nav() -> impl IntoView {
    let w = words();
    let location = use_place();
    let place = Memo::new(move |_| (location.page.get(), Question::read(&location.search.get()).filter));
    let at = move |page: Page, wanted: fn(Filter) -> bool| {
        Signal::derive(move || place.with(|(now, filter)| *now == Some(page) && wanted(*filter)))
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
                        here=at(Page::Inbox, |filter| filter != Filter::Unread)
                        count="count count-accent"
                    />
                </li>
                <li class="only-wide">
                    <NavLink
                        href="/?filter=unread"
                        symbol=Symbol::Circle
                        text=w.nav_unread
                        here=at(Page::Inbox, |filter| filter == Filter::Unread)
                        count="count"
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
                        here=at(Page::History, |filter| filter == Filter::Sent)
                    />
                </li>
                <li>
                    <NavLink
                        href="/history"
                        symbol=Symbol::Clock
                        text=w.nav_history
                        here=at(Page::History, |filter| filter != Filter::Sent)
                    />
                </li>
                <li>
                    <NavLink
                        href="/settings"
                        symbol=Symbol::Sliders
                        text=w.nav_settings
                        here=at(Page::Settings, |_| true)
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
    // How the number of unread ones looks, where it is shown.
    #[prop(optional)] count: Option<&'static str>,
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
            {count.map(|class| view! { <UnreadCount class /> })}
        </a>
    }
}

#[component]
fn UnreadCount(class: &'static str) -> impl IntoView {
    let unread = use_live().store.unread;
    let any = Memo::new(move |_| unread.get() > 0);
    move || {
        any.get().then(|| {
            view! {
            <span class=class>
                {move || unread.get()} <span class="visually-hidden">{words().unread_suffix}</span>
            </span>
            }
        })
    }
}
