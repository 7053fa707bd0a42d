//! `PostgreSQL` 14 or later: several servers may write at once, and whoever holds the row of the head goes first.
//!
//! Writers have a pool of their own, so that no number of readers keeps a commit waiting.

mod accounts;
mod commit;
mod log;
mod open;
mod search;
mod writer;

#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use sqlx::{PgConnection, PgPool, Postgres};

use super::{
    OpenError, ServerUrl, StoreError,
    backend::{Backend, Lease},
    statements::Statements,
};
use writer::PostgresWrite;

/// Longer than a lock is waited for: what takes this long has lost its server.
const PATIENCE: Duration = Duration::from_secs(10);

/// A database of a `PostgreSQL` server.
#[derive(Debug)]
pub struct PostgresStore {
    writers: PgPool,
    readers: PgPool,
}

impl PostgresStore {
    /// Connects and brings the schema up to date; of servers that start together one does, and the others wait for it.
    ///
    /// # Errors
    /// [`OpenError`], whose sentence is for the person who started the program.
    pub async fn open(url: &ServerUrl) -> Result<Self, OpenError> {
        let options = open::options(url)?;
        open::prepare(url, &options).await?;
        Ok(Self { writers: open::pool(&options, open::WRITERS), readers: open::pool(&options, open::READERS) })
    }
}

#[async_trait]
impl Backend for PostgresStore {
    type Db = Postgres;
    type Write = PostgresWrite;

    const PATIENCE: Option<Duration> = Some(PATIENCE);

    async fn reader(&self) -> Result<Lease<Postgres>, StoreError> {
        Lease::plain(&self.readers).await
    }

    async fn read(&self) -> Result<Lease<Postgres>, StoreError> {
        Lease::begin(&self.readers, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await
    }

    /// The lock is a statement of its own: those after it see what was committed while it was waited for.
    async fn lock_head(&self) -> Result<PostgresWrite, StoreError> {
        let mut tx = PostgresWrite::begin(&self.writers).await?;
        tx.run("SELECT seq FROM head WHERE id = 1 FOR UPDATE").await?;
        Ok(tx)
    }

    async fn write(&self) -> Result<PostgresWrite, StoreError> {
        PostgresWrite::begin(&self.writers).await
    }

    async fn close_connections(&self) {
        tokio::join!(self.readers.close(), self.writers.close());
    }
}

/// As text: one way to the server and back, and no statement to keep.
#[async_trait]
impl Statements for PgConnection {
    async fn run(&mut self, sql: &'static str) -> Result<(), StoreError> {
        sqlx::raw_sql(sql).execute(self).await?;
        Ok(())
    }
}
