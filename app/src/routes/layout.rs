use leptos::{
    either::{Either, EitherOf3},
    prelude::*,
};

use push_system::error::ErrorCode;

use crate::{
    app::use_page,
    clock::use_clock,
    components::{Account, Announcer, Brand, Floats, Help, Nav},
    context::FormState,
    keyboard,
    live::{Live, browser},
    place::{Page, use_place},
    routes::{HistoryPage, InboxPage, SettingsPage},
    store::Store,
    title::title,
    words::words,
};

/// The frame of the pages of someone who is logged in. It stays while they move between these, and with it the connection.
#[component]
pub fn Layout() -> impl IntoView {
    let Some(live) = begin() else {
        // No data came with the document: only loading the page anew brings it, or the login page.
        Effect::new(|_| browser::reload_once());
        return Either::Left(());
    };
    provide_context(live);
    let place = use_place();
    let clock = use_clock();
    Effect::new(move |_| {
        browser::mark_hydrated();
        clock.follow();
        live.start();
        place.follow();
        keyboard::listen(live, place);
    });
    follow_unread(live.store);
    focus_new_pages();
    let current = move || match place.page.get() {
        Some(Page::History) => EitherOf3::A(view! { <HistoryPage /> }),
        Some(Page::Settings) => EitherOf3::B(view! { <SettingsPage /> }),
        _ => EitherOf3::C(view! { <InboxPage /> }),
    };
    Either::Right(view! {
        <div class="shell">
            <header class="side">
                <Brand />
                <PageName />
                <Nav />
                <Account />
            </header>
            {current}
        </div>
        <Floats />
        <Announcer />
        <Help />
    })
}

fn begin() -> Option<Live> {
    let page = use_page();
    let data = &page.data;
    let (me, inbox) = (page.viewer.clone()?, data.inbox.clone()?);
    // The same draft keeps its key, so that sending it again is safe; a key that stands for another message never works.
    let conflict =
        |form: &FormState| form.refusal.as_ref().is_some_and(|refusal| refusal.code == ErrorCode::IdempotencyConflict);
    let refused = page.form.as_ref().filter(|form| !conflict(form));
    let refused = refused.and_then(|form| form.values.get("idempotency_key").cloned());
    let store = Store::new(me, inbox, data.presence.clone(), data.results.clone());
    Some(Live::new(store, refused.unwrap_or_else(|| data.draft_key.clone())))
}

/// The page's name, seen where there is no room for the navigation.
#[component]
fn PageName() -> impl IntoView {
    let page = use_place().page;
    let name = move || match page.get() {
        Some(Page::History) => words().history,
        Some(Page::Settings) => words().settings,
        _ => words().inbox,
    };
    view! {
        <span class="page-name" aria-hidden="true">
            {name}
        </span>
    }
}

/// The name of the tab, and the dot on it.
fn follow_unread(store: Store) {
    let any = Memo::new(move |_| store.unread.get() > 0);
    Effect::new(move |_| browser::set_unread_icon(any.get()));
    let page = use_place().page;
    Effect::new(move |_| document().set_title(&title(page.get().unwrap_or(Page::Inbox), store.unread.get())));
}

/// Moves the focus to a page that was reached without loading it, as a browser would.
fn focus_new_pages() {
    let page = use_place().page;
    Effect::new(move |before: Option<Option<Page>>| {
        let now = page.get();
        if before.is_some_and(|before| before != now) {
            browser::focus("main");
        }
        now
    });
}
