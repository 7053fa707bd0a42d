//! `SQLite`: one file, one server process, durable at every acknowledgement.
//!
//! All writes go through one connection (`writer.rs`), so that a batch is one transaction and one flush to disk; reads
//! have a small pool of read-only connections and never wait for it (WAL). One server at a time holds the file, because
//! its bus reaches no other process; tools may open it beside that server.

mod accounts;
mod backup;
mod commit;
mod log;
mod open;
mod place;
mod search;
mod wal_index;
mod writer;

#[cfg(test)]
mod tests;

use std::{fs::File, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use sqlx::{Sqlite, SqliteConnection, SqlitePool};

pub use backup::{Backup, BackupError, Overwrite, Restored, back_up, restore};

use super::{
    OpenError, StoreError,
    backend::{Backend, FOLLOWERS, Lease},
    open::Opener,
    statements::Statements,
};
use place::{Overwritten, Place};
use writer::{SqliteWrite, Writer};

/// A database in one file.
#[derive(Debug)]
pub struct SqliteStore {
    place: Arc<Place>,
    writer: Writer,
    readers: SqlitePool,
    /// For those who follow the log.
    followers: SqlitePool,
    /// Keeps a second server out for as long as it lives. None for a tool.
    _claim: Option<File>,
}

impl SqliteStore {
    /// Opens the file for a server, creating it (0600) and its folder (0700) where they are missing, and brings its
    /// schema up to date. Until the store is dropped, another `open` of the file is refused.
    ///
    /// # Errors
    /// [`OpenError`], whose sentence is for the person who started the program.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        let path = open::prepare_file(path)?;
        let claim = open::claim(&path)?;
        Self::connect(&path, Some(claim)).await
    }

    /// Opens the file for a tool, also beside a running server, which learns of what is written here from the log.
    ///
    /// # Errors
    /// As for [`Self::open`], but never [`OpenError::InUse`]; and [`OpenError::OlderSchema`], as a tool migrates nothing.
    pub async fn open_for_tool(path: &Path) -> Result<Self, OpenError> {
        let path = open::prepare_file(path)?;
        Self::connect(&path, None).await
    }

    async fn connect(path: &Path, claim: Option<File>) -> Result<Self, OpenError> {
        let (opener, options) = match claim {
            Some(_) => (Opener::Server, open::options(path)),
            None => (Opener::Tool, open::tool_options(path)),
        };
        let mut connection = open::connect(&options).await?;
        open::check_settings(&mut connection).await?;
        open::migrate(&mut connection, path, opener).await?;
        if opener == Opener::Server {
            open::fold_wal(&mut connection).await?;
        }
        let overwritten = Overwritten::default();
        let [readers, followers] = [open::READERS, FOLLOWERS].map(|most| open::pool(path, most, &overwritten));
        let place = Arc::new(Place::of(path, opener, overwritten).map_err(open::at(path))?);
        Ok(Self { writer: Writer::new(place.clone(), options, connection), place, readers, followers, _claim: claim })
    }
}

#[async_trait]
impl Backend for SqliteStore {
    type Db = Sqlite;
    type Write = SqliteWrite;

    const PATIENCE: Option<Duration> = None;
    const BEGIN_READ: &'static str = "BEGIN";

    async fn reader(&self) -> Result<Lease<Sqlite>, StoreError> {
        self.place.check()?;
        Lease::plain(&self.readers).await
    }

    async fn read(&self) -> Result<Lease<Sqlite>, StoreError> {
        self.place.check()?;
        Lease::begin(&self.readers, Self::BEGIN_READ).await
    }

    async fn follower(&self) -> Result<Lease<Sqlite>, StoreError> {
        self.place.check()?;
        Lease::plain(&self.followers).await
    }

    async fn lock_head(&self) -> Result<SqliteWrite, StoreError> {
        self.writer.begin().await
    }

    /// There is one writer: every write holds the head.
    async fn write(&self) -> Result<SqliteWrite, StoreError> {
        self.writer.begin().await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.writer.check().await
    }

    /// Closing folds the WAL into the file.
    async fn close_connections(&self) {
        tokio::join!(self.readers.close(), self.followers.close());
        self.writer.close().await;
    }
}

#[async_trait]
impl Statements for SqliteConnection {
    async fn run(&mut self, sql: &'static str) -> Result<(), StoreError> {
        sqlx::query(sql).execute(self).await?;
        Ok(())
    }
}
