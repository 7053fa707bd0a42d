//! What is `SQLite`'s own: files, settings, schema, the connection that writes. The rest is the contract.

use std::{os::unix::fs::PermissionsExt as _, path::PathBuf};

use push_system::ids::Seq;
use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteSynchronous};
use tempfile::TempDir;

use super::{SqliteStore, open};
use crate::store::{
    Accounts as _, CommitError, Log as _, OpenError, Store as _, StoreError,
    backend::{Backend as _, WriteTx as _},
    contract::{
        Fixture,
        administration::{ROWS_OF_THE_FIRST_SCHEMA, rows_of_the_first_schema_are_there},
        new_account, person, publish, say,
    },
};

struct SqliteFile(TempDir);

impl SqliteFile {
    fn make() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("data").join("push.db")
    }

    async fn raw(&self, sql: &'static str) {
        let mut connection = open::options(&self.path()).connect().await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

impl Fixture for SqliteFile {
    type Store = SqliteStore;

    async fn new(_test: &str) -> Option<Self> {
        Some(Self::make())
    }

    async fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.path()).await.unwrap()
    }
}

mod contract {
    crate::store::contract::suite!(super::SqliteFile);
}

fn mode(path: &std::path::Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn files_are_readable_by_their_owner_alone() {
    let file = SqliteFile::make();
    let store = file.open().await;
    person(&store, "ana").await;
    assert_eq!(mode(file.path().parent().unwrap()), 0o700);
    let names = ["push.db", "push.db-wal", "push.db-shm", "push.db.lock"];
    for name in names {
        assert_eq!(mode(&file.path().with_file_name(name)), 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_file_that_came_back_readable_by_all_is_closed_to_them() {
    let file = SqliteFile::make();
    file.open().await.close().await;
    std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
    file.open().await;
    assert_eq!(mode(&file.path()), 0o600);
}

#[tokio::test]
async fn a_second_server_is_refused_and_a_tool_is_not() {
    let file = SqliteFile::make();
    let server = file.open().await;
    let refusal = SqliteStore::open(&file.path()).await.unwrap_err();
    assert!(matches!(refusal, OpenError::InUse { .. }));
    assert!(refusal.to_string().contains("in use by another push-system server"), "{refusal}");
    let tool = SqliteStore::open_for_tool(&file.path()).await.unwrap();
    let ana = person(&tool, "ana").await;
    say(&server, &ana, "seen by both").await;
    assert_eq!(tool.head().await.unwrap(), server.head().await.unwrap());
    drop((server, tool));
    file.open().await;
}

#[tokio::test]
async fn one_file_by_two_names_is_one_file() {
    let file = SqliteFile::make();
    let _server = file.open().await;
    let link = file.0.path().join("link.db");
    std::os::unix::fs::symlink(file.path(), &link).unwrap();
    assert!(matches!(SqliteStore::open(&link).await, Err(OpenError::InUse { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_together_make_one_schema() {
    for _ in 0..5 {
        let file = SqliteFile::make();
        let path = file.path();
        let tool = || SqliteStore::open_for_tool(&path);
        let (a, b, c, d) = tokio::join!(tool(), tool(), tool(), SqliteStore::open(&path));
        let head = d.unwrap().head().await.unwrap();
        for store in [a, b, c] {
            assert_eq!(store.unwrap().head().await.unwrap(), head);
        }
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_not_touched() {
    let file = SqliteFile::make();
    file.open().await.close().await;
    file.raw("PRAGMA user_version = 99; CREATE TABLE of_the_future (id INTEGER)").await;
    let before = std::fs::read(file.path()).unwrap();
    let refusal = SqliteStore::open(&file.path()).await.unwrap_err();
    assert!(matches!(refusal, OpenError::NewerSchema { found: 99, .. }));
    assert!(refusal.to_string().contains("schema version 99"), "{refusal}");
    assert!(std::fs::read(file.path()).unwrap() == before);
}

#[tokio::test]
async fn a_database_of_the_first_schema_is_brought_up_to_date_once() {
    let file = SqliteFile::make();
    std::fs::create_dir(file.path().parent().unwrap()).unwrap();
    std::fs::File::create(file.path()).unwrap();
    file.raw(open::MIGRATIONS[0]).await;
    file.raw("PRAGMA user_version = 1; PRAGMA application_id = 1886745448").await;
    file.raw(ROWS_OF_THE_FIRST_SCHEMA).await;
    let path = file.path();
    let (store, tool) = tokio::join!(SqliteStore::open(&path), SqliteStore::open_for_tool(&path));
    rows_of_the_first_schema_are_there(&store.unwrap()).await;
    assert_eq!(tool.unwrap().head().await.unwrap().position.seq, Seq(2));
}

#[tokio::test]
async fn a_database_of_another_program_is_refused() {
    let file = SqliteFile::make();
    std::fs::create_dir(file.path().parent().unwrap()).unwrap();
    std::fs::File::create(file.path()).unwrap();
    file.raw("CREATE TABLE bookmarks (id INTEGER)").await;
    assert!(matches!(SqliteStore::open(&file.path()).await, Err(OpenError::Foreign { .. })));
}

#[tokio::test]
async fn what_is_no_database_is_refused() {
    let file = SqliteFile::make();
    std::fs::create_dir(file.path().parent().unwrap()).unwrap();
    std::fs::write(file.path(), "no database at all, but long enough to have a header of its own".repeat(9)).unwrap();
    assert!(matches!(SqliteStore::open(&file.path()).await, Err(OpenError::Database { .. })));
}

#[tokio::test]
async fn weaker_settings_are_refused() {
    let file = SqliteFile::make();
    file.open().await.close().await;
    for weak in [SqliteSynchronous::Off, SqliteSynchronous::Normal] {
        let mut connection = open::options(&file.path()).synchronous(weak).connect().await.unwrap();
        let refusal = open::check_settings(&mut connection).await.unwrap_err();
        assert!(refusal.to_string().contains("synchronous = "), "{refusal}");
    }
    let mut connection = open::options(&file.path()).foreign_keys(false).connect().await.unwrap();
    assert!(matches!(
        open::check_settings(&mut connection).await,
        Err(OpenError::Weak { setting: "foreign_keys", .. })
    ));
    connection.close().await.unwrap();
    file.raw("PRAGMA journal_mode = DELETE").await;
    let mut connection = open::pool(&file.path(), 1).acquire().await.unwrap();
    assert!(matches!(
        open::check_settings(&mut connection).await,
        Err(OpenError::Weak { setting: "journal_mode", .. })
    ));
}

#[tokio::test]
async fn readers_cannot_write() {
    let file = SqliteFile::make();
    let store = file.open().await;
    let mut reader = store.reader().await.unwrap();
    assert!(sqlx::query("UPDATE head SET seq = 5").execute(&mut *reader).await.is_err());
}

#[tokio::test]
async fn a_transaction_that_is_dropped_half_way_leaves_nothing() {
    let file = SqliteFile::make();
    let store = file.open().await;
    let ana = person(&store, "ana").await;
    let mut tx = store.writer.begin().await.unwrap();
    sqlx::query("UPDATE head SET seq = 5").execute(&mut *tx).await.unwrap();
    drop(tx);
    assert_eq!(say(&store, &ana, "first").await.0, 1);
}

#[tokio::test]
async fn a_commit_that_fails_stores_nothing_and_says_so() {
    let file = SqliteFile::make();
    let store = file.open().await;
    let ana = person(&store, "ana").await;
    let mut tx = store.writer.begin().await.unwrap();
    let orphan = "PRAGMA defer_foreign_keys = ON; UPDATE head SET seq = 5; \
        INSERT INTO idempotency (sender_id, key, request_hash, message_id, at) VALUES (9, 'k', x'', 9, 0)";
    sqlx::raw_sql(orphan).execute(&mut *tx).await.unwrap();
    assert!(matches!(tx.finish(Ok(())).await, Err(CommitError::NotStored(_))));
    assert_eq!(say(&store, &ana, "first").await.0, 1);
}

#[tokio::test]
async fn a_commit_whose_transaction_is_gone_has_an_unknown_outcome() {
    let file = SqliteFile::make();
    let store = file.open().await;
    let ana = person(&store, "ana").await;
    let mut tx = store.writer.begin().await.unwrap();
    sqlx::query("ROLLBACK").execute(&mut *tx).await.unwrap();
    assert!(matches!(tx.finish(Ok(())).await, Err(CommitError::OutcomeUnknown(_))));
    assert_eq!(say(&store, &ana, "on a new connection").await.0, 1);
}

#[tokio::test]
async fn an_error_within_a_transaction_stores_nothing() {
    let file = SqliteFile::make();
    let store = file.open().await;
    let mut tx = store.writer.begin().await.unwrap();
    sqlx::query("UPDATE head SET seq = 5").execute(&mut *tx).await.unwrap();
    let failed: Result<(), _> = Err(StoreError::new("a bad row"));
    assert!(matches!(tx.finish(failed).await, Err(CommitError::NotStored(_))));
    assert_eq!(store.head().await.unwrap().position.seq, Seq(0));
}

#[tokio::test]
async fn a_disabled_person_is_out() {
    let file = SqliteFile::make();
    let store = file.open().await;
    let ana = person(&store, "ana").await;
    let bob = store.register(new_account("bob")).await.unwrap().unwrap().person;
    file.raw("UPDATE account SET disabled = 1 WHERE name = 'ana'").await;
    let outcomes = store.commit(&[publish(&ana, "a", "x", &[]), publish(&bob, "b", "x", &[])]).await;
    let outcomes = outcomes.unwrap();
    assert!(matches!(outcomes[0], crate::store::Outcome::NoSuchPerson));
    assert!(matches!(outcomes[1], crate::store::Outcome::Stored(_)));
}

#[tokio::test]
async fn what_another_program_writes_under_a_transaction_is_noticed_before_its_commit() {
    let file = SqliteFile::make();
    let store = file.open().await;
    let ana = person(&store, "ana").await;
    // What still stands in the WAL could not be harmed.
    file.raw("PRAGMA wal_checkpoint(TRUNCATE)").await;
    let mut tx = store.lock_head().await.unwrap();
    sqlx::query("UPDATE head SET seq = 5").execute(&mut *tx).await.unwrap();
    let mut bytes = std::fs::read(file.path()).unwrap();
    bytes.fill(0xa5);
    std::fs::write(file.path(), &bytes).unwrap();
    assert!(matches!(tx.finish(Ok(())).await, Err(CommitError::NotStored(_))));
    let refused = store.commit(&[publish(&ana, "k", "into ruins", &[])]).await;
    assert!(matches!(refused, Err(CommitError::NotStored(_))), "{refused:?}");
}

/// What the backup of another program does, and the `sqlite3` tool.
#[tokio::test]
async fn a_checkpoint_by_another_program_is_no_reason_to_examine_the_file() {
    let file = SqliteFile::make();
    let store = file.open().await;
    let ana = person(&store, "ana").await;
    for kind in ["PASSIVE", "FULL", "RESTART", "TRUNCATE"] {
        say(&store, &ana, "into the WAL").await;
        file.raw(match kind {
            "PASSIVE" => "PRAGMA wal_checkpoint(PASSIVE)",
            "FULL" => "PRAGMA wal_checkpoint(FULL)",
            "RESTART" => "PRAGMA wal_checkpoint(RESTART)",
            _ => "PRAGMA wal_checkpoint(TRUNCATE)",
        })
        .await;
        assert!(store.place.is_explained().unwrap(), "{kind}");
    }
    file.raw("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)").await;
    assert!(store.place.is_explained().unwrap());
    say(&store, &ana, "goes on").await;
}

#[tokio::test]
async fn our_own_checkpoints_are_known_as_such() {
    let file = SqliteFile::make();
    let store = file.open().await;
    let ana = person(&store, "ana").await;
    let text = "x".repeat(9_000);
    let before = std::fs::metadata(file.path()).unwrap().len();
    for round in 0..8 {
        let batch: Vec<_> = (0..100).map(|n| publish(&ana, &format!("{round}.{n}"), &text, &[])).collect();
        store.commit(&batch).await.unwrap();
        assert!(store.place.is_explained().unwrap(), "{round}");
    }
    assert!(std::fs::metadata(file.path()).unwrap().len() > before, "the WAL was folded into the file");
}

/// A write that went around `SQLite`, after each state that a WAL can be in.
#[tokio::test]
async fn bytes_written_past_sqlite_are_noticed_and_go_on_once_they_are_found_sound() {
    let file = SqliteFile::make();
    let store = file.open().await;
    let ana = person(&store, "ana").await;
    for checkpoint in ["SELECT 1", "PRAGMA wal_checkpoint(PASSIVE)", "PRAGMA wal_checkpoint(TRUNCATE)"] {
        file.raw(checkpoint).await;
        say(&store, &ana, "before").await;
        let bytes = std::fs::read(file.path()).unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        assert!(!store.place.is_explained().unwrap(), "{checkpoint}");
        say(&store, &ana, "the same bytes do no harm").await;
        assert!(store.place.is_explained().unwrap(), "{checkpoint}");
    }
}

#[tokio::test]
async fn the_file_of_a_server_that_was_killed_is_watched_from_the_start() {
    let file = SqliteFile::make();
    let store = file.open().await;
    let ana = person(&store, "ana").await;
    say(&store, &ana, "only in the WAL").await;
    // What a killed server leaves: nobody folded the WAL into the file.
    let (killed, names) = (SqliteFile::make(), ["push.db", "push.db-wal"]);
    std::fs::create_dir(killed.path().parent().unwrap()).unwrap();
    for name in names {
        std::fs::copy(file.path().with_file_name(name), killed.path().with_file_name(name)).unwrap();
    }
    let store = killed.open().await;
    assert_eq!(store.head().await.unwrap().position.seq.0, 1);
    let bytes = std::fs::read(killed.path()).unwrap();
    std::fs::write(killed.path(), &bytes).unwrap();
    assert!(!store.place.is_explained().unwrap());
}

#[tokio::test]
async fn a_connection_that_was_replaced_is_watched_as_the_one_before() {
    let file = SqliteFile::make();
    let store = file.open().await;
    // The only one: with it goes the index of the WAL.
    store.writer.close().await;
    assert!(!file.path().with_file_name("push.db-shm").exists());
    let ana = person(&store, "ana").await;
    say(&store, &ana, "on a new connection").await;
    file.raw("PRAGMA wal_checkpoint(TRUNCATE)").await;
    assert!(store.place.is_explained().unwrap());
    std::fs::write(file.path(), std::fs::read(file.path()).unwrap()).unwrap();
    assert!(!store.place.is_explained().unwrap());
}

/// The follower asks while every other read is taken, and more wait.
#[tokio::test]
async fn the_log_is_followed_while_all_readers_are_busy() {
    let file = SqliteFile::make();
    let store = file.open().await;
    let mut busy = Vec::new();
    for _ in 0..open::READERS {
        busy.push(store.reader().await.unwrap());
    }
    let probe = tokio::time::timeout(std::time::Duration::from_secs(3), store.probe(Seq(0))).await;
    assert_eq!(probe.expect("at once").unwrap().head.position.seq, Seq(0));
    drop(busy);
}

#[tokio::test]
async fn a_connection_that_found_history_trimmed_is_used_again() {
    let file = SqliteFile::make();
    let store = file.open().await;
    let ana = person(&store, "ana").await;
    for _ in 0..3 {
        say(&store, &ana, "hello").await;
    }
    store.trim(Seq(2)).await.unwrap();
    for _ in 0..3 {
        assert!(store.entries_for(ana.id, Seq(0), Seq(3), 10).await.unwrap_err().is_trimmed());
    }
    assert!(store.readers.size() > 0, "each was thrown away");
}
