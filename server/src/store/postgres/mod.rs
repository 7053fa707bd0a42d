//! `PostgreSQL` 14 or later: several servers may write at once, and whoever holds the row of the head goes first.
//!
//! Writers have a pool of their own, so that no number of readers keeps a commit waiting.

mod accounts;
mod commit;
mod log;
mod open;
mod search;

#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use sqlx::{
    PgConnection, PgPool, Postgres,
    postgres::{PgDatabaseError, PgSeverity},
};

use super::{
    OpenError, ServerUrl, StoreError,
    backend::{Backend, FOLLOWERS, Lease},
    open::Opener,
    pooled::{PATIENCE, PooledWrite, Server},
    statements::Statements,
};

/// A database of a `PostgreSQL` server.
#[derive(Debug)]
pub struct PostgresStore {
    writers: PgPool,
    readers: PgPool,
    /// For those who follow the log.
    followers: PgPool,
}

impl PostgresStore {
    /// Connects and brings the schema up to date; of servers that start together one does, and the others wait for it.
    ///
    /// # Errors
    /// [`OpenError`], whose sentence is for the person who started the program.
    pub async fn open(url: &ServerUrl) -> Result<Self, OpenError> {
        Self::open_for(Opener::Server, url).await
    }

    /// Connects for a tool, beside servers.
    ///
    /// # Errors
    /// As for [`Self::open`]; and [`OpenError::OlderSchema`], as a tool migrates nothing.
    pub async fn open_for_tool(url: &ServerUrl) -> Result<Self, OpenError> {
        Self::open_for(Opener::Tool, url).await
    }

    async fn open_for(opener: Opener, url: &ServerUrl) -> Result<Self, OpenError> {
        let options = open::options(url)?;
        open::prepare(url, &options, opener).await?;
        let [readers, followers] = [open::READERS, FOLLOWERS].map(|most| open::readers(&options, most));
        Ok(Self { writers: open::writers(url, &options), readers, followers })
    }
}

#[async_trait]
impl Backend for PostgresStore {
    type Db = Postgres;
    type Write = PooledWrite<Postgres>;

    const PATIENCE: Option<Duration> = Some(PATIENCE);
    const BEGIN_READ: &'static str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";

    async fn reader(&self) -> Result<Lease<Postgres>, StoreError> {
        Lease::plain(&self.readers).await
    }

    async fn read(&self) -> Result<Lease<Postgres>, StoreError> {
        Lease::begin(&self.readers, Self::BEGIN_READ).await
    }

    async fn follower(&self) -> Result<Lease<Postgres>, StoreError> {
        Lease::plain(&self.followers).await
    }

    async fn lock_head(&self) -> Result<PooledWrite<Postgres>, StoreError> {
        PooledWrite::lock_head(&self.writers).await
    }

    async fn write(&self) -> Result<PooledWrite<Postgres>, StoreError> {
        PooledWrite::begin(&self.writers).await
    }

    async fn close_connections(&self) {
        tokio::join!(self.readers.close(), self.followers.close(), self.writers.close());
    }
}

impl Server for Postgres {
    const BEGIN_WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

    /// An error that ends the connection is no refusal: the server may have been told to end it after it had committed.
    fn refused(error: &sqlx::Error) -> bool {
        let refusal = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
        refusal.is_some_and(|error| error.severity() == PgSeverity::Error)
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
