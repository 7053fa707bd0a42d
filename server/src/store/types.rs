//! What goes into and comes out of a store.

use std::fmt;

use push_system::{
    accounts::{Person, Role, Username},
    admin::Standing,
    event::EventKind,
    ids::{MessageId, Seq, UserId},
    message::{ClientId, Draft, Message},
    position::Position,
    read_state::ReadState,
    timestamp::Timestamp,
};
use uuid::Uuid;

use super::{AccountChange, AuditNote, Client};

/// One login of one person on one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionId(pub Uuid);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

/// SHA-256 of a refresh token; the token itself is never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// A change of the log, with everything decided that needs neither lock nor look-up.
#[derive(Clone, Debug)]
pub struct Write {
    /// When it was accepted.
    pub at: Timestamp,
    /// The random number from which its event's tag is made.
    pub tag: u32,
    /// What changes.
    pub change: Change,
    /// What the audit log says of it, in the same transaction, if it is stored.
    pub notes: Vec<AuditNote>,
}

impl Write {
    /// The tag of an event with the random number `own` behind one told by `before`. Who holds the place before and the
    /// random number can tell without asking whether nothing stands between.
    pub fn tag_after(own: u32, before: u32) -> u32 {
        own ^ before.rotate_left(1)
    }
}

/// What changes.
#[derive(Clone, Debug)]
pub enum Change {
    /// A message.
    Publish(Publish),
    /// What a person has read.
    Read(ReadWrite),
    /// Sessions end.
    Revoke(Revocation),
    /// A person's password changes, and with it all sessions but one end.
    Password {
        /// Whose.
        user: UserId,
        /// The password as PHC string.
        hash: String,
        /// The session that stays, if any.
        keep: Option<SessionId>,
    },
    /// What a person may do changes. Who may not log in any more has no session any more.
    Account {
        /// Whose account.
        user: UserId,
        /// How it changes.
        to: AccountChange,
    },
}

/// A message to publish.
#[derive(Clone, Debug)]
pub struct Publish {
    /// Who sends it.
    pub sender: Person,
    /// Under which key.
    pub key: ClientId,
    /// SHA-256 of the parsed request: the same key with another one is a conflict.
    pub request_hash: [u8; 32],
    /// The message.
    pub draft: Draft,
    /// The people `draft.to` names, resolved; ids never change hands.
    pub named: Vec<UserId>,
}

impl Publish {
    /// The message it becomes.
    pub fn message(&self, id: MessageId, date: Timestamp) -> Message {
        let draft = self.draft.clone();
        Message {
            id,
            appid: 0,
            title: draft.title,
            message: draft.message,
            priority: draft.priority,
            date,
            extras: draft.extras,
            sender: self.sender.clone(),
            to: draft.to,
            tags: draft.tags,
            click: draft.click,
        }
    }

    /// Who receives the event: everyone, or those named and the sender's own devices.
    pub fn audience(&self) -> Audience {
        if self.draft.to.has_everyone() {
            return Audience::Everyone;
        }
        let mut people = self.named.clone();
        people.push(self.sender.id);
        people.sort_unstable();
        people.dedup();
        Audience::People(people)
    }
}

/// A new read state, computed from the one of `expected_version`.
#[derive(Clone, Debug)]
pub struct ReadWrite {
    /// Whose.
    pub user: UserId,
    /// [`Outcome::Stale`] unless this is still the version stored.
    pub expected_version: i64,
    /// The state from here on.
    pub state: ReadState,
    /// Unread messages with ids up to `counted_through`; the store adds those that came since.
    pub unread: u64,
    /// See `unread`.
    pub counted_through: Seq,
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

/// What became of a [`Write`].
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Stored, as this event.
    Stored(Entry),
    /// The key was used for the same request before; this is the message it published.
    Repeated(MessageId),
    /// The key was used for another request.
    KeyConflict,
    /// The read state has another version by now.
    Stale,
    /// The sender, or the person concerned, does not exist or is disabled.
    NoSuchPerson,
    /// All of it is so already.
    Unchanged,
    /// There would be no admin any more who may log in.
    LastAdmin,
}

/// Who receives an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// All people.
    Everyone,
    /// These, ascending.
    People(Vec<UserId>),
    /// No person: the instances of this system.
    Servers,
}

impl Audience {
    /// Whether `user` receives it.
    pub fn includes(&self, user: UserId) -> bool {
        match self {
            Self::Everyone => true,
            Self::People(people) => people.binary_search(&user).is_ok(),
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
    /// Read state changed.
    Read {
        /// The state from there on.
        state: ReadState,
        /// Unread at that event.
        unread: u64,
    },
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
            Self::Read { .. } => EventKind::ReadStateChanged.as_str(),
            Self::Revoked(Revocation::Session(_)) => EventKind::SessionRevoked.as_str(),
            Self::Revoked(Revocation::Person { .. }) => EventKind::SessionsRevoked.as_str(),
            Self::Revoked(Revocation::Standing { .. }) => EventKind::StandingChanged.as_str(),
            Self::Other { kind } => kind,
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

/// A read state as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReadState {
    /// The state.
    pub state: ReadState,
    /// Grows with every change.
    pub version: i64,
    /// The head as of the same read.
    pub head: Seq,
}

/// An account as stored.
#[derive(Clone, Debug)]
pub struct Account {
    /// Number and name.
    pub person: Person,
    /// What they may do.
    pub role: Role,
    /// Their address, if given.
    pub email: Option<String>,
    /// The password as PHC string; empty when the account is deleted.
    pub password_hash: String,
    /// Whether they may not log in; so for a deleted account too.
    pub disabled: bool,
    /// When the account was deleted, if it was.
    pub deleted: Option<Timestamp>,
    /// When they registered.
    pub created: Timestamp,
}

impl Account {
    /// Whether it may do anything.
    pub fn standing(&self) -> Standing {
        match (self.deleted, self.disabled) {
            (Some(_), _) => Standing::Deleted,
            (None, true) => Standing::Disabled,
            (None, false) => Standing::Active,
        }
    }
}

/// A session to be.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Its random id.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// The password, as PHC string, that was checked: changed meanwhile, it opens nothing.
    pub password_hash: String,
    /// Its first refresh token.
    pub refresh: TokenHash,
    /// When it began.
    pub at: Timestamp,
    /// When it is over, whatever happens.
    pub expires: Timestamp,
    /// From where.
    pub client: Client,
    /// What the audit log says of it.
    pub notes: Vec<AuditNote>,
}

/// A session in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose.
    pub person: Person,
    /// What they may do now.
    pub role: Role,
    /// When it is over.
    pub expires: Timestamp,
}

/// What became of a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The successor is good; its generation goes into the access token.
    Good {
        /// The session, still in force.
        session: Session,
        /// The successor's.
        generation: u32,
        /// Which of those that were offered it is.
        successor: usize,
    },
    /// Used again after its successor was in use: the token was copied, its family must be revoked.
    Reused(SessionId, Username),
    /// Never issued, or its session is over.
    Unknown,
}

/// A ticket to be.
#[derive(Clone, Debug)]
pub struct NewTicket {
    /// SHA-256 of it.
    pub hash: TokenHash,
    /// Whose login it stands for.
    pub session: SessionId,
    /// When that login is over, if before its session.
    pub login_expires: Option<Timestamp>,
    /// When the ticket is over.
    pub expires: Timestamp,
}

/// A ticket that was taken: nobody else gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakenTicket {
    /// Whose login it stands for.
    pub session: SessionId,
    /// When that login is over, if before its session.
    pub login_expires: Option<Timestamp>,
    /// When the ticket is over.
    pub expires: Timestamp,
}

/// A key of this system: signs access tokens (HMAC-SHA-256) and derives refresh tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Its name in a token's header.
    pub kid: String,
    /// Signs access tokens.
    pub access: [u8; 32],
    /// Derives refresh tokens.
    pub refresh: [u8; 32],
    /// When it was made.
    pub created: Timestamp,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}
