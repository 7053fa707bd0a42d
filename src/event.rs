//! What happened: the entries of the append-only log, as a person's client receives them.

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    ids::Seq,
    message::{ClientId, Message},
    object::Object,
    position::Pos,
    read_state::ReadState,
    timestamp::Timestamp,
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
    /// A message's text was changed by its sender.
    MessageEdited = "message_edited",
    /// A message was taken back.
    MessageDeleted = "message_deleted",
    /// A person read, or un-read, messages.
    ReadStateChanged = "read_state_changed",
    /// A person saved, archived or un-archived a message.
    MessageStateChanged = "message_state_changed",
    /// A topic was made.
    TopicCreated = "topic_created",
    /// A topic was renamed or described anew.
    TopicChanged = "topic_changed",
    /// A topic was closed.
    TopicDeleted = "topic_deleted",
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
    /// A kind this version does not know.
    Unknown,
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut event = Object::read(deserializer)?;
        let (seq, pos, at) = (event.take("seq")?, event.take("pos")?, event.take("at")?);
        let kind: String = event.take("kind")?;
        let body = if kind == EventKind::MessagePublished.as_str() {
            EventBody::MessagePublished { message: event.take("message")?, client_id: event.take("client_id")? }
        } else if kind == EventKind::ReadStateChanged.as_str() {
            EventBody::ReadStateChanged { unread: event.take("unread")?, state: event.rest()? }
        } else {
            EventBody::Unknown
        };
        Ok(Self { seq, pos, at, body })
    }
}
