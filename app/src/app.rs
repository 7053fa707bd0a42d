use std::sync::Arc;

use leptos::prelude::*;

use crate::{clock::Clock, context::PageContext, place::Place, routes::Layout, whole::Whole, words::words};

/// What the page was told about its request.
///
/// # Panics
/// Outside of [`App`], which provides it.
pub fn use_page() -> Arc<PageContext> {
    expect_context()
}

/// Everything inside `<body>`.
#[component]
pub fn App() -> impl IntoView {
    // Without a context there is no request, and nothing to show.
    let embedded = SharedValue::new(|| Whole { value: use_context::<PageContext>().unwrap_or_default() });
    let page = Arc::new(embedded.into_inner().value);
    provide_context(Arc::clone(&page));
    provide_context(Clock::new(&page));
    let place = Place::new(&page.data);
    provide_context(place);
    view! {
        <a class="skip-link" href="#main">
            {words().skip_to_content}
        </a>
        {content(&page, place)}
    }
}

/// Which of these it is never changes: only the frame leads from page to page without loading.
#[cfg(feature = "ssr")]
fn content(page: &PageContext, place: Place) -> impl IntoView + use<> {
    use leptos::either::EitherOf5;

    use crate::{
        desk::desk,
        place::Page,
        routes::{DeskRoute, ErrorPage, LoginPage, RegisterPage},
    };

    if let Some(desk) = desk().filter(|desk| page.failure.is_none() && !desk.is_framed()) {
        return EitherOf5::E(view! { <DeskRoute desk /> });
    }
    if page.failure.is_none() && desk().is_some() {
        return EitherOf5::D(view! { <Layout /> });
    }
    match (page.failure, place.page.get_untracked()) {
        (Some(status), _) => EitherOf5::A(view! { <ErrorPage status /> }),
        (None, None) => EitherOf5::A(view! { <ErrorPage status=404 /> }),
        (None, Some(Page::Login)) => EitherOf5::B(view! { <LoginPage /> }),
        (None, Some(Page::Register)) => EitherOf5::C(view! { <RegisterPage /> }),
        (None, Some(Page::Inbox | Page::History | Page::Settings)) => EitherOf5::D(view! { <Layout /> }),
    }
}

/// Pages without the frame are not hydrated, so the browser knows none of them.
#[cfg(not(feature = "ssr"))]
fn content(_: &PageContext, _: Place) -> impl IntoView + use<> {
    view! { <Layout /> }
}

/// Brings the page that the browser shows to life.
///
/// Login, registration and error pages are plain documents with plain forms; there is little to bring to life in them,
/// and much that their components would add to the program.
#[cfg(feature = "hydrate")]
pub fn start() {
    use crate::live::browser;

    browser::listen_for_passwords();
    if browser::is_framed() {
        leptos::mount::hydrate_body(App);
    } else {
        browser::mark_hydrated();
    }
}
