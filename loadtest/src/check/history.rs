//! What was recorded while a run went on: by the writers what was promised to them, by the readers what they saw.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    net::SocketAddr,
};

use push_system::{
    event::{Event, EventBody},
    ids::UserId,
    inbox::Snapshot,
    message::Message,
    position::Position,
    read_state::ReadState,
};
use serde::{Deserialize, Serialize};

/// Microseconds since the run began; one clock for readers and writers.
pub(crate) type Micros = u64;

/// A message somebody meant to publish, under one key.
#[derive(Clone, Debug)]
pub(crate) struct Publish {
    /// Who.
    pub(crate) sender: UserId,
    /// The idempotency key of all attempts.
    pub(crate) key: String,
    /// Every acknowledgement, as a key may be sent again after one; none when nobody ever answered 200.
    pub(crate) acks: Vec<Ack>,
    /// Whether it went to everyone, so that every reader must see it.
    pub(crate) to_everyone: bool,
    /// When it was sent for the first time.
    pub(crate) begun: Micros,
}

/// An answer of 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ack {
    /// The message's number.
    pub(crate) id: u64,
    /// [`message_print`] of the answer.
    pub(crate) print: u64,
    /// When it came.
    pub(crate) at: Micros,
    /// From which instance.
    pub(crate) by: SocketAddr,
}

/// An event that a reader's inbox took in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Its place.
    pub(crate) seq: u64,
    /// [`event_print`]: kind, content, time, tag and key.
    pub(crate) print: u64,
    /// When.
    pub(crate) at: Micros,
}

/// From one snapshot to the next: within it, nothing may be missing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Segment {
    /// The inbox as `GET /inbox` gave it.
    pub(crate) start: Snapshot,
    /// What was applied, in that order.
    pub(crate) seen: Vec<Seen>,
    /// Everything up to here was said to be complete.
    pub(crate) end: u64,
}

/// A socket that was live: everything up to now was on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Live {
    /// Since the `position` that said so.
    pub(crate) from: Micros,
    /// Until its end.
    pub(crate) to: Micros,
    /// Where it led to.
    pub(crate) door: SocketAddr,
}

/// One reader's account of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ReaderHistory {
    /// For sentences.
    pub(crate) name: String,
    /// Whose inbox.
    pub(crate) user: UserId,
    /// In order; the first begins before anything is published.
    pub(crate) segments: Vec<Segment>,
    /// The inbox at the end, cut to [`push_system::limits::SNAPSHOT_MESSAGES`].
    pub(crate) last: Snapshot,
    /// Its sockets, as far as they were live.
    pub(crate) lives: Vec<Live>,
    /// Sockets that were opened.
    pub(crate) connections: u64,
    /// `reset`s received.
    pub(crate) resets: Vec<String>,
    /// What no client should meet: unknown frames, terminal close codes, wrong counts.
    pub(crate) complaints: Vec<String>,
    /// Whether it was kept from reading for a while; its lateness is then nobody's fault.
    pub(crate) hindered: bool,
}

/// A whole run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    /// All that was published or attempted.
    pub(crate) publishes: Vec<Publish>,
    /// All readers.
    pub(crate) readers: Vec<ReaderHistory>,
    /// Each person's read state before their first change of it.
    pub(crate) starts: Vec<(UserId, ReadState)>,
    /// The head when the run began: what stood there before is not this run's.
    pub(crate) base: u64,
}

fn print(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A message's content as one number.
pub(crate) fn message_print(message: &Message) -> u64 {
    let to: Vec<String> = message.to.iter().map(ToString::to_string).collect();
    let extras = serde_json::to_string(&message.extras).unwrap_or_default();
    let head = (message.id.0, message.sender.id.0, message.sender.name.as_str(), message.date.unix_ms());
    print((head, &message.title, &message.message, message.priority, extras, to, &message.tags, &message.click))
}

/// An event's content and envelope as one number.
pub(crate) fn event_print(tag: u32, at: i64, content: &Content<'_>) -> u64 {
    match content {
        Content::Message(message, key) => print((tag, at, "message_published", message_print(message), *key)),
        Content::Read(state, unread) => print((tag, at, "read_state_changed", *state, *unread)),
    }
}

/// What an event says.
pub(crate) enum Content<'a> {
    /// A message, and its key.
    Message(&'a Message, &'a str),
    /// A read state, and the unread messages under it.
    Read(&'a ReadState, u64),
}

/// An event of the wire, as it is recorded; none for a kind nobody knows or a place nobody can read.
pub(crate) fn seen(event: &Event, at: Micros) -> Option<Seen> {
    let content = match &event.body {
        EventBody::MessagePublished { message, client_id } => Content::Message(message, client_id.as_str()),
        EventBody::ReadStateChanged { state, unread } => Content::Read(state, *unread),
        EventBody::Unknown => return None,
    };
    let position: Position = event.pos.as_str().parse().ok().filter(|place: &Position| place.seq == event.seq)?;
    Some(Seen { seq: event.seq.0, print: event_print(position.tag, event.at.unix_ms(), &content), at })
}
