use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    components::{Brand, Icon, Symbol},
    words::words,
};

/// A page that could not be shown: why, and what to do. It sets the status of the answer.
#[component]
pub fn ErrorPage(
    /// The status.
    status: u16,
) -> impl IntoView {
    set_status(status);
    let w = words();
    let (symbol, title, hint) = match status {
        404 => (Symbol::Search, w.error_not_found, w.error_not_found_hint),
        401 | 403 => (Symbol::Alert, w.error_forbidden, w.error_forbidden_hint),
        429 => (Symbol::Clock, w.error_busy, w.error_busy_hint),
        503 => (Symbol::PlugOff, w.error_unavailable, w.error_unavailable_hint),
        _ => (Symbol::Alert, w.error_internal, w.error_internal_hint),
    };
    // What is missing stays missing; everything else may be better the next time.
    let second = if status == 404 { ("/history", w.search) } else { ("", w.try_again) };
    view! {
        <Title text=(w.title)(title, 0) />
        <main class="auth" id="main" tabindex="-1">
            <Brand external=true />
            <section class="error-page" aria-labelledby="error-title">
                <span class="empty-icon">
                    <Icon symbol />
                </span>
                <p class="error-code">{status}</p>
                <h1 id="error-title">{title}</h1>
                <p>{hint}</p>
                <div class="button-row">
                    <a class="button button-primary" href="/" rel="external">
                        {w.go_to_inbox}
                    </a>
                    <a class="button" href=second.0 rel="external">
                        {second.1}
                    </a>
                </div>
            </section>
        </main>
    }
}

#[cfg(feature = "ssr")]
fn set_status(status: u16) {
    if let Some(server) = use_context::<crate::context::ServerContext>() {
        (server.set_status)(status);
    }
}

#[cfg(not(feature = "ssr"))]
fn set_status(_: u16) {}
