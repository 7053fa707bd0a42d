//! How the index follows what is published and what changes.

use push_system::{ids::MessageId, message::Message};

use super::terms::tokens_of;
use crate::store::{
    Behind, StoreError,
    backend::{Backend, WriteTx as _, within},
    rows::int,
    statements::{SearchRows as _, Statements},
};

/// Messages indexed in one transaction. On `SQLite` the sequencer waits while it runs: a few milliseconds, most of them
/// the flush.
const STEP: u32 = 50;
/// Steps that a search waits for: 2,000 messages, more than gather between two looks of who follows the log.
const STEPS_WAITED_FOR: u32 = 40;
const DAY_MS: i64 = 86_400_000;

/// A message as the index holds it.
#[derive(Debug)]
pub struct Indexed {
    /// Its id.
    pub id: i64,
    /// Its tokens, separated by spaces.
    pub tokens: String,
}

/// Indexes up to [`STEP`] messages; returns how far behind the index still is, if it is.
pub(in crate::store) async fn step<B: Backend>(backend: &B) -> Result<Option<Behind>, StoreError> {
    let mut cursor = cursor(backend).await?;
    if cursor.is_before(&cursor) {
        cursor = index_some(backend).await?;
    }
    Ok(cursor.is_before(&cursor).then(|| cursor.behind()))
}

/// Brings the index to where the log ends now; what is published or changed meanwhile does not prolong it. An index that
/// is far behind is left to those who follow the log on the side.
pub(super) async fn catch_up<B: Backend>(backend: &B) -> Result<(), StoreError> {
    let there = cursor(backend).await?;
    let mut now = there;
    for _ in 0..STEPS_WAITED_FOR {
        if !now.is_before(&there) {
            return Ok(());
        }
        let reached = index_some(backend).await?;
        // The log went back meanwhile, and what was there is no more.
        if reached.indexed < now.indexed || !reached.is_ahead_of(&now) {
            return Ok(());
        }
        now = reached;
    }
    if now.is_before(&there) { Err(StoreError::indexing(now.behind())) } else { Ok(()) }
}

/// How far the index is, and what there is for it.
#[derive(Clone, Copy, Debug)]
struct Cursor {
    /// The last message indexed.
    indexed: i64,
    /// The last message there is.
    newest: i64,
    /// The first change it has not seen.
    next_change: Option<i64>,
    /// The last change it has not seen.
    last_change: i64,
}

impl Cursor {
    /// Whether something is missing that was there then.
    fn is_before(&self, then: &Self) -> bool {
        self.indexed < then.newest || self.next_change.is_some_and(|change| change <= then.last_change)
    }

    fn behind(&self) -> Behind {
        let id = |n: i64| MessageId(n.unsigned_abs());
        Behind { indexed: id(self.indexed), newest: id(self.newest) }
    }

    /// Whether more is indexed than there was.
    fn is_ahead_of(&self, other: &Self) -> bool {
        self.indexed > other.indexed || self.next_change != other.next_change
    }

    async fn read(connection: &mut impl Statements, (indexed, newest): (i64, i64)) -> Result<Self, StoreError> {
        let (next, last_change) = connection.changed(1).await?;
        Ok(Self { indexed, newest, next_change: next.first().map(|change| change.seq), last_change })
    }
}

/// The day of a moment, as the index counts days: in UTC.
pub(super) fn day(unix_ms: i64) -> i64 {
    unix_ms.div_euclid(DAY_MS)
}

async fn cursor<B: Backend>(backend: &B) -> Result<Cursor, StoreError> {
    within(B::PATIENCE, async {
        let mut reader = backend.reader().await?;
        let cursor = async {
            let messages = reader.index_cursor().await?;
            Cursor::read(&mut *reader, messages).await
        };
        let cursor = cursor.await;
        reader.end(cursor).await
    })
    .await
}

async fn index_some<B: Backend>(backend: &B) -> Result<Cursor, StoreError> {
    let mut tx = within(B::PATIENCE, backend.write()).await?;
    let done = within(B::PATIENCE, index_next(&mut *tx)).await;
    Ok(tx.finish(done).await?)
}

/// Indexes what changed, or else the next messages; returns the cursor after that.
async fn index_next(connection: &mut impl Statements) -> Result<Cursor, StoreError> {
    let (mut indexed, newest) = connection.lock_index().await?;
    if !index_changed(connection, indexed).await? {
        let ids = connection.unindexed(indexed, STEP).await?;
        if let Some(last) = ids.last().copied() {
            let messages = put(connection, &ids).await?;
            note_days(connection, &messages).await?;
            connection.move_index(last).await?;
            indexed = last;
        }
    }
    Cursor::read(connection, (indexed, newest)).await
}

/// Indexes messages anew whose words are not those they had; returns whether there were any. A change stands in its list
/// before its text can be read here, and is taken off by its own place: one that comes meanwhile stays there.
async fn index_changed(connection: &mut impl Statements, indexed: i64) -> Result<bool, StoreError> {
    let (changed, _) = connection.changed(STEP).await?;
    if changed.is_empty() {
        return Ok(false);
    }
    // What lies ahead is read as it is then.
    let mut ids: Vec<_> = changed.iter().map(|change| change.message_id).filter(|id| *id <= indexed).collect();
    ids.sort_unstable();
    ids.dedup();
    if !ids.is_empty() {
        put(connection, &ids).await?;
    }
    connection.forget_changed(&changed).await?;
    Ok(true)
}

/// Puts messages into the index as they are now; what was deleted has no token there.
async fn put(connection: &mut impl Statements, ids: &[i64]) -> Result<Vec<Message>, StoreError> {
    let messages = connection.messages(ids).await?;
    let rows: Vec<_> = messages.iter().map(indexed).collect();
    connection.index(&rows).await?;
    Ok(messages)
}

/// A filter by date looks at the messages between the first one and the last one of its days: clocks of servers differ, so
/// the order of the log is not that of time.
async fn note_days(connection: &mut impl Statements, messages: &[Message]) -> Result<(), StoreError> {
    let mut days: Vec<(i64, i64, i64)> = Vec::new();
    for message in messages {
        let (day, id) = (day(message.date.unix_ms()), int(message.id.0));
        match days.iter_mut().find(|(known, ..)| *known == day) {
            Some((_, first, last)) => (*first, *last) = ((*first).min(id), (*last).max(id)),
            None => days.push((day, id, id)),
        }
    }
    for (day, first, last) in days {
        connection.widen_day(day, first, last).await?;
    }
    Ok(())
}

fn indexed(message: &Message) -> Indexed {
    Indexed { id: int(message.id.0), tokens: tokens_of(message).into_iter().collect::<Vec<_>>().join(" ") }
}
