//! The statements that each database has in its own SQL. Implemented for the driver's connection type; whether one runs
//! alone or in a transaction is the caller's affair, except where it says that it needs one.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use push_system::{
    accounts::{Person, Role, Username},
    ids::UserId,
    message::{ClientId, Message},
    read_state::{Ranges, ReadState},
    timestamp::Timestamp,
};

use super::{
    Account, Among, Entry, Head, KeyUse, NewAccount, NewSession, Session, SessionId, SigningKey, StoreError,
    StoredReadState, TakenTicket, TokenHash,
    common_rows::{ChangeRows, CommonRows},
    day_rows::DayRows,
    range_rows::RangeRows,
    records::{AudienceRecord, EventRecord, KeyRecord, MessageRecord},
    search::{Expression, Indexed},
    topic_rows::TopicRows,
    trim_rows::TrimRows,
};

/// All of them.
#[async_trait]
pub trait Statements:
    LogRows
    + RangeRows
    + CommitRows
    + InsertRows
    + AccountRows
    + TopicRows
    + CommonRows
    + ChangeRows
    + SearchRows
    + DayRows
    + TrimRows
    + Send
{
    /// One statement without parameters or rows.
    async fn run(&mut self, sql: &'static str) -> Result<(), StoreError>;
}

/// Places in `(after, through]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Not itself.
    pub after: i64,
    /// Itself too.
    pub through: i64,
}

/// Reads of the log.
#[async_trait]
pub trait LogRows {
    /// The head with its tag.
    async fn head(&mut self) -> Result<Head, StoreError>;

    /// The tag at a place, if there is an event.
    async fn tag_at(&mut self, seq: i64) -> Result<Option<u32>, StoreError>;

    /// Events after a place, in order.
    async fn entries(&mut self, after: i64, limit: u32) -> Result<Vec<Entry>, StoreError>;

    /// Events at these places, in order. Not to be asked for none.
    async fn entries_at(&mut self, places: &[i64]) -> Result<Vec<Entry>, StoreError>;

    /// Number and name of a person.
    async fn person(&mut self, user: UserId) -> Result<Option<Person>, StoreError>;

    /// A person's read state with the head.
    async fn read_state(&mut self, user: UserId) -> Result<Option<StoredReadState>, StoreError>;

    /// Messages from others to everyone and to `user` by name that are not deleted and whose ids are in `ranges`.
    async fn count_from_others(&mut self, user: UserId, ranges: &Ranges) -> Result<u64, StoreError>;

    /// The places, in `ranges`, of those that hold none of the messages to everyone or to `user` by name.
    async fn empty_ranges(&mut self, user: UserId, ranges: &Ranges, among: Among) -> Result<Vec<usize>, StoreError>;

    /// Messages by id, newest first.
    async fn messages(&mut self, ids: &[i64]) -> Result<Vec<Message>, StoreError>;
}

/// What a batch needs, and other changes of the log. All but the look-ups need a write transaction.
#[async_trait]
pub trait CommitRows {
    /// Those that were used.
    async fn keys_used(
        &mut self,
        keys: &[(UserId, &ClientId)],
    ) -> Result<HashMap<(UserId, ClientId), KeyUse>, StoreError>;

    /// Those that exist.
    async fn sessions_known(&mut self, ids: &[SessionId]) -> Result<HashSet<SessionId>, StoreError>;

    /// The last event is this one.
    async fn move_head(&mut self, seq: i64) -> Result<(), StoreError>;

    /// A new random epoch.
    async fn renew_epoch(&mut self) -> Result<(), StoreError>;

    /// The floor is this one, or where it is if that is higher.
    async fn raise_floor(&mut self, seq: i64) -> Result<(), StoreError>;

    /// Replaces a read state and raises its version.
    async fn set_read_state(&mut self, user: UserId, state: &ReadState) -> Result<(), StoreError>;

    /// Replaces a password.
    async fn set_password(&mut self, user: UserId, hash: &str) -> Result<(), StoreError>;

    /// Ends a session that was not ended.
    async fn end_session(&mut self, id: SessionId, at: Timestamp) -> Result<(), StoreError>;

    /// Ends all sessions of a person but perhaps one.
    async fn end_sessions(&mut self, user: UserId, keep: Option<SessionId>, at: Timestamp) -> Result<(), StoreError>;

    /// Deletes keys used before, at most so many; returns how many.
    async fn forget_keys(&mut self, before: Timestamp, most: u32) -> Result<u64, StoreError>;
}

/// The rows of a batch; needs the same transaction.
#[async_trait]
pub trait InsertRows {
    /// Adds messages.
    async fn insert_messages(&mut self, records: &[MessageRecord<'_>]) -> Result<(), StoreError>;

    /// Adds keys.
    async fn insert_keys(&mut self, records: &[KeyRecord<'_>]) -> Result<(), StoreError>;

    /// Adds events.
    async fn insert_events(&mut self, records: &[EventRecord<'_>]) -> Result<(), StoreError>;

    /// Adds who receives them.
    async fn insert_audiences(&mut self, records: &[AudienceRecord]) -> Result<(), StoreError>;
}

/// A refresh token as it was found.
#[derive(Debug)]
pub struct Presented {
    /// Of which session, still in force.
    pub session: Session,
    /// Its generation.
    pub generation: u32,
    /// Whether it was used before.
    pub superseded: bool,
    /// When its successor was first seen in use.
    pub successor_confirmed_at: Option<Timestamp>,
}

/// Accounts, sessions, keys.
#[async_trait]
pub trait AccountRows {
    /// By name.
    async fn account_named(&mut self, name: &Username) -> Result<Option<Account>, StoreError>;

    /// By number.
    async fn account(&mut self, id: UserId) -> Result<Option<Account>, StoreError>;

    /// All, by number.
    async fn accounts(&mut self) -> Result<Vec<Account>, StoreError>;

    /// By names, in the order of names.
    async fn people_named(&mut self, names: &[Username]) -> Result<Vec<Person>, StoreError>;

    /// Those whose names stand in `[from, to)`, by name.
    async fn people_between(&mut self, from: &str, to: &str, limit: u32) -> Result<Vec<Person>, StoreError>;

    /// Whether there is any account.
    async fn has_accounts(&mut self) -> Result<bool, StoreError>;

    /// Adds an account with a read state that starts at the head.
    async fn add_account(&mut self, account: &NewAccount, role: Role) -> Result<(), StoreError>;

    /// Replaces a password's hash if it is still `old`; returns whether it did.
    async fn renew_hash(&mut self, user: UserId, old: &str, new: &str) -> Result<bool, StoreError>;

    /// Adds a session, unless its account is disabled or has another password; returns whether it did.
    async fn add_session(&mut self, session: &NewSession) -> Result<bool, StoreError>;

    /// Adds a refresh token that may be there already.
    async fn add_token(&mut self, token: &TokenHash, session: SessionId, generation: u32) -> Result<(), StoreError>;

    /// A session in force.
    async fn session_in_force(&mut self, id: SessionId, now: Timestamp) -> Result<Option<Session>, StoreError>;

    /// A refresh token of a session in force. Nobody else rotates a token of that session until the transaction ends.
    async fn find_token(&mut self, token: &TokenHash, now: Timestamp) -> Result<Option<Presented>, StoreError>;

    /// The tokens of a generation: one, or more where successors were derived with several keys.
    async fn tokens_of(&mut self, session: SessionId, generation: u32) -> Result<Vec<TokenHash>, StoreError>;

    /// The token was used.
    async fn supersede(&mut self, token: &TokenHash, now: Timestamp) -> Result<(), StoreError>;

    /// Whether all tokens of that generation have a successor that was seen in use.
    async fn is_confirmed(&mut self, session: SessionId, generation: u32) -> Result<bool, StoreError>;

    /// The successors of that generation were seen in use.
    async fn confirm(&mut self, session: SessionId, generation: u32, now: Timestamp) -> Result<(), StoreError>;

    /// Newest first.
    async fn signing_keys(&mut self) -> Result<Vec<SigningKey>, StoreError>;

    /// Adds a key.
    async fn add_signing_key(&mut self, key: &SigningKey) -> Result<(), StoreError>;

    /// Deletes a ticket and gives it to one of those who ask. Needs a write transaction.
    async fn take_ticket(&mut self, hash: &TokenHash) -> Result<Option<TakenTicket>, StoreError>;
}

/// A message that somebody may be allowed to see.
#[derive(Debug, sqlx::FromRow)]
pub struct Candidate {
    /// Its id.
    pub id: i64,
    /// Who sent it.
    pub sender_id: i64,
    /// Whether it went to everyone, or to the person by name.
    pub reached: bool,
    /// The topics it went to, as JSON, if any.
    pub topics: Option<String>,
}

/// The search index.
#[async_trait]
pub trait SearchRows {
    /// The last message indexed, and the last one there is.
    async fn index_cursor(&mut self) -> Result<(i64, i64), StoreError>;

    /// The same for who is going to index: nobody else does until the transaction ends.
    async fn lock_index(&mut self) -> Result<(i64, i64), StoreError>;

    /// Ids of the next messages after a place, in order.
    async fn unindexed(&mut self, after: i64, limit: u32) -> Result<Vec<i64>, StoreError>;

    /// Puts these into the index, in place of what it holds of them.
    async fn index(&mut self, messages: &[Indexed]) -> Result<(), StoreError>;

    /// The last message indexed is this one.
    async fn move_index(&mut self, indexed: i64) -> Result<(), StoreError>;

    /// The newest `looks` messages of a span with these tokens, newest first, whoever may see them.
    async fn matches(&mut self, expression: &Expression, span: Span, looks: u32) -> Result<Vec<i64>, StoreError>;

    /// What decides whether the person may see these messages, newest first.
    async fn candidates(&mut self, user: UserId, ids: &[i64]) -> Result<Vec<Candidate>, StoreError>;
}
