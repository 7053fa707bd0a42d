use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::{
    accounts::Person,
    catalogue::{Language, Sentence},
    error::ErrorCode,
    event::Event,
    ids::{MessageId, Seq},
    message::ClientId,
    object::Object,
    position::Pos,
};

/// How the text of every `event` frame starts. An event is encoded once, as the frame; what follows this prefix is
/// the item of an `events` frame without its opening brace.
pub const EVENT_FRAME_PREFIX: &str = r#"{"type":"event","#;

/// Why a stream could not continue where it was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResetReason {
    /// `since` is not a position of ours.
    Unreadable,
    /// Another life of the log: a backup was restored.
    Epoch,
    /// The log's entry at that place is not the one the client saw, or there is none.
    Unknown,
    /// The history there is trimmed.
    Trimmed,
    /// The position lies ahead of the log.
    Ahead,
    /// More was missed than is replayed.
    TooFar,
}

/// Who came and who left since the version before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceChange {
    /// Came online.
    pub joined: Vec<Person>,
    /// Went offline.
    pub left: Vec<Person>,
}

/// What the server says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// Always first.
    Hello {
        /// [`super::VERSION`]
        protocol: u32,
        /// Where this stream starts.
        pos: Pos,
        /// Whose socket it is.
        user: Person,
        /// Seconds between heartbeats.
        heartbeat_s: u32,
    },
    /// One event, live. Boxed: it is by far the largest.
    Event(Box<Event>),
    /// Several, during replay.
    Events {
        /// In order.
        events: Vec<Event>,
    },
    /// This connection's own cursor: everything entitled up to it was written before it.
    Position {
        /// To resume from.
        pos: Pos,
        /// The same as a number.
        seq: Seq,
        /// Event objects written since `hello` or the last accepted `resume`; a client that counted otherwise lost one.
        n: u64,
        /// Whether replay is done.
        live: bool,
    },
    /// Continuity cannot be proved: wait a random part of `after_ms`, load a snapshot, `resume` from it.
    Reset {
        /// Why.
        reason: ResetReason,
        /// Upper bound of the wait, so that all do not load at once.
        after_ms: u64,
    },
    /// Who is online. Whole (`people`) when asked for, otherwise what changed since `version - 1`.
    Presence {
        /// Grows by one with every change; a gap means: ask again.
        version: u64,
        /// How many people.
        count: u64,
        /// All of them, when asked for and few enough.
        #[serde(skip_serializing_if = "Option::is_none")]
        people: Option<Vec<Person>>,
        /// The difference, when few enough.
        #[serde(flatten, skip_serializing_if = "Option::is_none")]
        change: Option<PresenceChange>,
    },
    /// A publish was stored.
    Published {
        /// Its key.
        client_id: ClientId,
        /// The message's id.
        id: MessageId,
    },
    /// A publish was refused; nothing was stored.
    Rejected {
        /// Its key, as sent.
        client_id: String,
        /// Why.
        code: ErrorCode,
    },
    /// The answer to `ping`.
    Pong,
    /// Something is wrong with this connection or its last frame.
    Error {
        /// What.
        code: ErrorCode,
        /// In words.
        message: String,
        /// Milliseconds after which trying again makes sense; 0 for at once.
        retry_ms: u64,
    },
}

impl ServerFrame {
    /// [`ServerFrame::Error`], for whoever reads `language`.
    pub fn error(code: ErrorCode, why: &Sentence, retry_ms: u64, language: Language) -> Self {
        Self::Error { code, message: language.catalogue().say(why), retry_ms }
    }
}

impl<'de> Deserialize<'de> for ServerFrame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut frame = Object::read(deserializer)?;
        let name: String = frame.take("type")?;
        Ok(match name.as_str() {
            "hello" => Self::Hello {
                protocol: frame.take("protocol")?,
                pos: frame.take("pos")?,
                user: frame.take("user")?,
                heartbeat_s: frame.take("heartbeat_s")?,
            },
            "event" => Self::Event(frame.rest()?),
            "events" => Self::Events { events: frame.take("events")? },
            "position" => Self::Position {
                pos: frame.take("pos")?,
                seq: frame.take("seq")?,
                n: frame.take("n")?,
                live: frame.take("live")?,
            },
            "reset" => Self::Reset { reason: frame.take("reason")?, after_ms: frame.take("after_ms")? },
            "presence" => Self::Presence {
                version: frame.take("version")?,
                count: frame.take("count")?,
                people: frame.take("people")?,
                change: if frame.has("joined") { Some(frame.rest()?) } else { None },
            },
            "published" => Self::Published { client_id: frame.take("client_id")?, id: frame.take("id")? },
            "rejected" => Self::Rejected { client_id: frame.take("client_id")?, code: frame.take("code")? },
            "pong" => Self::Pong,
            "error" => Self::Error {
                code: frame.take("code")?,
                message: frame.take("message")?,
                retry_ms: frame.take("retry_ms")?,
            },
            _ => return Err(D::Error::custom(format_args!("there is no frame of type {name:?}"))),
        })
    }
}
