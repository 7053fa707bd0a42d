//! Reads the tables as they are, with SQL of its own that all three databases understand.

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
    AnyConnection, Connection, Row as _,
    any::{self, AnyRow},
};

use super::oracle::{Fact, Row, Tables};
use crate::failure::{Context, Failure};

/// An event's payload, where it is a read state.
#[derive(Deserialize)]
struct ReadPayload {
    #[serde(flatten)]
    state: ReadState,
    unread: u64,
}

/// Reads everything in one transaction.
pub(crate) async fn read(database_url: &str) -> Result<Tables, Failure> {
    any::install_default_drivers();
    let mut connection = AnyConnection::connect(database_url).await.context("opening the database for the oracle")?;
    let tables = read_from(&mut connection).await.context("reading the tables");
    connection.close().await.context("closing the oracle's connection")?;
    tables
}

async fn read_from(connection: &mut AnyConnection) -> Result<Tables, Failure> {
    let mut transaction = connection.begin().await.context("beginning")?;
    let head = sqlx::query("SELECT seq FROM head").fetch_one(&mut *transaction).await.context("head")?;
    let people = sqlx::query("SELECT id, name FROM account ORDER BY id").fetch_all(&mut *transaction).await;
    let messages =
        sqlx::query("SELECT id, sender_id, title, body, priority, at, extras, to_json, tags, click FROM message");
    let messages = messages.fetch_all(&mut *transaction).await;
    let events =
        sqlx::query("SELECT seq, tag, kind, at, audience, message_id, client_id, payload FROM event ORDER BY seq");
    let events = events.fetch_all(&mut *transaction).await;
    let keys = sqlx::query("SELECT sender_id, idempotency.key, message_id FROM idempotency")
        .fetch_all(&mut *transaction)
        .await;
    let reads = sqlx::query("SELECT user_id, read_upto, exceptions FROM read_state").fetch_all(&mut *transaction).await;
    transaction.rollback().await.context("ending")?;
    let people: Vec<Person> = all(&people.context("account")?, person)?;
    let messages = messages_by_id(&messages.context("message")?, &people)?;
    let rows = all(&events.context("event")?, |row| event(row, &messages))?;
    let published: HashSet<u64> = rows.iter().filter_map(Row::message).map(|message| message.id.0).collect();
    Ok(Tables {
        head: number(&head, "seq")?,
        orphans: rows.iter().filter(|row| is_orphan(row)).map(|row| row.seq).collect(),
        unpublished: messages.keys().filter(|id| !published.contains(id)).copied().collect(),
        keys: all(&keys.context("idempotency")?, key)?.into_iter().collect(),
        reads: all(&reads.context("read_state")?, read_state)?.into_iter().collect(),
        rows,
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

fn event(row: &AnyRow, messages: &HashMap<u64, Message>) -> Result<Row, Failure> {
    let kind = text(row, "kind")?;
    let fact = match kind.as_str() {
        "message_published" => match messages.get(&number(row, "message_id")?) {
            Some(message) => Fact::Published(Box::new(message.clone()), text(row, "client_id")?),
            None => Fact::Other(kind),
        },
        "read_state_changed" => {
            let ReadPayload { state, unread } = json(row, "payload")?;
            Fact::Read(state, unread)
        }
        _ => Fact::Other(kind),
    };
    Ok(Row {
        seq: number(row, "seq")?,
        tag: u32::try_from(number(row, "tag")?).context("tag")?,
        at: row.try_get("at").context("at")?,
        audience: text(row, "audience")?,
        fact,
    })
}

fn key(row: &AnyRow) -> Result<((UserId, String), u64), Failure> {
    Ok(((UserId(number(row, "sender_id")?), text(row, "key")?), number(row, "message_id")?))
}

fn read_state(row: &AnyRow) -> Result<(UserId, ReadState), Failure> {
    let exceptions: Ranges = json(row, "exceptions")?;
    let state = ReadState { read_upto: MessageId(number(row, "read_upto")?), exceptions };
    Ok((UserId(number(row, "user_id")?), state))
}
