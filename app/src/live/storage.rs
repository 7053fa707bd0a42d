//! What outlives a reload: the message being written and what could not be sent, for each person of this browser.

use std::collections::HashSet;

use leptos::prelude::window;
use push_system::{
    ids::UserId,
    session::outbox::{Outbox, Unsent},
};
use serde::{Deserialize, Serialize};
use web_sys::Storage;

/// A message being written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedDraft {
    /// Whom it is for, as written.
    pub to: String,
    /// Its title.
    pub title: String,
    /// Its text.
    pub message: String,
    /// Its priority, as the form has it.
    pub priority: String,
}

impl SavedDraft {
    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.to.is_empty() && self.title.is_empty() && self.message.is_empty()
    }
}

/// A browser may refuse storage altogether.
fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

fn draft_key(user: UserId) -> String {
    format!("push.draft.{user}")
}

fn outbox_key(user: UserId) -> String {
    format!("push.outbox.{user}")
}

/// What this person was writing.
pub fn load_draft(user: UserId) -> Option<SavedDraft> {
    let text = storage()?.get_item(&draft_key(user)).ok().flatten()?;
    serde_json::from_str(&text).ok()
}

/// Keeps what this person is writing; false when the browser does not.
pub fn save_draft(user: UserId, draft: &SavedDraft) -> bool {
    let Some(storage) = storage() else { return false };
    if draft.is_empty() {
        return storage.remove_item(&draft_key(user)).is_ok();
    }
    serde_json::to_string(draft).is_ok_and(|text| storage.set_item(&draft_key(user), &text).is_ok())
}

/// Unsent rows as stored: the form of [`Outbox`].
#[derive(Default, Serialize, Deserialize)]
struct Rows {
    rows: Vec<Unsent>,
}

/// Where unsent rows are kept. Tabs share it, so each only touches the rows it has seen.
pub(super) struct Shelf {
    user: UserId,
    seen: HashSet<String>,
}

impl Shelf {
    /// What is kept.
    pub(super) fn load(user: UserId) -> (Outbox, Self) {
        let text = storage().and_then(|storage| storage.get_item(&outbox_key(user)).ok().flatten());
        let outbox: Outbox = text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let seen = outbox.rows().iter().map(|row| row.client_id.as_str().to_owned()).collect();
        (outbox, Self { user, seen })
    }

    /// Keeps this tab's rows beside those of other tabs.
    pub(super) fn save(&mut self, rows: Vec<Unsent>) {
        self.seen.extend(rows.iter().map(|row| row.client_id.as_str().to_owned()));
        let Some(storage) = storage() else { return };
        let text = storage.get_item(&outbox_key(self.user)).ok().flatten().unwrap_or_default();
        let mut kept: Rows = serde_json::from_str(&text).unwrap_or_default();
        kept.rows.retain(|row| !self.seen.contains(row.client_id.as_str()));
        kept.rows.extend(rows);
        if kept.rows.is_empty() {
            storage.remove_item(&outbox_key(self.user)).ok();
        } else if let Ok(text) = serde_json::to_string(&kept) {
            storage.set_item(&outbox_key(self.user), &text).ok();
        }
    }
}
