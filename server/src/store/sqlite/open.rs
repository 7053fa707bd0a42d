//! From a path to a connection that can be trusted: files, settings, schema.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    AssertSqlSafe, ConnectOptions, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{
    super::{OpenError, open::Opener},
    place::Overwritten,
    writer,
};

/// How long a writer waits for another process (a tool, a backup) to finish its transaction.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Readers at once. Reads are short; more of them would only compete for the same pages.
pub(super) const READERS: u32 = 4;
/// What marks a file as one of ours ("push" in ASCII), so that a schema is never put into somebody else's database.
const APPLICATION_ID: i64 = 0x7075_7368;
/// The schema, step by step; a file's `user_version` counts the steps it has taken.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/sqlite/0001_log_and_accounts.sql"),
    include_str!("../../../migrations/sqlite/0002_people.sql"),
    include_str!("../../../migrations/sqlite/0003_tickets.sql"),
    include_str!("../../../migrations/sqlite/0004_changes.sql"),
    include_str!("../../../migrations/sqlite/0005_topics.sql"),
    include_str!("../../../migrations/sqlite/0006_search.sql"),
    include_str!("../../../migrations/sqlite/0007_ended_sessions.sql"),
    include_str!("../../../migrations/sqlite/0008_topics_as_told.sql"),
    include_str!("../../../migrations/sqlite/0009_owners.sql"),
    include_str!("../../../migrations/sqlite/0010_members.sql"),
];
/// `PRAGMA synchronous`: FULL. 3 (EXTRA) is stronger.
const SYNCHRONOUS_FULL: i64 = 2;

fn refused(error: sqlx::Error) -> OpenError {
    OpenError::of("SQLite")(error)
}

fn weak(setting: &'static str, found: String, needed: &'static str) -> OpenError {
    let hint = "is the file on a network file system?";
    OpenError::Weak { database: "SQLite".to_owned(), setting, found, needed, hint }
}

pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> OpenError + use<> {
    let path = path.to_owned();
    |source| OpenError::File { path, source }
}

/// Makes folder and file before `SQLite` does, so that at no moment others can read them: it gives its WAL the mode of the
/// file. Returns the path without links, by which two spellings of one file are told to be one.
pub(super) fn prepare_file(path: &Path) -> Result<PathBuf, OpenError> {
    let folder = prepare_folder(path)?;
    // An existing file is not opened here: closing it would drop the locks that SQLite holds on it in this process.
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => keep_name(folder).map_err(at(folder))?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => close_to_others(path).map_err(at(path))?,
        Err(error) => return Err(at(path)(error)),
    }
    path.canonicalize().map_err(at(path))
}

/// The folder that names a file.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn prepare_folder(path: &Path) -> Result<&Path, OpenError> {
    let folder = folder_of(path);
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(at(folder))?;
    Ok(folder)
}

/// The path without links of a file that may be missing; its folder is made.
pub(super) fn resolve(path: &Path) -> Result<PathBuf, OpenError> {
    let folder = prepare_folder(path)?;
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename.into()).map_err(at(path))?;
            Ok(folder.canonicalize().map_err(at(folder))?.join(name))
        }
        found => found.map_err(at(path)),
    }
}

/// A new file outlives a power cut only if the folder that names it was flushed, and the one that names the folder.
pub(super) fn keep_name(folder: &Path) -> io::Result<()> {
    let folder = folder.canonicalize()?;
    File::open(&folder)?.sync_all()?;
    folder.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

/// A restored copy may have come back readable by all, with the signing keys in it.
fn close_to_others(path: &Path) -> io::Result<()> {
    if matches!(fs::metadata(path)?.permissions().mode() & 0o777, 0o400 | 0o600) {
        return Ok(());
    }
    tracing::warn!(path = %path.display(), "the database was open to others; its mode is 0600 now");
    fs::set_permissions(path, Permissions::from_mode(0o600))
}

/// Holds `<file>.lock` for as long as the result lives; the kernel lets go of it when the process ends, however it ends.
pub(super) fn claim(path: &Path) -> Result<File, OpenError> {
    let mut lock_path = path.as_os_str().to_owned();
    lock_path.push(".lock");
    let lock_path = PathBuf::from(lock_path);
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&lock_path);
    let file = file.map_err(at(&lock_path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(at(&lock_path)(error)),
    }
}

/// How the writing connection is opened, also when it has to be replaced.
pub(super) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY_TIMEOUT)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // On macOS a plain fsync leaves data in the drive's cache; elsewhere this changes nothing.
        .pragma("fullfsync", "ON")
        .pragma("checkpoint_fullfsync", "ON")
}

/// As [`options`], for a guest beside a server: folding the WAL into the file is the server's, which would otherwise take
/// it for a write of a stranger.
pub(super) fn tool_options(path: &Path) -> SqliteConnectOptions {
    options(path).pragma("wal_autocheckpoint", "0")
}

/// Connects, waiting for another process that is just switching a new file to WAL: `SQLite`'s own busy timeout does not
/// cover that step.
pub(super) async fn connect(options: &SqliteConnectOptions) -> Result<SqliteConnection, OpenError> {
    const PAUSE: Duration = Duration::from_millis(20);
    let mut waited = Duration::ZERO;
    loop {
        match options.connect().await {
            Err(error) if writer::is_busy(&error) && waited < BUSY_TIMEOUT => {
                tokio::time::sleep(PAUSE).await;
                waited += PAUSE;
            }
            other => return other.map_err(refused),
        }
    }
}

/// Connections that can only read; opened when they are needed, and replaced when they remember what the file no longer holds.
pub(super) fn pool(path: &Path, connections: u32, overwritten: &Overwritten) -> SqlitePool {
    let overwritten = overwritten.clone();
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY_TIMEOUT).read_only(true);
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(BUSY_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .before_acquire(move |_, meta| {
            let is_good = !overwritten.within(meta.age);
            Box::pin(async move { Ok(is_good) })
        })
        .connect_lazy_with(options)
}

/// Reads back what durability rests on: a file system may refuse WAL silently.
pub(super) async fn check_settings(connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let journal: String =
        sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *connection).await.map_err(refused)?;
    if journal != "wal" {
        return Err(weak("journal_mode", journal, "wal"));
    }
    let synchronous: i64 =
        sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *connection).await.map_err(refused)?;
    if synchronous < SYNCHRONOUS_FULL {
        return Err(weak("synchronous", synchronous.to_string(), "2 (FULL)"));
    }
    let foreign_keys: i64 =
        sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(&mut *connection).await.map_err(refused)?;
    if foreign_keys != 1 {
        return Err(weak("foreign_keys", foreign_keys.to_string(), "1"));
    }
    Ok(())
}

/// Folds into the file what a server that was killed left beside it: where its WAL was read again, `SQLite` does not know
/// how much of it the file holds, and [`super::place`] goes by that.
pub(super) async fn fold_wal(connection: &mut SqliteConnection) -> Result<(), OpenError> {
    sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(connection).await.map(drop).map_err(refused)
}

/// Takes the steps that are missing, all in one transaction: of processes that start together, the second finds the
/// work done, and one that dies half way leaves nothing.
pub(super) async fn migrate(connection: &mut SqliteConnection, path: &Path, opener: Opener) -> Result<(), OpenError> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await.map_err(refused)?;
    let done = take_steps(connection, path, opener).await;
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    sqlx::query(end).execute(&mut *connection).await.map_err(refused)?;
    done
}

/// Refuses what is not of this program, or of a later one: also a file that is empty.
pub(super) async fn refuse_unknown(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    let found = version(connection, path).await?;
    Opener::Server.may_migrate(&path.display().to_string(), found, known())?;
    if found == 0 { Err(OpenError::Foreign { database: path.display().to_string() }) } else { Ok(()) }
}

/// How many steps the file has taken, 0 for a new one.
async fn version(connection: &mut SqliteConnection, path: &Path) -> Result<i64, OpenError> {
    let found: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *connection).await.map_err(refused)?;
    refuse_foreign(connection, path, found).await?;
    Ok(found)
}

/// How many steps there are.
fn known() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

async fn take_steps(connection: &mut SqliteConnection, path: &Path, opener: Opener) -> Result<(), OpenError> {
    let (found, known) = (version(connection, path).await?, known());
    opener.may_migrate(&path.display().to_string(), found, known)?;
    for (step, sql) in (1..=known).zip(MIGRATIONS).skip_while(|(step, _)| *step <= found) {
        sqlx::raw_sql(*sql).execute(&mut *connection).await.map_err(refused)?;
        // A pragma takes no parameters; both are numbers of ours.
        let mark = format!("PRAGMA user_version = {step}; PRAGMA application_id = {APPLICATION_ID}");
        sqlx::raw_sql(AssertSqlSafe(mark)).execute(&mut *connection).await.map_err(refused)?;
    }
    Ok(())
}

async fn refuse_foreign(connection: &mut SqliteConnection, path: &Path, version: i64) -> Result<(), OpenError> {
    let id: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *connection).await.map_err(refused)?;
    let tables: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *connection).await.map_err(refused)?;
    let is_new = id == 0 && version == 0 && tables == 0;
    if is_new || id == APPLICATION_ID {
        Ok(())
    } else {
        Err(OpenError::Foreign { database: path.display().to_string() })
    }
}
