//! What outlives a reload: the message being written and what could not be sent, for each person of this browser.

use leptos::prelude::window;
use push_system::{
    ids::UserId,
    message::{ClientId, OneOrMany, PublishRequest},
    session::outbox::{Outbox, Unsent},
};
use serde::Serialize;
use web_sys::Storage;

use crate::whole::Whole;

/// A message being written, field by field; stored in the form in which it would be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    let request = serde_json::from_str::<Whole<PublishRequest>>(&text).ok()?.value;
    let to = request.to.map(|to| match to {
        OneOrMany::One(text) => text,
        OneOrMany::Many(list) => list.join(", "),
    });
    Some(SavedDraft {
        to: to.unwrap_or_default(),
        title: request.title.unwrap_or_default(),
        message: request.message,
        priority: request.priority.map(|priority| priority.to_string()).unwrap_or_default(),
    })
}

/// Keeps what this person is writing; false when the browser does not.
pub fn save_draft(user: UserId, draft: &SavedDraft) -> bool {
    let Some(storage) = storage() else { return false };
    if draft.is_empty() {
        return storage.remove_item(&draft_key(user)).is_ok();
    }
    let given = |text: &String| (!text.is_empty()).then(|| text.clone());
    let request = PublishRequest {
        message: draft.message.clone(),
        title: given(&draft.title),
        priority: draft.priority.parse().ok(),
        to: given(&draft.to).map(OneOrMany::One),
        ..PublishRequest::default()
    };
    serde_json::to_string(&request).is_ok_and(|text| storage.set_item(&draft_key(user), &text).is_ok())
}

/// Unsent rows as stored: the form of [`Outbox`].
#[derive(Serialize)]
struct Rows {
    rows: Vec<Unsent>,
}

fn load_outbox(user: UserId) -> Outbox {
    let text = storage().and_then(|storage| storage.get_item(&outbox_key(user)).ok().flatten());
    let read = text.and_then(|text| serde_json::from_str::<Whole<Outbox>>(&text).ok());
    read.map(|whole| whole.value).unwrap_or_default()
}

/// Where unsent rows are kept. Tabs share it, so each only touches the rows it has seen.
pub(super) struct Shelf {
    user: UserId,
    seen: Vec<ClientId>,
}

impl Shelf {
    /// What is kept.
    pub(super) fn load(user: UserId) -> (Outbox, Self) {
        let outbox = load_outbox(user);
        let seen = outbox.rows().iter().map(|row| row.client_id.clone()).collect();
        (outbox, Self { user, seen })
    }

    /// Keeps this tab's rows beside those of other tabs.
    pub(super) fn save(&mut self, rows: Vec<Unsent>) {
        let new =
            rows.iter().map(|row| &row.client_id).filter(|id| !self.seen.contains(id)).cloned().collect::<Vec<_>>();
        self.seen.extend(new);
        let Some(storage) = storage() else { return };
        let kept = load_outbox(self.user);
        let others = kept.rows().iter().filter(|row| !self.seen.contains(&row.client_id));
        let kept = Rows { rows: others.cloned().chain(rows).collect() };
        if kept.rows.is_empty() {
            storage.remove_item(&outbox_key(self.user)).ok();
        } else if let Ok(text) = serde_json::to_string(&kept) {
            storage.set_item(&outbox_key(self.user), &text).ok();
        }
    }
}
