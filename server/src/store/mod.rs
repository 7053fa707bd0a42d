//! The database: the log and everything derived from it, and the accounts.
//!
//! Two traits, one contract suite (`contract.rs`) run on every database. Each database has a module with its connections
//! and its SQL (`backend.rs` and `statements.rs` say what that must be); what is done with them is written once: `log.rs`
//! and `accounts.rs` are the traits, `plan.rs` decides what becomes of a batch. Rows are not domain types: what comes out
//! of here is parsed. No SQL stands outside this folder.

mod accounts;
mod administration;
mod backend;
mod changes;
mod commit;
mod common_rows;
mod day_rows;
mod entries;
mod forgetting;
mod history;
mod log;
mod logins;
mod membership;
mod open;
mod people;
mod plan;
mod pooled;
mod range_rows;
mod records;
mod rows;
mod search;
mod spelling;
mod statements;
mod stretches;
mod topic_rows;
mod topics;
mod trim_rows;
mod url;
mod writes;

pub mod mysql;
pub mod postgres;
pub mod sqlite;

#[cfg(test)]
mod contract;
#[cfg(test)]
pub mod memory;

use std::fmt;

use async_trait::async_trait;
use push_system::{
    accounts::{Email, Person, Role, Username},
    api::{HistoryPage, HistoryQuery},
    ids::{MessageId, Seq, UserId},
    inbox::Snapshot,
    message::{ClientId, Message},
    position::Epoch,
    read_state::{Ranges, ReadState},
    timestamp::Timestamp,
};

pub use administration::{Administration, Decision};
pub(crate) use backend::FOLLOWERS;
pub use changes::*;
pub use entries::*;
pub use logins::*;
pub use membership::{Membership, Memberships};
pub use open::OpenError;
pub use people::*;
pub use topics::Topics;
pub use url::ServerUrl;
pub use writes::*;

#[derive(Debug, thiserror::Error)]
#[error("the history behind {after} is trimmed up to {floor}")]
struct Trimmed {
    after: Seq,
    floor: Seq,
}

#[derive(Debug, thiserror::Error)]
#[error("the search index holds messages up to {} of {}", .0.indexed, .0.newest)]
struct Indexing(Behind);

/// The database could not do it; nothing about the request is to blame.
#[derive(Debug)]
pub struct StoreError(Box<dyn std::error::Error + Send + Sync>);

impl StoreError {
    /// Wraps what the driver said.
    pub fn new(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(error.into())
    }

    /// Events behind `after` were asked for, and the history is trimmed up to `floor`.
    pub fn trimmed(after: Seq, floor: Seq) -> Self {
        Self::new(Trimmed { after, floor })
    }

    /// Whether what was asked for is no longer kept: [`Self::trimmed`].
    pub fn is_trimmed(&self) -> bool {
        self.0.is::<Trimmed>()
    }

    /// A search needs an index that is far behind the log.
    pub fn indexing(behind: Behind) -> Self {
        Self::new(Indexing(behind))
    }

    /// Whether it is [`Self::indexing`]: the same search will do later.
    pub fn is_indexing(&self) -> bool {
        self.0.is::<Indexing>()
    }

    /// What the driver said, if it was the driver.
    fn driver(&self) -> Option<&sqlx::Error> {
        self.0.downcast_ref()
    }

    /// Whether the database could not be reached, did not answer, or kept a lock from us: then no part of a batch would
    /// fare better alone.
    pub fn is_away(&self) -> bool {
        self.0.is::<backend::NoAnswer>() || self.driver().is_some_and(backend::is_away)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "store: {}", self.0)
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::new(error)
    }
}

impl From<CommitError> for StoreError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::NotStored(error) => error,
            CommitError::OutcomeUnknown(_) => Self::new(error),
        }
    }
}

/// A batch did not commit, as far as is known.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Rolled back, or never begun: nothing of it is stored.
    #[error("not committed: {0}")]
    NotStored(StoreError),
    /// COMMIT was sent and its answer was lost: all of it is stored, or nothing.
    #[error("commit answered nothing: {0}")]
    OutcomeUnknown(StoreError),
}

/// The append-only log, and what is read from it.
///
/// Ordering: `seq` is dense; an event becomes visible to every read together with all events before it. All reads are
/// from the primary. Every read of several tables is one read transaction.
#[async_trait]
pub trait Log: Send + Sync + 'static {
    /// Applies a batch in one transaction with durable settings: locks the head row first, then checks each write
    /// (keys also within the batch, sender, read state's version), then gives the survivors the next dense positions in
    /// the order of the batch. Outcomes stand in the order of the batch.
    ///
    /// # Errors
    /// [`CommitError`]; a write that is refused is an outcome, not an error.
    async fn commit(&self, batch: &[Write]) -> Result<Vec<Outcome>, CommitError>;

    /// Where the log ends and where its history begins.
    async fn head(&self) -> Result<Head, StoreError>;

    /// Gives the log a new epoch (it went back under a running system) and returns the head. Where it has another one than
    /// `known` by now, somebody else noticed as well and one is enough.
    async fn renew_epoch(&self, known: &Epoch) -> Result<Head, StoreError>;

    /// Raises the floor to `before`, or to the head if that is lower, or leaves it where it is higher; then deletes the
    /// events below it, in bounded steps. Messages stay, and history with them; so does the event at the floor itself.
    /// Returns how many events were deleted.
    async fn trim(&self, before: Seq) -> Result<u64, StoreError>;

    /// What stands at `seq`, with the head as of the same read transaction.
    async fn probe(&self, seq: Seq) -> Result<Probe, StoreError>;

    /// Events after `after`, in order, at most `limit`, for all audiences: what a tail follows.
    async fn entries(&self, after: Seq, limit: u32) -> Result<Vec<Entry>, StoreError>;

    /// Events in `(after, through]` that `user` is entitled to, in order, at most `limit`: a merge of one keyset range
    /// per audience, never a filter over the log. An error when `after` lies below the floor: some may be gone.
    async fn entries_for(&self, user: UserId, after: Seq, through: Seq, limit: u32) -> Result<Vec<Entry>, StoreError>;

    /// What was published under a key, for the answer after [`CommitError::OutcomeUnknown`].
    async fn find_key(&self, sender: UserId, key: &ClientId) -> Result<Option<KeyUse>, StoreError>;

    /// Forgets keys used before `before`; returns how many.
    async fn forget_keys(&self, before: Timestamp) -> Result<u64, StoreError>;

    /// The inbox at the head, cut to its newest `limit` messages: one consistent read.
    /// `None` when there is no such person.
    async fn snapshot(&self, user: UserId, limit: u32) -> Result<Option<Snapshot>, StoreError>;

    /// Messages the person may see, newest first; of a search, those in which all of it holds: words (letters folded)
    /// begin so, or, in scripts without spaces, stand anywhere. What was committed before the call is found.
    ///
    /// # Errors
    /// [`StoreError::is_indexing`] too, while the index is made anew and the newest messages are not enough.
    async fn history(&self, user: UserId, query: &HistoryQuery) -> Result<HistoryPage, StoreError>;

    /// A message, if the person may see it: in their inbox, or on the page of a public topic. A deleted one is what is left
    /// of it.
    async fn message(&self, user: UserId, id: MessageId) -> Result<Option<Message>, StoreError>;

    /// The first messages that are unread for somebody, the oldest first, at most `limit`.
    async fn first_unread(&self, user: UserId, limit: u32) -> Result<Vec<MessageId>, StoreError>;

    /// A message by who sent it, whether they may still see it or not: for the answer to the request that sent it.
    async fn sent_message(&self, sender: UserId, id: MessageId) -> Result<Option<Message>, StoreError>;

    /// What a person did with messages, with the version a [`Change::Read`] must name, and the head as of the same read.
    async fn read_state(&self, user: UserId) -> Result<Option<StoredReadState>, StoreError>;

    /// How many messages from others, deleted ones not counted, are unread under `state`: one look at the log.
    async fn count_unread(&self, user: UserId, state: &ReadState) -> Result<UnreadCount, StoreError>;

    /// Those of `gaps` that hold none of the messages that the person is entitled to.
    async fn empty_gaps(&self, user: UserId, gaps: &Ranges, among: Among) -> Result<Gaps, StoreError>;

    /// Brings the search index towards the head by a bounded step, which is one transaction: what is indexed stays so,
    /// whatever ends. Returns how far behind it still is; none when it is there.
    async fn index_step(&self) -> Result<Option<Behind>, StoreError>;
}

/// Accounts, sessions and the keys that sign for them.
///
/// Each method is one transaction. Names, hashes and keys are compared byte for byte.
#[async_trait]
pub trait Accounts: Send + Sync + 'static {
    /// Adds an account whose inbox starts at the head with nothing unread. The first account of a database is its admin.
    /// `None` when the name is taken.
    async fn register(&self, account: NewAccount) -> Result<Option<Account>, StoreError>;

    /// The account of that name.
    async fn account_named(&self, name: &Username) -> Result<Option<Account>, StoreError>;

    /// The account of that number.
    async fn account(&self, id: UserId) -> Result<Option<Account>, StoreError>;

    /// Adds an account as [`Self::register`] does, for a person who comes by themselves, if they may at `account.at`. An
    /// invitation is used up by it: of two that come with the same one, one gets an account.
    async fn join(&self, account: NewAccount, admission: Admission) -> Result<Joined, StoreError>;

    /// All accounts, by number; deleted ones too.
    async fn accounts(&self) -> Result<Vec<Account>, StoreError>;

    /// Of these names, the ones that exist and are not deleted.
    async fn people_named(&self, names: &[Username]) -> Result<Vec<Person>, StoreError>;

    /// People whose name starts with `prefix`, by name; no deleted ones.
    async fn people_starting(&self, prefix: &str, limit: u32) -> Result<Vec<Person>, StoreError>;

    /// Replaces the hash of a password by another hash of the same password. False, and nothing changes, when `old` is
    /// not stored any more. No event: sessions go on.
    async fn renew_hash(&self, user: UserId, old: &str, new: &str) -> Result<bool, StoreError>;

    /// Opens a session with its first refresh token (generation 1), and forgets those of the person that ended, all but the
    /// [`push_system::limits::ENDED_SESSIONS`] seen last. False, and nothing is stored, when the account is
    /// disabled or has another password by now: a login that was checked before must not outlive the change.
    async fn open_session(&self, session: NewSession) -> Result<bool, StoreError>;

    /// A session that was not revoked and is not over at `now`, with its person as of now.
    async fn session(&self, id: SessionId, now: Timestamp) -> Result<Option<Session>, StoreError>;

    /// Uses a refresh token. The first use stores the first of `successors` as the next generation; a later use finds one
    /// of them stored, says which, and changes nothing, until [`crate::auth`]'s grace after the successor was first seen in use is over: then it is
    /// [`Rotation::Reused`] (and nothing is changed: revoking is a [`Change::Revoke`]). Presenting a generation confirms
    /// that its predecessor's answer was received. A token that was never issued begins no write.
    async fn rotate(
        &self,
        presented: &TokenHash,
        successors: &[TokenHash],
        now: Timestamp,
        grace_ms: i64,
    ) -> Result<Rotation, StoreError>;

    /// An access token issued with this generation was used: its predecessor's answer was received.
    async fn confirm_generation(&self, session: SessionId, generation: u32, now: Timestamp) -> Result<(), StoreError>;

    /// The keys of this system, creating `candidate` under the head lock when there are none. Newest first.
    async fn signing_keys(&self, candidate: SigningKey) -> Result<Vec<SigningKey>, StoreError>;

    /// Adds `candidate` under the head lock, unless the newest key was made at `newest_before` or later: of instances that
    /// rotate at once, one does. All keys, newest first.
    async fn add_signing_key(
        &self,
        candidate: SigningKey,
        newest_before: Timestamp,
        note: AuditNote,
    ) -> Result<Vec<SigningKey>, StoreError>;

    /// Forgets the keys that a newer one, made before `before`, replaced: none that signs, and none that signed since
    /// then. Returns how many.
    async fn forget_signing_keys(&self, before: Timestamp) -> Result<u64, StoreError>;

    /// Adds a ticket. Of its session's, the `most` that last longest are kept.
    async fn add_ticket(&self, ticket: NewTicket, most: u32) -> Result<(), StoreError>;

    /// Takes a ticket away, and says whose it was unless it was over at `now`. Of several that come with the same one,
    /// one gets it. One that never was begins no write.
    async fn take_ticket(&self, hash: &TokenHash, now: Timestamp) -> Result<Option<TakenTicket>, StoreError>;

    /// Forgets tickets that nobody took before they were over; returns how many.
    async fn forget_tickets(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// Forgets sessions, with their tokens and tickets, that ended before `before`; returns how many.
    async fn forget_sessions(&self, before: Timestamp) -> Result<u64, StoreError>;
}

/// A whole database.
#[async_trait]
pub trait Store: Log + Accounts + Administration + Topics {
    /// Waits for what runs and closes all connections. Not to be used afterwards.
    async fn close(&self);
}

#[async_trait]
impl<B: backend::Backend> Store for B {
    async fn close(&self) {
        self.close_connections().await;
    }
}

/// An account to be. Printed without its password.
#[derive(Clone)]
pub struct NewAccount {
    /// Its name.
    pub name: Username,
    /// Its address, if given.
    pub email: Option<Email>,
    /// The password as PHC string.
    pub password_hash: String,
    /// What they may do; the first account of a database is an admin's whatever stands here.
    pub role: Role,
    /// When.
    pub at: Timestamp,
    /// What the audit log says of it.
    pub notes: Vec<AuditNote>,
}

impl fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewAccount").field("name", &self.name).field("role", &self.role).finish_non_exhaustive()
    }
}

/// The message a key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// SHA-256 of the parsed request.
    pub request_hash: [u8; 32],
    /// What it published.
    pub message: MessageId,
}
