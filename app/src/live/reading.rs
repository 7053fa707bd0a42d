use leptos::prelude::*;
use push_system::{
    ids::{MessageId, Seq},
    limits,
    marks::StateChange,
    read_state::{Ranges, ReadChange},
};

use super::{Live, browser};
use crate::{
    api, paint,
    store::{State, Toast, Undo},
    words::{say, words},
};

/// How often a page says at most how far its person has seen.
const SEEN_EVERY_MS: u64 = 5_000;

impl Live {
    /// One message is read from now on.
    pub fn mark_read(self, id: MessageId) {
        self.mark(ReadChange::read(id).into(), words().marked_read(1));
    }

    /// Everything up to here is read.
    pub fn mark_all_read(self, seq: Seq) {
        let count = self.store.unread.get_untracked();
        self.mark(ReadChange::read_all(seq.into()).into(), words().marked_read(count));
    }

    /// Does with these what a button says by its name; false where that is no change of state.
    pub fn mark_all(self, act: &str, ids: Ranges) -> bool {
        let count = ids.iter().map(|(from, to)| to - from + 1).sum();
        let (none, w) = (StateChange::default(), words());
        let (change, done) = match act {
            "read" => (ReadChange { read: ids, unread: Ranges::EMPTY }.into(), w.marked_read(count)),
            "unread" => (ReadChange { read: Ranges::EMPTY, unread: ids }.into(), w.marked_unread.to_owned()),
            "save" => (StateChange { save: ids, ..none }, w.saved_messages(count)),
            "unsave" => (StateChange { unsave: ids, ..none }, w.unsaved_messages(count)),
            "archive" => (StateChange { archive: ids, ..none }, w.archived_messages(count)),
            "unarchive" => (StateChange { unarchive: ids, ..none }, w.unarchived_messages(count)),
            _ => return false,
        };
        self.mark(change, done);
        true
    }

    fn mark(self, change: StateChange, text: String) {
        let before = self.store.state.get_untracked();
        let after = before.after(&change);
        if before == after {
            return;
        }
        let undo = StateChange::undo((&before.read, &before.marks), (&after.read, &after.marks));
        self.change_state(change);
        self.store.toast.set(Some(Toast { text, undo: Some(Undo::State(undo)) }));
    }

    /// Shows a change at once, and stores it after those before.
    pub fn change_state(self, change: StateChange) {
        let Some(ticket) = self.store.unconfirmed.try_update(|changes| changes.begin(change.clone())) else { return };
        self.in_turn(async move {
            // Nobody asked for what the page does by itself.
            let by_itself = change.seen_upto.is_some();
            for step in change.steps(limits::READ_RANGES) {
                let Err(rejection) = api::change_state(&step).await else { continue };
                self.store.unconfirmed.try_update(|changes| changes.failed(ticket));
                if !by_itself {
                    let text = words().mark_failed(&say(&rejection.detail));
                    self.store.toast.try_set(Some(Toast { text, undo: None }));
                }
                return;
            }
            self.confirm(ticket);
        });
    }

    fn confirm(self, ticket: u64) {
        let Some(folded) = self.store.inbox.try_with_untracked(State::of) else { return };
        self.store.unconfirmed.try_update(|changes| changes.answered(ticket, &folded));
    }

    /// *Undo*.
    pub fn undo(self, undo: Undo) {
        self.store.toast.set(None);
        match undo {
            Undo::State(change) => self.change_state(change),
            Undo::Unsent(row) => self.put_back(row),
        }
    }

    /// Says how far the inbox stood before the person's eyes, where that is further than before. A view, a topic or one
    /// message shows a part, from which nothing follows about the rest.
    pub(super) fn note_seen(self) {
        let due = self.with_link(|link| {
            let now = link.now();
            let due = now >= link.seen_at + SEEN_EVERY_MS;
            if due {
                link.seen_at = now;
            }
            due
        });
        if due != Some(true) || !browser::is_visible() || !browser::shows_the_inbox() {
            return;
        }
        let newest = paint::newest_in_view();
        if let Some(newest) = newest.filter(|id| *id > self.store.marks.with_untracked(|marks| marks.seen_upto)) {
            self.change_state(StateChange { seen_upto: Some(newest), ..StateChange::default() });
        }
    }
}
