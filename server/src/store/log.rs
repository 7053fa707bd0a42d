//! [`Log`] on any [`Backend`]: which transaction each call runs in.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use push_system::{
    api::{HistoryPage, HistoryQuery},
    ids::{MessageId, Seq, UserId},
    inbox::Snapshot,
    message::{ClientId, Message},
    position::Epoch,
    read_state::{Ranges, ReadState},
    timestamp::Timestamp,
};

use super::{
    Among, Behind, CommitError, Entry, Gaps, Head, KeyUse, Log, Outcome, Probe, StoreError, StoredReadState,
    UnreadCount, Write,
    backend::{Backend, WriteTx as _, within},
    commit,
    forgetting::{Passing, forget},
    history,
    records::{AudienceKind, keys_of_news},
    rows::int,
    search,
    statements::{CommitRows as _, LogRows as _, Span, Statements},
};

/// Events deleted in one transaction: a few milliseconds.
const TRIM_STEP: u32 = 1_000;

/// Deletes the oldest events below the floor, and what stands in the index of audiences for their replay alone; that of
/// messages stays, as history is read by it. Returns how many events went.
async fn trim_step(connection: &mut impl Statements) -> Result<u64, StoreError> {
    let Some(last) = connection.below_floor(TRIM_STEP).await?.pop() else { return Ok(0) };
    let mut told: BTreeMap<AudienceKind, BTreeSet<i64>> = BTreeMap::new();
    for (kind, ids) in connection.told_up_to(last).await?.iter().flat_map(keys_of_news) {
        told.entry(kind).or_default().extend(ids);
    }
    for (kind, ids) in told {
        connection.forget_told(kind, &ids.into_iter().collect::<Vec<_>>(), last).await?;
    }
    connection.delete_events(last).await
}

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

    async fn renew_epoch(&self, known: &Epoch) -> Result<Head, StoreError> {
        let mut tx = within(B::PATIENCE, self.lock_head()).await?;
        let renewed = within(B::PATIENCE, async {
            if tx.head().await?.position.epoch == *known {
                tx.renew_epoch().await?;
            }
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
            let step = within(B::PATIENCE, trim_step(&mut *tx)).await;
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
            let mut read = self.read().await?;
            let entries = async {
                let floor = read.head().await?.floor;
                if after < floor {
                    return Err(StoreError::trimmed(after, floor));
                }
                history::entries_for(&mut *read, user, span, limit).await
            };
            let entries = entries.await;
            read.end(entries).await
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
        forget(self, Passing::Keys, before).await
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
        if let Some(search) = &query.words {
            return search::page(self, user, query, search).await;
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

    async fn message(&self, user: UserId, id: MessageId) -> Result<Option<Message>, StoreError> {
        within(B::PATIENCE, async {
            let mut read = self.read().await?;
            let message = history::message(&mut *read, user, id).await;
            read.end(message).await
        })
        .await
    }

    async fn first_unread(&self, user: UserId, limit: u32) -> Result<Vec<MessageId>, StoreError> {
        within(B::PATIENCE, async {
            let mut read = self.read().await?;
            let found = history::first_unread(&mut *read, user, limit).await;
            let ids = read.end(found).await?;
            Ok(ids.into_iter().map(|id| MessageId(id.unsigned_abs())).collect())
        })
        .await
    }

    async fn sent_message(&self, sender: UserId, id: MessageId) -> Result<Option<Message>, StoreError> {
        within(B::PATIENCE, async {
            let mut reader = self.reader().await?;
            let found = reader.messages(&[int(id.0)]).await;
            Ok(reader.end(found).await?.pop().filter(|message| message.sender.id == sender))
        })
        .await
    }

    async fn count_unread(&self, user: UserId, state: &ReadState) -> Result<UnreadCount, StoreError> {
        within(B::PATIENCE, async {
            let mut read = self.read().await?;
            let count = async {
                let reader = history::reader(&mut *read, user).await?;
                history::count_all_unread(&mut *read, &reader, state).await
            };
            let count = count.await;
            read.end(count).await
        })
        .await
    }

    async fn empty_gaps(&self, user: UserId, gaps: &Ranges, among: Among) -> Result<Gaps, StoreError> {
        within(B::PATIENCE, async {
            let mut read = self.read().await?;
            let empty = history::empty_gaps(&mut *read, user, gaps, among).await;
            read.end(empty).await
        })
        .await
    }

    async fn index_step(&self) -> Result<Option<Behind>, StoreError> {
        search::step(self).await
    }
}
