//! The search index: a set of tokens per message, and which sets hold a token from a GIN index.

use async_trait::async_trait;
use push_system::ids::UserId;
use sqlx::PgConnection;

use super::super::{
    StoreError,
    rows::int,
    statements::{Match, SearchRows, Unindexed},
    words::{Term, Words, tokens_of},
};

#[async_trait]
impl SearchRows for PgConnection {
    const PROVES_RUNS: bool = false;

    async fn index_cursor(&mut self) -> Result<(i64, i64), StoreError> {
        const CURSOR: &str = "SELECT indexed, (SELECT coalesce(max(id), 0) FROM message) FROM search_cursor";
        Ok(sqlx::query_as(CURSOR).fetch_one(self).await?)
    }

    async fn lock_index(&mut self) -> Result<(i64, i64), StoreError> {
        sqlx::query("SELECT indexed FROM search_cursor FOR UPDATE").execute(&mut *self).await?;
        self.index_cursor().await
    }

    async fn texts_after(&mut self, id: i64, limit: u32) -> Result<Vec<Unindexed>, StoreError> {
        const NEXT: &str = "SELECT id, title, body, tags FROM message WHERE id > $1 ORDER BY id LIMIT $2";
        Ok(sqlx::query_as(NEXT).bind(id).bind(i64::from(limit)).fetch_all(self).await?)
    }

    async fn texts_of(&mut self, ids: &[i64]) -> Result<Vec<Unindexed>, StoreError> {
        const TEXTS: &str = "SELECT id, title, body, tags FROM message WHERE id = ANY($1)";
        Ok(sqlx::query_as(TEXTS).bind(ids).fetch_all(self).await?)
    }

    async fn add_to_index(&mut self, messages: &[Unindexed]) -> Result<(), StoreError> {
        const ADD: &str = "INSERT INTO message_words (id, words) \
            SELECT id, array_to_tsvector(array_remove(string_to_array(tokens, ' '), '')) \
            FROM unnest($1::BIGINT[], $2::TEXT[]) t (id, tokens)";
        let ids: Vec<_> = messages.iter().map(|message| message.id).collect();
        let tokens: Vec<_> = messages.iter().map(|message| tokens_of(message.texts())).collect();
        sqlx::query(ADD).bind(ids).bind(tokens).execute(self).await?;
        Ok(())
    }

    async fn move_index(&mut self, indexed: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE search_cursor SET indexed = $1").bind(indexed).execute(self).await?;
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
                SELECT id FROM message_words WHERE words @@ $1::TSQUERY AND id < $2 ORDER BY id DESC LIMIT $4),
            judged AS (
                SELECT id, (SELECT sender_id FROM message m WHERE m.id = match.id) AS sender,
                    EXISTS (SELECT 1 FROM audience a WHERE a.kind = 0 AND a.id = 0 AND a.seq = match.id)
                    OR EXISTS (SELECT 1 FROM audience a WHERE a.kind = 1 AND a.id = $3 AND a.seq = match.id)
                    AS entitled,
                    EXISTS (SELECT 1 FROM audience a WHERE a.kind = 4 AND a.id = $3 AND a.seq = match.id) AS named
                FROM match)
            SELECT id, sender, entitled, named, (SELECT count(*) FROM match) AS looked_at FROM judged
            WHERE entitled OR id = (SELECT min(id) FROM match) ORDER BY id DESC";
        let query = sqlx::query_as(FIND).bind(expression(&words.terms())).bind(before).bind(int(user.0));
        Ok(query.bind(i64::from(looks)).fetch_all(self).await?)
    }
}

/// Tokens are letters and digits of ASCII, so nothing in it is syntax but what is put there.
fn expression(terms: &[Term]) -> String {
    let term = |term: &Term| format!("{}{}", term.token, if term.goes_on { ":*" } else { "" });
    terms.iter().map(term).collect::<Vec<_>>().join(" & ")
}
