//! [`Log`] on any [`Backend`]: which transaction each call runs in.

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
    CommitError, Entry, Head, KeyUse, Log, Outcome, Probe, StoreError, StoredReadState, Write,
    backend::{Backend, WriteTx as _, within},
    commit, history,
    rows::int,
    search,
    statements::{CommitRows as _, LogRows as _, Span},
};

/// Events deleted in one transaction: a few milliseconds.
const TRIM_STEP: u32 = 1_000;

#[async_trait]
impl<B: Backend> Log for B {
    async fn commit(&self, batch: &[Write]) -> Result<Vec<Outcome>, CommitError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = within(B::PATIENCE, self.lock_head()).await.map_err(CommitError::NotStored)?;
        let outcomes = within(B::PATIENCE, commit::batch(&mut *tx, batch)).await;
        tx.finish(outcomes).await
    }

    async fn head(&self) -> Result<Head, StoreError> {
        within(B::PATIENCE, async {
            let mut reader = self.reader().await?;
            let head = reader.head().await;
            reader.end(head).await
        })
        .await
    }

    async fn renew_epoch(&self) -> Result<Head, StoreError> {
        let mut tx = within(B::PATIENCE, self.lock_head()).await?;
        let renewed = within(B::PATIENCE, async {
            tx.renew_epoch().await?;
            tx.head().await
        })
        .await;
        Ok(tx.finish(renewed).await?)
    }

    async fn trim(&self, before: Seq) -> Result<u64, StoreError> {
        let mut tx = within(B::PATIENCE, self.lock_head()).await?;
        let raised = within(B::PATIENCE, async {
            let head = tx.head().await?;
            tx.raise_floor(int(before.0.min(head.position.seq.0))).await
        })
        .await;
        tx.finish(raised).await?;
        let mut deleted = 0;
        loop {
            let mut tx = within(B::PATIENCE, self.write()).await?;
            let step = within(B::PATIENCE, tx.delete_below_floor(TRIM_STEP)).await;
            let step = tx.finish(step).await?;
            deleted += step;
            if step < u64::from(TRIM_STEP) {
                return Ok(deleted);
            }
        }
    }

    async fn probe(&self, seq: Seq) -> Result<Probe, StoreError> {
        self.check().await?;
        within(B::PATIENCE, async {
            let mut read = self.follower().await?.beginning(B::BEGIN_READ).await?;
            let probe = async {
                let head = read.head().await?;
                Ok(Probe { head, tag: read.tag_at(int(seq.0)).await? })
            };
            let probe = probe.await;
            read.end(probe).await
        })
        .await
    }

    async fn entries(&self, after: Seq, limit: u32) -> Result<Vec<Entry>, StoreError> {
        within(B::PATIENCE, async {
            let mut follower = self.follower().await?;
            let entries = follower.entries(int(after.0), limit).await;
            follower.end(entries).await
        })
        .await
    }

    async fn entries_for(&self, user: UserId, after: Seq, through: Seq, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let span = Span { after: int(after.0), through: int(through.0) };
        within(B::PATIENCE, async {
            let mut reader = self.reader().await?;
            let entries = async {
                let entries = reader.entries_for(user, span, limit).await?;
                // Read afterwards: it is raised before anything below it goes, so what is missing above is known here.
                let floor = reader.head().await?.floor;
                if after < floor { Err(StoreError::trimmed(after, floor)) } else { Ok(entries) }
            };
            let entries = entries.await;
            reader.end(entries).await
        })
        .await
    }

    /// Under the head lock, so that a COMMIT that is still under way is over before the key is looked for.
    async fn find_key(&self, sender: UserId, key: &ClientId) -> Result<Option<KeyUse>, StoreError> {
        let mut tx = within(B::PATIENCE, self.lock_head()).await?;
        let used = within(B::PATIENCE, tx.keys_used(&[(sender, key)])).await;
        let used = tx.finish(used).await?;
        Ok(used.into_values().next())
    }

    async fn forget_keys(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut tx = within(B::PATIENCE, self.write()).await?;
        let forgotten = within(B::PATIENCE, tx.forget_keys(before)).await;
        Ok(tx.finish(forgotten).await?)
    }

    async fn snapshot(&self, user: UserId, limit: u32) -> Result<Option<Snapshot>, StoreError> {
        within(B::PATIENCE, async {
            let mut read = self.read().await?;
            let snapshot = history::snapshot(&mut *read, user, limit).await;
            read.end(snapshot).await
        })
        .await
    }

    async fn history(&self, user: UserId, query: &HistoryQuery) -> Result<HistoryPage, StoreError> {
        if let Some(words) = query.words.as_deref().filter(|words| !words.trim().is_empty()) {
            return search::page(self, user, query, words).await;
        }
        within(B::PATIENCE, async {
            let mut read = self.read().await?;
            let page = history::page(&mut *read, user, query).await;
            read.end(page).await
        })
        .await
    }

    async fn read_state(&self, user: UserId) -> Result<Option<StoredReadState>, StoreError> {
        within(B::PATIENCE, async {
            let mut reader = self.reader().await?;
            let state = reader.read_state(user).await;
            reader.end(state).await
        })
        .await
    }

    async fn count_unread(&self, user: UserId, state: &ReadState, through: Seq) -> Result<u64, StoreError> {
        let span = Span { after: 0, through: int(through.0) };
        within(B::PATIENCE, async {
            let mut read = self.read().await?;
            let count = history::count_unread(&mut *read, user, state, span).await;
            read.end(count).await
        })
        .await
    }

    async fn empty_gaps(&self, user: UserId, gaps: &Ranges) -> Result<Ranges, StoreError> {
        within(B::PATIENCE, async {
            let mut read = self.read().await?;
            let empty = history::empty_gaps(&mut *read, user, gaps).await;
            read.end(empty).await
        })
        .await
    }

    async fn index_step(&self) -> Result<bool, StoreError> {
        search::step(self).await
    }
}
