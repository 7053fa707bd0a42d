use leptos::prelude::*;
use push_system::session::client::Status;

use crate::{live::use_live, words::words};

/// How the connection is, in a word. Seconds stay out of it: they would be read aloud.
#[component]
pub fn Connection() -> impl IntoView {
    let status = use_live().store.status;
    let state = move || match status.get() {
        Status::Live => "live",
        Status::Connecting | Status::Waiting(_) => "reconnecting",
        Status::Offline | Status::Stopped(_) => "offline",
    };
    let text = move || match status.get() {
        Status::Live => words().live,
        Status::Connecting => words().connecting,
        Status::Waiting(_) => words().reconnecting,
        Status::Offline => words().offline,
        Status::Stopped(_) => words().stopped,
    };
    view! {
        <p class="connection needs-script-keep" role="status" data-state=state>
            <span>{text}</span>
        </p>
    }
}
