//! How a row of the log spells its audience, and what happened beyond its envelope: the same in every database.

use push_system::{ids::UserId, read_state::ReadState};
use serde::{Deserialize, Serialize};

use super::{
    Audience, EntryBody, Revocation, StoreError,
    rows::{json, session_id},
};

/// How the log spells what happened beyond the envelope; null where the message's row says it all.
pub(super) fn payload(body: &EntryBody) -> Option<String> {
    match body {
        EntryBody::Published { .. } | EntryBody::Other { .. } => None,
        EntryBody::Read { state, unread } => Some(json(&ReadPayload { state: state.clone(), unread: *unread })),
        EntryBody::Revoked(revocation) => Some(json(&RevokedPayload::from(revocation))),
    }
}

/// Of a changed read state.
#[derive(Serialize, Deserialize)]
pub(super) struct ReadPayload {
    #[serde(flatten)]
    pub(super) state: ReadState,
    pub(super) unread: u64,
}

/// Of sessions that ended.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum RevokedPayload {
    Session { session: String },
    Standing { standing_of: UserId },
    Person { user: UserId, keep: Option<String> },
}

impl From<&Revocation> for RevokedPayload {
    fn from(revocation: &Revocation) -> Self {
        match revocation {
            Revocation::Session(session) => Self::Session { session: session.to_string() },
            Revocation::Person { user, keep } => Self::Person { user: *user, keep: keep.map(|keep| keep.to_string()) },
            Revocation::Standing { user } => Self::Standing { standing_of: *user },
        }
    }
}

impl RevokedPayload {
    pub(super) fn revocation(self) -> Result<Revocation, StoreError> {
        match self {
            Self::Session { session } => session_id(&session).map(Revocation::Session),
            Self::Standing { standing_of: user } => Ok(Revocation::Standing { user }),
            Self::Person { user, keep } => {
                Ok(Revocation::Person { user, keep: keep.as_deref().map(session_id).transpose()? })
            }
        }
    }
}

/// An audience as the log spells it.
pub(super) fn audience_text(audience: &Audience) -> String {
    match audience {
        Audience::Everyone => "everyone".to_owned(),
        Audience::Servers => "servers".to_owned(),
        Audience::People(people) => people.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
    }
}

/// What [`audience_text`] wrote.
pub(super) fn audience(text: &str) -> Option<Audience> {
    match text {
        "everyone" => Some(Audience::Everyone),
        "servers" => Some(Audience::Servers),
        people => people.split(',').map(|id| id.parse().ok().map(UserId)).collect::<Option<_>>().map(Audience::People),
    }
}
