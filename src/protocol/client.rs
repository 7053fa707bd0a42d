use serde::{Deserialize, Serialize};

use crate::{
    ids::{Seq, UserId},
    message::PublishRequest,
};

/// What a client says. Unknown fields are ignored; an unknown `type` is answered with `error`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Start again from a snapshot; valid only after `reset`.
    Resume {
        /// The snapshot's `pos`.
        since: String,
    },
    /// Publish a message: the fields of `POST /message` beside these two.
    Publish {
        /// The idempotency key.
        client_id: String,
        /// Who the page believes to be, so that a message never goes out under another name.
        user_id: UserId,
        /// The message.
        #[serde(flatten)]
        request: PublishRequest,
    },
    /// A device has everything up to here. Changes no replay.
    Ack {
        /// The last event folded.
        seq: Seq,
    },
    /// Asks for `pong`.
    Ping,
    /// Asks for the whole presence.
    Presence,
}
