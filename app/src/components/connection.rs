use leptos::prelude::*;
use push_system::session::client::Status;

use crate::{paint::connection, words::words};

/// How the connection is, in a word. Seconds stay out of it: they would be read aloud.
#[component]
pub fn Connection() -> impl IntoView {
    let (state, text) = connection(words(), Status::Connecting);
    view! {
        <p class="connection needs-script-keep" role="status" data-state=state>
            <span>{text}</span>
        </p>
    }
}
