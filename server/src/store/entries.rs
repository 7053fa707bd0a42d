//! The log as stored, and what is kept beside it of each person.

use push_system::{
    event::EventKind,
    ids::{Seq, TopicId, UserId},
    marks::{Marks, MarksChange},
    message::{ClientId, Message},
    position::Position,
    read_state::ReadState,
    timestamp::Timestamp,
    topic::Topic,
};

use super::{Memberships, SessionId};

/// A place in one log, and in no other that has as many places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Its number.
    pub seq: Seq,
    /// The tag of the event there.
    pub tag: u32,
}

impl From<&Position> for Place {
    fn from(position: &Position) -> Self {
        Self { seq: position.seq, tag: position.tag }
    }
}

/// What happened to a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicEvent {
    /// The topic, as it was then.
    pub topic: Topic,
    /// What.
    pub what: TopicNews,
}

/// See [`TopicEvent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicNews {
    /// It was created, and its creator joined.
    Created(UserId),
    /// It was described anew, closed or opened, or what members may do changed.
    Changed,
    /// Somebody came.
    Joined(UserId),
    /// Somebody went.
    Left {
        /// Who.
        user: UserId,
        /// What is unread for them from there on.
        unread: u64,
    },
}

/// Which sessions end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// One.
    Session(SessionId),
    /// All of a person, but perhaps one.
    Person {
        /// Whose.
        user: UserId,
        /// The one that stays.
        keep: Option<SessionId>,
    },
    /// None; but what is remembered of this person, like their role, is not true any more.
    Standing {
        /// Whose.
        user: UserId,
    },
}

/// Who receives an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// All people.
    Everyone,
    /// These, ascending.
    People(Vec<UserId>),
    /// Whoever's membership covers a place, and some by name.
    Topics {
        /// Of any of these.
        topics: Vec<TopicId>,
        /// And these, ascending.
        people: Vec<UserId>,
        /// The place of the message that the event is about, or of the event itself.
        at: Seq,
    },
    /// No person: the instances of this system.
    Servers,
}

impl Audience {
    /// Whether `user` receives it, given who is and was in which topic.
    pub fn includes(&self, user: UserId, memberships: &Memberships) -> bool {
        match self {
            Self::Everyone => true,
            Self::People(people) => people.binary_search(&user).is_ok(),
            Self::Topics { topics, people, at } => {
                people.binary_search(&user).is_ok() || topics.iter().any(|topic| memberships.cover(*topic, user, *at))
            }
            Self::Servers => false,
        }
    }
}

/// An event as the log holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place and tag.
    pub position: Position,
    /// When it was accepted.
    pub at: Timestamp,
    /// Who receives it.
    pub audience: Audience,
    /// What happened.
    pub body: EntryBody,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryBody {
    /// A message was published. Boxed: it is ten times the size of the others.
    Published {
        /// The message, rendered from its row as it is now.
        message: Box<Message>,
        /// Its key.
        client_id: ClientId,
    },
    /// A message was edited.
    Edited {
        /// Rendered from its row as it is now, which a later change may have made.
        message: Box<Message>,
    },
    /// A message was deleted.
    Deleted {
        /// What is left of it.
        message: Box<Message>,
    },
    /// Read state changed, and perhaps more.
    Read {
        /// The state from there on.
        state: ReadState,
        /// Unread at that event.
        unread: u64,
        /// What else changed; none where it was reading alone.
        marks: Option<Box<MarksChange>>,
    },
    /// Something about a topic.
    Topic(Box<TopicEvent>),
    /// Sessions ended.
    Revoked(Revocation),
    /// Something a later version wrote; it is routed by its envelope.
    Other {
        /// Its kind's name.
        kind: String,
    },
}

impl EntryBody {
    /// The name stored with it.
    pub fn kind(&self) -> &str {
        match self {
            Self::Published { .. } => EventKind::MessagePublished.as_str(),
            Self::Edited { .. } => EventKind::MessageEdited.as_str(),
            Self::Deleted { .. } => EventKind::MessageDeleted.as_str(),
            Self::Read { marks: None, .. } => EventKind::ReadStateChanged.as_str(),
            Self::Read { marks: Some(_), .. } => EventKind::MessageStateChanged.as_str(),
            Self::Revoked(Revocation::Session(_)) => EventKind::SessionRevoked.as_str(),
            Self::Revoked(Revocation::Person { .. }) => EventKind::SessionsRevoked.as_str(),
            Self::Revoked(Revocation::Standing { .. }) => EventKind::StandingChanged.as_str(),
            Self::Topic(event) => match event.what {
                TopicNews::Created(_) => EventKind::TopicCreated.as_str(),
                TopicNews::Changed => EventKind::TopicChanged.as_str(),
                TopicNews::Joined(_) => EventKind::TopicJoined.as_str(),
                TopicNews::Left { .. } => EventKind::TopicLeft.as_str(),
            },
            Self::Other { kind } => kind,
        }
    }

    /// The message it is about.
    pub fn message(&self) -> Option<&Message> {
        match self {
            Self::Published { message, .. } | Self::Edited { message } | Self::Deleted { message } => Some(message),
            Self::Read { .. } | Self::Topic(_) | Self::Revoked(_) | Self::Other { .. } => None,
        }
    }
}

/// Where the log ends and begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last event; seq 0 with its own tag before the first.
    pub position: Position,
    /// The oldest place a stream may resume from; its row, and all after it, are there.
    pub floor: Seq,
    /// The system's id, by which its buses are named.
    pub system: String,
}

/// What stands at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The head as of the same read.
    pub head: Head,
    /// The tag stored there, if there is an event.
    pub tag: Option<u32>,
}

/// What a person did with messages, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReadState {
    /// What is read.
    pub state: ReadState,
    /// What is seen, archived and saved.
    pub marks: Marks,
    /// Grows with every change.
    pub version: i64,
    /// The head as of the same read.
    pub head: Place,
}
