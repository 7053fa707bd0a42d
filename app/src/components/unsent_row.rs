use leptos::{either::Either, prelude::*};
use push_system::{
    audience::Recipients,
    ids::MessageId,
    message::{ClientId, Message, OneOrMany, PublishRequest},
    session::{
        client::Status,
        outbox::{Sending, Unsent},
    },
    timestamp::Timestamp,
};

use super::{Avatar, Icon, MessageHead, MessageText, Symbol, message_head::is_high};
use crate::{
    live::use_live,
    words::{self, words},
};

/// A message on its way: pending, or not sent, with what can be done about it.
#[component]
pub fn UnsentRow(
    /// Its key.
    client_id: ClientId,
) -> impl IntoView {
    let store = use_live().store;
    let key = client_id.clone();
    let find = move |outbox: &push_system::session::outbox::Outbox| {
        outbox.rows().iter().find(|row| row.client_id == key).cloned()
    };
    let row = store.outbox.with_untracked(&find)?;
    let state = Memo::new(move |_| store.outbox.with(&find).map_or(Sending::Pending, |row| row.state));
    Some(view! { <Row row state /> })
}

#[component]
fn Row(row: Unsent, state: Memo<Sending>) -> impl IntoView {
    let id = format!("p{}", row.client_id.as_str());
    let written = written(row.request.to.clone());
    let message = as_message(row.at, row.request, &written);
    let (urgent, high) = (message.is_urgent(), is_high(message.priority));
    let titled = !message.title.is_empty();
    let labelled = if titled { format!("{id}-from {id}-title") } else { format!("{id}-from") };
    let (title_id, title, text) = (format!("{id}-title"), message.title.clone(), message.message.clone());
    view! {
        <li>
            <article
                class="message"
                class:is-urgent=urgent
                class:is-high=high
                class:is-pending=move || state.get() == Sending::Pending
                class:is-failed=move || matches!(state.get(), Sending::Failed(_))
                id=id
                tabindex="-1"
                aria-labelledby=labelled
            >
                <Avatar name=message.sender.name.to_string() />
                <MessageHead message id=id.clone() />
                {titled
                    .then(|| {
                        view! {
                            <h3 class="message-title" id=title_id dir="auto">
                                {title}
                            </h3>
                        }
                    })}
                <MessageText text />
                <State client_id=row.client_id state written />
            </article>
        </li>
    }
}

/// The message it will be, so that nothing about the row changes when it is.
fn as_message(at: Timestamp, request: PublishRequest, written: &str) -> Message {
    Message {
        id: MessageId::default(),
        appid: 0,
        title: request.title.unwrap_or_default(),
        message: request.message,
        priority: request.priority.and_then(|priority| priority.try_into().ok()).unwrap_or_default(),
        date: at,
        extras: request.extras.unwrap_or_default(),
        sender: use_live().store.me.with_value(|me| me.person.clone()),
        to: Recipients::parse([written]).unwrap_or_default(),
        tags: request.tags.unwrap_or_default(),
        click: request.click,
    }
}

/// How far it has come.
#[component]
fn State(client_id: ClientId, state: Memo<Sending>, written: String) -> impl IntoView {
    let live = use_live();
    let status = live.store.status;
    let waiting = move || if status.get() == Status::Live { words().sending } else { words().waiting_to_send };
    move || match state.get() {
        Sending::Stored(_) => None,
        Sending::Pending => Some(Either::Left(view! {
            <p class="message-state">
                <Icon symbol=Symbol::Clock />
                <span>{waiting}</span>
            </p>
        })),
        Sending::Failed(code) => {
            let why = (words().not_sent)(&words::refusal(code, &written));
            let (again, away) = (client_id.clone(), client_id.clone());
            Some(Either::Right(view! {
                <div class="message-state" role="alert">
                    <Icon symbol=Symbol::Alert />
                    <span>{why}</span>
                    <button class="button button-small" type="button" on:click=move |_| live.retry(&again)>
                        <Icon symbol=Symbol::Retry />
                        {words().retry}
                    </button>
                    <button class="button button-small" type="button" on:click=move |_| live.discard(&away)>
                        {words().discard}
                    </button>
                </div>
            }))
        }
    }
}

fn written(to: Option<OneOrMany>) -> String {
    match to {
        None => String::new(),
        Some(OneOrMany::One(one)) => one,
        Some(OneOrMany::Many(list)) => list.join(", "),
    }
}
