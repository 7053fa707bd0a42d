//! The search index: FTS5, which knows where each word stands.

use async_trait::async_trait;
use push_system::ids::UserId;
use sqlx::SqliteConnection;

use super::super::{
    StoreError,
    rows::{int, json},
    statements::{Match, SearchRows, Unindexed},
    words::{self, Words},
};

#[async_trait]
impl SearchRows for SqliteConnection {
    const PROVES_RUNS: bool = true;

    async fn index_cursor(&mut self) -> Result<(i64, i64), StoreError> {
        const CURSOR: &str = "SELECT indexed, (SELECT coalesce(max(id), 0) FROM message) FROM search_cursor";
        Ok(sqlx::query_as(CURSOR).fetch_one(self).await?)
    }

    async fn lock_index(&mut self) -> Result<(i64, i64), StoreError> {
        self.index_cursor().await
    }

    async fn texts_after(&mut self, id: i64, limit: u32) -> Result<Vec<Unindexed>, StoreError> {
        const NEXT: &str = "SELECT id, title, body, tags FROM message WHERE id > ? ORDER BY id LIMIT ?";
        Ok(sqlx::query_as(NEXT).bind(id).bind(limit).fetch_all(self).await?)
    }

    async fn texts_of(&mut self, ids: &[i64]) -> Result<Vec<Unindexed>, StoreError> {
        const TEXTS: &str = "SELECT id, title, body, tags FROM message WHERE id IN (SELECT value FROM json_each(?))";
        Ok(sqlx::query_as(TEXTS).bind(json(&ids)).fetch_all(self).await?)
    }

    async fn add_to_index(&mut self, messages: &[Unindexed]) -> Result<(), StoreError> {
        for message in messages {
            sqlx::query("INSERT INTO message_words (rowid, title, body, tags) VALUES (?, ?, ?, ?)")
                .bind(message.id)
                .bind(words::set_apart(&message.title))
                .bind(words::set_apart(&message.body))
                .bind(words::set_apart(&message.tags))
                .execute(&mut *self)
                .await?;
        }
        Ok(())
    }

    async fn move_index(&mut self, indexed: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE search_cursor SET indexed = ?").bind(indexed).execute(self).await?;
        Ok(())
    }

    async fn matches(
        &mut self,
        words: &Words,
        before: i64,
        user: UserId,
        looks: u32,
    ) -> Result<Vec<Match>, StoreError> {
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
        let query = sqlx::query_as(FIND).bind(words.fts5()).bind(before).bind(int(user.0)).bind(looks);
        Ok(query.fetch_all(self).await?)
    }
}
