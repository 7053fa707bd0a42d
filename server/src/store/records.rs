//! The rows that a batch becomes, the same in every database.

use push_system::{ids::UserId, message::Message};

use super::{
    Audience, Change, Entry, EntryBody, Publish, Write,
    rows::{int, json},
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
}

/// Audiences as `audience.kind` numbers them; what each means stands in the migrations.
#[derive(Clone, Copy)]
enum AudienceKind {
    Everyone = 0,
    Person = 1,
    OwnState = 3,
    Named = 4,
}

impl<'a> Stored<'a> {
    /// The message, if this is one.
    pub(super) fn published(self) -> Option<(&'a Publish, &'a Message)> {
        match (&self.write.change, &self.entry.body) {
            (Change::Publish(publish), EntryBody::Published { message, .. }) => Some((publish, message)),
            _ => None,
        }
    }

    pub(super) fn event(self) -> EventRecord<'a> {
        let published = self.published();
        EventRecord {
            seq: int(self.entry.position.seq.0),
            tag: self.entry.position.tag.into(),
            kind: self.entry.body.kind(),
            at: self.entry.at.unix_ms(),
            audience: spelling::audience_text(&self.entry.audience),
            message: published.map(|(_, message)| int(message.id.0)),
            client_id: published.map(|(publish, _)| publish.key.as_str()),
            payload: spelling::payload(&self.entry.body),
        }
    }

    pub(super) fn audiences(self) -> Vec<AudienceRecord> {
        match &self.write.change {
            Change::Publish(publish) => self.audiences_of_message(publish),
            Change::Read(read) => vec![self.audience(AudienceKind::OwnState, read.user, read.user)],
            Change::Revoke(_) | Change::Password { .. } | Change::Account { .. } => Vec::new(),
        }
    }

    fn audiences_of_message(self, publish: &Publish) -> Vec<AudienceRecord> {
        let sender = publish.sender.id;
        let receivers = match &self.entry.audience {
            Audience::People(people) => {
                people.iter().map(|person| self.audience(AudienceKind::Person, *person, sender)).collect()
            }
            _ => vec![self.audience(AudienceKind::Everyone, UserId(0), sender)],
        };
        let mut named = publish.named.clone();
        named.sort_unstable();
        named.dedup();
        let named = named.into_iter().map(|person| self.audience(AudienceKind::Named, person, sender));
        receivers.into_iter().chain(named).collect()
    }

    fn audience(self, kind: AudienceKind, id: UserId, sender: UserId) -> AudienceRecord {
        AudienceRecord { kind: kind as i64, id: int(id.0), seq: int(self.entry.position.seq.0), sender: int(sender.0) }
    }
}

impl<'a> MessageRecord<'a> {
    pub(super) fn of(message: &'a Message) -> Self {
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
                        "INSERT INTO message (id, sender_id, title, body, priority, at, extras, to_json, tags, click) ",
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
                            .push_bind(record.click);
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
                    let mut query = QueryBuilder::new("INSERT INTO audience (kind, id, seq, sender) ");
                    query.push_values(chunk, |mut row, record| {
                        row.push_bind(record.kind).push_bind(record.id).push_bind(record.seq).push_bind(record.sender);
                    });
                    query.build().persistent($keep).execute(&mut *self).await?;
                }
                Ok(())
            }
        }
    };
}
pub(super) use insert_rows;
