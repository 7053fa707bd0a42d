//! The search index: a set of tokens per message, and which sets hold a token from a GIN index.

use async_trait::async_trait;
use push_system::ids::UserId;
use sqlx::PgConnection;

use super::super::{
    StoreError,
    rows::int,
    search::{Expression, Indexed},
    statements::{Candidate, SearchRows, Span},
};

#[async_trait]
impl SearchRows for PgConnection {
    async fn index_cursor(&mut self) -> Result<(i64, i64), StoreError> {
        const CURSOR: &str = "SELECT indexed, (SELECT coalesce(max(id), 0) FROM message) FROM search_cursor";
        Ok(sqlx::query_as(CURSOR).fetch_one(self).await?)
    }

    async fn lock_index(&mut self) -> Result<(i64, i64), StoreError> {
        sqlx::query("SELECT indexed FROM search_cursor FOR UPDATE").execute(&mut *self).await?;
        self.index_cursor().await
    }

    async fn unindexed(&mut self, after: i64, limit: u32) -> Result<Vec<i64>, StoreError> {
        const NEXT: &str = "SELECT id FROM message WHERE id > $1 ORDER BY id LIMIT $2";
        Ok(sqlx::query_scalar(NEXT).bind(after).bind(i64::from(limit)).fetch_all(self).await?)
    }

    async fn index(&mut self, messages: &[Indexed]) -> Result<(), StoreError> {
        const PUT: &str = "INSERT INTO message_terms (id, terms) \
            SELECT id, array_to_tsvector(array_remove(string_to_array(tokens, ' '), '')) \
            FROM unnest($1::BIGINT[], $2::TEXT[]) t (id, tokens) \
            ON CONFLICT (id) DO UPDATE SET terms = EXCLUDED.terms";
        let (ids, tokens): (Vec<_>, Vec<_>) =
            messages.iter().map(|message| (message.id, message.tokens.as_str())).unzip();
        sqlx::query(PUT).bind(ids).bind(tokens).execute(self).await?;
        Ok(())
    }

    async fn move_index(&mut self, indexed: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE search_cursor SET indexed = $1").bind(indexed).execute(self).await?;
        Ok(())
    }

    async fn matches(&mut self, expression: &Expression, span: Span, looks: u32) -> Result<Vec<i64>, StoreError> {
        const FIND: &str = "SELECT id FROM message_terms \
            WHERE terms @@ $1::TSQUERY AND id > $2 AND id <= $3 ORDER BY id DESC LIMIT $4";
        // Planned each time, knowing how rare the words are: a plan for any words goes through all messages by their id.
        let query = sqlx::query_scalar(FIND).persistent(false);
        let query = query.bind(expression.spelled([" & ", " | ", " & !"], ":*"));
        Ok(query.bind(span.after).bind(span.through).bind(i64::from(looks)).fetch_all(self).await?)
    }

    async fn candidates(&mut self, user: UserId, ids: &[i64]) -> Result<Vec<Candidate>, StoreError> {
        const CANDIDATES: &str = "SELECT m.id, m.sender_id, m.topics,
            EXISTS (SELECT 1 FROM audience a WHERE a.kind = 0 AND a.id = 0 AND a.seq = m.id)
            OR EXISTS (SELECT 1 FROM audience a WHERE a.kind = 1 AND a.id = $2 AND a.seq = m.id) AS reached
            FROM message m WHERE m.id = ANY($1) ORDER BY m.id DESC";
        Ok(sqlx::query_as(CANDIDATES).bind(ids).bind(int(user.0)).fetch_all(self).await?)
    }
}
