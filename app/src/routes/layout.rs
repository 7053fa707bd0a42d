use leptos::{
    either::{Either, EitherOf3},
    prelude::*,
};

use push_system::error::ErrorCode;

use super::{HistoryPage, InboxPage, still};
use crate::{
    acts,
    app::use_page,
    clock::use_clock,
    components::{Announcer, Floats, HELP_ID, PALETTE_ID, Rail, help, palette, side},
    context::{Form, FormState},
    keyboard,
    live::{Live, browser},
    paint,
    place::{Page, use_place},
    question::Question,
    store::Store,
    title::{title, titled},
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
    // A form of the settings is answered at an address of its own, which could not be loaded again.
    let answered = use_page().form.as_ref().is_some_and(|form| form.form == Form::Password);
    Effect::new(move |_| {
        browser::mark_hydrated();
        if answered {
            browser::show_address("/settings");
        }
        clock.follow();
        live.start();
        acts::listen(live, place);
        place.follow();
        keyboard::listen(live, place);
        crate::palette::listen(live, place);
    });
    paint::follow(live.store, clock, place);
    follow_unread(live.store);
    focus_new_pages();
    let current = move || match place.page.get() {
        Some(Page::Inbox) => EitherOf3::A(view! { <InboxPage /> }),
        Some(Page::History) => EitherOf3::B(view! { <HistoryPage /> }),
        _ => EitherOf3::C(view! { <main class="main" id="main" tabindex="-1" inner_html=still() /> }),
    };
    Either::Right(view! {
        <div class="shell">
            <header class="side" inner_html=side() />
            {current}
            <Rail />
        </div>
        <Floats />
        <Announcer />
        <dialog class="dialog" id=HELP_ID aria-labelledby="help-title" inner_html=help() />
        <dialog class="dialog palette" id=PALETTE_ID aria-label=words().palette inner_html=palette() />
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

/// The name of the tab, and the dot on it.
fn follow_unread(store: Store) {
    let any = Memo::new(move |_| store.unread.get() > 0);
    Effect::new(move |_| browser::set_unread_icon(any.get()));
    let place = use_place();
    Effect::new(move |_| {
        let filter = place.search.with(|search| Question::read(search).filter);
        let unread = store.unread.get();
        // A page that only the server draws is called what its heading says.
        let title = match place.page.get() {
            Some(page) => title(page, filter, unread),
            None => titled(browser::heading().trim(), unread),
        };
        document().set_title(&title);
    });
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
