use leptos::prelude::*;

use crate::{
    components::{Brand, Icon, Symbol},
    desk::desk_words,
    words::words,
};

/// What an error page says.
pub(crate) struct Explanation {
    symbol: Symbol,
    pub(crate) title: &'static str,
    hint: &'static str,
}

/// Why a page could not be shown, and what to do.
pub(crate) fn explain(status: u16) -> Explanation {
    let w = desk_words();
    let (symbol, title, hint) = match status {
        404 => (Symbol::Search, w.error_not_found, w.error_not_found_hint),
        401 | 403 => (Symbol::Alert, w.error_forbidden, w.error_forbidden_hint),
        429 => (Symbol::Clock, w.error_busy, w.error_busy_hint),
        503 => (Symbol::PlugOff, w.error_unavailable, w.error_unavailable_hint),
        _ => (Symbol::Alert, w.error_internal, w.error_internal_hint),
    };
    Explanation { symbol, title, hint }
}

/// A page in place of one that could not be shown. It sets the status of the answer.
#[component]
pub fn ErrorPage(
    /// The status.
    status: u16,
) -> impl IntoView {
    set_status(status);
    let w = desk_words();
    let Explanation { symbol, title, hint } = explain(status);
    // What is missing stays missing; everything else may be better the next time.
    let second = if status == 404 { ("/history", words().search) } else { ("", w.try_again) };
    view! {
        <main class="auth" id="main" tabindex="-1">
            <Brand />
            <section class="error-page" aria-labelledby="error-title">
                <span class="empty-icon">
                    <Icon symbol />
                </span>
                <p class="error-code">{status}</p>
                <h1 id="error-title">{title}</h1>
                <p>{hint}</p>
                <div class="button-row">
                    <a class="button button-primary" href="/">
                        {w.go_to_inbox}
                    </a>
                    <a class="button" href=second.0>
                        {second.1}
                    </a>
                </div>
            </section>
        </main>
    }
}

fn set_status(status: u16) {
    if let Some(server) = use_context::<crate::context::ServerContext>() {
        (server.set_status)(status);
    }
}
