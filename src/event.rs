//! What happened: the entries of the append-only log, as a person's client receives them.

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    ids::Seq,
    marks::MarksChange,
    message::{ClientId, Message},
    object::Object,
    position::Pos,
    read_state::ReadState,
    timestamp::Timestamp,
    topic::Topic,
};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// Every kind of event the log may hold. The envelope `{seq, kind, audience}` is fixed, so any version can
        /// route a kind it does not know; a client that meets one reloads instead of advancing past it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum EventKind {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl EventKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name stored and sent.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The kind of that name.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
            }
        }
    };
}

kinds! {
    /// A message was published.
    MessagePublished = "message_published",
    /// A message's text was changed by its sender or an admin.
    MessageEdited = "message_edited",
    /// A message was taken back.
    MessageDeleted = "message_deleted",
    /// A person read, or un-read, messages.
    ReadStateChanged = "read_state_changed",
    /// A person saw, saved or archived messages, or took that back.
    MessageStateChanged = "message_state_changed",
    /// A topic was made.
    TopicCreated = "topic_created",
    /// A topic was described anew, archived, or opened again; or what its members may do changed.
    TopicChanged = "topic_changed",
    /// A person joined a topic.
    TopicJoined = "topic_joined",
    /// A person left a topic.
    TopicLeft = "topic_left",
    /// A person's name or picture changed.
    PersonChanged = "person_changed",
    /// A person's settings changed.
    SettingsChanged = "settings_changed",
    /// For servers: one session ended.
    SessionRevoked = "session_revoked",
    /// For servers: all sessions of a person ended, but perhaps one.
    SessionsRevoked = "sessions_revoked",
    /// For servers: a person may not log in any more.
    PersonDisabled = "person_disabled",
    /// For servers: what a person may do changed, and no session ended by it.
    StandingChanged = "standing_changed",
}

/// An event as it goes over the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// Its place in the log.
    pub seq: Seq,
    /// The same place as the opaque word to resume from.
    pub pos: Pos,
    /// When the server accepted it.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub body: EventBody,
}

/// What happened, with all a client needs to fold it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventBody {
    /// [`EventKind::MessagePublished`]
    MessagePublished {
        /// The message, whole.
        message: Message,
        /// The publish's idempotency key, by which the sender's pending row is replaced.
        client_id: ClientId,
    },
    /// [`EventKind::ReadStateChanged`]
    ReadStateChanged {
        /// The state from here on.
        #[serde(flatten)]
        state: ReadState,
        /// Messages unread at this very event, loaded or not.
        unread: u64,
    },
    /// [`EventKind::MessageEdited`]
    MessageEdited {
        /// The message, whole, as it is now.
        message: Message,
    },
    /// [`EventKind::MessageDeleted`]
    MessageDeleted {
        /// What is left of it.
        message: Message,
    },
    /// [`EventKind::MessageStateChanged`]
    MessageStateChanged {
        /// What is read from here on: what is put away is read as well.
        #[serde(flatten)]
        state: ReadState,
        /// Messages unread at this very event, loaded or not.
        unread: u64,
        /// What else changed.
        #[serde(flatten)]
        marks: MarksChange,
    },
    /// [`EventKind::TopicCreated`], to who created it and is its first member.
    TopicCreated {
        /// The topic.
        topic: Topic,
    },
    /// [`EventKind::TopicJoined`], to who joined.
    TopicJoined {
        /// The topic.
        topic: Topic,
    },
    /// [`EventKind::TopicChanged`], to its members.
    TopicChanged {
        /// The topic as it is now.
        topic: Topic,
    },
    /// [`EventKind::TopicLeft`], to who left, by themselves or not.
    TopicLeft {
        /// The topic. Messages to a private one are gone with it.
        topic: Topic,
        /// Messages unread at this very event, loaded or not.
        unread: u64,
    },
    /// A kind this version does not know.
    Unknown,
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut event = Object::read(deserializer)?;
        let (seq, pos, at) = (event.take("seq")?, event.take("pos")?, event.take("at")?);
        let kind: String = event.take("kind")?;
        let body = match EventKind::parse(&kind) {
            Some(EventKind::MessagePublished) => {
                EventBody::MessagePublished { message: event.take("message")?, client_id: event.take("client_id")? }
            }
            Some(EventKind::ReadStateChanged) => {
                EventBody::ReadStateChanged { unread: event.take("unread")?, state: event.rest()? }
            }
            Some(EventKind::MessageEdited) => EventBody::MessageEdited { message: event.take("message")? },
            Some(EventKind::MessageDeleted) => EventBody::MessageDeleted { message: event.take("message")? },
            Some(EventKind::MessageStateChanged) => EventBody::MessageStateChanged {
                unread: event.take("unread")?,
                marks: MarksChange {
                    seen_upto: event.take("seen_upto")?,
                    archived: event.take("archived")?,
                    saved: event.take("saved")?,
                },
                state: event.rest()?,
            },
            Some(EventKind::TopicCreated) => EventBody::TopicCreated { topic: event.take("topic")? },
            Some(EventKind::TopicJoined) => EventBody::TopicJoined { topic: event.take("topic")? },
            Some(EventKind::TopicChanged) => EventBody::TopicChanged { topic: event.take("topic")? },
            Some(EventKind::TopicLeft) => {
                EventBody::TopicLeft { topic: event.take("topic")?, unread: event.take("unread")? }
            }
            _ => EventBody::Unknown,
        };
        Ok(Self { seq, pos, at, body })
    }
}
