use leptos::{prelude::*, task::spawn_local};
use push_system::{
    error::Rejection,
    ids::MessageId,
    message::{EditRequest, Message},
};

use super::{Live, browser};
use crate::{
    api, paint,
    store::Toast,
    words::{say, words},
};

impl Live {
    /// Changes what a message says. It shows at once; where that fails, the fields are back with what was typed.
    pub fn edit(self, before: Message, title: String, text: String) {
        let id = before.id;
        let request = EditRequest { title: Some(title.clone()), message: Some(text.clone()), ..EditRequest::default() };
        let wanted = Message { title: title.clone(), message: text.clone(), edited: Some(browser::now()), ..before };
        let ticket = self.begin(wanted);
        spawn_local(async move {
            let rejection = match api::edit(id, &request).await {
                Ok(stored) => return self.answered(ticket, stored),
                Err(rejection) => rejection,
            };
            match self.failed(ticket, id) {
                // It was stored, and only the answer lost.
                Some(now) if now.title == title && now.message == text => {}
                Some(now) if now.deleted.is_none() => {
                    paint::open_edit(id, &title, &text, Some(&say(&rejection.detail)));
                }
                _ => self.tell(&rejection),
            }
        });
    }

    /// Takes a message back. It goes at once, and comes back where that fails.
    pub fn delete(self, before: Message) {
        let id = before.id;
        let ticket = self.begin(before.tombstone(browser::now()));
        spawn_local(async move {
            if let Err(rejection) = api::delete(id).await
                && self.failed(ticket, id).is_some_and(|now| now.deleted.is_none())
            {
                self.tell(&rejection);
            }
        });
    }

    fn begin(self, wanted: Message) -> u64 {
        let id = wanted.id;
        let ticket = self.store.changing.try_update_value(|changing| changing.begin(wanted));
        paint::redraw(self.store, id);
        ticket.unwrap_or_default()
    }

    fn answered(self, ticket: u64, stored: Message) {
        let id = stored.id;
        let known = self.store.known(id);
        self.store.changing.update_value(|changing| changing.answered(ticket, stored, known.as_ref()));
        paint::redraw(self.store, id);
    }

    /// Takes a change back, and tells how the message is without it.
    fn failed(self, ticket: u64, id: MessageId) -> Option<Message> {
        self.store.changing.update_value(|changing| changing.failed(ticket));
        paint::redraw(self.store, id);
        self.store.message(id)
    }

    fn tell(self, rejection: &Rejection) {
        let text = words().mark_failed(&say(&rejection.detail));
        self.store.toast.try_set(Some(Toast { text, undo: None }));
    }
}
