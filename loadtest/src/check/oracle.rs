//! What should have been seen, worked out from the tables alone. None of the server's code for audiences, replay or
//! snapshots is used here, nor what it keeps for itself in `audience`: the rule is written down a second time.

mod share;
mod stays;
mod versions;

pub(crate) use share::{Due, Expected, Share};
pub(crate) use stays::{Entitled, Stay};
pub(crate) use versions::Versions;

use std::collections::HashMap;

use push_system::{
    accounts::Person,
    ids::{TopicId, UserId},
    marks::MarksChange,
    message::Message,
    read_state::ReadState,
    topic::Topic,
};

use super::{
    history::{Micros, State},
    print::{CHANGED, CREATED, Content, JOINED, LEFT},
};

/// A row of `event`, joined with what it stands for.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Its place.
    pub(crate) seq: u64,
    /// Its random number.
    pub(crate) tag: u32,
    /// When it was accepted, in milliseconds.
    pub(crate) at: i64,
    /// Its `audience`, as stored.
    pub(crate) audience: String,
    /// What it is.
    pub(crate) fact: Fact,
}

/// What an event is. Messages and topics are as the tables have them now, whatever they were then.
#[derive(Clone, Debug)]
pub(crate) enum Fact {
    /// A message, and its key.
    Published(Box<Message>, String),
    /// A message said something else from there on.
    Edited(Box<Message>),
    /// A message was taken back.
    Deleted(Box<Message>),
    /// A person's read state from there on, and how many messages it leaves unread.
    Read(ReadState, u64),
    /// The same, with what else changed.
    Marked(ReadState, u64, Box<MarksChange>),
    /// Something happened to a topic.
    Topic(Box<Topic>, News),
    /// No person's business.
    Other(String),
}

/// What happened to a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Somebody made it, and is in it.
    Created(UserId),
    /// Somebody came.
    Joined(UserId),
    /// Somebody went, to whom so many messages are unread from there on.
    Left(UserId, u64),
    /// It was described anew, or what somebody may do in it changed.
    Changed,
}

/// The log between its beginning and a restored backup, or between two of them: the tables as they were at its end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Life {
    /// What it left.
    pub(crate) tables: Tables,
    /// Acknowledgements that came earlier are not of this life.
    pub(crate) from: Micros,
    /// Acknowledgements that came later are not of this life. Two lives overlap by what an answer takes where the log was
    /// put back under running instances.
    pub(crate) until: Micros,
}

impl Life {
    /// One that is not over.
    pub(crate) fn last(tables: Tables, from: Micros) -> Self {
        Self { tables, from, until: Micros::MAX }
    }

    /// Whether an answer that came then may be of it.
    pub(crate) fn may_have_answered(&self, at: Micros) -> bool {
        (self.from..=self.until).contains(&at)
    }
}

/// The tables at rest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    /// `head.seq`
    pub(crate) head: u64,
    /// `head.epoch`
    pub(crate) epoch: String,
    /// All events, ascending.
    pub(crate) rows: Vec<Row>,
    /// All accounts.
    pub(crate) people: Vec<Person>,
    /// All messages that an event is about, as they are now.
    pub(crate) messages: HashMap<u64, Message>,
    /// Places of events that name a message or a topic the tables do not have.
    pub(crate) orphans: Vec<u64>,
    /// Numbers of messages that no event published.
    pub(crate) unpublished: Vec<u64>,
    /// By sender and key: the message.
    pub(crate) keys: HashMap<(UserId, String), u64>,
    /// What people have read and marked, as stored.
    pub(crate) states: HashMap<UserId, State>,
    /// All topics.
    pub(crate) topics: HashMap<TopicId, Topic>,
    /// Who was in which one when.
    pub(crate) stays: Vec<Stay>,
}

impl Tables {
    /// What stands at a place.
    pub(crate) fn row(&self, seq: u64) -> Option<&Row> {
        self.rows.binary_search_by_key(&seq, |row| row.seq).ok().map(|place| &self.rows[place])
    }

    /// Whether only its members may know of it.
    pub(crate) fn is_private(&self, topic: TopicId) -> bool {
        self.topics.get(&topic).is_some_and(|topic| topic.private)
    }
}

impl Row {
    /// What a client is sent of it.
    pub(crate) fn content(&self) -> Option<Content<'_>> {
        Some(match &self.fact {
            Fact::Published(message, key) => Content::Message(message, key),
            Fact::Edited(message) => Content::Edited(message),
            Fact::Deleted(message) => Content::Deleted(message),
            Fact::Read(state, unread) => Content::Read(state, *unread),
            Fact::Marked(state, unread, marks) => Content::Marked(state, *unread, marks),
            Fact::Topic(topic, News::Created(_)) => Content::Topic(topic, CREATED, None),
            Fact::Topic(topic, News::Joined(_)) => Content::Topic(topic, JOINED, None),
            Fact::Topic(topic, News::Changed) => Content::Topic(topic, CHANGED, None),
            Fact::Topic(topic, News::Left(_, unread)) => Content::Topic(topic, LEFT, Some(*unread)),
            Fact::Other(_) => return None,
        })
    }

    /// The message, if it is one's publication.
    pub(crate) fn message(&self) -> Option<&Message> {
        match &self.fact {
            Fact::Published(message, _) => Some(message),
            _ => None,
        }
    }

    /// The message, if it is about one.
    pub(crate) fn about(&self) -> Option<&Message> {
        match &self.fact {
            Fact::Published(message, _) | Fact::Edited(message) | Fact::Deleted(message) => Some(message),
            _ => None,
        }
    }

    /// The topics whose members are told of it as such.
    pub(crate) fn topics(&self) -> Vec<TopicId> {
        match &self.fact {
            Fact::Topic(topic, News::Changed) => vec![topic.id],
            _ => self.about().iter().flat_map(|message| &message.topics).map(|topic| topic.id).collect(),
        }
    }

    /// A person's read state from there on, and what they are told is unread.
    pub(crate) fn read(&self) -> Option<(&ReadState, u64)> {
        match &self.fact {
            Fact::Read(state, unread) | Fact::Marked(state, unread, _) => Some((state, *unread)),
            _ => None,
        }
    }
}
