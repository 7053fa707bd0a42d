//! How requests fail: stable codes, and the problem document they travel in.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::catalogue::Sentence;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A stable name for a way to fail. Clients and the UI's sentences go by it; statuses belong to the server's `http`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ErrorCode {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl ErrorCode {
            /// All of them, for tables that must be complete.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

codes! {
    /// The body is not JSON at all.
    MalformedJson = "malformed_json",
    /// A value has the wrong type, or lies outside its range.
    Invalid = "invalid",
    /// A required value is missing or empty.
    Empty = "empty",
    /// A text holds U+0000, which no database and no terminal agrees about.
    Nul = "nul",
    /// A text has too few characters.
    TooShort = "too_short",
    /// A text has too many characters, or a list too many items.
    TooLong = "too_long",
    /// A password is among those that are tried first.
    TooCommon = "too_common",
    /// A message's text or its encoded event is over its limit in bytes.
    TooLarge = "too_large",
    /// The request body is over the limit; it was not read.
    BodyTooLarge = "body_too_large",
    /// The `Content-Type` is not one this address reads.
    UnsupportedMediaType = "unsupported_media_type",
    /// `to` names someone who does not exist.
    UnknownRecipient = "unknown_recipient",
    /// `to` has the name of several topics that the sender can see.
    AmbiguousRecipient = "ambiguous_recipient",
    /// A message to a private topic is for nobody else.
    MixedAudience = "mixed_audience",
    /// Nothing can be sent to a topic that is archived.
    TopicArchived = "topic_archived",
    /// Username and password do not match an account.
    BadCredentials = "bad_credentials",
    /// No valid login came with the request.
    Unauthorized = "unauthorized",
    /// The access token was valid and is over.
    TokenExpired = "token_expired",
    /// The session was ended.
    Revoked = "revoked",
    /// Not this person's to do.
    Forbidden = "forbidden",
    /// A browser sent this from another site.
    ForeignOrigin = "foreign_origin",
    /// The username belongs to someone.
    Taken = "taken",
    /// This server takes no new accounts.
    RegistrationClosed = "registration_closed",
    /// There would be no admin any more who may log in.
    LastAdmin = "last_admin",
    /// There are as many of these as there may be; one has to go first.
    TooMany = "too_many",
    /// The idempotency key was used for another request.
    IdempotencyConflict = "idempotency_conflict",
    /// `user_id` of a frame is not the socket's.
    WrongUser = "wrong_user",
    /// A frame that is not JSON, of unknown type, or out of turn.
    BadFrame = "bad_frame",
    /// Too many sockets for this person or address.
    TooManySockets = "too_many_sockets",
    /// Too many requests.
    RateLimited = "rate_limited",
    /// Nothing lives at this address.
    NotFound = "not_found",
    /// The address does not take this method.
    MethodNotAllowed = "method_not_allowed",
    /// The address speaks WebSocket, and the request asked for no upgrade to it.
    UpgradeRequired = "upgrade_required",
    /// The COMMIT's answer was lost: retry with the same key to learn what happened.
    OutcomeUnknown = "outcome_unknown",
    /// Not stored; the server cannot right now.
    Unavailable = "unavailable",
    /// A defect of the server; its log has the cause.
    Internal = "internal",
}

/// A request that was refused, before anything was stored. Shown, it is English: whoever asked is told in their own words
/// by [`Catalogue::say`](crate::catalogue::Catalogue::say).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Rejection {
    /// Which way it failed.
    pub code: ErrorCode,
    /// The field to blame, in the request's words.
    pub field: Option<Cow<'static, str>>,
    /// A sentence for the person, saying what to do.
    pub detail: Sentence,
    /// Seconds after which to try again, where that is known.
    pub retry_after_s: Option<u64>,
}

impl Rejection {
    /// A refusal that blames no field.
    pub fn new(code: ErrorCode, detail: Sentence) -> Self {
        Self { code, field: None, detail, retry_after_s: None }
    }

    /// A refusal that blames `field`.
    pub fn at(code: ErrorCode, field: impl Into<Cow<'static, str>>, detail: Sentence) -> Self {
        Self { field: Some(field.into()), ..Self::new(code, detail) }
    }

    /// A refusal until so many seconds have passed.
    pub fn wait(code: ErrorCode, seconds: u64, detail: Sentence) -> Self {
        Self { retry_after_s: Some(seconds), ..Self::new(code, detail) }
    }
}

/// `application/problem+json` (RFC 9457) with our stable `code` and the `field` to blame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A URN made of the code; it identifies, it does not resolve.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// A sentence for the person, saying what to do.
    pub detail: String,
    /// Which way it failed.
    pub code: ErrorCode,
    /// The field to blame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl From<Problem> for Rejection {
    fn from(problem: Problem) -> Self {
        Self { field: problem.field.map(Cow::Owned), ..Self::new(problem.code, Sentence::Said(problem.detail)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_written_as_it_is_called() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_string(code).unwrap(), format!("\"{}\"", code.as_str()));
        }
    }
}
