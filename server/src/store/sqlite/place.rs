//! Whether the database is still the file that was opened.
//!
//! `SQLite` does not notice when its file is replaced. After a rename it goes on with the one that has no name any more,
//! acknowledges what nobody will find again, and leaves a WAL that destroys the file now in its place. After a copy *into*
//! the file it mixes old pages with new ones. So the name is compared before every use, and the time of the last write
//! before every transaction of our own: other programs may write here, but then the file must be sound.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};

use super::super::{StoreError, open::Opener};

/// Which file it is.
type FileId = (u64, u64);

/// When it was written last, and its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Written(i64, i64, u64);

#[derive(Debug)]
pub(super) struct Place {
    opener: Opener,
    path: PathBuf,
    file: FileId,
    /// The WAL and its index, as long as they are ours.
    sides: Vec<(PathBuf, FileId)>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    written: Written,
    /// Why it can be used no more.
    lost: Option<String>,
}

fn look(path: &Path) -> io::Result<(FileId, Written)> {
    let found = fs::metadata(path)?;
    Ok(((found.dev(), found.ino()), Written(found.mtime(), found.mtime_nsec(), found.size())))
}

impl Place {
    /// The place of a database that was opened and written just now.
    pub(super) fn of(path: &Path, opener: Opener) -> io::Result<Self> {
        let (file, written) = look(path)?;
        let sides = ["-wal", "-shm"].iter().filter_map(|side| {
            let mut name = path.as_os_str().to_owned();
            name.push(side);
            let path = PathBuf::from(name);
            look(&path).ok().map(|(file, _)| (path, file))
        });
        let sides = sides.collect();
        Ok(Self { opener, path: path.to_owned(), file, sides, state: Mutex::new(State { written, lost: None }) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fails, from then on for ever, when the name leads to another file.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        self.written_now().map(drop)
    }

    fn written_now(&self) -> Result<Written, StoreError> {
        if let Some(why) = &self.state().lost {
            return Err(StoreError::new(why.clone()));
        }
        match look(&self.path) {
            Ok((file, written)) if file == self.file => Ok(written),
            Ok(_) => {
                self.leave();
                Err(self.lose(format!("{} was replaced under the running server; restart it", self.path.display())))
            }
            // Nothing stands there, or the system does not say: nothing is touched, and it may pass.
            Err(error) => Err(StoreError::new(error)),
        }
    }

    /// Takes the WAL out of the way of the file that stands here now: it would be applied to it. It is kept beside it, as
    /// what was acknowledged last may stand there alone.
    fn leave(&self) {
        for (path, file) in &self.sides {
            if look(path).is_ok_and(|(found, _)| found == *file) {
                let mut kept = path.as_os_str().to_owned();
                kept.push(format!(".replaced-{}", self.file.1));
                // If it cannot be moved, whoever restarts is told by a damaged file.
                drop(fs::rename(path, kept));
            }
        }
    }

    fn lose(&self, why: String) -> StoreError {
        tracing::error!(path = %self.path.display(), "{why}");
        self.state().lost = Some(why.clone());
        StoreError::new(why)
    }

    /// Before a transaction of the connection that writes, and before its COMMIT: whether nobody else wrote since [`Self::wrote`], or only what
    /// leaves the file sound.
    pub(super) async fn check_content(&self) -> Result<(), StoreError> {
        let written = self.written_now()?;
        if self.opener == Opener::Tool || written == self.state().written {
            return Ok(());
        }
        tracing::warn!(path = %self.path.display(), "another program wrote to the database; it is checked");
        match self.examine().await {
            Ok(found) if found == "ok" => {
                self.state().written = written;
                Ok(())
            }
            Ok(found) => Err(self.damaged(&found)),
            Err(error) => Err(self.damaged(&error.to_string())),
        }
    }

    fn damaged(&self, how: &str) -> StoreError {
        let path = self.path.display();
        self.lose(format!(
            "{path} was written to under the running server and is damaged ({how}); stop it and restore a backup"
        ))
    }

    /// On a connection of its own, which remembers no pages.
    async fn examine(&self) -> Result<String, sqlx::Error> {
        let mut connection = SqliteConnectOptions::new().filename(&self.path).read_only(true).connect().await?;
        let found = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(found)
    }

    /// The connection that writes has committed, and perhaps folded its WAL into the file.
    pub(super) fn wrote(&self) {
        if let Ok(written) = self.written_now() {
            self.state().written = written;
        }
    }
}
