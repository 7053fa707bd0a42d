use leptos::{either::Either, prelude::*};
use leptos_router::{components::Outlet, hooks::use_location};
use push_system::error::ErrorCode;

use crate::{
    app::use_page,
    components::{Account, Announcer, Brand, Floats, Help, Nav},
    context::FormState,
    keyboard,
    live::{Live, browser},
    store::Store,
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
    Effect::new(move |_| live.start());
    keyboard::listen(live);
    follow_unread(live.store);
    focus_new_pages();
    Either::Right(view! {
        <div class="shell">
            <header class="side">
                <Brand />
                <PageName />
                <Nav />
                <Account />
            </header>
            <Outlet />
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
    let path = use_location().pathname;
    let name = move || {
        path.with(|path| match path.as_str() {
            "/history" => words().history,
            path if path.starts_with("/settings") => words().settings,
            _ => words().inbox,
        })
    };
    view! {
        <span class="page-name" aria-hidden="true">
            {name}
        </span>
    }
}

/// The dot on the tab.
fn follow_unread(store: Store) {
    let any = Memo::new(move |_| store.unread.get() > 0);
    Effect::new(move |_| browser::set_unread_icon(any.get()));
}

/// Moves the focus to a page that was reached without loading it, as a browser would.
fn focus_new_pages() {
    let path = use_location().pathname;
    Effect::new(move |before: Option<String>| {
        let path = path.get();
        if before.is_some_and(|before| before != path) {
            browser::focus("main");
        }
        path
    });
}
