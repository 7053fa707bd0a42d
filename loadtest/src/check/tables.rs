//! Reads the tables as they are, with SQL of its own that all three databases understand.

pub(crate) mod archive;
pub(crate) mod rewind;

use std::collections::{HashMap, HashSet};

use push_system::{
    accounts::{Person, Username},
    audience::Recipients,
    ids::{MessageId, UserId},
    message::Message,
    read_state::{Ranges, ReadState},
    timestamp::Timestamp,
};
use serde::{Deserialize, de::DeserializeOwned};
use sqlx::{
    AnyConnection, AssertSqlSafe, Connection, Row as _,
    any::{self, AnyRow},
};

use self::archive::Archive;
use super::oracle::{Fact, Row, Tables};
use crate::failure::{Context, Failure};

/// What is read of an event.
const EVENT: &str = "SELECT seq, tag, kind, at, audience, message_id, client_id, payload FROM event";

/// An event's payload, where it is a read state.
#[derive(Deserialize)]
struct ReadPayload {
    #[serde(flatten)]
    state: ReadState,
    unread: u64,
}

/// A row of `event`, before it is joined with anything.
#[derive(Clone, Debug)]
struct Event {
    seq: u64,
    tag: u32,
    kind: String,
    at: i64,
    audience: String,
    message_id: Option<u64>,
    client_id: Option<String>,
    payload: Option<String>,
}

/// Opens a connection for the oracle.
async fn open(database_url: &str) -> Result<AnyConnection, Failure> {
    any::install_default_drivers();
    AnyConnection::connect(database_url).await.context("opening the database for the oracle")
}

/// Reads everything in one transaction, and what is no longer there from the archive.
pub(crate) async fn read(database_url: &str, archive: &Archive) -> Result<Tables, Failure> {
    let mut connection = open(database_url).await?;
    let mut transaction = connection.begin().await.context("beginning")?;
    let tables = read_in(&mut transaction, archive).await.context("reading the tables")?;
    transaction.rollback().await.context("ending")?;
    connection.close().await.context("closing the oracle's connection")?;
    Ok(tables)
}

/// Where the log ends now, and in which epoch.
pub(crate) async fn head(database_url: &str) -> Result<(u64, String), Failure> {
    let mut connection = open(database_url).await?;
    let head = rows(&mut connection, "SELECT seq, epoch FROM head").await?;
    connection.close().await.context("closing the oracle's connection")?;
    let head = head.first().ok_or_else(|| Failure::new("there is no head"))?;
    Ok((number(head, "seq")?, text(head, "epoch")?))
}

async fn rows(connection: &mut AnyConnection, sql: &str) -> Result<Vec<AnyRow>, Failure> {
    sqlx::query(AssertSqlSafe(sql)).fetch_all(connection).await.context(sql)
}

async fn read_in(connection: &mut AnyConnection, archive: &Archive) -> Result<Tables, Failure> {
    let head = rows(connection, "SELECT seq, epoch FROM head").await?;
    let head = head.first().ok_or_else(|| Failure::new("there is no head"))?;
    let people: Vec<Person> = all(&rows(connection, "SELECT id, name FROM account ORDER BY id").await?, person)?;
    let messages = "SELECT id, sender_id, title, body, priority, at, extras, to_json, tags, click FROM message";
    let messages = messages_by_id(&rows(connection, messages).await?, &people)?;
    let events = all(&rows(connection, &format!("{EVENT} ORDER BY seq")).await?, event)?;
    let events = archive.and(events)?.into_iter();
    let rows_of_log = events.map(|event| joined(event, &messages)).collect::<Result<Vec<Row>, Failure>>()?;
    let keys = "SELECT sender_id, idempotency.key, message_id FROM idempotency";
    let keys = all(&rows(connection, keys).await?, key)?.into_iter().collect();
    let reads = "SELECT user_id, read_upto, exceptions FROM read_state";
    let reads = all(&rows(connection, reads).await?, read_state)?.into_iter().collect();
    let published: HashSet<u64> = rows_of_log.iter().filter_map(Row::message).map(|message| message.id.0).collect();
    Ok(Tables {
        head: number(head, "seq")?,
        epoch: text(head, "epoch")?,
        orphans: rows_of_log.iter().filter(|row| is_orphan(row)).map(|row| row.seq).collect(),
        unpublished: messages.keys().filter(|id| !published.contains(id)).copied().collect(),
        keys,
        reads,
        rows: rows_of_log,
        people,
    })
}

fn all<T>(rows: &[AnyRow], read: impl Fn(&AnyRow) -> Result<T, Failure>) -> Result<Vec<T>, Failure> {
    rows.iter().map(read).collect()
}

fn is_orphan(row: &Row) -> bool {
    matches!(&row.fact, Fact::Other(kind) if kind == "message_published")
}

fn number(row: &AnyRow, column: &str) -> Result<u64, Failure> {
    let number: i64 = row.try_get(column).context(column)?;
    u64::try_from(number).context(column)
}

fn text(row: &AnyRow, column: &str) -> Result<String, Failure> {
    row.try_get(column).context(column)
}

fn optional(row: &AnyRow, column: &str) -> Result<Option<String>, Failure> {
    row.try_get(column).context(column)
}

fn json<T: DeserializeOwned>(row: &AnyRow, column: &str) -> Result<T, Failure> {
    serde_json::from_str(&text(row, column)?).context(column)
}

fn person(row: &AnyRow) -> Result<Person, Failure> {
    Ok(Person { id: UserId(number(row, "id")?), name: Username::parse(&text(row, "name")?).context("account.name")? })
}

fn messages_by_id(rows: &[AnyRow], people: &[Person]) -> Result<HashMap<u64, Message>, Failure> {
    let people: HashMap<UserId, &Person> = people.iter().map(|person| (person.id, person)).collect();
    let by_id = |row: &AnyRow| {
        let sender = UserId(number(row, "sender_id")?);
        let sender = people.get(&sender).ok_or_else(|| Failure::new(format!("nobody has number {sender}")))?;
        let message = message(row, (*sender).clone())?;
        Ok((message.id.0, message))
    };
    rows.iter().map(by_id).collect()
}

fn message(row: &AnyRow, sender: Person) -> Result<Message, Failure> {
    let to: Vec<String> = json(row, "to_json")?;
    Ok(Message {
        id: MessageId(number(row, "id")?),
        appid: 0,
        title: text(row, "title")?,
        message: text(row, "body")?,
        priority: u8::try_from(number(row, "priority")?).context("priority")?,
        date: Timestamp::from_unix_ms(row.try_get("at").context("at")?),
        extras: json(row, "extras")?,
        sender,
        to: Recipients::parse(to.iter().map(String::as_str)).context("to_json")?,
        tags: json(row, "tags")?,
        click: optional(row, "click")?,
    })
}

fn event(row: &AnyRow) -> Result<Event, Failure> {
    let message_id: Option<i64> = row.try_get("message_id").context("message_id")?;
    Ok(Event {
        seq: number(row, "seq")?,
        tag: u32::try_from(number(row, "tag")?).context("tag")?,
        kind: text(row, "kind")?,
        at: row.try_get("at").context("at")?,
        audience: text(row, "audience")?,
        message_id: message_id.map(u64::try_from).transpose().context("message_id")?,
        client_id: optional(row, "client_id")?,
        payload: optional(row, "payload")?,
    })
}

fn joined(event: Event, messages: &HashMap<u64, Message>) -> Result<Row, Failure> {
    let Event { seq, tag, kind, at, audience, message_id, client_id, payload } = event;
    let fact = match kind.as_str() {
        "message_published" => match message_id.and_then(|id| messages.get(&id)) {
            Some(message) => Fact::Published(Box::new(message.clone()), client_id.unwrap_or_default()),
            None => Fact::Other(kind),
        },
        "read_state_changed" => {
            let ReadPayload { state, unread } =
                serde_json::from_str(&payload.unwrap_or_default()).context(format!("the payload of event {seq}"))?;
            Fact::Read(state, unread)
        }
        _ => Fact::Other(kind),
    };
    Ok(Row { seq, tag, at, audience, fact })
}

fn key(row: &AnyRow) -> Result<((UserId, String), u64), Failure> {
    Ok(((UserId(number(row, "sender_id")?), text(row, "key")?), number(row, "message_id")?))
}

fn read_state(row: &AnyRow) -> Result<(UserId, ReadState), Failure> {
    let exceptions: Ranges = json(row, "exceptions")?;
    let state = ReadState { read_upto: MessageId(number(row, "read_upto")?), exceptions };
    Ok((UserId(number(row, "user_id")?), state))
}
