use leptos::{either::Either, prelude::*};
use push_system::{
    audience::Recipients,
    message::{ClientId, OneOrMany, PublishRequest},
    session::{
        client::Status,
        outbox::{Sending, Unsent},
    },
};

use super::{Avatar, Icon, RecipientChips, Symbol, TimeStyle, message_head::MessageTime};
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
    let me = use_live().store.name();
    let id = format!("p{}", row.client_id.as_str());
    let PublishRequest { message, title, to, .. } = row.request;
    let written = written(to);
    let to = Recipients::parse([written.as_str()]).unwrap_or_default();
    let labelled = format!("{id}-from");
    view! {
        <li>
            <article
                class="message"
                class:is-pending=move || state.get() == Sending::Pending
                class:is-failed=move || matches!(state.get(), Sending::Failed(_))
                id=id.clone()
                tabindex="-1"
                aria-labelledby=labelled
            >
                <Avatar name=me.clone() />
                <header class="message-head">
                    <span class="message-from" id=labelled.clone() dir="auto">
                        {words().you}
                    </span>
                    <RecipientChips to me />
                    <MessageTime at=row.at style=TimeStyle::Relative />
                </header>
                {title
                    .map(|title| {
                        view! {
                            <h3 class="message-title" dir="auto">
                                {title}
                            </h3>
                        }
                    })}
                <p class="message-text" dir="auto">
                    {message}
                </p>
                <State client_id=row.client_id state written />
            </article>
        </li>
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
