//! What a batch looks up and changes.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use push_system::{ids::UserId, message::ClientId, read_state::ReadState, timestamp::Timestamp};
use sqlx::{QueryBuilder, SqliteConnection};

use super::super::{
    KeyUse, SessionId, StoreError,
    records::{AudienceRecord, EventRecord, KeyRecord, MessageRecord, insert_rows},
    rows::{self, KeyRow, int, json},
    statements::{CommitRows, InsertRows},
};

/// Rows in one INSERT: with at most eleven columns far below the 32,766 parameters a statement may have.
const ROWS: usize = 500;

fn pieces<T>(records: &[T]) -> impl Iterator<Item = &[T]> {
    records.chunks(ROWS)
}

// Their texts differ with the number of rows, so they are not worth a place in the statement cache.
insert_rows!(SqliteConnection, pieces, false);

#[async_trait]
impl CommitRows for SqliteConnection {
    async fn keys_used(
        &mut self,
        keys: &[(UserId, &ClientId)],
    ) -> Result<HashMap<(UserId, ClientId), KeyUse>, StoreError> {
        const FIND: &str = "SELECT i.sender_id, i.key, i.request_hash, i.message_id FROM json_each(?) j \
            CROSS JOIN idempotency i ON i.sender_id = j.value ->> 0 AND i.key = j.value ->> 1";
        rows::all(sqlx::query_as::<_, KeyRow>(FIND).bind(json(&keys)).fetch_all(self).await?)
    }

    async fn sessions_known(&mut self, ids: &[SessionId]) -> Result<HashSet<SessionId>, StoreError> {
        let names: Vec<_> = ids.iter().map(ToString::to_string).collect();
        let found: Vec<String> =
            sqlx::query_scalar("SELECT id FROM session WHERE id IN (SELECT value FROM json_each(?))")
                .bind(json(&names))
                .fetch_all(self)
                .await?;
        found.iter().map(|id| rows::session_id(id)).collect()
    }

    async fn move_head(&mut self, seq: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE head SET seq = ? WHERE id = 1").bind(seq).execute(self).await?;
        Ok(())
    }

    async fn renew_epoch(&mut self) -> Result<(), StoreError> {
        sqlx::query("UPDATE head SET epoch = lower(hex(randomblob(16)))").execute(self).await?;
        Ok(())
    }

    async fn raise_floor(&mut self, seq: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE head SET floor = max(floor, ?)").bind(seq).execute(self).await?;
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
        sqlx::query("UPDATE session SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL AND id IS NOT ?")
            .bind(at.unix_ms())
            .bind(int(user.0))
            .bind(keep.map(|keep| keep.to_string()))
            .execute(self)
            .await?;
        Ok(())
    }

    async fn forget_keys(&mut self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        const FORGET: &str = "DELETE FROM idempotency WHERE (sender_id, key) IN \
            (SELECT sender_id, key FROM idempotency WHERE at < ? ORDER BY at LIMIT ?)";
        Ok(sqlx::query(FORGET).bind(before.unix_ms()).bind(most).execute(self).await?.rows_affected())
    }
}
