//! Reads the tables as they are, with SQL of its own that all three databases understand.

pub(crate) mod archive;
mod parsed;
pub(crate) mod rewind;

use std::collections::{HashMap, HashSet};

use push_system::{
    accounts::Person,
    ids::{TopicId, UserId},
    message::Message,
    topic::Topic,
};
use sqlx::{
    AnyConnection, AssertSqlSafe, Connection,
    any::{self, AnyRow},
};

use self::{
    archive::Archive,
    parsed::{Event, event, joined, key, message, number, person, state, stay, text, topic},
};
use super::oracle::{Fact, Row, Tables};
use crate::failure::{Context, Failure};

/// What is read of an event.
const EVENT: &str = "SELECT seq, tag, kind, at, audience, message_id, client_id, payload FROM event";
/// Of a message.
const MESSAGE: &str = "SELECT id, sender_id, title, body, priority, at, extras, to_json, tags, click, topics, edited_at, \
    deleted_at FROM message";
/// Of a topic: whether something is so is a number in every database.
const TOPIC: &str = "SELECT id, name, description, CASE WHEN private THEN 1 ELSE 0 END AS private, \
    CASE WHEN archived THEN 1 ELSE 0 END AS archived FROM topic";
/// Of who was in which one when.
const STAY: &str = "SELECT user_id, topic_id, after_seq, until_seq FROM membership ORDER BY after_seq";
/// Of what people read and marked.
const STATE: &str = "SELECT user_id, read_upto, exceptions, seen_upto, archived, saved FROM read_state";

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
    let messages = messages_by_id(&rows(connection, MESSAGE).await?, &people)?;
    let topics = all(&rows(connection, TOPIC).await?, topic)?.into_iter().map(|topic| (topic.id, topic));
    let topics: HashMap<TopicId, Topic> = topics.collect();
    let events = all(&rows(connection, &format!("{EVENT} ORDER BY seq")).await?, event)?;
    let events = archive.and(events)?.into_iter();
    let rows_of_log = events.map(|event| joined(event, &messages)).collect::<Result<Vec<Row>, Failure>>()?;
    let keys = "SELECT sender_id, idempotency.key, message_id FROM idempotency";
    let keys = all(&rows(connection, keys).await?, key)?.into_iter().collect();
    let published: HashSet<u64> = rows_of_log.iter().filter_map(Row::message).map(|message| message.id.0).collect();
    Ok(Tables {
        head: number(head, "seq")?,
        epoch: text(head, "epoch")?,
        orphans: rows_of_log.iter().filter(|row| is_orphan(row)).map(|row| row.seq).collect(),
        unpublished: messages.keys().filter(|id| !published.contains(id)).copied().collect(),
        keys,
        states: all(&rows(connection, STATE).await?, state)?.into_iter().collect(),
        stays: all(&rows(connection, STAY).await?, stay)?,
        rows: rows_of_log,
        people,
        messages,
        topics,
    })
}

fn all<T>(rows: &[AnyRow], read: impl Fn(&AnyRow) -> Result<T, Failure>) -> Result<Vec<T>, Failure> {
    rows.iter().map(read).collect()
}

fn is_orphan(row: &Row) -> bool {
    matches!(&row.fact, Fact::Other(kind) if kind.starts_with("message_") || kind.starts_with("topic_"))
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
