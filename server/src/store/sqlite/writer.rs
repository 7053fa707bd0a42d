//! The one connection that writes.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Instant,
};

use async_trait::async_trait;
use sqlx::{ConnectOptions, Connection, SqliteConnection, error::DatabaseError, sqlite::SqliteConnectOptions};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{
    super::{
        CommitError, StoreError,
        backend::{NoAnswer, WriteTx},
    },
    place::Place,
};

/// `SQLITE_BUSY`.
const BUSY: i32 = 5;

/// Hands its connection to one transaction at a time, in the order they ask.
///
/// A transaction owns the connection until it ended well, and only then gives it back. So a future that is dropped half
/// way, or a connection in an unknown state, costs a reconnect and never leaves the next writer inside an old
/// transaction: `SQLite` rolls back when the old connection is closed.
#[derive(Debug)]
pub(super) struct Writer {
    place: Arc<Place>,
    options: SqliteConnectOptions,
    connection: Arc<Mutex<Option<Kept>>>,
}

/// The connection, and when it was opened.
#[derive(Debug)]
struct Kept {
    connection: SqliteConnection,
    opened: Instant,
}

impl Writer {
    pub(super) fn new(place: Arc<Place>, options: SqliteConnectOptions, connection: SqliteConnection) -> Self {
        let kept = Kept { connection, opened: Instant::now() };
        Self { place, options, connection: Arc::new(Mutex::new(Some(kept))) }
    }

    /// Begins a transaction that holds `SQLite`'s write lock from the start, and with it the head.
    pub(super) async fn begin(&self) -> Result<SqliteWrite, StoreError> {
        let mut home = self.connection.clone().lock_owned().await;
        self.place.check_content().await?;
        let kept = home.take().filter(|kept| !self.place.was_overwritten_since(kept.opened));
        let mut kept = if let Some(kept) = kept { kept } else { self.connect().await? };
        match sqlx::query("BEGIN IMMEDIATE").execute(&mut kept.connection).await {
            Ok(_) => Ok(SqliteWrite { place: self.place.clone(), home, kept }),
            Err(error) => {
                // Another process holds the lock for too long: nothing is wrong with this connection.
                if is_busy(&error) {
                    *home = Some(kept);
                }
                Err(error.into())
            }
        }
    }

    async fn connect(&self) -> Result<Kept, StoreError> {
        let opened = Instant::now();
        let connection = self.options.connect().await?;
        self.place.reopened()?;
        Ok(Kept { connection, opened })
    }

    /// Fails where the file is not what it was. While somebody writes, they have looked themselves.
    pub(super) async fn check(&self) -> Result<(), StoreError> {
        match self.connection.try_lock() {
            Ok(_idle) => self.place.check_content().await,
            Err(_) => self.place.check(),
        }
    }

    pub(super) async fn close(&self) {
        if let Some(kept) = self.connection.lock().await.take()
            && let Err(error) = kept.connection.close().await
        {
            tracing::warn!(%error, "the database was not closed cleanly; its WAL is read at the next start");
        }
    }
}

/// Whether another process was in the way.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    primary_code(error) == Some(BUSY)
}

/// What kind of error it is; extended codes have it in their low byte.
pub(super) fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let code = error.as_database_error().and_then(DatabaseError::code).and_then(|code| code.parse::<i32>().ok());
    code.map(|code| code & 0xff)
}

/// A write transaction; the connection is closed, and with it rolled back, where it does not end well.
#[derive(Debug)]
pub struct SqliteWrite {
    place: Arc<Place>,
    home: OwnedMutexGuard<Option<Kept>>,
    kept: Kept,
}

#[async_trait]
impl WriteTx for SqliteWrite {
    type Connection = SqliteConnection;

    async fn finish<T: Send>(mut self, result: Result<T, StoreError>) -> Result<T, CommitError> {
        // Within a transaction of ours nothing of ours writes to the file: only COMMIT folds the WAL into it.
        let result = match result {
            Ok(value) => self.check_content().await.map(|()| value),
            failed => failed,
        };
        let error = match result {
            Ok(value) => match sqlx::query("COMMIT").execute(&mut self.kept.connection).await {
                Ok(_) => {
                    // What is not explained now is not at the next look either.
                    drop(self.place.is_explained());
                    self.give_back();
                    return Ok(value);
                }
                Err(error) => return Err(self.after_failed_commit(error.into()).await),
            },
            Err(error) => error,
        };
        self.roll_back().await;
        Err(CommitError::NotStored(error))
    }
}

impl SqliteWrite {
    /// Also that what the transaction read was not of a file that another one took the place of, sound or not.
    async fn check_content(&self) -> Result<(), StoreError> {
        self.place.check_content().await?;
        if self.place.was_overwritten_since(self.kept.opened) {
            return Err(StoreError::new(NoAnswer::Examined));
        }
        Ok(())
    }

    /// COMMIT said no. When the transaction is still there to be rolled back, nothing of it was stored; when it is gone
    /// (an I/O error while flushing, a dead connection) nobody can tell.
    async fn after_failed_commit(self, error: StoreError) -> CommitError {
        if self.roll_back().await { CommitError::NotStored(error) } else { CommitError::OutcomeUnknown(error) }
    }

    /// Returns whether there was a transaction to roll back; the connection lives on only then.
    async fn roll_back(mut self) -> bool {
        match sqlx::query("ROLLBACK").execute(&mut self.kept.connection).await {
            Ok(_) => {
                self.give_back();
                true
            }
            Err(error) => {
                tracing::warn!(%error, "the database connection that writes is replaced");
                false
            }
        }
    }

    fn give_back(mut self) {
        *self.home = Some(self.kept);
    }
}

impl Deref for SqliteWrite {
    type Target = SqliteConnection;

    fn deref(&self) -> &Self::Target {
        &self.kept.connection
    }
}

impl DerefMut for SqliteWrite {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.kept.connection
    }
}
