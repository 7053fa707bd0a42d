//! What a person sent and the server has not confirmed: rows that show at once, and never twice.

use serde::{Deserialize, Serialize};

use crate::{
    error::ErrorCode,
    event::{Event, EventBody},
    ids::{MessageId, Seq, UserId},
    message::{ClientId, PublishRequest},
    protocol::{ClientFrame, ServerFrame},
    timestamp::Timestamp,
};

/// How far a row has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sending {
    /// Waiting for an answer, or for a connection to ask over.
    Pending,
    /// Stored as this message; the row goes when the event arrives.
    Stored(MessageId),
    /// Refused, or not reachable: *Retry* sends it again under the same id.
    Failed(Option<ErrorCode>),
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsent {
    /// Its idempotency key, kept over retries.
    pub client_id: ClientId,
    /// What was written.
    pub request: PublishRequest,
    /// When *Send* was pressed.
    pub at: Timestamp,
    /// How far it has come.
    pub state: Sending,
}

/// Unsent rows, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbox {
    rows: Vec<Unsent>,
}

impl Outbox {
    /// A new row, pending.
    pub fn push(&mut self, client_id: ClientId, request: PublishRequest, at: Timestamp) {
        self.rows.push(Unsent { client_id, request, at, state: Sending::Pending });
    }

    /// The rows, oldest first.
    pub fn rows(&self) -> &[Unsent] {
        &self.rows
    }

    /// The frame that asks for a row to be published, as often as needed.
    pub fn frame(&self, client_id: &ClientId, user_id: UserId) -> Option<ClientFrame> {
        let row = self.rows.iter().find(|row| row.client_id == *client_id)?;
        Some(ClientFrame::Publish {
            client_id: row.client_id.as_str().to_owned(),
            user_id,
            request: row.request.clone(),
        })
    }

    /// The frames of all rows that wait: sent again after each connect, as an answer may have been lost.
    pub fn pending_frames(&self, user_id: UserId) -> Vec<ClientFrame> {
        let waiting = self.rows.iter().filter(|row| row.state == Sending::Pending);
        waiting.filter_map(|row| self.frame(&row.client_id, user_id)).collect()
    }

    /// Takes note of an answer or an event. Whichever of `published` and the event comes first, the row goes once.
    pub fn note(&mut self, user_id: UserId, frame: &ServerFrame) {
        match frame {
            ServerFrame::Published { client_id, id } => self.set(client_id.as_str(), Sending::Stored(*id)),
            ServerFrame::Rejected { client_id, code } => self.set(client_id, Sending::Failed(Some(*code))),
            ServerFrame::Event(event) => self.note_event(user_id, event),
            ServerFrame::Events { events } => events.iter().for_each(|event| self.note_event(user_id, event)),
            _ => {}
        }
    }

    fn note_event(&mut self, user_id: UserId, event: &Event) {
        if let EventBody::MessagePublished { message, client_id } = &event.body
            && message.sender.id == user_id
        {
            self.rows.retain(|row| row.client_id != *client_id);
        }
    }

    /// Forgets stored rows at or before the inbox's position: their event was folded, perhaps as part of a snapshot.
    pub fn settle(&mut self, folded: Seq) {
        self.rows.retain(|row| !matches!(row.state, Sending::Stored(id) if id <= MessageId::from(folded)));
    }

    /// No answer came while there was a connection, or there is none: all that wait have failed.
    pub fn fail_pending(&mut self) {
        for row in &mut self.rows {
            if row.state == Sending::Pending {
                row.state = Sending::Failed(None);
            }
        }
    }

    /// *Retry*: the row waits again, under the same id.
    pub fn retry(&mut self, client_id: &ClientId) {
        self.set(client_id.as_str(), Sending::Pending);
    }

    /// *Discard*: the row goes; what was written is returned.
    pub fn discard(&mut self, client_id: &ClientId) -> Option<PublishRequest> {
        let index = self.rows.iter().position(|row| row.client_id == *client_id)?;
        Some(self.rows.remove(index).request)
    }

    fn set(&mut self, client_id: &str, state: Sending) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.client_id.as_str() == client_id) {
            row.state = state;
        }
    }
}
