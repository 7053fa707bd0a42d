//! The search index: FTS5 on the tokens of messages, of which it keeps which message has which, and nothing else.

use async_trait::async_trait;
use push_system::ids::UserId;
use sqlx::SqliteConnection;

use super::super::{
    StoreError,
    rows::{int, json},
    search::{Expression, Indexed},
    statements::{Candidate, SearchRows, Span},
};

#[async_trait]
impl SearchRows for SqliteConnection {
    async fn index_cursor(&mut self) -> Result<(i64, i64), StoreError> {
        const CURSOR: &str = "SELECT indexed, (SELECT coalesce(max(id), 0) FROM message) FROM search_cursor";
        Ok(sqlx::query_as(CURSOR).fetch_one(self).await?)
    }

    async fn lock_index(&mut self) -> Result<(i64, i64), StoreError> {
        self.index_cursor().await
    }

    async fn unindexed(&mut self, after: i64, limit: u32) -> Result<Vec<i64>, StoreError> {
        const NEXT: &str = "SELECT id FROM message WHERE id > ? ORDER BY id LIMIT ?";
        Ok(sqlx::query_scalar(NEXT).bind(after).bind(limit).fetch_all(self).await?)
    }

    async fn index(&mut self, messages: &[Indexed]) -> Result<(), StoreError> {
        for message in messages {
            sqlx::query("REPLACE INTO message_terms (rowid, terms) VALUES (?, ?)")
                .bind(message.id)
                .bind(&message.tokens)
                .execute(&mut *self)
                .await?;
        }
        Ok(())
    }

    async fn move_index(&mut self, indexed: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE search_cursor SET indexed = ?").bind(indexed).execute(self).await?;
        Ok(())
    }

    /// FTS5 walks down its lists, and no further than it needs.
    async fn matches(&mut self, expression: &Expression, span: Span, looks: u32) -> Result<Vec<i64>, StoreError> {
        const FIND: &str = "SELECT rowid FROM message_terms \
            WHERE message_terms MATCH ? AND rowid > ? AND rowid <= ? ORDER BY rowid DESC LIMIT ?";
        let query = sqlx::query_scalar(FIND).bind(expression.spelled([" AND ", " OR ", " NOT "], "*"));
        Ok(query.bind(span.after).bind(span.through).bind(looks).fetch_all(self).await?)
    }

    async fn candidates(&mut self, user: UserId, ids: &[i64]) -> Result<Vec<Candidate>, StoreError> {
        const CANDIDATES: &str = "SELECT m.id, m.sender_id, m.topics,
            EXISTS (SELECT 1 FROM audience a WHERE a.kind = 0 AND a.id = 0 AND a.seq = m.id)
            OR EXISTS (SELECT 1 FROM audience a WHERE a.kind = 1 AND a.id = ?2 AND a.seq = m.id) AS reached
            FROM json_each(?1) j CROSS JOIN message m ON m.id = j.value ORDER BY m.id DESC";
        Ok(sqlx::query_as(CANDIDATES).bind(json(&ids)).bind(int(user.0)).fetch_all(self).await?)
    }
}
