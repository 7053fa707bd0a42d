use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_location;
use push_system::{ids::MessageId, message::Message};

use super::{COMPOSER_ID, Icon, Symbol, code::copy};
use crate::{
    live::{browser, use_live},
    text,
    words::words,
};

/// What can be done with a message.
#[component]
pub fn MessageActions(
    /// The message.
    message: Message,
    /// Whether it is unread.
    unread: Memo<bool>,
) -> impl IntoView {
    let live = use_live();
    let own = message.sender.id == live.store.user_id();
    let id = message.id;
    let sender = message.sender.name.to_string();
    let body = message.message;
    let mark = move || {
        (!own).then(|| {
            if unread.get() {
                Either::Left(view! { <MarkRead id /> })
            } else {
                Either::Right(view! { <MarkUnread id /> })
            }
        })
    };
    view! {
        <div class="message-actions">
            {mark}
            {(!own).then(|| view! { <Reply name=sender /> })}
            <button
                class="icon-button needs-script"
                type="button"
                aria-label=words().copy_text
                title=words().copy_text
                on:click=move |_| copy(live.store.toast, body.clone())
            >
                <Icon symbol=Symbol::Copy />
            </button>
        </div>
    }
}

/// A form, so that it works without script.
#[component]
fn MarkRead(id: MessageId) -> impl IntoView {
    let live = use_live();
    let location = use_location();
    let here = untrack(|| address(&location.pathname.get(), &location.search.get()));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        // The button goes; the row keeps the focus.
        browser::focus(&format!("m{id}"));
        live.mark_read(id);
    };
    view! {
        <form method="post" action="/read" on:submit=submit>
            <input type="hidden" name="read" value=id.to_string() />
            <input type="hidden" name="next" value=here />
            <button class="icon-button" aria-label=words().mark_read title=words().mark_read_key>
                <Icon symbol=Symbol::Check />
            </button>
        </form>
    }
}

#[component]
fn MarkUnread(id: MessageId) -> impl IntoView {
    let live = use_live();
    let click = move |_| {
        browser::focus(&format!("m{id}"));
        live.mark_unread(id);
    };
    view! {
        <button
            class="icon-button needs-script"
            type="button"
            aria-label=words().mark_unread
            title=words().mark_unread_key
            on:click=click
        >
            <Icon symbol=Symbol::Circle />
        </button>
    }
}

#[component]
fn Reply(name: String) -> impl IntoView {
    let reply = use_live().store.reply;
    let whom = name.clone();
    let click = move |event: leptos::ev::MouseEvent| {
        // Where there is a composer it is filled in; elsewhere the link leads to one.
        if browser::by_id(COMPOSER_ID).is_some() {
            event.prevent_default();
            reply.set(Some(whom.clone()));
        }
    };
    view! {
        <a
            class="icon-button reply"
            on:click=click
            href=format!("/?to={}#compose", text::encode(&format!("@{name}")))
            aria-label=(words().reply_to)(&name)
            title=words().reply
        >
            <Icon symbol=Symbol::Reply />
        </a>
    }
}

/// A path with its query string.
pub(super) fn address(path: &str, search: &str) -> String {
    let search = search.trim_start_matches('?');
    if search.is_empty() { path.to_owned() } else { format!("{path}?{search}") }
}
