//! What was recorded while a run went on: by the writers what was promised to them, by the readers what they saw.

use std::net::SocketAddr;

use push_system::{
    ids::{TopicId, UserId},
    inbox::Snapshot,
    marks::{Marks, MarksChange},
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
    /// What it says, as it was asked for: [`super::print::text_asked`].
    pub(crate) text: u64,
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
    /// [`super::print::message_print`] of the answer.
    pub(crate) print: u64,
    /// What the answer says.
    pub(crate) shown: Shown,
    /// When it came.
    pub(crate) at: Micros,
    /// From which instance.
    pub(crate) by: SocketAddr,
}

/// What a person meant to do beside publishing: tried once, and not recorded where it was refused.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    /// Who.
    pub(crate) by: UserId,
    /// What.
    pub(crate) what: What,
    /// A place that the log had reached before.
    pub(crate) after: u64,
    /// When it was acknowledged, and in which words; none where nobody knows what became of it.
    pub(crate) answer: Option<(Micros, Said)>,
}

/// See [`Deed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A message of one's own says something else.
    Edit {
        /// Which one.
        message: u64,
        /// What: [`super::print::text_edited`].
        text: u64,
    },
    /// A message of one's own is taken back.
    Delete {
        /// Which one.
        message: u64,
    },
    /// Messages are read, seen, archived or saved, or no more.
    Mark,
    /// A topic is made or described, and says this then: [`super::print::text_of_topic`].
    Describe {
        /// Which one.
        topic: TopicId,
        /// What.
        text: u64,
    },
    /// Somebody comes into a topic.
    Join {
        /// Where.
        topic: TopicId,
        /// Who.
        user: UserId,
    },
    /// Somebody goes.
    Leave {
        /// From where.
        topic: TopicId,
        /// Who.
        user: UserId,
    },
}

/// What an acknowledgement says.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    /// That it is done.
    Done,
    /// A message.
    Message(Shown),
    /// A person's state, how many messages it leaves unread, and what was changed beyond reading.
    State(Box<(ReadState, u64, Option<MarksChange>)>),
}

/// What of a message or a topic may change, as it was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shown {
    /// Which message, or topic.
    pub(crate) about: u64,
    /// When a message's text was last changed, in milliseconds.
    pub(crate) edited: Option<i64>,
    /// When it was taken back.
    pub(crate) deleted: Option<i64>,
    /// What it says, as one number.
    pub(crate) text: u64,
}

/// An event that a reader's inbox took in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Its place.
    pub(crate) seq: u64,
    /// [`super::print::event_print`]: kind, time, tag, key, and what never changes about the content.
    pub(crate) print: u64,
    /// The rest of the content.
    pub(crate) shown: Option<Shown>,
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
    /// All that was done beside it.
    pub(crate) deeds: Vec<Deed>,
    /// All readers.
    pub(crate) readers: Vec<ReaderHistory>,
    /// What each person had read and marked before their first change of it.
    pub(crate) starts: Vec<(UserId, State)>,
    /// The head when the run began: what stood there before is not this run's.
    pub(crate) base: u64,
}

/// What a person did with messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// What is read.
    pub(crate) read: ReadState,
    /// What is seen, archived and saved.
    pub(crate) marks: Marks,
}
