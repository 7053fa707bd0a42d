//! Whether the database is still the file that was opened.
//!
//! `SQLite` does not notice when its file is replaced. After a rename it goes on with the one that has no name any more,
//! acknowledges what nobody will find again, and leaves a WAL that destroys the file now in its place. After a copy *into*
//! the file it mixes old pages with new ones. So the name is compared before every use, and the time of the last write
//! before every transaction of our own.
//!
//! Other programs may write here, a backup that folds the WAL for instance: whatever goes through `SQLite` reaches the file
//! by a checkpoint alone, and those are counted ([`super::wal_index`]). A write that no checkpoint explains went around it.
//! Then nothing is stored until the whole file was examined, which nobody waits for.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};
use tokio::{sync::Notify, time::timeout};

use super::{
    super::{StoreError, backend::NoAnswer, open::Opener},
    wal_index::{Folded, WalIndex},
    writer,
};

/// How long a transaction waits for an examination: as long as that of a small file takes.
const EXAMINED_WITHIN: Duration = Duration::from_millis(500);
/// `SQLITE_CORRUPT` and `SQLITE_NOTADB`: other errors say nothing of the file.
const DAMAGE: [i32; 2] = [11, 26];

/// When the file was found to be another one than before, if sound: connections from before remember its old pages.
#[derive(Clone, Debug, Default)]
pub(super) struct Overwritten(Arc<Mutex<Option<Instant>>>);

impl Overwritten {
    fn now(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether that was within the life of a connection of this age.
    pub(super) fn within(&self, age: Duration) -> bool {
        let at = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        at.is_some_and(|at| at.elapsed() <= age)
    }
}

/// Which file it is.
type FileId = (u64, u64);

/// When it was written last, and its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Written(i64, i64, u64);

#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    file: FileId,
    /// The WAL and its index, as long as they are ours.
    sides: Vec<(PathBuf, FileId)>,
    state: Mutex<State>,
    /// An examination ended.
    examined: Notify,
    overwritten: Overwritten,
}

#[derive(Debug)]
struct State {
    written: Written,
    /// What was folded into the file by then. None for a tool, which need not know who writes.
    index: Option<(WalIndex, Folded)>,
    /// Whether the file is being examined.
    examining: bool,
    /// Why it can be used no more.
    lost: Option<String>,
}

fn look(path: &Path) -> io::Result<(FileId, Written)> {
    let found = fs::metadata(path)?;
    Ok(((found.dev(), found.ino()), Written(found.mtime(), found.mtime_nsec(), found.size())))
}

fn beside(path: &Path, side: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(side);
    PathBuf::from(name)
}

impl Place {
    /// The place of a database that was opened and written just now.
    pub(super) fn of(path: &Path, opener: Opener, overwritten: Overwritten) -> io::Result<Self> {
        let index = match opener {
            Opener::Server => Some(WalIndex::beside(path)?),
            Opener::Tool => None,
        };
        let index = index.map(|index| index.folded().map(|folded| (index, folded))).transpose()?;
        let (file, written) = look(path)?;
        let sides = ["-wal", "-shm"].iter().filter_map(|side| {
            let path = beside(path, side);
            look(&path).ok().map(|(file, _)| (path, file))
        });
        let sides = sides.collect();
        let state = Mutex::new(State { written, index, examining: false, lost: None });
        Ok(Self { path: path.to_owned(), file, sides, state, examined: Notify::new(), overwritten })
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
                // If it cannot be moved, whoever restarts is told by a damaged file.
                drop(fs::rename(path, beside(path, &format!(".replaced-{}", self.file.1))));
            }
        }
    }

    fn lose(&self, why: String) -> StoreError {
        tracing::error!(path = %self.path.display(), "{why}");
        self.state().lost = Some(why.clone());
        StoreError::new(why)
    }

    /// Before a transaction of the connection that writes, and before its COMMIT: fails where somebody wrote past `SQLite`,
    /// until the file is known to be sound.
    pub(super) async fn check_content(self: &Arc<Self>) -> Result<(), StoreError> {
        if self.is_explained()? {
            return Ok(());
        }
        self.begin_examination();
        let examined = async {
            loop {
                let examined = self.examined.notified();
                if self.is_explained()? {
                    return Ok(());
                }
                examined.await;
            }
        };
        timeout(EXAMINED_WITHIN, examined).await.unwrap_or_else(|_| Err(StoreError::new(NoAnswer::Examined)))
    }

    /// Whether all that was written since the last look came through `SQLite`. Also to be asked after a COMMIT, which may
    /// have folded its WAL into the file.
    pub(super) fn is_explained(&self) -> Result<bool, StoreError> {
        // Before the time of the write, so that a checkpoint that goes on meanwhile is one of the next look as well.
        let Some(folded) = self.folded()? else { return self.check().map(|()| true) };
        let written = self.written_now()?;
        // And after it, for one that began meanwhile.
        let now = self.folded()?.unwrap_or(folded);
        let mut state = self.state();
        let State { index: Some((_, before)), written: known, .. } = &mut *state else { return Ok(true) };
        if written != *known && !folded.explains_since(before) && !now.explains_since(before) {
            return Ok(false);
        }
        (*known, *before) = (written, folded);
        Ok(true)
    }

    fn folded(&self) -> Result<Option<Folded>, StoreError> {
        let folded = self.state().index.as_ref().map(|(index, _)| index.folded()).transpose();
        folded.map_err(StoreError::new)
    }

    /// Begins to examine the file aside, unless that is being done.
    fn begin_examination(self: &Arc<Self>) {
        if std::mem::replace(&mut self.state().examining, true) {
            return;
        }
        tracing::warn!(path = %self.path.display(), "another program wrote to the database; it is examined");
        let place = self.clone();
        tokio::spawn(async move {
            place.examine().await;
            place.state().examining = false;
            place.examined.notify_waiters();
        });
    }

    async fn examine(&self) {
        let Ok(written) = self.written_now() else { return };
        match self.integrity().await {
            Ok(found) if found == "ok" => {
                tracing::info!(path = %self.path.display(), "the database is sound");
                self.overwritten.now();
                self.state().written = written;
            }
            Ok(found) => self.damaged(&found),
            Err(error) if is_damage(&error) => self.damaged(&error.to_string()),
            // It may pass: whoever asks next begins another examination.
            Err(error) => tracing::warn!(%error, path = %self.path.display(), "the database cannot be examined yet"),
        }
    }

    fn damaged(&self, how: &str) {
        let path = self.path.display();
        drop(self.lose(format!(
            "{path} was written to under the running server and is damaged ({how}); stop it and restore a backup"
        )));
    }

    /// On a connection of its own, which remembers no pages.
    async fn integrity(&self) -> Result<String, sqlx::Error> {
        let mut connection = SqliteConnectOptions::new().filename(&self.path).read_only(true).connect().await?;
        let found = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut connection).await;
        connection.close().await?;
        found
    }

    /// Whether a connection opened at that time remembers pages that are others now.
    pub(super) fn was_overwritten_since(&self, opened: Instant) -> bool {
        self.overwritten.within(opened.elapsed())
    }

    /// The connection that writes was opened anew. If it had been the last one, the index of the WAL is another one now.
    pub(super) fn reopened(&self) -> Result<(), StoreError> {
        self.is_explained()?;
        if let Some((index, before)) = &mut self.state().index
            && let Some(successor) = index.successor().map_err(StoreError::new)?
        {
            *before = successor.folded().map_err(StoreError::new)?;
            *index = successor;
        }
        Ok(())
    }
}

/// Whether the file is to blame, not its circumstances.
fn is_damage(error: &sqlx::Error) -> bool {
    writer::primary_code(error).is_some_and(|code| DAMAGE.contains(&code))
}
