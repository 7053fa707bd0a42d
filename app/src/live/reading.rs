use leptos::{prelude::*, task::spawn_local};
use push_system::{
    ids::{MessageId, Seq},
    read_state::{Ranges, ReadChange, ReadState},
};

use super::Live;
use crate::{
    api,
    store::{Toast, Undo},
    words::words,
};

impl Live {
    /// One message is read from now on.
    pub fn mark_read(self, id: MessageId) {
        self.mark(&ReadChange::read(id), (words().marked_read)(1));
    }

    /// One message is unread again.
    pub fn mark_unread(self, id: MessageId) {
        self.mark(&ReadChange::unread(id), words().marked_unread.to_owned());
    }

    /// Everything up to here is read.
    pub fn mark_all_read(self, seq: Seq) {
        let count = self.store.unread.get_untracked();
        self.mark(&ReadChange::read_all(seq.into()), (words().marked_read)(count));
    }

    /// These are read, and no others.
    pub fn mark_these_read(self, ids: &[MessageId]) {
        let read = Ranges::collect(ids.iter().map(|id| (id.0, id.0)));
        self.mark(&ReadChange { read, unread: Ranges::EMPTY }, (words().marked_read)(ids.len() as u64));
    }

    /// The other way round from what it is.
    pub fn toggle_read(self, id: MessageId) {
        if self.store.read.with_untracked(|read| read.is_read(id)) {
            self.mark_unread(id);
        } else {
            self.mark_read(id);
        }
    }

    fn mark(self, change: &ReadChange, text: String) {
        let before = self.store.read.get_untracked();
        let after = before.after(change);
        if before == after {
            return;
        }
        let undo = before.undo_of(&after);
        self.change_read(change.clone());
        self.store.toast.set(Some(Toast { text, undo: Some(Undo::Read(undo)) }));
    }

    /// Shows a change at once, and stores it.
    pub fn change_read(self, change: ReadChange) {
        let Some(ticket) = self.store.unconfirmed.try_update(|changes| changes.begin(change.clone())) else { return };
        spawn_local(async move {
            match api::change_read(&change).await {
                Ok(answer) => self.confirm(ticket, &answer),
                Err(rejection) => {
                    self.store.unconfirmed.try_update(|changes| changes.failed(ticket));
                    let text = (words().mark_failed)(&rejection.detail);
                    self.store.toast.try_set(Some(Toast { text, undo: None }));
                }
            }
        });
    }

    fn confirm(self, ticket: u64, answer: &ReadState) {
        let Some(folded) = self.store.inbox.try_with_untracked(|inbox| inbox.read().clone()) else { return };
        self.store.unconfirmed.try_update(|changes| changes.answered(ticket, answer, &folded));
    }

    /// *Undo*.
    pub fn undo(self, undo: Undo) {
        self.store.toast.set(None);
        match undo {
            Undo::Read(change) => self.change_read(change),
            Undo::Unsent(row) => self.put_back(row),
        }
    }
}
