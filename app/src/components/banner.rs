use leptos::prelude::*;
use push_system::session::client::Status;

use super::{Icon, Symbol};
use crate::{
    live::{browser, use_live},
    words::words,
};

/// What to know and do when the connection stays away.
#[component]
pub fn Banner() -> impl IntoView {
    let live = use_live();
    let (status, retry_in) = (live.store.status, live.store.retry_in);
    let shown = Memo::new(move |_| live.store.banner.get() && status.get() != Status::Live);
    let offline = move || matches!(status.get(), Status::Offline | Status::Stopped(_));
    let stopped = Memo::new(move |_| matches!(status.get(), Status::Stopped(_)));
    let text = move || match status.get() {
        Status::Offline => words().banner_offline,
        Status::Stopped(_) => words().banner_stopped,
        Status::Waiting(_) => words().banner_waiting,
        Status::Connecting | Status::Live => words().banner_connecting,
    };
    // The number ticks, so it is for the eye alone.
    let seconds = move || match (status.get(), retry_in.get()) {
        (Status::Waiting(_), seconds @ 1..) => words().banner_seconds(seconds),
        _ => String::new(),
    };
    let act = move |_| if stopped.get_untracked() { browser::reload() } else { live.retry_now() };
    move || {
        shown.get().then(|| {
            view! {
            <p class="banner" data-state=move || if offline() { "offline" } else { "reconnecting" }>
                <Icon symbol=Symbol::PlugOff />
                <span>{text} " " <span aria-hidden="true">{seconds}</span></span>
                <button class="button button-small" type="button" on:click=act>
                    {move || if stopped.get() { words().reload } else { words().retry_now }}
                </button>
            </p>
            }
        })
    }
}
