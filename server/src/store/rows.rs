//! Rows into domain types, the same for every database. What does not parse is a damaged database, told by the row it
//! stands in.

use push_system::{
    accounts::{Person, Role, Username},
    audience::Recipients,
    event::EventKind,
    ids::{MessageId, Seq, UserId},
    marks::Marks,
    message::{ClientId, Message},
    position::{Epoch, Position},
    read_state::{Ranges, ReadState},
    timestamp::Timestamp,
    topic::TopicName,
};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::FromRow;
use uuid::Uuid;

use super::{
    Account, Entry, EntryBody, Head, KeyUse, Place, Session, SessionId, SigningKey, StoreError, StoredReadState,
    TakenTicket, TokenHash,
    spelling::{self, ReadPayload, RevokedPayload, TopicPayload},
    statements::Presented,
};

/// The columns of [`MessageColumns`], from `message m JOIN account s`.
macro_rules! message_columns {
    () => {
        "m.id AS message_id, m.sender_id, s.name AS sender_name, m.title, m.body, m.priority, m.at AS message_at, \
         m.extras, m.to_json, m.tags, m.click, m.topics, m.edited_at, m.deleted_at"
    };
}
pub(super) use message_columns;

/// Integers of databases are signed; ids stay far below, and a client's larger number means "the largest".
pub(super) fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The ids of people as they are stored.
pub(super) fn ints(ids: &[UserId]) -> Vec<i64> {
    ids.iter().map(|id| int(id.0)).collect()
}

/// Values of our own types always serialize: their keys are strings and their writers cannot fail.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// All rows, parsed.
pub(super) fn all<R, T, C>(rows: Vec<R>) -> Result<C, StoreError>
where
    T: TryFrom<R, Error = StoreError>,
    C: FromIterator<T>,
{
    rows.into_iter().map(T::try_from).collect()
}

/// A row that may be missing, parsed.
pub(super) fn maybe<R, T: TryFrom<R, Error = StoreError>>(row: Option<R>) -> Result<Option<T>, StoreError> {
    row.map(T::try_from).transpose()
}

pub(super) fn damaged(row: impl std::fmt::Display, what: impl std::fmt::Display) -> StoreError {
    StoreError::new(format!("damaged row: {row}: {what}"))
}

pub(super) fn from_json<T: DeserializeOwned>(column: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| damaged(column, error))
}

fn needed<T>(column: &str, value: Option<T>) -> Result<T, StoreError> {
    value.ok_or_else(|| damaged(column, "nothing"))
}

pub(super) fn number<T: TryFrom<i64>>(column: &str, n: i64) -> Result<T, StoreError> {
    T::try_from(n).map_err(|_| damaged(column, n))
}

pub(super) fn tag(n: i64) -> Result<u32, StoreError> {
    number("tag", n)
}

fn username(text: &str) -> Result<Username, StoreError> {
    Username::parse(text).map_err(|error| damaged(text, error))
}

fn epoch(text: &str) -> Result<Epoch, StoreError> {
    Epoch::parse(text).ok_or_else(|| damaged("head", "no epoch"))
}

fn position(epoch_text: &str, seq: i64, tag_number: i64) -> Result<Position, StoreError> {
    Ok(Position { epoch: epoch(epoch_text)?, seq: Seq(number("seq", seq)?), tag: tag(tag_number)? })
}

fn hash(column: &str, bytes: &[u8]) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| damaged(column, "not 32 bytes"))
}

/// `id, name`.
#[derive(FromRow)]
pub(super) struct PersonRow {
    pub(super) id: i64,
    pub(super) name: String,
}

impl TryFrom<PersonRow> for Person {
    type Error = StoreError;

    fn try_from(row: PersonRow) -> Result<Self, StoreError> {
        Ok(Self { id: UserId(number("id", row.id)?), name: username(&row.name)? })
    }
}

/// All columns of `account`.
#[derive(FromRow)]
pub(super) struct AccountRow {
    #[sqlx(flatten)]
    person: PersonRow,
    role: String,
    email: Option<String>,
    password_hash: String,
    disabled: bool,
    deleted_at: Option<i64>,
    created: i64,
}

impl TryFrom<AccountRow> for Account {
    type Error = StoreError;

    fn try_from(row: AccountRow) -> Result<Self, StoreError> {
        Ok(Self {
            person: row.person.try_into()?,
            role: role(&row.role)?,
            email: row.email,
            password_hash: row.password_hash,
            disabled: row.disabled,
            deleted: row.deleted_at.map(Timestamp::from_unix_ms),
            created: Timestamp::from_unix_ms(row.created),
        })
    }
}

pub(super) fn role(text: &str) -> Result<Role, StoreError> {
    [Role::Admin, Role::Member].into_iter().find(|role| role.as_str() == text).ok_or_else(|| damaged(text, "no role"))
}

/// `session_id, expires` of the session and `id, name, role` of its person.
#[derive(FromRow)]
pub(super) struct SessionRow {
    session_id: String,
    expires: i64,
    #[sqlx(flatten)]
    person: PersonRow,
    role: String,
}

impl TryFrom<SessionRow> for Session {
    type Error = StoreError;

    fn try_from(row: SessionRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: session_id(&row.session_id)?,
            person: row.person.try_into()?,
            role: role(&row.role)?,
            expires: Timestamp::from_unix_ms(row.expires),
        })
    }
}

pub(super) fn session_id(text: &str) -> Result<SessionId, StoreError> {
    Uuid::try_parse(text).map(SessionId).map_err(|error| damaged(text, error))
}

/// `generation, superseded_at, successor_confirmed_at` of the token and a [`SessionRow`].
#[derive(FromRow)]
pub(super) struct TokenRow {
    generation: i64,
    superseded_at: Option<i64>,
    successor_confirmed_at: Option<i64>,
    #[sqlx(flatten)]
    session: SessionRow,
}

impl TryFrom<TokenRow> for Presented {
    type Error = StoreError;

    fn try_from(row: TokenRow) -> Result<Self, StoreError> {
        Ok(Self {
            session: row.session.try_into()?,
            generation: number("generation", row.generation)?,
            superseded: row.superseded_at.is_some(),
            successor_confirmed_at: row.successor_confirmed_at.map(Timestamp::from_unix_ms),
        })
    }
}

/// `session_id, login_expires, expires` of a ticket.
#[derive(FromRow)]
pub(super) struct TicketRow {
    session_id: String,
    login_expires: Option<i64>,
    expires: i64,
}

impl TryFrom<TicketRow> for TakenTicket {
    type Error = StoreError;

    fn try_from(row: TicketRow) -> Result<Self, StoreError> {
        Ok(Self {
            session: session_id(&row.session_id)?,
            login_expires: row.login_expires.map(Timestamp::from_unix_ms),
            expires: Timestamp::from_unix_ms(row.expires),
        })
    }
}

/// A column `hash`.
#[derive(FromRow)]
pub(super) struct HashRow {
    hash: Vec<u8>,
}

impl TryFrom<HashRow> for TokenHash {
    type Error = StoreError;

    fn try_from(row: HashRow) -> Result<Self, StoreError> {
        hash("hash", &row.hash).map(Self)
    }
}

/// All columns of `signing_key`.
#[derive(FromRow)]
pub(super) struct SigningKeyRow {
    kid: String,
    access: Vec<u8>,
    refresh: Vec<u8>,
    created: i64,
}

impl TryFrom<SigningKeyRow> for SigningKey {
    type Error = StoreError;

    fn try_from(row: SigningKeyRow) -> Result<Self, StoreError> {
        Ok(Self {
            kid: row.kid,
            access: hash("access", &row.access)?,
            refresh: hash("refresh", &row.refresh)?,
            created: Timestamp::from_unix_ms(row.created),
        })
    }
}

/// The columns of [`ReadStateRow`], from `read_state r`, `head h` and its `event e`.
macro_rules! read_state_columns {
    () => {
        "r.read_upto, r.exceptions, r.seen_upto, r.archived, r.saved, r.version, h.seq AS head, e.tag AS head_tag"
    };
}
pub(super) use read_state_columns;

/// [`read_state_columns`].
#[derive(FromRow)]
pub(super) struct ReadStateRow {
    read_upto: i64,
    exceptions: String,
    seen_upto: i64,
    archived: String,
    saved: String,
    version: i64,
    head: i64,
    head_tag: i64,
}

impl TryFrom<ReadStateRow> for StoredReadState {
    type Error = StoreError;

    fn try_from(row: ReadStateRow) -> Result<Self, StoreError> {
        let exceptions: Ranges = from_json("exceptions", &row.exceptions)?;
        let state = ReadState { read_upto: MessageId(number("read_upto", row.read_upto)?), exceptions };
        let marks = Marks {
            seen_upto: MessageId(number("seen_upto", row.seen_upto)?),
            archived: from_json("archived", &row.archived)?,
            saved: from_json("saved", &row.saved)?,
        };
        let head = Place { seq: Seq(number("head", row.head)?), tag: tag(row.head_tag)? };
        Ok(Self { state, marks, version: row.version, head })
    }
}

/// `system, epoch, seq, floor, tag`.
#[derive(FromRow)]
pub(super) struct HeadRow {
    system: String,
    epoch: String,
    seq: i64,
    floor: i64,
    tag: i64,
}

impl TryFrom<HeadRow> for Head {
    type Error = StoreError;

    fn try_from(row: HeadRow) -> Result<Self, StoreError> {
        let position = position(&row.epoch, row.seq, row.tag)?;
        Ok(Self { position, floor: Seq(number("floor", row.floor)?), system: row.system })
    }
}

/// `sender_id, key, request_hash, message_id`.
#[derive(FromRow)]
pub(super) struct KeyRow {
    sender_id: i64,
    key: String,
    request_hash: Vec<u8>,
    message_id: i64,
}

impl TryFrom<KeyRow> for ((UserId, ClientId), KeyUse) {
    type Error = StoreError;

    fn try_from(row: KeyRow) -> Result<Self, StoreError> {
        let key = client_id(&row.key)?;
        let request_hash = hash("request_hash", &row.request_hash)?;
        let used = KeyUse { request_hash, message: MessageId(number("message_id", row.message_id)?) };
        Ok(((UserId(number("sender_id", row.sender_id)?), key), used))
    }
}

fn client_id(text: &str) -> Result<ClientId, StoreError> {
    ClientId::parse(text, "client_id").map_err(|_| damaged("client_id", "no key"))
}

/// [`message_columns`], which are null where an event has no message.
#[derive(FromRow)]
pub(super) struct MessageColumns {
    message_id: Option<i64>,
    sender_id: Option<i64>,
    sender_name: Option<String>,
    title: Option<String>,
    body: Option<String>,
    priority: Option<i64>,
    message_at: Option<i64>,
    extras: Option<String>,
    to_json: Option<String>,
    tags: Option<String>,
    click: Option<String>,
    edited_at: Option<i64>,
    deleted_at: Option<i64>,
    topics: Option<String>,
}

impl TryFrom<MessageColumns> for Message {
    type Error = StoreError;

    fn try_from(row: MessageColumns) -> Result<Self, StoreError> {
        let to: Vec<String> = from_json("to_json", &needed("to_json", row.to_json)?)?;
        let to = Recipients::parse(to.iter().map(String::as_str)).map_err(|_| damaged("to_json", "no recipients"))?;
        let sender_id = number("sender_id", needed("sender_id", row.sender_id)?)?;
        let sender = Person { id: UserId(sender_id), name: username(&needed("sender_name", row.sender_name)?)? };
        Ok(Self {
            id: MessageId(number("message_id", needed("message_id", row.message_id)?)?),
            appid: 0,
            title: needed("title", row.title)?,
            message: needed("body", row.body)?,
            priority: number("priority", needed("priority", row.priority)?)?,
            date: Timestamp::from_unix_ms(needed("message_at", row.message_at)?),
            extras: from_json("extras", &needed("extras", row.extras)?)?,
            sender,
            to,
            tags: from_json("tags", &needed("tags", row.tags)?)?,
            click: row.click,
            topics: row.topics.map_or(Ok(Vec::new()), |topics| from_json("topics", &topics))?,
            edited: row.edited_at.map(Timestamp::from_unix_ms),
            deleted: row.deleted_at.map(Timestamp::from_unix_ms),
        })
    }
}

pub(super) fn topic_name(text: &str) -> Result<TopicName, StoreError> {
    TopicName::parse(text).map_err(|error| damaged(text, error))
}

/// Columns of `event`, `epoch` and [`MessageColumns`].
#[derive(FromRow)]
pub(super) struct EntryRow {
    epoch: String,
    seq: i64,
    tag: i64,
    kind: String,
    at: i64,
    audience: String,
    client_id: Option<String>,
    payload: Option<String>,
    #[sqlx(flatten)]
    message: MessageColumns,
}

impl TryFrom<EntryRow> for Entry {
    type Error = StoreError;

    fn try_from(row: EntryRow) -> Result<Self, StoreError> {
        Ok(Self {
            position: position(&row.epoch, row.seq, row.tag)?,
            at: Timestamp::from_unix_ms(row.at),
            audience: spelling::audience(&row.audience).ok_or_else(|| damaged(row.seq, "no audience"))?,
            body: body(row)?,
        })
    }
}

fn body(row: EntryRow) -> Result<EntryBody, StoreError> {
    match EventKind::parse(&row.kind) {
        Some(EventKind::MessagePublished) => {
            let client_id = client_id(&needed("client_id", row.client_id)?)?;
            Ok(EntryBody::Published { message: Box::new(row.message.try_into()?), client_id })
        }
        Some(EventKind::MessageEdited) => Ok(EntryBody::Edited { message: Box::new(row.message.try_into()?) }),
        Some(EventKind::MessageDeleted) => Ok(EntryBody::Deleted { message: Box::new(row.message.try_into()?) }),
        Some(kind @ (EventKind::ReadStateChanged | EventKind::MessageStateChanged)) => {
            let ReadPayload { state, unread, marks } = from_json("payload", &needed("payload", row.payload)?)?;
            let marks = marks.filter(|_| kind == EventKind::MessageStateChanged).map(Box::new);
            Ok(EntryBody::Read { state, unread, marks })
        }
        Some(
            kind @ (EventKind::TopicCreated | EventKind::TopicChanged | EventKind::TopicJoined | EventKind::TopicLeft),
        ) => {
            let payload: TopicPayload = from_json("payload", &needed("payload", row.payload)?)?;
            payload.event(kind).map(|event| EntryBody::Topic(Box::new(event)))
        }
        Some(EventKind::SessionRevoked | EventKind::SessionsRevoked | EventKind::StandingChanged) => {
            let payload: RevokedPayload = from_json("payload", &needed("payload", row.payload)?)?;
            payload.revocation().map(EntryBody::Revoked)
        }
        _ => Ok(EntryBody::Other { kind: row.kind }),
    }
}
