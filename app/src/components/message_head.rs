use leptos::prelude::*;
use push_system::{limits, message::Message, timestamp::Timestamp};

use super::RecipientChips;
use crate::{clock::use_clock, live::use_live, text, words::words};

/// Priority from which a message is called high: what the composer's second choice sends.
pub(super) const PRIORITY_HIGH: u8 = 5;

/// Whether a message has the edge of an important one, and is not urgent.
pub(super) fn is_high(priority: u8) -> bool {
    (PRIORITY_HIGH..limits::PRIORITY_URGENT).contains(&priority)
}

/// Who, to whom, how important, and when.
#[component]
pub fn MessageHead(
    /// The message.
    message: Message,
    /// The row's id, from which the sender's is made.
    id: String,
) -> impl IntoView {
    let me = use_live().store.name();
    let sender = message.sender.name.to_string();
    let from = if sender == me { words().you.to_owned() } else { sender };
    let level = if message.is_urgent() {
        Some(("chip chip-bad", words().urgent))
    } else {
        is_high(message.priority).then_some(("chip chip-warning", words().high))
    };
    let tags = message.tags.into_iter().map(|tag| view! { <span class="chip">{tag}</span> }).collect_view();
    view! {
        <header class="message-head">
            <span class="message-from" id=format!("{id}-from") dir="auto">
                {from}
            </span>
            <RecipientChips to=message.to me />
            {level.map(|(class, text)| view! { <span class=class>{text}</span> })}
            {tags}
            <MessageTime at=message.date />
        </header>
    }
}

/// How long ago, with the exact time on hover.
#[component]
fn MessageTime(at: Timestamp) -> impl IntoView {
    let clock = use_clock();
    let shown = Memo::new(move |_| text::relative(words(), at, clock.now.get(), clock.offset_minutes.get()));
    view! {
        <span class="message-time">
            <time datetime=at.to_string() title=move || text::absolute(at, clock.offset_minutes.get())>
                {move || shown.get()}
            </time>
        </span>
    }
}
