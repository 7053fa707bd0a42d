//! The rows that a batch becomes, the same in every database.

use push_system::{ids::UserId, message::Message};

use super::{
    Amend, Audience, Change, Entry, EntryBody, Publish, Write,
    rows::{int, ints, json},
    spelling,
};

/// What was stored, with the write it came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored<'a> {
    pub(super) write: &'a Write,
    pub(super) entry: &'a Entry,
}

/// A row of `message`.
#[derive(Debug)]
pub struct MessageRecord<'a> {
    pub(super) id: i64,
    pub(super) sender: i64,
    pub(super) title: &'a str,
    pub(super) body: &'a str,
    pub(super) priority: i64,
    pub(super) at: i64,
    pub(super) extras: String,
    pub(super) to: String,
    pub(super) tags: String,
    pub(super) click: Option<&'a str>,
    pub(super) audience: String,
    pub(super) topics: Option<String>,
    pub(super) private_topic: Option<i64>,
}

/// A row of `idempotency`.
#[derive(Debug)]
pub struct KeyRecord<'a> {
    pub(super) sender: i64,
    pub(super) key: &'a str,
    pub(super) request_hash: &'a [u8],
    pub(super) message: i64,
    pub(super) at: i64,
}

/// A row of `event`.
#[derive(Debug)]
pub struct EventRecord<'a> {
    pub(super) seq: i64,
    pub(super) tag: i64,
    pub(super) kind: &'a str,
    pub(super) at: i64,
    pub(super) audience: String,
    pub(super) message: Option<i64>,
    pub(super) client_id: Option<&'a str>,
    pub(super) payload: Option<String>,
}

/// A row of `audience`.
#[derive(Debug)]
pub struct AudienceRecord {
    pub(super) kind: i64,
    pub(super) id: i64,
    pub(super) seq: i64,
    pub(super) sender: i64,
    pub(super) target: Option<i64>,
}

/// Audiences as `audience.kind` numbers them; what each means stands in the migrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AudienceKind {
    Everyone = 0,
    Person = 1,
    Topic = 2,
    PersonNews = 3,
    Named = 4,
    TopicNamed = 5,
    EveryoneNews = 6,
    TopicNews = 7,
}

/// The rows of `audience` by which people receive a message: kinds, each with its ids.
pub(super) fn keys_of_message(audience: &Audience) -> Vec<(AudienceKind, Vec<i64>)> {
    match audience {
        Audience::Everyone => vec![(AudienceKind::Everyone, vec![0])],
        Audience::People(people) => vec![(AudienceKind::Person, ints(people))],
        Audience::Topics { topics, people, .. } => {
            let topics = topics.iter().map(|topic| int(topic.0)).collect();
            vec![(AudienceKind::Topic, topics), (AudienceKind::Person, ints(people))]
        }
        Audience::Servers => Vec::new(),
    }
}

/// The rows of `audience` by which they are told of anything else, for which [`keys_of_message`] has those of messages. Only
/// replay reads them: they go with their events.
pub(super) fn keys_of_news(audience: &Audience) -> Vec<(AudienceKind, Vec<i64>)> {
    let news = |kind| match kind {
        AudienceKind::Everyone => AudienceKind::EveryoneNews,
        AudienceKind::Topic => AudienceKind::TopicNews,
        _ => AudienceKind::PersonNews,
    };
    keys_of_message(audience).into_iter().map(|(kind, ids)| (news(kind), ids)).collect()
}

impl<'a> Stored<'a> {
    /// The message, if this is one.
    pub(super) fn published(self) -> Option<(&'a Publish, &'a Message)> {
        match (&self.write.change, &self.entry.body) {
            (Change::Publish(publish), EntryBody::Published { message, .. }) => Some((publish, message)),
            _ => None,
        }
    }

    /// The message and how it changed, if one did.
    pub(super) fn amended(self) -> Option<(&'a Amend, &'a Message)> {
        match &self.write.change {
            Change::Amend(amend) => self.entry.body.message().map(|message| (amend, message)),
            _ => None,
        }
    }

    /// The row of the message, if this is one.
    pub(super) fn message(self) -> Option<MessageRecord<'a>> {
        self.published().map(|published| MessageRecord::of(published, &self.entry.audience))
    }

    pub(super) fn event(self) -> EventRecord<'a> {
        EventRecord {
            seq: int(self.entry.position.seq.0),
            tag: self.entry.position.tag.into(),
            kind: self.entry.body.kind(),
            at: self.entry.at.unix_ms(),
            audience: spelling::audience_text(&self.entry.audience),
            message: self.entry.body.message().map(|message| int(message.id.0)),
            client_id: self.published().map(|(publish, _)| publish.key.as_str()),
            payload: spelling::payload(&self.entry.body),
        }
    }

    pub(super) fn audiences(self) -> Vec<AudienceRecord> {
        match &self.write.change {
            Change::Publish(publish) => self.audiences_of_message(publish),
            Change::Amend(_) => {
                self.audiences_of_news(self.entry.body.message().map_or(UserId(0), |message| message.sender.id))
            }
            Change::Read(read) => vec![self.person(AudienceKind::PersonNews, read.user, read.user)],
            Change::Topic(write) => self.audiences_of_news(write.actor),
            Change::Revoke(_) | Change::Password { .. } | Change::Account { .. } => Vec::new(),
        }
    }

    fn audiences_of_message(self, publish: &Publish) -> Vec<AudienceRecord> {
        let sender = publish.sender.id;
        let mut rows = match &self.entry.audience {
            Audience::People(people) => self.people(AudienceKind::Person, people, sender),
            Audience::Topics { topics, people, .. } => {
                let mut rows = self.people(AudienceKind::Person, people, sender);
                rows.extend(topics.iter().map(|topic| self.row(AudienceKind::Topic, topic.0, sender)));
                rows
            }
            Audience::Everyone | Audience::Servers => vec![self.row(AudienceKind::Everyone, 0, sender)],
        };
        let mut named = publish.named.clone();
        named.sort_unstable();
        named.dedup();
        rows.extend(self.people(AudienceKind::Named, &named, sender));
        rows.extend(publish.topics.iter().map(|topic| self.row(AudienceKind::TopicNamed, topic.id.0, sender)));
        rows
    }

    /// Of what is no message, in the index of its own: it neither counts nor stands in a list.
    fn audiences_of_news(self, by: UserId) -> Vec<AudienceRecord> {
        match &self.entry.audience {
            Audience::Everyone => vec![self.row(AudienceKind::EveryoneNews, 0, by)],
            Audience::People(people) => self.people(AudienceKind::PersonNews, people, by),
            Audience::Topics { topics, people, at } => {
                let mut rows = self.people(AudienceKind::PersonNews, people, by);
                rows.extend(topics.iter().map(|topic| AudienceRecord {
                    target: Some(int(at.0)),
                    ..self.row(AudienceKind::TopicNews, topic.0, by)
                }));
                rows
            }
            Audience::Servers => Vec::new(),
        }
    }

    fn people(self, kind: AudienceKind, people: &[UserId], sender: UserId) -> Vec<AudienceRecord> {
        people.iter().map(|person| self.person(kind, *person, sender)).collect()
    }

    fn person(self, kind: AudienceKind, person: UserId, sender: UserId) -> AudienceRecord {
        self.row(kind, person.0, sender)
    }

    fn row(self, kind: AudienceKind, id: u64, sender: UserId) -> AudienceRecord {
        let seq = int(self.entry.position.seq.0);
        AudienceRecord { kind: kind as i64, id: int(id), seq, sender: int(sender.0), target: None }
    }
}

impl<'a> MessageRecord<'a> {
    pub(super) fn of((publish, message): (&Publish, &'a Message), audience: &Audience) -> Self {
        Self {
            id: int(message.id.0),
            sender: int(message.sender.id.0),
            title: &message.title,
            body: &message.message,
            priority: message.priority.into(),
            at: message.date.unix_ms(),
            extras: json(&message.extras),
            to: json(&message.to),
            tags: json(&message.tags),
            click: message.click.as_deref(),
            audience: spelling::audience_text(audience),
            topics: (!message.topics.is_empty()).then(|| json(&message.topics)),
            private_topic: publish.private_topic().map(|topic| int(topic.0)),
        }
    }
}

impl<'a> KeyRecord<'a> {
    pub(super) fn of((publish, message): (&'a Publish, &Message)) -> Self {
        Self {
            sender: int(publish.sender.id.0),
            key: publish.key.as_str(),
            request_hash: &publish.request_hash,
            message: int(message.id.0),
            at: message.date.unix_ms(),
        }
    }
}

/// [`super::statements::InsertRows`] for a database whose parameters are question marks. `pieces` cuts the rows into those
/// of one statement each; whether it is kept prepared is said last.
macro_rules! insert_rows {
    ($connection:ty, $pieces:path, $keep:literal) => {
        #[async_trait]
        impl InsertRows for $connection {
            async fn insert_messages(&mut self, records: &[MessageRecord<'_>]) -> Result<(), StoreError> {
                for chunk in $pieces(records) {
                    let mut query = QueryBuilder::new(
                        "INSERT INTO message \
                         (id, sender_id, title, body, priority, at, extras, to_json, tags, click, audience, topics, \
                          private_topic) ",
                    );
                    query.push_values(chunk, |mut row, record| {
                        row.push_bind(record.id)
                            .push_bind(record.sender)
                            .push_bind(record.title)
                            .push_bind(record.body)
                            .push_bind(record.priority)
                            .push_bind(record.at)
                            .push_bind(&record.extras)
                            .push_bind(&record.to)
                            .push_bind(&record.tags)
                            .push_bind(record.click)
                            .push_bind(&record.audience)
                            .push_bind(&record.topics)
                            .push_bind(record.private_topic);
                    });
                    query.build().persistent($keep).execute(&mut *self).await?;
                }
                Ok(())
            }

            async fn insert_keys(&mut self, records: &[KeyRecord<'_>]) -> Result<(), StoreError> {
                for chunk in $pieces(records) {
                    let mut query =
                        QueryBuilder::new("INSERT INTO idempotency (sender_id, `key`, request_hash, message_id, at) ");
                    query.push_values(chunk, |mut row, record| {
                        row.push_bind(record.sender)
                            .push_bind(record.key)
                            .push_bind(record.request_hash)
                            .push_bind(record.message)
                            .push_bind(record.at);
                    });
                    query.build().persistent($keep).execute(&mut *self).await?;
                }
                Ok(())
            }

            async fn insert_events(&mut self, records: &[EventRecord<'_>]) -> Result<(), StoreError> {
                for chunk in $pieces(records) {
                    let mut query = QueryBuilder::new(
                        "INSERT INTO event (seq, tag, kind, at, audience, message_id, client_id, payload) ",
                    );
                    query.push_values(chunk, |mut row, record| {
                        row.push_bind(record.seq)
                            .push_bind(record.tag)
                            .push_bind(record.kind)
                            .push_bind(record.at)
                            .push_bind(&record.audience)
                            .push_bind(record.message)
                            .push_bind(record.client_id)
                            .push_bind(&record.payload);
                    });
                    query.build().persistent($keep).execute(&mut *self).await?;
                }
                Ok(())
            }

            async fn insert_audiences(&mut self, records: &[AudienceRecord]) -> Result<(), StoreError> {
                for chunk in $pieces(records) {
                    let mut query = QueryBuilder::new("INSERT INTO audience (kind, id, seq, sender, target) ");
                    query.push_values(chunk, |mut row, record| {
                        row.push_bind(record.kind)
                            .push_bind(record.id)
                            .push_bind(record.seq)
                            .push_bind(record.sender)
                            .push_bind(record.target);
                    });
                    query.build().persistent($keep).execute(&mut *self).await?;
                }
                Ok(())
            }
        }
    };
}
pub(super) use insert_rows;
