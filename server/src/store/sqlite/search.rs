//! Full-text search. The index follows the log with a cursor of its own, in steps, so that no publish waits for it.

use push_system::{
    api::{Filter, HistoryPage, HistoryQuery},
    ids::{MessageId, UserId},
    read_state::ReadState,
};
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{super::StoreError, SqliteStore, history, read, rows::int, words};

/// Messages indexed in one transaction. While it runs the sequencer waits: a few milliseconds, most of them the flush.
const STEP: u32 = 50;
/// Matches looked at in the first read: enough for a page of what most people may see.
const MATCHES_FIRST: u32 = 500;
/// Matches looked at in one read at most, as they grow while a rare permission is searched for; no read takes a second.
const MATCHES_MOST: u32 = 10_000;

impl SqliteStore {
    /// Indexes up to [`STEP`] messages; returns whether all are.
    pub(super) async fn step_index(&self) -> Result<bool, StoreError> {
        let (indexed, newest) = cursor(&mut *self.reader().await?).await?;
        if indexed >= newest {
            return Ok(true);
        }
        let mut tx = self.writer.begin().await?;
        let done = step(&mut tx).await;
        let (indexed, newest) = tx.finish(done).await?;
        Ok(indexed >= newest)
    }

    /// Brings the index to where the log ends now; what is published meanwhile does not prolong it.
    async fn index_what_is_there(&self) -> Result<(), StoreError> {
        let (mut indexed, newest) = cursor(&mut *self.reader().await?).await?;
        while indexed < newest {
            let mut tx = self.writer.begin().await?;
            let done = step(&mut tx).await;
            indexed = tx.finish(done).await?.0;
        }
        Ok(())
    }

    /// A page of the messages that hold all words.
    pub(super) async fn search(
        &self,
        user: UserId,
        query: &HistoryQuery,
        typed: &str,
    ) -> Result<HistoryPage, StoreError> {
        let Some(expression) = words::expression(typed) else {
            return Ok(HistoryPage { messages: Vec::new(), has_more: false });
        };
        self.index_what_is_there().await?;
        let mut search = Search { user, filter: query.filter, expression, read: ReadState::default() };
        let mut ids = Vec::new();
        let mut before = query.before.map_or(i64::MAX, |before| int(before.0));
        let mut matches = MATCHES_FIRST;
        while ids.len() <= query.limit as usize {
            let mut tx = self.read().await?;
            let chunk = search.chunk(&mut tx, before, matches).await?;
            tx.commit().await?;
            ids.extend(chunk.hits);
            match chunk.go_on_before {
                Some(place) => (before, matches) = (place, MATCHES_MOST.min(matches * 4)),
                None => break,
            }
        }
        let mut tx = self.read().await?;
        ids.truncate(query.limit as usize + 1);
        history::render(&mut tx, ids, query.limit).await
    }
}

/// The last message indexed, and the last one there is.
async fn cursor(connection: &mut SqliteConnection) -> Result<(i64, i64), StoreError> {
    const CURSOR: &str = "SELECT indexed, (SELECT coalesce(max(id), 0) FROM message) AS newest FROM search_cursor";
    let row = sqlx::query(CURSOR).fetch_one(connection).await?;
    Ok((row.try_get("indexed")?, row.try_get("newest")?))
}

/// Indexes the next messages; returns the cursor after that.
async fn step(connection: &mut SqliteConnection) -> Result<(i64, i64), StoreError> {
    const NEXT: &str = "SELECT id, title, body, tags FROM message \
        WHERE id > (SELECT indexed FROM search_cursor) ORDER BY id LIMIT ?";
    let messages = sqlx::query(NEXT).bind(STEP).fetch_all(&mut *connection).await?;
    for message in &messages {
        index(connection, message).await?;
    }
    if let Some(last) = messages.last() {
        let indexed: i64 = last.try_get("id")?;
        sqlx::query("UPDATE search_cursor SET indexed = ?").bind(indexed).execute(&mut *connection).await?;
    }
    cursor(connection).await
}

/// The tags' JSON is indexed as it is: its brackets and quotes are no words.
async fn index(connection: &mut SqliteConnection, message: &SqliteRow) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO message_words (rowid, title, body, tags) VALUES (?, ?, ?, ?)")
        .bind(message.try_get::<i64, _>("id")?)
        .bind(words::indexed(message.try_get("title")?))
        .bind(words::indexed(message.try_get("body")?))
        .bind(words::indexed(message.try_get("tags")?))
        .execute(connection)
        .await?;
    Ok(())
}

struct Search {
    user: UserId,
    filter: Filter,
    expression: String,
    read: ReadState,
}

/// What one read found.
struct Chunk {
    hits: Vec<i64>,
    /// Where the next read begins; none when there are no more matches.
    go_on_before: Option<i64>,
}

impl Search {
    /// Looks at the newest `matches` before a place, and keeps those the person may see and asked for. The
    /// last one looked at is always among the rows, as the place to go on from.
    async fn chunk(
        &mut self,
        connection: &mut SqliteConnection,
        before: i64,
        matches: u32,
    ) -> Result<Chunk, StoreError> {
        const FIND: &str = "WITH match AS MATERIALIZED (
                SELECT rowid AS id FROM message_words WHERE message_words MATCH ?1 AND rowid < ?2
                ORDER BY rowid DESC LIMIT ?4),
            judged AS (
                SELECT id, (SELECT sender_id FROM message m WHERE m.id = match.id) AS sender,
                    EXISTS (SELECT 1 FROM audience a WHERE a.kind = 0 AND a.id = 0 AND a.seq = match.id)
                    OR EXISTS (SELECT 1 FROM audience a WHERE a.kind = 1 AND a.id = ?3 AND a.seq = match.id)
                    AS entitled,
                    EXISTS (SELECT 1 FROM audience a WHERE a.kind = 4 AND a.id = ?3 AND a.seq = match.id) AS named
                FROM match)
            SELECT id, sender, entitled, named, (SELECT count(*) FROM match) AS looked_at FROM judged
            WHERE entitled OR id = (SELECT min(id) FROM match) ORDER BY id DESC";
        if let Some(stored) = read::read_state(connection, self.user).await? {
            self.read = stored.state;
        }
        let query = sqlx::query(FIND).bind(&self.expression).bind(before).bind(int(self.user.0)).bind(matches);
        let rows = query.fetch_all(connection).await?;
        let mut chunk = Chunk { hits: Vec::new(), go_on_before: None };
        for row in &rows {
            let id: i64 = row.try_get("id")?;
            if self.keeps(row)? {
                chunk.hits.push(id);
            }
            let full = row.try_get::<u32, _>("looked_at")? == matches;
            chunk.go_on_before = full.then_some(id);
        }
        Ok(chunk)
    }

    fn keeps(&self, row: &SqliteRow) -> Result<bool, StoreError> {
        if !row.try_get::<bool, _>("entitled")? {
            return Ok(false);
        }
        let is_own = UserId(row.try_get("sender")?) == self.user;
        Ok(match self.filter {
            Filter::All => true,
            Filter::Unread => !is_own && !self.read.is_read(MessageId(row.try_get("id")?)),
            Filter::Me => row.try_get("named")?,
            Filter::Sent => is_own,
        })
    }
}
