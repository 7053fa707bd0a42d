//! What a batch looks up, inserts and changes.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use push_system::{ids::UserId, message::ClientId, read_state::ReadState, timestamp::Timestamp};
use sqlx::{MySqlConnection, QueryBuilder};

use super::{
    super::{
        KeyUse, SessionId, StoreError,
        records::{AudienceRecord, EventRecord, KeyRecord, MessageRecord, insert_rows},
        rows::{self, KeyRow, int, json},
        statements::{CommitRows, InsertRows},
    },
    list, padded,
};

/// Rows in one INSERT at most.
const ROWS: usize = 256;
/// Bytes of the rows in one INSERT of several: half of what the server must take at least (`open.rs`), so that what else
/// stands in the statement finds room.
const STATEMENT_BYTES: usize = 512 * 1024;

/// What is inserted many at a time.
pub(super) trait Row {
    /// Bytes of its texts; the rest is small.
    fn bytes(&self) -> usize;
}

impl Row for MessageRecord<'_> {
    fn bytes(&self) -> usize {
        let written =
            [self.title, self.body, self.click.unwrap_or_default(), &self.extras, &self.to, &self.tags, &self.audience];
        written.into_iter().map(str::len).sum()
    }
}

impl Row for KeyRecord<'_> {
    fn bytes(&self) -> usize {
        self.key.len() + self.request_hash.len()
    }
}

impl Row for EventRecord<'_> {
    fn bytes(&self) -> usize {
        self.audience.len() + self.payload.as_deref().map_or(0, str::len)
    }
}

impl Row for AudienceRecord {
    fn bytes(&self) -> usize {
        size_of::<Self>()
    }
}

/// Pieces of the largest power of two that is left and fits, for the reason that [`super::padded`] gives.
pub(super) fn pieces<T: Row>(records: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = records;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fitting = rest.iter().take(ROWS).take_while(|row| {
            bytes += row.bytes();
            bytes <= STATEMENT_BYTES
        });
        // What does not fit beside others may fit alone.
        let size = 1 << fitting.count().max(1).min(rest.len()).checked_ilog2()?;
        let (piece, more) = rest.split_at(size);
        rest = more;
        Some(piece)
    })
}

insert_rows!(MySqlConnection, pieces, true);

#[async_trait]
impl CommitRows for MySqlConnection {
    /// As alternatives, each of which is a look-up by key: not both dialects see that in a list of pairs.
    async fn keys_used(
        &mut self,
        keys: &[(UserId, &ClientId)],
    ) -> Result<HashMap<(UserId, ClientId), KeyUse>, StoreError> {
        let mut query = QueryBuilder::new("SELECT sender_id, `key`, request_hash, message_id FROM idempotency WHERE ");
        let mut alternatives = query.separated(" OR ");
        for (sender, key) in padded(keys) {
            alternatives.push("(sender_id = ");
            alternatives.push_bind_unseparated(int(sender.0)).push_unseparated(" AND `key` = ");
            alternatives.push_bind_unseparated(key.as_str()).push_unseparated(")");
        }
        rows::all(query.build_query_as::<KeyRow>().fetch_all(self).await?)
    }

    async fn sessions_known(&mut self, ids: &[SessionId]) -> Result<HashSet<SessionId>, StoreError> {
        let mut query = QueryBuilder::new("SELECT id FROM session WHERE id IN ");
        let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
        list(&mut query, &ids);
        let found: Vec<String> = query.build_query_scalar().fetch_all(self).await?;
        found.iter().map(|id| rows::session_id(id)).collect()
    }

    async fn move_head(&mut self, seq: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE head SET seq = ? WHERE id = 1").bind(seq).execute(self).await?;
        Ok(())
    }

    async fn renew_epoch(&mut self) -> Result<(), StoreError> {
        sqlx::query("UPDATE head SET epoch = LOWER(HEX(RANDOM_BYTES(16)))").execute(self).await?;
        Ok(())
    }

    async fn raise_floor(&mut self, seq: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE head SET floor = GREATEST(floor, ?)").bind(seq).execute(self).await?;
        Ok(())
    }

    async fn set_read_state(&mut self, user: UserId, state: &ReadState) -> Result<(), StoreError> {
        sqlx::query("UPDATE read_state SET read_upto = ?, exceptions = ?, version = version + 1 WHERE user_id = ?")
            .bind(int(state.read_upto.0))
            .bind(json(&state.exceptions))
            .bind(int(user.0))
            .execute(self)
            .await?;
        Ok(())
    }

    async fn set_password(&mut self, user: UserId, hash: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE account SET password_hash = ? WHERE id = ?")
            .bind(hash)
            .bind(int(user.0))
            .execute(self)
            .await?;
        Ok(())
    }

    async fn end_session(&mut self, id: SessionId, at: Timestamp) -> Result<(), StoreError> {
        sqlx::query("UPDATE session SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL")
            .bind(at.unix_ms())
            .bind(id.to_string())
            .execute(self)
            .await?;
        Ok(())
    }

    async fn end_sessions(&mut self, user: UserId, keep: Option<SessionId>, at: Timestamp) -> Result<(), StoreError> {
        sqlx::query("UPDATE session SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL AND NOT id <=> ?")
            .bind(at.unix_ms())
            .bind(int(user.0))
            .bind(keep.map(|keep| keep.to_string()))
            .execute(self)
            .await?;
        Ok(())
    }

    async fn forget_keys(&mut self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        const FORGET: &str = "DELETE FROM idempotency WHERE at < ? ORDER BY at LIMIT ?";
        Ok(sqlx::query(FORGET).bind(before.unix_ms()).bind(most).execute(self).await?.rows_affected())
    }
}
