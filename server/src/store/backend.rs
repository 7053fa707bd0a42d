//! What a database must bring along to be a store: connections, and statements in its own SQL (`statements.rs`). What is
//! done with them, and in which order, stands beside this file once for all.

use std::{
    future::Future,
    ops::{Deref, DerefMut},
    time::Duration,
};

use async_trait::async_trait;
use sqlx::{Database, Pool, mysql::MySqlDatabaseError, pool::PoolConnection};
use tokio::time::timeout;

use super::{CommitError, StoreError, statements::Statements};

/// Connections for following the log: the follower's own, and two for clients whose place is not in memory. A follower that
/// waited behind all readers would take its store for lost.
pub const FOLLOWERS: u32 = 3;

/// The connections of one database.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// Which kind.
    type Db: Database<Connection: Statements>;
    /// Its write transactions.
    type Write: WriteTx<Connection = ConnectionOf<Self>>;

    /// The longest that a server on the network may leave a call without an answer before its connection is given up.
    /// None where the database is no server.
    const PATIENCE: Option<Duration>;

    /// Begins a read transaction.
    const BEGIN_READ: &'static str;

    /// A connection for a read that is one statement.
    async fn reader(&self) -> Result<Lease<Self::Db>, StoreError>;

    /// A read transaction: all statements in it see the same state.
    async fn read(&self) -> Result<Lease<Self::Db>, StoreError>;

    /// As [`Self::reader`], for what follows the log: on a connection that no other read takes.
    async fn follower(&self) -> Result<Lease<Self::Db>, StoreError>;

    /// A write transaction that holds the head from its start: no other one moves it meanwhile.
    async fn lock_head(&self) -> Result<Self::Write, StoreError>;

    /// A write transaction for what has no place in the log.
    async fn write(&self) -> Result<Self::Write, StoreError>;

    /// Whether this still is the database that was opened, where that can be told apart from reading it. Asked once a
    /// second.
    async fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Waits for what runs and closes all connections. Not to be used afterwards.
    async fn close_connections(&self);
}

/// The connection type of a backend.
pub type ConnectionOf<B> = <<B as Backend>::Db as Database>::Connection;

/// A write transaction. Dropped without [`Self::finish`], it is rolled back.
#[async_trait]
pub trait WriteTx: DerefMut<Target = Self::Connection> + Send {
    /// What statements run on.
    type Connection: Statements;

    /// Commits what went well and rolls back what did not.
    async fn finish<T: Send>(self, result: Result<T, StoreError>) -> Result<T, CommitError>;
}

/// Waits for `work` no longer than a backend of this kind has patience; what is dropped then is not used again.
pub(super) async fn within<T>(
    patience: Option<Duration>,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match patience {
        Some(patience) => timeout(patience, work).await.unwrap_or_else(|_| Err(no_answer(patience))),
        None => work.await,
    }
}

/// Why nothing is known of the database at the moment.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    /// A server on the network said nothing for so long.
    #[error("the database did not answer within {} s", .0.as_secs())]
    Within(Duration),
    /// Another program wrote into its file.
    #[error("another program wrote into the database; nothing is stored until it was examined")]
    Examined,
}

pub(super) fn no_answer(patience: Duration) -> StoreError {
    StoreError::new(NoAnswer::Within(patience))
}

/// Classes and codes of SQLSTATE: connection lost, out of resources, ended by an operator or a timeout, lock not given;
/// and as `SQLite` says busy.
const AWAY: [&str; 6] = ["08", "53", "57P", "25P03", "55P03", "5"];
/// The same in `MySQL`'s numbers, as its SQLSTATE says nothing of it: too many connections, shutting down, lock wait,
/// killed.
const AWAY_MYSQL: [u16; 5] = [1040, 1053, 1205, 1317, 1927];

/// See [`StoreError::is_away`].
pub(super) fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        sqlx::Error::Database(error) => match error.try_downcast_ref::<MySqlDatabaseError>() {
            Some(error) => AWAY_MYSQL.contains(&error.number()),
            None => error.code().is_some_and(|code| {
                // SQLSTATE has five characters, and codes of SQLite one or a few digits.
                AWAY.iter()
                    .any(|away| if code.len() == 5 { away.len() > 1 && code.starts_with(away) } else { code == *away })
            }),
        },
        _ => false,
    }
}

/// A connection of a pool. It goes back only after it ended well: one that is dropped half way through a statement, or
/// failed, is replaced, because nobody knows what it would answer next.
#[derive(Debug)]
pub struct Lease<Db: Database> {
    connection: Option<PoolConnection<Db>>,
    end: Option<&'static str>,
}

impl<Db: Database<Connection: Statements>> Lease<Db> {
    /// For single statements.
    pub(super) async fn plain(pool: &Pool<Db>) -> Result<Self, StoreError> {
        Ok(Self { connection: Some(pool.acquire().await?), end: None })
    }

    /// A transaction, begun with these words.
    pub(super) async fn begin(pool: &Pool<Db>, begin: &'static str) -> Result<Self, StoreError> {
        Self::plain(pool).await?.beginning(begin).await
    }

    /// The same connection in a transaction. A read leaves nothing to commit: whatever is a COMMIT on the wire is a write's.
    pub(super) async fn beginning(mut self, begin: &'static str) -> Result<Self, StoreError> {
        self.end = Some("ROLLBACK");
        self.run(begin).await?;
        Ok(self)
    }

    /// Ends a read. The connection is used again if the read went well, or found that what it was to read is gone.
    pub(super) async fn end<T>(mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if result.as_ref().is_err_and(|error| !error.is_trimmed()) {
            return result;
        }
        if let Some(end) = self.end {
            self.run(end).await?;
        }
        self.give_back();
        result
    }

    /// The connection is as good as it was: others may have it.
    pub(super) fn give_back(mut self) {
        self.connection.take();
    }
}

const HELD: &str = "a lease holds its connection until it ends";

impl<Db: Database> Deref for Lease<Db> {
    type Target = Db::Connection;

    fn deref(&self) -> &Self::Target {
        self.connection.as_ref().expect(HELD)
    }
}

impl<Db: Database> DerefMut for Lease<Db> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.connection.as_mut().expect(HELD)
    }
}

impl<Db: Database> Drop for Lease<Db> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection.detach());
        }
    }
}
