use std::sync::Arc;

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};

use crate::{
    clock::Clock,
    context::PageContext,
    routes::{ErrorPage, HistoryPage, InboxPage, Layout, LoginPage, RegisterPage, SettingsPage},
    words::words,
};

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
    provide_meta_context();
    // Where routes are only listed there is no request.
    let page = Arc::new(SharedValue::new(|| use_context::<PageContext>().unwrap_or_default()).into_inner());
    provide_context(Arc::clone(&page));
    let clock = Clock::new(&page);
    provide_context(clock);
    clock.follow();
    mark_hydrated();

    view! {
        // The browser moves the focus for a fragment, the router only scrolls.
        <a class="skip-link" href="#main" rel="external">
            {words().skip_to_content}
        </a>
        {match page.failure {
            Some(status) => leptos::either::Either::Left(view! { <ErrorPage status /> }),
            None => leptos::either::Either::Right(view! { <Pages /> }),
        }}
    }
}

#[component]
fn Pages() -> impl IntoView {
    view! {
        <Router>
            <Routes fallback=|| view! { <ErrorPage status=404 /> }>
                <Route path=path!("/login") view=LoginPage ssr=SsrMode::Async />
                <Route path=path!("/register") view=RegisterPage ssr=SsrMode::Async />
                <ParentRoute path=path!("") view=Layout ssr=SsrMode::Async>
                    <Route path=path!("/") view=InboxPage ssr=SsrMode::Async />
                    <Route path=path!("/history") view=HistoryPage ssr=SsrMode::Async />
                    <Route path=path!("/settings") view=SettingsPage ssr=SsrMode::Async />
                    // A refused password form is answered at its own address.
                    <Route path=path!("/settings/password") view=SettingsPage ssr=SsrMode::Async />
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// Tells style sheets and tests that the page is alive.
fn mark_hydrated() {
    Effect::new(move |_| {
        if let Some(root) = document().document_element() {
            // An attribute of that name is always allowed.
            root.set_attribute("data-hydrated", "").ok();
        }
    });
}
