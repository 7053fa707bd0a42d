//! `SQLite`: one file, one server process, durable at every acknowledgement.
//!
//! All writes go through one connection (`writer.rs`), so that a batch is one transaction and one flush to disk; reads
//! have a small pool of read-only connections and never wait for it (WAL). One server at a time holds the file, because
//! its bus reaches no other process; tools may open it beside that server.

mod accounts;
mod backup;
mod commit;
mod history;
mod log;
mod open;
mod place;
mod read;
mod rows;
mod search;
mod sessions;
mod words;
mod writer;

#[cfg(test)]
mod tests;

use std::{fs::File, path::Path, sync::Arc};

use sqlx::{Sqlite, SqlitePool, Transaction, pool::PoolConnection};

pub use backup::{Backup, BackupError, Overwrite, Restored, back_up, restore};
pub use open::OpenError;

use super::StoreError;
use place::{Holder, Place};
use writer::Writer;

/// A database in one file.
#[derive(Debug)]
pub struct SqliteStore {
    place: Arc<Place>,
    writer: Writer,
    readers: SqlitePool,
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
    /// As for [`Self::open`], but never [`OpenError::InUse`].
    pub async fn open_for_tool(path: &Path) -> Result<Self, OpenError> {
        let path = open::prepare_file(path)?;
        Self::connect(&path, None).await
    }

    async fn connect(path: &Path, claim: Option<File>) -> Result<Self, OpenError> {
        let (holder, options) = match claim {
            Some(_) => (Holder::Server, open::options(path)),
            None => (Holder::Guest, open::tool_options(path)),
        };
        let mut connection = open::connect(&options).await?;
        open::check_settings(&mut connection).await?;
        open::migrate(&mut connection, path).await?;
        let readers = open::readers(path);
        let place = Arc::new(Place::of(path, holder).map_err(open::at(path))?);
        Ok(Self { writer: Writer::new(place.clone(), options, connection), place, readers, _claim: claim })
    }

    /// Waits for what runs and closes all connections, which folds the WAL into the file. Not to be used afterwards.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// A connection for a read that is one statement.
    async fn reader(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        self.place.check()?;
        Ok(self.readers.acquire().await?)
    }

    /// A read transaction: all statements in it see the same state.
    async fn read(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.place.check()?;
        Ok(self.readers.begin().await?)
    }
}
