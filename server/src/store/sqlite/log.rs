//! [`Log`] on `SQLite`: which transaction each call runs in.

use async_trait::async_trait;
use push_system::{
    api::{HistoryPage, HistoryQuery},
    ids::{Seq, UserId},
    inbox::Snapshot,
    message::ClientId,
    read_state::{Ranges, ReadState},
    timestamp::Timestamp,
};

use super::{
    super::{CommitError, Entry, Head, KeyUse, Log, Outcome, Probe, StoreError, StoredReadState, Write},
    SqliteStore, commit, history,
    read::{self, Span},
    rows::int,
};

#[async_trait]
impl Log for SqliteStore {
    async fn commit(&self, batch: &[Write]) -> Result<Vec<Outcome>, CommitError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.writer.begin().await.map_err(CommitError::NotStored)?;
        let outcomes = commit::batch(&mut tx, batch).await;
        tx.finish(outcomes).await
    }

    async fn head(&self) -> Result<Head, StoreError> {
        read::head(&mut *self.reader().await?).await
    }

    async fn renew_epoch(&self) -> Result<Head, StoreError> {
        let mut tx = self.writer.begin().await?;
        let renewed = sqlx::query(read::RENEW_EPOCH).execute(&mut *tx).await;
        let head = match renewed {
            Ok(_) => read::head(&mut tx).await,
            Err(error) => Err(error.into()),
        };
        Ok(tx.finish(head).await?)
    }

    /// Also looks whether the file is still the one that was opened: a tail asks every second.
    async fn probe(&self, seq: Seq) -> Result<Probe, StoreError> {
        self.writer.check().await?;
        read::probe(&mut *self.read().await?, seq).await
    }

    async fn entries(&self, after: Seq, limit: u32) -> Result<Vec<Entry>, StoreError> {
        read::entries(&mut *self.reader().await?, after, limit).await
    }

    async fn entries_for(&self, user: UserId, after: Seq, through: Seq, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let span = Span { after: int(after.0), through: int(through.0) };
        read::entries_for(&mut *self.reader().await?, user, span, limit).await
    }

    /// Under the write lock, so that a COMMIT that is still under way is over before the key is looked for.
    async fn find_key(&self, sender: UserId, key: &ClientId) -> Result<Option<KeyUse>, StoreError> {
        let mut tx = self.writer.begin().await?;
        let found = commit::find_key(&mut tx, sender, key).await;
        Ok(tx.finish(found).await?)
    }

    async fn forget_keys(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut tx = self.writer.begin().await?;
        let forgotten =
            sqlx::query("DELETE FROM idempotency WHERE at < ?").bind(before.unix_ms()).execute(&mut *tx).await;
        let forgotten = forgotten.map(|done| done.rows_affected()).map_err(StoreError::from);
        Ok(tx.finish(forgotten).await?)
    }

    async fn snapshot(&self, user: UserId, limit: u32) -> Result<Option<Snapshot>, StoreError> {
        read::snapshot(&mut *self.read().await?, user, limit).await
    }

    async fn history(&self, user: UserId, query: &HistoryQuery) -> Result<HistoryPage, StoreError> {
        match query.words.as_deref().filter(|words| !words.trim().is_empty()) {
            Some(words) => self.search(user, query, words).await,
            None => history::page(&mut *self.read().await?, user, query).await,
        }
    }

    async fn read_state(&self, user: UserId) -> Result<Option<StoredReadState>, StoreError> {
        read::read_state(&mut *self.reader().await?, user).await
    }

    async fn count_unread(&self, user: UserId, state: &ReadState, through: Seq) -> Result<u64, StoreError> {
        let span = Span { after: 0, through: int(through.0) };
        read::count_unread(&mut *self.reader().await?, user, state, span).await
    }

    async fn empty_gaps(&self, user: UserId, gaps: &Ranges) -> Result<Ranges, StoreError> {
        read::empty_gaps(&mut *self.reader().await?, user, gaps).await
    }

    async fn index_step(&self) -> Result<bool, StoreError> {
        self.step_index().await
    }
}
