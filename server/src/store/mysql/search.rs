//! The search index: the tokens of a message as a text with a full-text index, which takes them for its words.

use async_trait::async_trait;
use push_system::ids::UserId;
use sqlx::{MySqlConnection, QueryBuilder};

use super::{
    super::{
        StoreError,
        rows::int,
        statements::{Match, SearchRows, Unindexed},
        words::{Term, Words, tokens_of},
    },
    commit::{Row, pieces},
    list,
};

/// Ids in one list: far below the parameters a statement may have.
const IDS: usize = 1_024;

impl Row for (i64, String) {
    fn bytes(&self) -> usize {
        self.1.len()
    }
}

#[async_trait]
impl SearchRows for MySqlConnection {
    const PROVES_RUNS: bool = false;

    async fn index_cursor(&mut self) -> Result<(i64, i64), StoreError> {
        const CURSOR: &str = "SELECT indexed, (SELECT COALESCE(MAX(id), 0) FROM message) FROM search_cursor";
        Ok(sqlx::query_as(CURSOR).fetch_one(self).await?)
    }

    async fn lock_index(&mut self) -> Result<(i64, i64), StoreError> {
        sqlx::query("SELECT indexed FROM search_cursor WHERE id = 1 FOR UPDATE").execute(&mut *self).await?;
        self.index_cursor().await
    }

    async fn texts_after(&mut self, id: i64, limit: u32) -> Result<Vec<Unindexed>, StoreError> {
        const NEXT: &str = "SELECT id, title, body, tags FROM message WHERE id > ? ORDER BY id LIMIT ?";
        Ok(sqlx::query_as(NEXT).bind(id).bind(limit).fetch_all(self).await?)
    }

    async fn texts_of(&mut self, ids: &[i64]) -> Result<Vec<Unindexed>, StoreError> {
        let mut query = QueryBuilder::new("SELECT id, title, body, tags FROM message WHERE id IN ");
        list(&mut query, ids);
        Ok(query.build_query_as().fetch_all(self).await?)
    }

    async fn add_to_index(&mut self, messages: &[Unindexed]) -> Result<(), StoreError> {
        let entries: Vec<_> = messages.iter().map(|message| (message.id, tokens_of(message.texts()))).collect();
        for piece in pieces(&entries) {
            let mut query = QueryBuilder::new("INSERT INTO message_words (id, words) ");
            query.push_values(piece, |mut row, (id, tokens)| {
                row.push_bind(id).push_bind(tokens);
            });
            query.build().execute(&mut *self).await?;
        }
        Ok(())
    }

    async fn move_index(&mut self, indexed: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE search_cursor SET indexed = ? WHERE id = 1").bind(indexed).execute(self).await?;
        Ok(())
    }

    /// Finds and judges in two statements: `MariaDB` would search once for each time that a common table is named.
    async fn matches(
        &mut self,
        words: &Words,
        before: i64,
        user: UserId,
        looks: u32,
    ) -> Result<Vec<Match>, StoreError> {
        const FIND: &str = "SELECT id FROM message_words \
            WHERE MATCH (words) AGAINST (? IN BOOLEAN MODE) AND id < ? ORDER BY id DESC LIMIT ?";
        let query = sqlx::query_scalar::<_, i64>(FIND).bind(expression(&words.terms())).bind(before).bind(looks);
        let ids = query.fetch_all(&mut *self).await?;
        let mut matches = Vec::new();
        for some in ids.chunks(IDS) {
            matches.extend(judge(self, user, some, ids.len()).await?);
        }
        let last = ids.last().copied();
        matches.retain(|found| found.entitled || Some(found.id) == last);
        Ok(matches)
    }
}

async fn judge(
    connection: &mut MySqlConnection,
    user: UserId,
    ids: &[i64],
    looked_at: usize,
) -> Result<Vec<Match>, StoreError> {
    let user = int(user.0);
    let mut query = QueryBuilder::new("SELECT m.id, m.sender_id AS sender, ");
    query.push("(EXISTS (SELECT 1 FROM audience a WHERE a.kind = 0 AND a.id = 0 AND a.seq = m.id) ");
    query.push("OR EXISTS (SELECT 1 FROM audience a WHERE a.kind = 1 AND a.id = ").push_bind(user);
    query.push(" AND a.seq = m.id)) AS entitled, ");
    query.push("EXISTS (SELECT 1 FROM audience a WHERE a.kind = 4 AND a.id = ").push_bind(user);
    query.push(" AND a.seq = m.id) AS named, CAST(").push_bind(i64::try_from(looked_at).unwrap_or(i64::MAX));
    query.push(" AS SIGNED) AS looked_at FROM message m WHERE m.id IN ");
    list(&mut query, ids);
    query.push(" ORDER BY m.id DESC");
    Ok(query.build_query_as().fetch_all(connection).await?)
}

/// Tokens are letters and digits of ASCII, so nothing in it is syntax but what is put there.
fn expression(terms: &[Term]) -> String {
    let term = |term: &Term| format!("+{}{}", term.token, if term.goes_on { "*" } else { "" });
    terms.iter().map(term).collect::<Vec<_>>().join(" ")
}
