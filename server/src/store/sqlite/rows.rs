//! Rows into domain types. What does not parse is a damaged database, told by the row it stands in.

use push_system::{
    accounts::{Person, Role, Username},
    audience::Recipients,
    event::EventKind,
    ids::{MessageId, Seq, UserId},
    message::{ClientId, Message},
    position::{Epoch, Position},
    read_state::{Ranges, ReadState},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sqlx::{Row as _, sqlite::SqliteRow};
use uuid::Uuid;

use super::super::{Account, Audience, Entry, EntryBody, Head, Revocation, Session, SessionId, StoreError};

/// The columns that [`message`] reads, from `message m JOIN account s`.
macro_rules! message_columns {
    () => {
        "m.id AS message_id, m.sender_id, s.name AS sender_name, m.title, m.body, m.priority, m.at AS message_at, \
         m.extras, m.to_json, m.tags, m.click"
    };
}
pub(super) use message_columns;

/// `SQLite`'s integers are signed; ids stay far below, and a client's larger number means "the largest".
pub(super) fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A list of ranges for `json_each`, each `[from, to]` within `SQLite`'s integers.
pub(super) fn ranges_json(ranges: &Ranges) -> String {
    let list: Vec<_> = ranges.iter().map(|(from, to)| (int(from), int(to))).collect();
    json(&list)
}

/// Values of our own types always serialize: their keys are strings and their writers cannot fail.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn damaged(row: impl std::fmt::Display, what: &str) -> StoreError {
    StoreError::new(format!("damaged row: {row}: {what}"))
}

fn from_json<T: DeserializeOwned>(row: &SqliteRow, column: &str) -> Result<T, StoreError> {
    let text: &str = row.try_get(column)?;
    serde_json::from_str(text).map_err(|error| damaged(column, &error.to_string()))
}

fn time(row: &SqliteRow, column: &str) -> Result<Timestamp, StoreError> {
    Ok(Timestamp::from_unix_ms(row.try_get(column)?))
}

fn username(text: &str) -> Result<Username, StoreError> {
    Username::parse(text).map_err(|error| damaged(text, &error.to_string()))
}

fn epoch(text: &str) -> Result<Epoch, StoreError> {
    Epoch::parse(text).ok_or_else(|| damaged("head", "no epoch"))
}

/// From `id, name`.
pub(super) fn person(row: &SqliteRow) -> Result<Person, StoreError> {
    Ok(Person { id: UserId(row.try_get("id")?), name: username(row.try_get("name")?)? })
}

/// From all columns of `account`.
pub(super) fn account(row: &SqliteRow) -> Result<Account, StoreError> {
    Ok(Account {
        person: person(row)?,
        role: role(row.try_get("role")?)?,
        email: row.try_get("email")?,
        password_hash: row.try_get("password_hash")?,
        disabled: row.try_get("disabled")?,
        created: time(row, "created")?,
    })
}

fn role(text: &str) -> Result<Role, StoreError> {
    [Role::Admin, Role::Member].into_iter().find(|role| role.as_str() == text).ok_or_else(|| damaged(text, "no role"))
}

/// From `session_id, expires` of the session and `id, name, role` of its person.
pub(super) fn session(row: &SqliteRow) -> Result<Session, StoreError> {
    Ok(Session {
        id: session_id(row.try_get("session_id")?)?,
        person: person(row)?,
        role: role(row.try_get("role")?)?,
        expires: time(row, "expires")?,
    })
}

fn session_id(text: &str) -> Result<SessionId, StoreError> {
    Uuid::try_parse(text).map(SessionId).map_err(|error| damaged(text, &error.to_string()))
}

/// From `read_upto, exceptions`.
pub(super) fn read_state(row: &SqliteRow) -> Result<ReadState, StoreError> {
    let exceptions: Ranges = from_json(row, "exceptions")?;
    Ok(ReadState { read_upto: MessageId(row.try_get("read_upto")?), exceptions })
}

/// From `system, epoch, seq, floor, tag`.
pub(super) fn head(row: &SqliteRow) -> Result<Head, StoreError> {
    let position =
        Position { epoch: epoch(row.try_get("epoch")?)?, seq: Seq(row.try_get("seq")?), tag: row.try_get("tag")? };
    Ok(Head { position, floor: Seq(row.try_get("floor")?), system: row.try_get("system")? })
}

/// From [`message_columns`].
pub(super) fn message(row: &SqliteRow) -> Result<Message, StoreError> {
    let to: Vec<String> = from_json(row, "to_json")?;
    let to = Recipients::parse(to.iter().map(String::as_str)).map_err(|_| damaged("to_json", "no recipients"))?;
    let sender = Person { id: UserId(row.try_get("sender_id")?), name: username(row.try_get("sender_name")?)? };
    Ok(Message {
        id: MessageId(row.try_get("message_id")?),
        appid: 0,
        title: row.try_get("title")?,
        message: row.try_get("body")?,
        priority: row.try_get("priority")?,
        date: time(row, "message_at")?,
        extras: from_json(row, "extras")?,
        sender,
        to,
        tags: from_json(row, "tags")?,
        click: row.try_get("click")?,
    })
}

/// From all columns of `event`, `epoch`, and [`message_columns`], which may be null.
pub(super) fn entry(row: &SqliteRow) -> Result<Entry, StoreError> {
    let seq = row.try_get("seq")?;
    let position = Position { epoch: epoch(row.try_get("epoch")?)?, seq: Seq(seq), tag: row.try_get("tag")? };
    let audience = audience(row.try_get("audience")?).ok_or_else(|| damaged(seq, "no audience"))?;
    Ok(Entry { position, at: time(row, "at")?, audience, body: body(row)? })
}

fn body(row: &SqliteRow) -> Result<EntryBody, StoreError> {
    let kind: &str = row.try_get("kind")?;
    match EventKind::parse(kind) {
        Some(EventKind::MessagePublished) => {
            let client_id = ClientId::parse(row.try_get("client_id")?, "client_id");
            let client_id = client_id.map_err(|_| damaged("client_id", "no key"))?;
            Ok(EntryBody::Published { message: Box::new(message(row)?), client_id })
        }
        Some(EventKind::ReadStateChanged) => {
            let ReadPayload { state, unread } = from_json(row, "payload")?;
            Ok(EntryBody::Read { state, unread })
        }
        Some(EventKind::SessionRevoked | EventKind::SessionsRevoked) => {
            from_json::<RevokedPayload>(row, "payload")?.revocation().map(EntryBody::Revoked)
        }
        _ => Ok(EntryBody::Other { kind: kind.to_owned() }),
    }
}

/// How the log spells what happened beyond the envelope; null where the message's row says it all.
pub(super) fn payload(body: &EntryBody) -> Option<String> {
    match body {
        EntryBody::Published { .. } | EntryBody::Other { .. } => None,
        EntryBody::Read { state, unread } => Some(json(&ReadPayload { state: state.clone(), unread: *unread })),
        EntryBody::Revoked(revocation) => Some(json(&RevokedPayload::from(revocation))),
    }
}

#[derive(Serialize, Deserialize)]
struct ReadPayload {
    #[serde(flatten)]
    state: ReadState,
    unread: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum RevokedPayload {
    Session { session: String },
    Person { user: UserId, keep: Option<String> },
}

impl From<&Revocation> for RevokedPayload {
    fn from(revocation: &Revocation) -> Self {
        match revocation {
            Revocation::Session(session) => Self::Session { session: session.to_string() },
            Revocation::Person { user, keep } => Self::Person { user: *user, keep: keep.map(|keep| keep.to_string()) },
        }
    }
}

impl RevokedPayload {
    fn revocation(self) -> Result<Revocation, StoreError> {
        match self {
            Self::Session { session } => session_id(&session).map(Revocation::Session),
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

fn audience(text: &str) -> Option<Audience> {
    match text {
        "everyone" => Some(Audience::Everyone),
        "servers" => Some(Audience::Servers),
        people => people.split(',').map(|id| id.parse().ok().map(UserId)).collect::<Option<_>>().map(Audience::People),
    }
}
