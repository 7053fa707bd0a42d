//! `MySQL` 8 or later and `MariaDB` 10.11 or later, in the SQL both speak: several servers may write at once, and whoever
//! holds the row of the head goes first.
//!
//! Writers have a pool of their own: no number of readers keeps a commit waiting, and the two need different isolation.

mod accounts;
mod commit;
mod log;
mod open;
mod search;

#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use sqlx::{Encode, MySql, MySqlConnection, MySqlPool, QueryBuilder, Type, mysql::MySqlDatabaseError};

use super::{
    OpenError, ServerUrl, StoreError,
    backend::{Backend, FOLLOWERS, Lease},
    open::Opener,
    pooled::{PATIENCE, PooledWrite, Server},
    statements::Statements,
};

/// A database of a `MySQL` or `MariaDB` server.
#[derive(Debug)]
pub struct MySqlStore {
    writers: MySqlPool,
    readers: MySqlPool,
    /// For those who follow the log.
    followers: MySqlPool,
}

impl MySqlStore {
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
        let dialect = open::prepare(url, &options, opener).await?;
        let [readers, followers] = [open::READERS, FOLLOWERS].map(|most| open::readers(&options, dialect, most));
        Ok(Self { writers: open::writers(url, &options, dialect), readers, followers })
    }
}

#[async_trait]
impl Backend for MySqlStore {
    type Db = MySql;
    type Write = PooledWrite<MySql>;

    const PATIENCE: Option<Duration> = Some(PATIENCE);
    const BEGIN_READ: &'static str = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";

    async fn reader(&self) -> Result<Lease<MySql>, StoreError> {
        Lease::plain(&self.readers).await
    }

    async fn read(&self) -> Result<Lease<MySql>, StoreError> {
        Lease::begin(&self.readers, Self::BEGIN_READ).await
    }

    async fn follower(&self) -> Result<Lease<MySql>, StoreError> {
        Lease::plain(&self.followers).await
    }

    async fn lock_head(&self) -> Result<PooledWrite<MySql>, StoreError> {
        PooledWrite::lock_head(&self.writers).await
    }

    async fn write(&self) -> Result<PooledWrite<MySql>, StoreError> {
        PooledWrite::begin(&self.writers).await
    }

    async fn close_connections(&self) {
        tokio::join!(self.readers.close(), self.followers.close(), self.writers.close());
    }
}

/// What is answered to a COMMIT that was rolled back: a lock wait that took too long, a deadlock (between the nodes of a
/// cluster).
const ROLLED_BACK: [u16; 2] = [1205, 1213];

impl Server for MySql {
    const BEGIN_WRITE: &str = "START TRANSACTION";

    /// Other errors say less: a statement that was killed, a server that shuts down.
    fn refused(error: &sqlx::Error) -> bool {
        let refusal = error.as_database_error().and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>());
        refusal.is_some_and(|error| ROLLED_BACK.contains(&error.number()))
    }
}

/// As text: `MySQL` does not prepare all that begins or ends a transaction.
#[async_trait]
impl Statements for MySqlConnection {
    async fn run(&mut self, sql: &'static str) -> Result<(), StoreError> {
        sqlx::raw_sql(sql).execute(self).await?;
        Ok(())
    }
}

/// The values, the last one repeated up to the next power of two. Lists then have few lengths, and statements few texts,
/// which stay prepared: to close one after use costs a round trip, and 40 ms more, because the server answers nothing to
/// that and the client's next packet waits for an acknowledgement (Nagle's algorithm, which the driver leaves on).
pub(super) fn padded<T: Clone>(values: &[T]) -> Vec<T> {
    let mut padded = values.to_vec();
    if let Some(last) = values.last() {
        padded.resize(values.len().next_power_of_two(), last.clone());
    }
    padded
}

/// `(?, ?, …)`: there are no arrays. Not to be empty.
fn list<'q, T: Encode<'q, MySql> + Type<MySql> + Clone>(query: &mut QueryBuilder<MySql>, values: &[T]) {
    query.push("(");
    let mut separated = query.separated(", ");
    for value in padded(values) {
        separated.push_bind(value);
    }
    query.push(")");
}
