//! What the server-rendered UI asks a backend for. The server implements it and hands it over as `Arc<dyn Backend>`.

use async_trait::async_trait;

use crate::{
    accounts::Person,
    api::{HistoryPage, HistoryQuery, Presence},
    error::Rejection,
    ids::UserId,
    inbox::Snapshot,
    timestamp::Timestamp,
};

/// Wall-clock time as a parameter, so that tests decide what time it is.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Reads on behalf of one person. Every call checks nothing: who may ask is decided before.
#[async_trait]
pub trait Backend: Send + Sync {
    /// Page, read state, counters and position, read in one transaction: a consistent cut of the log.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) when the store cannot be read.
    async fn snapshot(&self, user: UserId) -> Result<Snapshot, Rejection>;

    /// Messages the person may see, newest first.
    ///
    /// # Errors
    /// As for [`Self::snapshot`].
    async fn history(&self, user: UserId, query: HistoryQuery) -> Result<HistoryPage, Rejection>;

    /// People whose name starts with `prefix`, by name, at most [`crate::limits::SUGGESTIONS`].
    ///
    /// # Errors
    /// As for [`Self::snapshot`].
    async fn people(&self, prefix: &str) -> Result<Vec<Person>, Rejection>;

    /// Who is online.
    async fn presence(&self) -> Presence;
}
