//! The remaining shapes of the HTTP API.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    accounts::{Person, Role},
    ids::MessageId,
    message::Message,
    object::Object,
    query::{Reading, Search},
};

/// The answer to register, login and refresh.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenAnswer {
    /// A JWT for `Authorization: Bearer`.
    pub access_token: String,
    /// Always `bearer`.
    pub token_type: String,
    /// Seconds the access token lives.
    pub expires_in: u64,
    /// Opaque; good for one refresh.
    pub refresh_token: String,
    /// Who logged in.
    pub user: Person,
}

/// Whose they are; never the tokens.
impl fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAnswer").field("user", &self.user).finish_non_exhaustive()
    }
}

/// The answer of `GET /auth/me`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Me {
    /// Who is logged in.
    #[serde(flatten)]
    pub person: Person,
    /// What they may do.
    pub role: Role,
}

impl<'de> Deserialize<'de> for Me {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut me = Object::read(deserializer)?;
        Ok(Self { role: me.take("role")?, person: me.rest()? })
    }
}

/// A page of `GET /message`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagePage {
    /// Newest first.
    pub messages: Vec<Message>,
    /// Where the next page begins.
    pub paging: Paging,
    /// How the search was understood, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<Reading>,
}

/// Gotify's paging.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paging {
    /// Messages on this page.
    pub size: usize,
    /// Messages asked for.
    pub limit: u32,
    /// The `since` of the next page: the last id of this one; 0 when there is no next page.
    pub since: MessageId,
    /// The address of the next page, or null.
    pub next: Option<String>,
}

/// Which messages of all that a person may see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// Every one.
    #[default]
    All,
    /// Not put away.
    Inbox,
    /// Not read yet.
    Unread,
    /// Naming this person.
    Me,
    /// Kept at hand.
    Saved,
    /// Sent by this person.
    Sent,
    /// Put away.
    Archived,
}

impl Filter {
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 7] =
        [Self::All, Self::Inbox, Self::Unread, Self::Me, Self::Saved, Self::Sent, Self::Archived];

    /// The words for all of them, as a sentence lists them.
    pub fn names() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }

    /// What the page of the inbox understands by it: no filter is what is not put away.
    #[must_use]
    pub fn of_inbox(self) -> Self {
        if self == Self::All { Self::Inbox } else { self }
    }

    /// The word in the URL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Inbox => "inbox",
            Self::Unread => "unread",
            Self::Me => "me",
            Self::Saved => "saved",
            Self::Sent => "sent",
            Self::Archived => "archived",
        }
    }

    /// The filter of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|filter| filter.as_str() == text)
    }
}

/// A question to the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Only messages with a smaller id.
    pub before: Option<MessageId>,
    /// At most this many; within [`crate::limits::PAGE`].
    pub limit: u32,
    /// What to search for; none finds all.
    pub words: Option<Search>,
    /// Which kind.
    pub filter: Filter,
}

/// An answer from the history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryPage {
    /// Newest first.
    pub messages: Vec<Message>,
    /// Whether older ones match.
    pub has_more: bool,
    /// How the search was understood, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<Reading>,
}

/// Who is online: `GET /presence`, and the `presence` frame when asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// Grows by one with every change.
    pub version: u64,
    /// How many people, not sockets.
    pub count: u64,
    /// Who, by name; none of them when they are more than [`crate::limits::PRESENCE_PEOPLE`].
    pub people: Vec<Person>,
}
