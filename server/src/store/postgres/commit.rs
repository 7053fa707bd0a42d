//! What a batch looks up, inserts and changes: one statement per table, however many rows.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use push_system::{ids::UserId, message::ClientId, read_state::ReadState, timestamp::Timestamp};
use sqlx::PgConnection;

use super::super::{
    KeyUse, SessionId, StoreError,
    records::{AudienceRecord, EventRecord, KeyRecord, MessageRecord},
    rows::{self, KeyRow, int, json},
    statements::{CommitRows, InsertRows},
};

/// A column of an UNNEST.
fn column<'r, R, T>(records: &'r [R], field: impl Fn(&'r R) -> T) -> Vec<T> {
    records.iter().map(field).collect()
}

#[async_trait]
impl InsertRows for PgConnection {
    async fn insert_messages(&mut self, records: &[MessageRecord<'_>]) -> Result<(), StoreError> {
        const INSERT: &str = "INSERT INTO message \
            (id, sender_id, title, body, priority, at, extras, to_json, tags, click, audience, topics, private_topic) \
            SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::TEXT[], $4::TEXT[], $5::BIGINT[], $6::BIGINT[], \
                $7::TEXT[], $8::TEXT[], $9::TEXT[], $10::TEXT[], $11::TEXT[], $12::TEXT[], $13::BIGINT[])";
        sqlx::query(INSERT)
            .bind(column(records, |record| record.id))
            .bind(column(records, |record| record.sender))
            .bind(column(records, |record| record.title))
            .bind(column(records, |record| record.body))
            .bind(column(records, |record| record.priority))
            .bind(column(records, |record| record.at))
            .bind(column(records, |record| record.extras.as_str()))
            .bind(column(records, |record| record.to.as_str()))
            .bind(column(records, |record| record.tags.as_str()))
            .bind(column(records, |record| record.click))
            .bind(column(records, |record| record.audience.as_str()))
            .bind(column(records, |record| record.topics.as_deref()))
            .bind(column(records, |record| record.private_topic))
            .execute(self)
            .await?;
        Ok(())
    }

    async fn insert_keys(&mut self, records: &[KeyRecord<'_>]) -> Result<(), StoreError> {
        const INSERT: &str = "INSERT INTO idempotency (sender_id, key, request_hash, message_id, at) \
            SELECT * FROM unnest($1::BIGINT[], $2::TEXT[], $3::BYTEA[], $4::BIGINT[], $5::BIGINT[])";
        sqlx::query(INSERT)
            .bind(column(records, |record| record.sender))
            .bind(column(records, |record| record.key))
            .bind(column(records, |record| record.request_hash))
            .bind(column(records, |record| record.message))
            .bind(column(records, |record| record.at))
            .execute(self)
            .await?;
        Ok(())
    }

    async fn insert_events(&mut self, records: &[EventRecord<'_>]) -> Result<(), StoreError> {
        const INSERT: &str = "INSERT INTO event \
            (seq, tag, kind, at, audience, message_id, client_id, payload) \
            SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::TEXT[], $4::BIGINT[], $5::TEXT[], $6::BIGINT[], \
                $7::TEXT[], $8::TEXT[])";
        sqlx::query(INSERT)
            .bind(column(records, |record| record.seq))
            .bind(column(records, |record| record.tag))
            .bind(column(records, |record| record.kind))
            .bind(column(records, |record| record.at))
            .bind(column(records, |record| record.audience.as_str()))
            .bind(column(records, |record| record.message))
            .bind(column(records, |record| record.client_id))
            .bind(column(records, |record| record.payload.as_deref()))
            .execute(self)
            .await?;
        Ok(())
    }

    async fn insert_audiences(&mut self, records: &[AudienceRecord]) -> Result<(), StoreError> {
        const INSERT: &str = "INSERT INTO audience (kind, id, seq, sender, target) \
            SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BIGINT[], $4::BIGINT[], $5::BIGINT[])";
        sqlx::query(INSERT)
            .bind(column(records, |record| record.kind))
            .bind(column(records, |record| record.id))
            .bind(column(records, |record| record.seq))
            .bind(column(records, |record| record.sender))
            .bind(column(records, |record| record.target))
            .execute(self)
            .await?;
        Ok(())
    }
}

#[async_trait]
impl CommitRows for PgConnection {
    async fn keys_used(
        &mut self,
        keys: &[(UserId, &ClientId)],
    ) -> Result<HashMap<(UserId, ClientId), KeyUse>, StoreError> {
        const FIND: &str = "SELECT i.sender_id, i.key, i.request_hash, i.message_id \
            FROM unnest($1::BIGINT[], $2::TEXT[]) asked (sender_id, key) \
            JOIN idempotency i ON i.sender_id = asked.sender_id AND i.key = asked.key";
        let query = sqlx::query_as::<_, KeyRow>(FIND).bind(column(keys, |(sender, _)| int(sender.0)));
        rows::all(query.bind(column(keys, |(_, key)| key.as_str())).fetch_all(self).await?)
    }

    async fn sessions_known(&mut self, ids: &[SessionId]) -> Result<HashSet<SessionId>, StoreError> {
        let found: Vec<String> = sqlx::query_scalar("SELECT id FROM session WHERE id = ANY($1)")
            .bind(column(ids, ToString::to_string))
            .fetch_all(self)
            .await?;
        found.iter().map(|id| rows::session_id(id)).collect()
    }

    async fn move_head(&mut self, seq: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE head SET seq = $1 WHERE id = 1").bind(seq).execute(self).await?;
        Ok(())
    }

    async fn renew_epoch(&mut self) -> Result<(), StoreError> {
        sqlx::query("UPDATE head SET epoch = replace(gen_random_uuid()::TEXT, '-', '')").execute(self).await?;
        Ok(())
    }

    async fn raise_floor(&mut self, seq: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE head SET floor = greatest(floor, $1)").bind(seq).execute(self).await?;
        Ok(())
    }

    async fn set_read_state(&mut self, user: UserId, state: &ReadState) -> Result<(), StoreError> {
        sqlx::query("UPDATE read_state SET read_upto = $1, exceptions = $2, version = version + 1 WHERE user_id = $3")
            .bind(int(state.read_upto.0))
            .bind(json(&state.exceptions))
            .bind(int(user.0))
            .execute(self)
            .await?;
        Ok(())
    }

    async fn set_password(&mut self, user: UserId, hash: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE account SET password_hash = $1 WHERE id = $2")
            .bind(hash)
            .bind(int(user.0))
            .execute(self)
            .await?;
        Ok(())
    }

    async fn end_session(&mut self, id: SessionId, at: Timestamp) -> Result<(), StoreError> {
        sqlx::query("UPDATE session SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL")
            .bind(at.unix_ms())
            .bind(id.to_string())
            .execute(self)
            .await?;
        Ok(())
    }

    async fn end_sessions(&mut self, user: UserId, keep: Option<SessionId>, at: Timestamp) -> Result<(), StoreError> {
        // In the order of ids, as those who mark sessions as seen do: neither waits for the other in a circle.
        const END: &str = "UPDATE session SET revoked_at = $1 WHERE id = ANY(ARRAY( \
            SELECT id FROM session WHERE user_id = $2 AND revoked_at IS NULL AND id IS DISTINCT FROM $3 \
            ORDER BY id FOR UPDATE))";
        sqlx::query(END)
            .bind(at.unix_ms())
            .bind(int(user.0))
            .bind(keep.map(|keep| keep.to_string()))
            .execute(self)
            .await?;
        Ok(())
    }

    async fn forget_keys(&mut self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        const FORGET: &str = "DELETE FROM idempotency WHERE ctid = ANY(ARRAY( \
            SELECT ctid FROM idempotency WHERE at < $1 ORDER BY at LIMIT $2))";
        let query = sqlx::query(FORGET).bind(before.unix_ms()).bind(i64::from(most));
        Ok(query.execute(self).await?.rows_affected())
    }
}
