use leptos::prelude::*;
use push_system::{accounts::Person, session::client::Status};

use super::{Avatar, Command};
use crate::{live::use_live, words::words};

/// People listed; the others are counted.
const SHOWN: usize = 12;

/// Beside the inbox on a wide screen: who is online, and how programs send.
#[component]
pub fn Rail() -> impl IntoView {
    view! {
        <aside class="rail" aria-label=words().rail>
            <Online />
            <section class="card script-card" aria-labelledby="script">
                <h2 id="script">{words().send_from_script}</h2>
                <Command />
            </section>
        </aside>
    }
}

#[component]
fn Online() -> impl IntoView {
    let store = use_live().store;
    let presence = store.presence;
    let me = store.user_id();
    let count = Memo::new(move |_| presence.with(|presence| presence.count));
    // While nothing arrives, the list is what it was: a connection that is only being opened is not gone yet.
    let stale = Memo::new(move |_| match store.status.get() {
        Status::Live => false,
        Status::Connecting => store.banner.get(),
        Status::Waiting(_) | Status::Offline | Status::Stopped(_) => true,
    });
    let heading =
        move || if stale.get() { (words().online_before)(count.get()) } else { (words().online_now)(count.get()) };
    let more = move || {
        let hidden = presence.with(|presence| presence.count.saturating_sub(presence.people.len().min(SHOWN) as u64));
        (hidden > 0).then(|| view! { <p class="people-more">{(words().and_more_people)(hidden)}</p> })
    };
    let row = move |person: &Person| {
        let name = person.name.to_string();
        let shown = if person.id == me { words().you.to_owned() } else { name.clone() };
        view! {
            <li class="person">
                <Avatar name small=true online=true />
                <span class="person-name" dir="auto">
                    {shown}
                </span>
            </li>
        }
    };
    let shown = move || presence.with(|presence| presence.people.iter().take(SHOWN).map(row).collect_view());
    view! {
        // Who reads this is online, but only a socket is counted: nobody is what a page without one knows.
        <section class="online" class:is-unknown=move || count.get() == 0 class:is-stale=stale aria-labelledby="online">
            <h2 id="online">{heading}</h2>
            <ul class="people">
                {shown}
            </ul>
            {more}
        </section>
    }
}
