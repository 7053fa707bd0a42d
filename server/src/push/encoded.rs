//! An event as the bytes that go on the wire, made once for all who receive it.

use std::ops::Range;

use axum::extract::ws::Utf8Bytes;
use push_system::{
    event::{Event, EventBody},
    ids::{MessageId, Seq},
    message::ClientId,
    position::Position,
    protocol::{EVENT_FRAME_PREFIX, ServerFrame},
    timestamp::Timestamp,
};

use super::members::Moved;
use crate::store::{Audience, Entry, EntryBody, Publish, Revocation, TopicEvent, TopicNews};

/// A log entry, encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Its place.
    pub position: Position,
    /// Who receives it.
    pub audience: Audience,
    /// The whole `event` frame; empty for entries no person receives.
    pub frame: Utf8Bytes,
    /// The message it shows, if it shows one.
    pub about: Option<About>,
    /// For servers.
    pub revocation: Option<Revocation>,
    /// Who came into a topic by it, or went.
    pub moved: Option<Moved>,
}

/// A message within a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Which one.
    pub message: MessageId,
    /// Where its object stands.
    pub place: Range<usize>,
}

impl About {
    /// The first field of that name in a frame is the event's own: nothing before it holds text of people's. `behind` is
    /// how many bytes follow the object.
    fn find(message: MessageId, frame: &str, behind: usize) -> Option<Self> {
        const FIELD: &str = r#""message":"#;
        let start = frame.find(FIELD)? + FIELD.len();
        Some(Self { message, place: start..frame.len().checked_sub(behind)? })
    }
}

impl From<Entry> for Encoded {
    fn from(entry: Entry) -> Self {
        let Entry { position, at, audience, body } = entry;
        let message = body.message().map(|message| (message.id, bytes_behind(&body)));
        let mut moved = None;
        let (frame, revocation) = match body {
            EntryBody::Published { message, client_id } => {
                (frame(&position, at, EventBody::MessagePublished { message: *message, client_id }), None)
            }
            EntryBody::Edited { message } => {
                (frame(&position, at, EventBody::MessageEdited { message: *message }), None)
            }
            EntryBody::Deleted { message } => {
                (frame(&position, at, EventBody::MessageDeleted { message: *message }), None)
            }
            EntryBody::Read { state, unread, marks: None } => {
                (frame(&position, at, EventBody::ReadStateChanged { state, unread }), None)
            }
            EntryBody::Read { state, unread, marks: Some(marks) } => {
                (frame(&position, at, EventBody::MessageStateChanged { state, unread, marks: *marks }), None)
            }
            EntryBody::Topic(event) => {
                moved = moved_by(&event);
                (frame(&position, at, topic_body(*event)), None)
            }
            EntryBody::Revoked(revocation) => (Utf8Bytes::default(), Some(revocation)),
            EntryBody::Other { kind } => (unknown_frame(&position, at, &kind), None),
        };
        let about = message.and_then(|(id, behind)| About::find(id, &frame, behind));
        Self { position, audience, frame, about, revocation, moved }
    }
}

/// Bytes of a frame behind its message: the end, and before it the key of a publish.
fn bytes_behind(body: &EntryBody) -> usize {
    let key = |key: &ClientId| r#","client_id":"#.len() + serde_json::to_string(key).map_or(0, |text| text.len());
    match body {
        EntryBody::Published { client_id, .. } => key(client_id) + 1,
        _ => 1,
    }
}

impl Encoded {
    /// Whether it changes a message that was published before.
    pub fn changes_message(&self) -> Option<MessageId> {
        let message = self.about.as_ref()?.message;
        (Seq(message.0) != self.position.seq).then_some(message)
    }

    /// The same event, showing its message as a later event does.
    pub fn showing(&self, later: &Self) -> Option<Self> {
        let (about, of_later) = (self.about.as_ref()?, later.about.as_ref()?);
        let (before, behind) = (self.frame.get(..about.place.start)?, self.frame.get(about.place.end..)?);
        let message = later.frame.get(of_later.place.clone())?;
        let place = before.len()..before.len() + message.len();
        let frame = [before, message, behind].concat().into();
        Some(Self { frame, about: Some(About { message: about.message, place }), ..self.clone() })
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
    let text = serde_json::to_string(&ServerFrame::Event(event.into()));
    text.unwrap_or_else(|_| unreachable!("an event has only string keys")).into()
}

fn topic_body(TopicEvent { topic, what }: TopicEvent) -> EventBody {
    match what {
        TopicNews::Created(_) => EventBody::TopicCreated { topic },
        TopicNews::Joined(_) => EventBody::TopicJoined { topic },
        TopicNews::Changed => EventBody::TopicChanged { topic },
        TopicNews::Left { unread, .. } => EventBody::TopicLeft { topic, unread },
    }
}

fn moved_by(TopicEvent { topic, what }: &TopicEvent) -> Option<Moved> {
    match *what {
        TopicNews::Created(user) | TopicNews::Joined(user) => {
            Some(Moved::In { topic: topic.id, private: topic.private, user })
        }
        TopicNews::Left { user, .. } => Some(Moved::Out { topic: topic.id, user }),
        TopicNews::Changed => None,
    }
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
