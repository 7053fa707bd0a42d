//! The search index: the tokens of a message as a text with a full-text index, which takes them for its words.

use async_trait::async_trait;
use push_system::ids::UserId;
use sqlx::{MySqlConnection, QueryBuilder};

use super::{
    super::{
        StoreError,
        rows::int,
        search::{Expression, Indexed, Term},
        statements::{Candidate, SearchRows, Span},
    },
    commit::{Row, pieces},
    list,
};

/// Ids in one list: far below the parameters a statement may have.
const IDS: usize = 1_024;

impl Row for Indexed {
    fn bytes(&self) -> usize {
        self.tokens.len()
    }
}

#[async_trait]
impl SearchRows for MySqlConnection {
    async fn index_cursor(&mut self) -> Result<(i64, i64), StoreError> {
        const CURSOR: &str = "SELECT indexed, (SELECT COALESCE(MAX(id), 0) FROM message) FROM search_cursor";
        Ok(sqlx::query_as(CURSOR).fetch_one(self).await?)
    }

    async fn lock_index(&mut self) -> Result<(i64, i64), StoreError> {
        sqlx::query("SELECT indexed FROM search_cursor WHERE id = 1 FOR UPDATE").execute(&mut *self).await?;
        self.index_cursor().await
    }

    async fn unindexed(&mut self, after: i64, limit: u32) -> Result<Vec<i64>, StoreError> {
        const NEXT: &str = "SELECT id FROM message WHERE id > ? ORDER BY id LIMIT ?";
        Ok(sqlx::query_scalar(NEXT).bind(after).bind(limit).fetch_all(self).await?)
    }

    async fn index(&mut self, messages: &[Indexed]) -> Result<(), StoreError> {
        for piece in pieces(messages) {
            let mut query = QueryBuilder::new("INSERT INTO message_terms (id, terms) ");
            query.push_values(piece, |mut row, message| {
                row.push_bind(message.id).push_bind(&message.tokens);
            });
            query.push(" ON DUPLICATE KEY UPDATE terms = VALUES(terms)");
            query.build().execute(&mut *self).await?;
        }
        Ok(())
    }

    async fn move_index(&mut self, indexed: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE search_cursor SET indexed = ? WHERE id = 1").bind(indexed).execute(self).await?;
        Ok(())
    }

    async fn matches(&mut self, expression: &Expression, span: Span, looks: u32) -> Result<Vec<i64>, StoreError> {
        const FIND: &str = "SELECT id FROM message_terms \
            WHERE MATCH (terms) AGAINST (? IN BOOLEAN MODE) AND id > ? AND id <= ? ORDER BY id DESC LIMIT ?";
        if let Some(excluded) = expression.excluded_alone() {
            return without(self, excluded, span, looks).await;
        }
        let query = sqlx::query_scalar(FIND).bind(boolean(expression)).bind(span.after).bind(span.through);
        Ok(query.bind(looks).fetch_all(self).await?)
    }

    async fn candidates(&mut self, user: UserId, ids: &[i64]) -> Result<Vec<Candidate>, StoreError> {
        let mut candidates = Vec::new();
        for some in ids.chunks(IDS) {
            let mut query = QueryBuilder::new("SELECT m.id, m.sender_id, m.topics, ");
            query.push("(EXISTS (SELECT 1 FROM audience a WHERE a.kind = 0 AND a.id = 0 AND a.seq = m.id) ");
            query.push("OR EXISTS (SELECT 1 FROM audience a WHERE a.kind = 1 AND a.id = ").push_bind(int(user.0));
            query.push(" AND a.seq = m.id)) AS reached FROM message m WHERE m.id IN ");
            list(&mut query, some);
            query.push(" ORDER BY m.id DESC");
            candidates.extend(query.build_query_as::<Candidate>().fetch_all(&mut *self).await?);
        }
        Ok(candidates)
    }
}

/// The newest messages that have none of these. For this the full-text index gathers all messages there are, to take out those
/// that have one; to read them from the newest on takes less time, and ends as soon as there are enough.
async fn without(
    connection: &mut MySqlConnection,
    excluded: &[Term],
    span: Span,
    looks: u32,
) -> Result<Vec<i64>, StoreError> {
    let mut query = QueryBuilder::new("SELECT id FROM message_terms WHERE id > ");
    query.push_bind(span.after).push(" AND id <= ").push_bind(span.through).push(" AND terms <> ''");
    for Term { token, goes_on } in excluded {
        let (end, first) = if *goes_on { ("", "%") } else { (" ", " %") };
        // Most are neither the first of a message nor its last: `LIKE` is asked only where there is none between them.
        query.push(" AND LOCATE(").push_bind(format!(" {token}{end}")).push(", terms) = 0");
        query.push(" AND terms NOT LIKE ").push_bind(format!("{token}{first}"));
        query.push(" AND terms NOT LIKE ").push_bind(format!("% {token}"));
    }
    query.push(" ORDER BY id DESC LIMIT ").push_bind(looks);
    Ok(query.build_query_scalar().fetch_all(connection).await?)
}

/// In boolean mode a sign stands before each part.
fn boolean(expression: &Expression) -> String {
    let word = |term: &Term| format!("{}{}", term.token, if term.goes_on { "*" } else { "" });
    let all = expression.all.iter().map(|terms| match &terms[..] {
        [term] => format!("+{}", word(term)),
        terms => format!("+({})", terms.iter().map(word).collect::<Vec<_>>().join(" ")),
    });
    let none = expression.none.iter().map(|term| format!("-{}", word(term)));
    all.chain(none).collect::<Vec<_>>().join(" ")
}
