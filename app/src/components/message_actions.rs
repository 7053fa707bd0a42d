use leptos::{either::Either, prelude::*};
use push_system::{ids::MessageId, message::Message};

use super::{COMPOSER_ID, Icon, IconButton, Symbol, code::copy};
use crate::{
    live::{browser, use_live},
    place::use_place,
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
            <IconButton
                symbol=Symbol::Copy
                label=words().copy_text
                act=Box::new(move || copy(live.store.toast, body.clone()))
            />
        </div>
    }
}

/// A form, so that it works without script.
#[component]
fn MarkRead(id: MessageId) -> impl IntoView {
    let live = use_live();
    let here = use_place().address();
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
    let act = move || {
        browser::focus(&format!("m{id}"));
        live.mark_unread(id);
    };
    view! {
        <IconButton
            symbol=Symbol::Circle
            label=words().mark_unread
            title=words().mark_unread_key
            act=Box::new(act)
        />
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
