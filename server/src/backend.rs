//! What the pages read, from the store and the push path.

use std::sync::Arc;

use async_trait::async_trait;
use push_system::{
    accounts::Person,
    api::{HistoryPage, HistoryQuery, Presence},
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    ids::UserId,
    inbox::Snapshot,
    limits,
    ports::Backend,
};

use crate::{
    push::Push,
    store::{Store, StoreError},
};

/// After which a search is worth another try while the index is being made: it takes minutes where there are many messages.
const INDEXING_SECONDS: u64 = 10;

/// The server's [`Backend`].
pub struct StoreBackend {
    store: Arc<dyn Store>,
    push: Push,
}

impl StoreBackend {
    /// Reads from these two.
    pub fn new(store: Arc<dyn Store>, push: Push) -> Self {
        Self { store, push }
    }
}

#[async_trait]
impl Backend for StoreBackend {
    async fn snapshot(&self, user: UserId) -> Result<Snapshot, Rejection> {
        let snapshot =
            self.store.snapshot(user, limits::SNAPSHOT_MESSAGES).await.map_err(|error| unavailable(&error))?;
        snapshot.ok_or_else(|| Rejection::new(ErrorCode::Revoked, Sentence::Revoked))
    }

    async fn history(&self, user: UserId, query: HistoryQuery) -> Result<HistoryPage, Rejection> {
        self.store.history(user, &query).await.map_err(|error| {
            if error.is_indexing() {
                Rejection::wait(ErrorCode::Unavailable, INDEXING_SECONDS, Sentence::SearchIndexing)
            } else {
                unavailable(&error)
            }
        })
    }

    async fn people(&self, prefix: &str) -> Result<Vec<Person>, Rejection> {
        let prefix = prefix.trim_start_matches('@').to_ascii_lowercase();
        self.store.people_starting(&prefix, limits::SUGGESTIONS).await.map_err(|error| unavailable(&error))
    }

    async fn presence(&self) -> Presence {
        self.push.presence()
    }
}

fn unavailable(error: &StoreError) -> Rejection {
    tracing::error!(%error, "a page could not be read");
    Rejection::new(ErrorCode::Unavailable, Sentence::Unavailable)
}
