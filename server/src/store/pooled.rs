//! Write transactions on a database server, and what became of them when COMMIT is not answered.

use std::{
    ops::{Deref, DerefMut},
    time::Duration,
};

use async_trait::async_trait;
use sqlx::{Database, Pool};
use tokio::time::timeout;

use super::{
    CommitError, OpenError, StoreError,
    backend::{Lease, WriteTx, no_answer},
    statements::Statements,
};

/// Longer than a lock is waited for: what takes this long has lost its server.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// A kind of database that is a server of its own.
pub trait Server: Database<Connection: Statements> {
    /// Begins a transaction in which each statement sees what was committed before it.
    const BEGIN_WRITE: &str;

    /// Whether the answer to COMMIT was that nothing is committed. Whatever else went wrong, nobody can tell.
    fn refused(error: &sqlx::Error) -> bool;
}

/// For a pool's look at a new connection: the driver logs why, closes it, and tries again for as long as one is waited for.
pub(super) fn refused_connection(why: OpenError) -> sqlx::Error {
    sqlx::Error::Configuration(why.into())
}

/// A write transaction; the connection is closed, and with it rolled back, where it does not end well.
#[derive(Debug)]
pub struct PooledWrite<Db: Server>(Lease<Db>);

impl<Db: Server> PooledWrite<Db> {
    pub(super) async fn begin(pool: &Pool<Db>) -> Result<Self, StoreError> {
        Ok(Self(Lease::begin(pool, Db::BEGIN_WRITE).await?))
    }

    /// The lock is a statement of its own: those after it see what was committed while it was waited for.
    pub(super) async fn lock_head(pool: &Pool<Db>) -> Result<Self, StoreError> {
        let mut tx = Self::begin(pool).await?;
        tx.run("SELECT seq FROM head WHERE id = 1 FOR UPDATE").await?;
        Ok(tx)
    }
}

#[async_trait]
impl<Db: Server> WriteTx for PooledWrite<Db> {
    type Connection = Db::Connection;

    async fn finish<T: Send>(mut self, result: Result<T, StoreError>) -> Result<T, CommitError> {
        let value = result.map_err(CommitError::NotStored)?;
        match timeout(PATIENCE, self.run("COMMIT")).await {
            Ok(Ok(())) => {
                self.0.give_back();
                Ok(value)
            }
            Ok(Err(error)) if error.driver().is_some_and(Db::refused) => Err(CommitError::NotStored(error)),
            Ok(Err(error)) => Err(CommitError::OutcomeUnknown(error)),
            Err(_) => Err(CommitError::OutcomeUnknown(no_answer(PATIENCE))),
        }
    }
}

impl<Db: Server> Deref for PooledWrite<Db> {
    type Target = Db::Connection;

    fn deref(&self) -> &Db::Connection {
        &self.0
    }
}

impl<Db: Server> DerefMut for PooledWrite<Db> {
    fn deref_mut(&mut self) -> &mut Db::Connection {
        &mut self.0
    }
}
