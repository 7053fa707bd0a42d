//! An event as the bytes that go on the wire, made once for all who receive it.

use axum::extract::ws::Utf8Bytes;
use push_system::{
    event::{Event, EventBody},
    ids::{Seq, UserId},
    position::Position,
    protocol::{EVENT_FRAME_PREFIX, ServerFrame},
    timestamp::Timestamp,
};

use crate::store::{Audience, Entry, EntryBody, Publish, Revocation};

/// A log entry, encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Its place.
    pub position: Position,
    /// Who receives it.
    pub audience: Audience,
    /// The whole `event` frame; empty for entries no person receives.
    pub frame: Utf8Bytes,
    /// For servers.
    pub revocation: Option<Revocation>,
}

impl From<Entry> for Encoded {
    fn from(entry: Entry) -> Self {
        let Entry { position, at, audience, body } = entry;
        let (frame, revocation) = match body {
            EntryBody::Published { message, client_id } => {
                (frame(&position, at, EventBody::MessagePublished { message: *message, client_id }), None)
            }
            EntryBody::Read { state, unread } => {
                (frame(&position, at, EventBody::ReadStateChanged { state, unread }), None)
            }
            EntryBody::Revoked(revocation) => (Utf8Bytes::default(), Some(revocation)),
            EntryBody::Other { kind } => (unknown_frame(&position, at, &kind), None),
        };
        Self { position, audience, frame, revocation }
    }
}

impl Encoded {
    /// Whether `user` receives it.
    pub fn is_for(&self, user: UserId) -> bool {
        match &self.audience {
            Audience::Everyone => true,
            Audience::People(people) => people.binary_search(&user).is_ok(),
            Audience::Servers => false,
        }
    }

    /// The event object without its opening brace and the `type` of its frame: what an `events` frame is made of.
    fn item(&self) -> &str {
        self.frame.as_str().strip_prefix(EVENT_FRAME_PREFIX).unwrap_or_default()
    }

    /// Bytes it occupies in the tail, roughly.
    pub fn weight(&self) -> usize {
        size_of::<Self>() + self.frame.len()
    }
}

fn frame(position: &Position, at: Timestamp, body: EventBody) -> Utf8Bytes {
    let event = Event { seq: position.seq, pos: position.into(), at, body };
    let text = serde_json::to_string(&ServerFrame::Event(event));
    text.unwrap_or_else(|_| unreachable!("an event has only string keys")).into()
}

/// A kind of a later version goes out by its envelope alone: clients that know it reload, those that do not as well.
fn unknown_frame(position: &Position, at: Timestamp, kind: &str) -> Utf8Bytes {
    let kind = serde_json::Value::from(kind);
    format!(r#"{EVENT_FRAME_PREFIX}"seq":{},"pos":"{position}","at":"{at}","kind":{kind}}}"#, position.seq).into()
}

/// One `events` frame of several entries.
pub fn events_frame<'a>(entries: impl IntoIterator<Item = &'a Encoded>) -> Utf8Bytes {
    let mut text = String::from(r#"{"type":"events","events":["#);
    for (index, entry) in entries.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push('{');
        text.push_str(entry.item());
    }
    text.push_str("]}");
    text.into()
}

/// The largest size the frame of this publish can have, whatever place it gets.
pub fn published_size(publish: &Publish, at: Timestamp, head: &Position) -> usize {
    // Sixteen digits: more than JavaScript can count, so no place is ever longer.
    let seq = Seq(9_007_199_254_740_991);
    let position = Position { epoch: head.epoch.clone(), seq, tag: u32::MAX };
    let message = publish.message(seq.into(), at);
    frame(&position, at, EventBody::MessagePublished { message, client_id: publish.key.clone() }).len()
}
