use leptos::prelude::*;
use push_system::{accounts::Role, message::Message};

use crate::{
    desk::{Desk, desk_words},
    draw::{self, drawn},
    live::use_live,
    words::words,
};

/// `/m/{id}`: one message, and for who may, the forms that change it.
#[component]
pub(super) fn MessagePage(message: Message, outside: bool, desk: Desk) -> impl IntoView {
    let store = use_live().store;
    // The message was read before the inbox.
    let message = store.inbox.with_untracked(|inbox| inbox.message(message.id).cloned()).unwrap_or(message);
    let own = message.sender.id == store.user_id();
    let admin = store.me.with_value(|me| me.role == Role::Admin);
    let look = store.look(&message).outside(outside);
    let row = drawn(|m| draw::message(m, &message, &store.eye(Vec::new()), look));
    let changeable = message.deleted.is_none() && (own || admin);
    let forms = changeable.then(|| {
        let refused = desk.refusal_of("edit").map(|refusal| refusal.detail.clone());
        let edit = drawn(|m| draw::edit(m, message.id, &message.title, &message.message, refused.as_deref()));
        let delete = drawn(|m| draw::confirm_delete(m, message.id));
        view! {
            <section class="card setting" id="edit" aria-labelledby="edit-head">
                <h2 id="edit-head">{words().edit}</h2>
                <div inner_html=edit />
            </section>
            <section class="card setting" id="delete" aria-labelledby="delete-head">
                <h2 id="delete-head">{words().delete}</h2>
                <div inner_html=delete />
            </section>
        }
    });
    view! {
        <div class="page-head">
            <h1>{desk_words().message}</h1>
            <p>
                <a href="/">{desk_words().go_to_inbox}</a>
            </p>
        </div>
        <ol class="messages" role="list">
            <li inner_html=row />
        </ol>
        <div class="settings">{forms}</div>
    }
}
