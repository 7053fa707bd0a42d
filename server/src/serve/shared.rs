//! What several instances share besides the database.

use tokio::time::{Instant, sleep};

use super::{OPEN_AGAIN_AFTER, OPEN_WITHIN};
use crate::{
    bus::redis::{ConnectError, Redis, Settings},
    config::RedisUrl,
    store::{Store, StoreError},
};

/// Why an instance could not join the others.
#[derive(Debug, thiserror::Error)]
pub enum SharedError {
    /// The database does not say which system this is.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no way to Redis.
    #[error("{0} ({1})")]
    Redis(ConnectError, RedisUrl),
}

/// Connects to the Redis of this store's system. One that cannot be reached is waited for as long as a database is.
pub(super) async fn connect(url: &RedisUrl, store: &dyn Store) -> Result<Redis, SharedError> {
    let system = store.head().await?.system;
    let deadline = Instant::now() + OPEN_WITHIN;
    loop {
        match Redis::connect(url.expose(), &system, Settings::default()).await {
            Ok(redis) => return Ok(redis),
            Err(error @ ConnectError::Unreachable(_)) if Instant::now() < deadline => {
                tracing::warn!(%error, redis.url = %url, "redis cannot be reached yet");
                sleep(OPEN_AGAIN_AFTER).await;
            }
            Err(error) => return Err(SharedError::Redis(error, url.clone())),
        }
    }
}
