use leptos::prelude::*;
use push_system::{
    error::ErrorCode,
    message::{ClientId, PublishRequest},
    protocol::{ClientFrame, ServerFrame},
    session::outbox::{Outbox, Sending, Unsent},
};
use uuid::Uuid;

use super::{Live, browser, storage};
use crate::{
    store::{Toast, Undo},
    words::words,
};

/// Whether a row waits for an answer.
pub(super) fn is_waiting(outbox: &Outbox) -> bool {
    outbox.rows().iter().any(|row| row.state == Sending::Pending)
}

impl Live {
    /// Sends what was written: the row shows at once, and fails at once where there is no connection.
    pub fn send(self, request: PublishRequest) {
        let Some(client_id) = self.take_draft_key() else { return };
        self.store.outbox.update(|outbox| outbox.push(client_id.clone(), request, browser::now()));
        if !self.publish(&client_id) {
            self.fail(client_id);
        }
    }

    /// The key of the message being written, and a new one for the next.
    fn take_draft_key(self) -> Option<ClientId> {
        let mut key = Uuid::now_v7().to_string();
        self.draft_key.update(|current| std::mem::swap(current, &mut key));
        ClientId::parse(&key, "client_id").or_else(|_| ClientId::parse(&Uuid::now_v7().to_string(), "client_id")).ok()
    }

    /// *Retry*: under the same key, now or as soon as there is a connection.
    pub fn retry(self, client_id: &ClientId) {
        self.store.outbox.update(|outbox| outbox.retry(client_id));
        if !self.publish(client_id) {
            self.retry_now();
        }
    }

    /// *Discard*, with a way back.
    pub fn discard(self, client_id: &ClientId) {
        let row = self.store.outbox.with_untracked(|outbox| find(outbox, client_id));
        self.store.outbox.update(|outbox| {
            outbox.discard(client_id);
        });
        let text = words().discarded.to_owned();
        self.store.toast.set(Some(Toast { text, undo: row.map(Undo::Unsent) }));
    }

    /// Puts a discarded row back, as it was: not sent.
    pub fn put_back(self, row: Unsent) {
        let client_id = row.client_id.clone();
        self.store.outbox.update(|outbox| outbox.push(row.client_id, row.request, row.at));
        self.fail(client_id);
    }

    /// Writes a row's frame; false when there is no open connection.
    fn publish(self, client_id: &ClientId) -> bool {
        let frame = self.store.outbox.with_untracked(|outbox| outbox.frame(client_id, self.store.user_id()));
        let open = self.with_link(|link| {
            link.last_publish = link.now();
            link.session.is_open()
        });
        open == Some(true) && frame.is_some_and(|frame| self.write(&frame))
    }

    fn fail(self, client_id: ClientId) {
        let code = ErrorCode::Unavailable;
        self.note(&ServerFrame::Rejected { client_id: client_id.as_str().to_owned(), code });
    }

    /// Sends all rows that wait for an answer.
    pub(super) fn send_waiting(self) {
        let frames: Vec<ClientFrame> =
            self.store.outbox.with_untracked(|outbox| outbox.pending_frames(self.store.user_id()));
        if frames.is_empty() {
            return;
        }
        self.with_link(|link| link.last_publish = link.now());
        for frame in frames {
            self.write(&frame);
        }
    }

    /// Lets the unsent rows take note of a frame.
    pub(super) fn note(self, frame: &ServerFrame) {
        if self.store.outbox.with_untracked(|outbox| outbox.rows().is_empty()) {
            return;
        }
        let user = self.store.user_id();
        self.change_outbox(|outbox| outbox.note(user, frame));
    }

    /// Forgets rows whose message is on the screen.
    pub(super) fn settle(self) {
        let seq = self.store.inbox.with_untracked(push_system::inbox::Inbox::seq);
        self.change_outbox(|outbox| outbox.settle(seq));
    }

    fn change_outbox(self, change: impl FnOnce(&mut Outbox)) {
        let mut outbox = self.store.outbox.get_untracked();
        change(&mut outbox);
        super::set_if_new(self.store.outbox, outbox);
    }

    /// Brings back what an earlier page could not send, and keeps what this one cannot.
    pub(super) fn restore_outbox(self) {
        let user = self.store.user_id();
        let (kept, keeper) = storage::Shelf::load(user);
        if !kept.rows().is_empty() {
            self.store.outbox.set(kept);
        }
        let keeper = StoredValue::new(keeper);
        Effect::new(move |_| {
            let unsent = self.store.outbox.with(|outbox| outbox.rows().to_vec());
            keeper.try_update_value(|keeper| keeper.save(unsent));
        });
    }
}

fn find(outbox: &Outbox, client_id: &ClientId) -> Option<Unsent> {
    outbox.rows().iter().find(|row| row.client_id == *client_id).cloned()
}
