//! Accounts, and what lets somebody in: passwords, sessions, tickets and keys.

use std::fmt;

use push_system::{
    accounts::{Person, Role, Username},
    admin::Standing,
    ids::UserId,
    timestamp::Timestamp,
};
use uuid::Uuid;

use super::{AuditNote, Client};

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

/// A password as PHC string. Never printed: guesses could be held against it.
#[derive(Clone, PartialEq, Eq)]
pub struct PhcString(pub String);

impl fmt::Debug for PhcString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhcString(…)")
    }
}

/// An account as stored. Printed without its password.
#[derive(Clone)]
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

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { person, role, disabled, deleted, .. } = self;
        let mut account = f.debug_struct("Account");
        account.field("person", person).field("role", role).field("disabled", disabled).field("deleted", deleted);
        account.finish_non_exhaustive()
    }
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

/// A session to be. Printed without its secrets.
#[derive(Clone)]
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

impl fmt::Debug for NewSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, user, at, .. } = self;
        f.debug_struct("NewSession").field("id", id).field("user", user).field("at", at).finish_non_exhaustive()
    }
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
    /// Its session is over, or was ended.
    Ended,
    /// Never issued, or forgotten with its session.
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
