//! A copy of the database while it is in use, and the way back.
//!
//! The copy is made by `VACUUM INTO`: one read transaction over the whole file. Writers do not wait for it; the WAL grows
//! by what they write meanwhile, and is folded in afterwards. (The backup API would begin again at every commit of another
//! process, and under load never end.)

#[cfg(test)]
mod tests;

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use push_system::{position::Position, timestamp::Timestamp};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{
    super::{
        OpenError, StoreError,
        statements::{CommitRows as _, LogRows as _},
    },
    open,
};

/// Whether a copy may take the place of an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// It may.
    Allowed,
    /// It may not.
    Refused,
}

/// A copy that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Up to where it holds the log.
    pub position: Position,
    /// Its size.
    pub bytes: u64,
}

/// A database that was put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Where its log ends, in its new epoch.
    pub position: Position,
    /// What stood in its place.
    pub kept: Option<PathBuf>,
}

/// Why there is no copy, or why it was not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database, or the copy to be put back, cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is nothing to copy.
    #[error("{}: there is no such database", .0.display())]
    Missing(PathBuf),
    /// An earlier copy stands there.
    #[error("{} exists already; --force replaces it", .0.display())]
    Exists(PathBuf),
    /// The copy would replace what it is made of.
    #[error("{} is the database itself", .0.display())]
    Itself(PathBuf),
    /// Only half of a copy.
    #[error("{} is a file of a database in use: what stands in {} is missing from it. Make the copy with `push-system backup`", .0.display(), .1.display())]
    WithWal(PathBuf, PathBuf),
    /// The copy is damaged.
    #[error("{} is damaged: {}", .0.display(), .1)]
    Damaged(PathBuf, String),
}

impl From<sqlx::Error> for BackupError {
    fn from(error: sqlx::Error) -> Self {
        Self::Open(OpenError::of("SQLite")(error))
    }
}

impl From<StoreError> for BackupError {
    fn from(error: StoreError) -> Self {
        Self::Open(OpenError::of("SQLite")(error))
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> BackupError + use<> {
    let at = open::at(path);
    |source| at(source).into()
}

/// Copies the database, also beside a running server. The copy appears whole, durable and 0600, or not at all.
///
/// # Errors
/// [`BackupError`]; nothing is left behind.
pub async fn back_up(database: &Path, copy: &Path, overwrite: Overwrite) -> Result<Backup, BackupError> {
    let database = database.canonicalize().map_err(|_| BackupError::Missing(database.to_owned()))?;
    if copy.canonicalize().is_ok_and(|copy| copy == database) {
        return Err(BackupError::Itself(database));
    }
    if overwrite == Overwrite::Refused && copy.exists() {
        return Err(BackupError::Exists(copy.to_owned()));
    }
    let draft = Draft::beside(copy)?;
    copy_into(&database, &draft.path).await?;
    let position = head_of(&draft.path).await?;
    let bytes = fs::metadata(&draft.path).map_err(at(&draft.path))?.len();
    draft.publish(copy, overwrite)?;
    Ok(Backup { position, bytes })
}

async fn copy_into(database: &Path, to: &Path) -> Result<(), BackupError> {
    // Neither made nor migrated: a server of another version may be using it.
    let options = SqliteConnectOptions::new().filename(database).busy_timeout(open::BUSY_TIMEOUT);
    let mut connection = options.connect().await?;
    open::refuse_unknown(&mut connection, database).await?;
    let to = to.to_str().ok_or_else(|| at(to)(io::ErrorKind::InvalidFilename.into()))?;
    sqlx::query("VACUUM INTO ?").bind(to).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// Reads a file that nobody writes, and makes none beside it.
async fn open_copy(path: &Path) -> Result<SqliteConnection, BackupError> {
    Ok(SqliteConnectOptions::new().filename(path).read_only(true).immutable(true).connect().await?)
}

async fn head_of(path: &Path) -> Result<Position, BackupError> {
    let mut connection = open_copy(path).await?;
    let head = connection.head().await?;
    connection.close().await?;
    Ok(head.position)
}

/// Puts a copy in the place of the database, in a new epoch: every client is told `reset`. What stood there is kept beside
/// it. The copy is checked, and all but the last rename done, before anything is touched.
///
/// # Errors
/// [`BackupError`]; [`OpenError::InUse`] while a server holds the database.
pub async fn restore(database: &Path, copy: &Path, now: Timestamp) -> Result<Restored, BackupError> {
    let database = open::resolve(database)?;
    let _claim = open::claim(&database)?;
    if copy.canonicalize().map_err(at(copy))? == database {
        return Err(BackupError::Itself(database));
    }
    let wal = beside(copy, "-wal");
    if fs::metadata(&wal).is_ok_and(|wal| wal.len() > 0) {
        return Err(BackupError::WithWal(copy.to_owned(), wal));
    }
    let draft = Draft::beside(&database)?;
    fs::copy(copy, &draft.path).map_err(at(copy))?;
    check(&draft.path, copy).await?;
    let position = renew(&draft.path).await?;
    let kept = if database.exists() { Some(keep(&database, now).await?) } else { None };
    draft.publish(&database, Overwrite::Allowed)?;
    Ok(Restored { position, kept })
}

/// `named` is the file the person gave.
async fn check(path: &Path, named: &Path) -> Result<(), BackupError> {
    let mut connection = open_copy(path).await?;
    // The first that reads it: whether it is a database at all.
    let readable = sqlx::query("PRAGMA schema_version").fetch_one(&mut connection).await;
    readable.map_err(|error| BackupError::Damaged(named.to_owned(), error.to_string()))?;
    open::refuse_unknown(&mut connection, named).await?;
    let found: String = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut connection).await?;
    connection.close().await?;
    if found == "ok" { Ok(()) } else { Err(BackupError::Damaged(named.to_owned(), found)) }
}

async fn renew(path: &Path) -> Result<Position, BackupError> {
    let mut connection = SqliteConnectOptions::new().filename(path).connect().await?;
    connection.renew_epoch().await?;
    let head = connection.head().await?;
    connection.close().await?;
    Ok(head.position)
}

/// Gives the present database a second name, under which it stays when the first one is taken.
async fn keep(database: &Path, now: Timestamp) -> Result<PathBuf, BackupError> {
    fold_wal(database).await;
    let kept = beside(database, &format!(".before-restore-{}", now.unix_ms()));
    fs::hard_link(database, &kept).map_err(at(&kept))?;
    for side in ["-wal", "-shm"] {
        // A WAL is applied to whatever file has the name: left here, it would destroy the one that is put back.
        match fs::rename(beside(database, side), beside(&kept, side)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(database)(error)),
            _ => {}
        }
    }
    Ok(kept)
}

/// So that one file holds all of it. One that is damaged is kept as it is.
async fn fold_wal(database: &Path) {
    let folded = async {
        let mut connection = SqliteConnectOptions::new().filename(database).connect().await?;
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await?;
        connection.close().await
    };
    if let Err(error) = folded.await {
        tracing::warn!(%error, path = %database.display(), "the present database cannot be read; it is kept as it is");
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A file on its way to a name; gone again unless it gets there.
struct Draft {
    path: PathBuf,
}

impl Draft {
    /// Empty and closed to others, in the folder of `target`, as a rename does not leave its file system.
    fn beside(target: &Path) -> Result<Self, BackupError> {
        let path = beside(target, &format!(".{:016x}.partial", rand::random::<u64>()));
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(at(&path))?;
        Ok(Self { path })
    }

    /// Durable first, then under its name, then that durable as well.
    fn publish(self, target: &Path, overwrite: Overwrite) -> Result<(), BackupError> {
        File::open(&self.path).and_then(|file| file.sync_all()).map_err(at(&self.path))?;
        match overwrite {
            Overwrite::Allowed => fs::rename(&self.path, target).map_err(at(target))?,
            // Unlike a rename, a link never replaces what came there meanwhile.
            Overwrite::Refused => fs::hard_link(&self.path, target).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => BackupError::Exists(target.to_owned()),
                _ => at(target)(error),
            })?,
        }
        open::keep_name(open::folder_of(target)).map_err(at(target))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        for side in ["", "-journal", "-wal", "-shm"] {
            // Most of them were never there.
            drop(fs::remove_file(beside(&self.path, side)));
        }
    }
}
