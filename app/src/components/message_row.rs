use leptos::prelude::*;
use push_system::message::Message;

use super::{Avatar, Highlighted, MessageActions, MessageHead, MessageText, UnreadDot, message_head::is_high};
use crate::{live::use_live, words::words};

/// A message in a list.
#[component]
pub fn MessageRow(
    /// The message.
    message: Message,
    /// Words to mark in it.
    #[prop(optional)]
    needles: Vec<String>,
) -> impl IntoView {
    let store = use_live().store;
    let number = message.id;
    let id = format!("m{number}");
    let unread = store.unread_of(&message);
    let entering = store.take_fresh(number);
    let (urgent, high) = (message.is_urgent(), is_high(message.priority));
    let titled = !message.title.is_empty();
    let labelled = if titled { format!("{id}-from {id}-title") } else { format!("{id}-from") };
    let click = message.click.clone().map(|link| view! { <Link link message=message.clone() /> });
    let title = titled.then(|| {
        view! {
            <h3 class="message-title" id=format!("{id}-title") dir="auto">
                <UnreadDot unread />
                <Highlighted text=message.title.clone() needles=needles.clone() />
            </h3>
        }
    });
    view! {
        <li>
            <article
                class="message"
                class:is-unread=move || unread.get()
                class:is-urgent=urgent
                class:is-high=high
                class:is-selected=move || store.selected.get() == Some(number)
                class:is-entering=entering
                id=id
                tabindex="-1"
                aria-labelledby=labelled
            >
                <Avatar name=message.sender.name.to_string() />
                <MessageHead message=message.clone() id=id.clone() />
                {title}
                <MessageText text=message.message.clone() needles unread=(!titled).then_some(unread) />
                {click}
                <MessageActions message unread />
            </article>
        </li>
    }
}

/// Where a message leads. Opening it is reading it.
#[component]
fn Link(link: String, message: Message) -> impl IntoView {
    let live = use_live();
    let unread = live.store.unread_of(&message);
    let open = move |_| {
        if unread.get_untracked() {
            live.mark_read(message.id);
        }
    };
    view! {
        <p class="message-link">
            <a href=link.clone() target="_blank" rel="noopener nofollow ugc" on:click=open>
                {(words().open_link)(&link)}
            </a>
        </p>
    }
}
