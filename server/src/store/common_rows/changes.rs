//! Messages that are edited and deleted, and what people mark, in SQL that all databases speak.

use async_trait::async_trait;
use push_system::{
    event::EventKind,
    ids::{MessageId, UserId},
    marks::Marks,
    message::Message,
    timestamp::Timestamp,
};
use sqlx::{MySqlConnection, PgConnection, QueryBuilder, SqliteConnection};

use super::super::{
    Audience, StoreError, StoredMessage,
    mysql::padded,
    records::keys_of_message,
    rows::{self, int, json, message_columns},
    statements::Span,
};
use super::shapes::{DeletionRow, StoredMessageRow};

/// A message whose words in the search index are older than its text.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub struct Changed {
    /// The place of the change.
    pub seq: i64,
    /// The message.
    pub message_id: i64,
}

/// A message that was deleted.
#[derive(Debug)]
pub struct Deletion {
    /// Which one.
    pub message: MessageId,
    /// Who had sent it.
    pub sender: UserId,
    /// Whom it had reached.
    pub audience: Audience,
}

/// What becomes of messages, and of a person's state beyond reading. What changes something needs the transaction of its
/// event.
#[async_trait]
pub trait ChangeRows {
    /// Those that exist, as they are.
    async fn stored_messages(&mut self, ids: &[MessageId]) -> Result<Vec<StoredMessage>, StoreError>;

    /// The row of a message says what it says now.
    async fn replace_message(&mut self, message: &Message) -> Result<(), StoreError>;

    /// A message does not count as unread any more, for whomever it reached.
    async fn mark_gone(&mut self, message: MessageId, audience: &Audience) -> Result<(), StoreError>;

    /// What was deleted by events in `span`, whoever is told.
    async fn deleted_in(&mut self, span: Span) -> Result<Vec<Deletion>, StoreError>;

    /// The version of a person's state.
    async fn state_version(&mut self, user: UserId) -> Result<Option<i64>, StoreError>;

    /// Replaces what is seen, archived and saved; the version is raised with what is read.
    async fn set_marks(&mut self, user: UserId, marks: &Marks) -> Result<(), StoreError>;

    /// The words of a message are not those in the search index.
    async fn note_changed(&mut self, change: Changed) -> Result<(), StoreError>;

    /// The oldest changes that the search index has not seen, and the place of the newest one; 0 where there is none.
    async fn changed(&mut self, limit: u32) -> Result<(Vec<Changed>, i64), StoreError>;

    /// The search index has seen these.
    async fn forget_changed(&mut self, seen: &[Changed]) -> Result<(), StoreError>;
}

/// [`ChangeRows`] for a connection.
macro_rules! change_rows {
    ($connection:ty) => {
        #[async_trait]
        impl ChangeRows for $connection {
            async fn stored_messages(&mut self, ids: &[MessageId]) -> Result<Vec<StoredMessage>, StoreError> {
                const MESSAGES: &str = concat!(
                    "SELECT ",
                    message_columns!(),
                    ", m.audience, m.private_topic FROM message m JOIN account s ON s.id = m.sender_id WHERE m.id IN ("
                );
                let mut found = Vec::with_capacity(ids.len());
                for some in ids.chunks(AT_ONCE) {
                    let mut query = QueryBuilder::new(MESSAGES);
                    let mut list = query.separated(", ");
                    for id in padded(some) {
                        list.push_bind(int(id.0));
                    }
                    query.push(")");
                    let rows = query.build_query_as::<StoredMessageRow>().fetch_all(&mut *self).await?;
                    let some: Vec<StoredMessage> = rows::all(rows)?;
                    found.extend(some);
                }
                Ok(found)
            }

            async fn replace_message(&mut self, message: &Message) -> Result<(), StoreError> {
                let mut query = QueryBuilder::new("UPDATE message SET title = ");
                query.push_bind(message.title.as_str()).push(", body = ").push_bind(message.message.as_str());
                query.push(", priority = ").push_bind(i64::from(message.priority));
                query.push(", extras = ").push_bind(json(&message.extras));
                query.push(", tags = ").push_bind(json(&message.tags));
                query.push(", click = ").push_bind(message.click.as_deref());
                query.push(", edited_at = ").push_bind(message.edited.map(Timestamp::unix_ms));
                query.push(", deleted_at = ").push_bind(message.deleted.map(Timestamp::unix_ms));
                query.push(" WHERE id = ").push_bind(int(message.id.0));
                query.build().execute(self).await?;
                Ok(())
            }

            async fn mark_gone(&mut self, message: MessageId, audience: &Audience) -> Result<(), StoreError> {
                for (kind, ids) in keys_of_message(audience) {
                    if ids.is_empty() {
                        continue;
                    }
                    let mut query = QueryBuilder::new("UPDATE audience SET gone = TRUE WHERE kind = ");
                    query.push_bind(kind as i64).push(" AND seq = ").push_bind(int(message.0)).push(" AND id IN (");
                    let mut list = query.separated(", ");
                    for id in padded(&ids) {
                        list.push_bind(id);
                    }
                    query.push(")");
                    query.build().execute(&mut *self).await?;
                }
                Ok(())
            }

            async fn deleted_in(&mut self, span: Span) -> Result<Vec<Deletion>, StoreError> {
                let mut query = QueryBuilder::new(
                    "SELECT m.id, m.sender_id, e.audience FROM event e JOIN message m ON m.id = e.message_id \
                     WHERE e.seq > ",
                );
                query.push_bind(span.after).push(" AND e.seq <= ").push_bind(span.through);
                query.push(" AND e.kind = ").push_bind(EventKind::MessageDeleted.as_str());
                rows::all(query.build_query_as::<DeletionRow>().fetch_all(self).await?)
            }

            async fn state_version(&mut self, user: UserId) -> Result<Option<i64>, StoreError> {
                let mut query = QueryBuilder::new("SELECT version FROM read_state WHERE user_id = ");
                Ok(query.push_bind(int(user.0)).build_query_scalar().fetch_optional(self).await?)
            }

            async fn set_marks(&mut self, user: UserId, marks: &Marks) -> Result<(), StoreError> {
                let mut query = QueryBuilder::new("UPDATE read_state SET seen_upto = ");
                query.push_bind(int(marks.seen_upto.0)).push(", archived = ").push_bind(json(&marks.archived));
                query.push(", saved = ").push_bind(json(&marks.saved));
                query.push(" WHERE user_id = ").push_bind(int(user.0));
                query.build().execute(self).await?;
                Ok(())
            }

            async fn note_changed(&mut self, change: Changed) -> Result<(), StoreError> {
                let mut query = QueryBuilder::new("INSERT INTO message_changed (seq, message_id) VALUES (");
                query.push_bind(change.seq).push(", ").push_bind(change.message_id).push(")");
                query.build().execute(self).await?;
                Ok(())
            }

            async fn changed(&mut self, limit: u32) -> Result<(Vec<Changed>, i64), StoreError> {
                const NEWEST: &str = "SELECT COALESCE(MAX(seq), 0) FROM message_changed";
                let newest: i64 = sqlx::query_scalar(NEWEST).fetch_one(&mut *self).await?;
                if newest == 0 {
                    return Ok((Vec::new(), 0));
                }
                let mut query = QueryBuilder::new("SELECT seq, message_id FROM message_changed ORDER BY seq LIMIT ");
                query.push_bind(i64::from(limit));
                Ok((query.build_query_as().fetch_all(self).await?, newest))
            }

            async fn forget_changed(&mut self, seen: &[Changed]) -> Result<(), StoreError> {
                let mut query = QueryBuilder::new("DELETE FROM message_changed WHERE seq IN (");
                let mut list = query.separated(", ");
                for change in padded(seen) {
                    list.push_bind(change.seq);
                }
                query.push(")");
                query.build().execute(self).await?;
                Ok(())
            }
        }
    };
}

/// Numbers in one list.
const AT_ONCE: usize = 256;

change_rows!(SqliteConnection);
change_rows!(PgConnection);
change_rows!(MySqlConnection);
