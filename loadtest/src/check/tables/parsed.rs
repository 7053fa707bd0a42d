//! Rows of the tables as what they stand for.

use std::collections::HashMap;

use push_system::{
    accounts::{Person, Username},
    audience::Recipients,
    ids::{MessageId, TopicId, UserId},
    marks::{Marks, MarksChange},
    message::Message,
    read_state::{Ranges, ReadState},
    timestamp::Timestamp,
    topic::{Topic, TopicName},
};
use serde::{Deserialize, de::DeserializeOwned};
use sqlx::{Row as _, any::AnyRow};

use crate::{
    check::{
        history::State,
        oracle::{Fact, News, Row, Stay},
    },
    failure::{Context, Failure},
};

/// An event's payload, where it is a person's state.
#[derive(Deserialize)]
struct ReadPayload {
    #[serde(flatten)]
    state: ReadState,
    unread: u64,
}

/// A topic as it was told, and where somebody came into it, or went.
#[derive(Deserialize)]
struct TopicPayload {
    topic: Topic,
    #[serde(default)]
    user: UserId,
    #[serde(default)]
    unread: u64,
}

/// A row of `event`, before it is joined with anything.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) seq: u64,
    tag: u32,
    kind: String,
    at: i64,
    audience: String,
    message_id: Option<u64>,
    client_id: Option<String>,
    payload: Option<String>,
}

impl Event {
    fn said<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let payload = self.payload.as_deref().unwrap_or_default();
        serde_json::from_str(payload).context(format!("the payload of event {}", self.seq))
    }
}

pub(super) fn number(row: &AnyRow, column: &str) -> Result<u64, Failure> {
    let number: i64 = row.try_get(column).context(column)?;
    u64::try_from(number).context(column)
}

fn perhaps(row: &AnyRow, column: &str) -> Result<Option<u64>, Failure> {
    let number: Option<i64> = row.try_get(column).context(column)?;
    number.map(u64::try_from).transpose().context(column)
}

fn time(row: &AnyRow, column: &str) -> Result<Option<Timestamp>, Failure> {
    let time: Option<i64> = row.try_get(column).context(column)?;
    Ok(time.map(Timestamp::from_unix_ms))
}

pub(super) fn text(row: &AnyRow, column: &str) -> Result<String, Failure> {
    row.try_get(column).context(column)
}

fn optional(row: &AnyRow, column: &str) -> Result<Option<String>, Failure> {
    row.try_get(column).context(column)
}

fn json<T: DeserializeOwned>(row: &AnyRow, column: &str) -> Result<T, Failure> {
    serde_json::from_str(&text(row, column)?).context(column)
}

pub(super) fn person(row: &AnyRow) -> Result<Person, Failure> {
    Ok(Person { id: UserId(number(row, "id")?), name: Username::parse(&text(row, "name")?).context("account.name")? })
}

pub(super) fn message(row: &AnyRow, sender: Person) -> Result<Message, Failure> {
    let to: Vec<String> = json(row, "to_json")?;
    let topics = optional(row, "topics")?.map(|topics| serde_json::from_str(&topics).context("topics"));
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
        topics: topics.transpose()?.unwrap_or_default(),
        edited: time(row, "edited_at")?,
        deleted: time(row, "deleted_at")?,
    })
}

pub(super) fn event(row: &AnyRow) -> Result<Event, Failure> {
    Ok(Event {
        seq: number(row, "seq")?,
        tag: u32::try_from(number(row, "tag")?).context("tag")?,
        kind: text(row, "kind")?,
        at: row.try_get("at").context("at")?,
        audience: text(row, "audience")?,
        message_id: perhaps(row, "message_id")?,
        client_id: optional(row, "client_id")?,
        payload: optional(row, "payload")?,
    })
}

/// What is about nothing the tables have is of another kind than it says.
pub(super) fn joined(event: Event, messages: &HashMap<u64, Message>) -> Result<Row, Failure> {
    let message = event.message_id.and_then(|id| messages.get(&id)).cloned().map(Box::new);
    let fact = match (event.kind.as_str(), message) {
        ("message_published", Some(message)) => Fact::Published(message, event.client_id.clone().unwrap_or_default()),
        ("message_edited", Some(message)) => Fact::Edited(message),
        ("message_deleted", Some(message)) => Fact::Deleted(message),
        ("read_state_changed", ..) => {
            let ReadPayload { state, unread } = event.said()?;
            Fact::Read(state, unread)
        }
        ("message_state_changed", ..) => {
            let ReadPayload { state, unread } = event.said()?;
            Fact::Marked(state, unread, Box::new(event.said::<MarksChange>()?))
        }
        (kind @ ("topic_created" | "topic_joined" | "topic_changed" | "topic_left"), _) => {
            let TopicPayload { topic, user, unread } = event.said()?;
            let news = match kind {
                "topic_created" => News::Created(user),
                "topic_joined" => News::Joined(user),
                "topic_changed" => News::Changed,
                _ => News::Left(user, unread),
            };
            Fact::Topic(Box::new(topic), news)
        }
        _ => Fact::Other(event.kind.clone()),
    };
    let Event { seq, tag, at, audience, .. } = event;
    Ok(Row { seq, tag, at, audience, fact })
}

pub(super) fn key(row: &AnyRow) -> Result<((UserId, String), u64), Failure> {
    Ok(((UserId(number(row, "sender_id")?), text(row, "key")?), number(row, "message_id")?))
}

pub(super) fn state(row: &AnyRow) -> Result<(UserId, State), Failure> {
    let exceptions: Ranges = json(row, "exceptions")?;
    let read = ReadState { read_upto: MessageId(number(row, "read_upto")?), exceptions };
    let seen_upto = MessageId(number(row, "seen_upto")?);
    let marks = Marks { seen_upto, archived: json(row, "archived")?, saved: json(row, "saved")? };
    Ok((UserId(number(row, "user_id")?), State { read, marks }))
}

pub(super) fn topic(row: &AnyRow) -> Result<Topic, Failure> {
    Ok(Topic {
        id: TopicId(number(row, "id")?),
        name: TopicName::parse(&text(row, "name")?).context("topic.name")?,
        description: text(row, "description")?,
        private: number(row, "private")? != 0,
        archived: number(row, "archived")? != 0,
    })
}

pub(super) fn stay(row: &AnyRow) -> Result<Stay, Failure> {
    Ok(Stay {
        user: UserId(number(row, "user_id")?),
        topic: TopicId(number(row, "topic_id")?),
        after: number(row, "after_seq")?,
        until: perhaps(row, "until_seq")?,
    })
}
