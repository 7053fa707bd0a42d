//! What is `SQLite`'s own: files, settings, schema, the connection that writes. The rest is the contract.

mod place;

use std::{os::unix::fs::PermissionsExt as _, path::PathBuf};

use push_system::ids::Seq;
use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteSynchronous};
use tempfile::TempDir;

use super::{SqliteStore, open, place::Overwritten};
use crate::store::{
    Accounts as _, CommitError, Log as _, OpenError, Rotation, Store as _, StoreError, TokenHash,
    backend::{Backend as _, WriteTx as _},
    contract::{
        Fixture,
        administration::{ROWS_OF_THE_FIRST_SCHEMA, rows_of_the_first_schema_are_there},
        log::news_goes_with_its_events,
        moment, new_account, person, publish, say,
        topics::{ROWS_OF_THE_SEVENTH_SCHEMA, rows_of_the_seventh_schema_are_there},
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

    /// Past `SQLite`, and seen to be so: the clock of a file system stands still for milliseconds.
    fn overwrite(&self, bytes: &[u8]) {
        let written = || std::fs::metadata(self.path()).unwrap().modified().unwrap();
        let before = written();
        while written() == before {
            std::fs::write(self.path(), bytes).unwrap();
        }
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

/// There is one writer, and publishing waits for it.
#[tokio::test]
async fn what_strangers_make_up_waits_for_no_writer() {
    let file = SqliteFile::make();
    let store = file.open().await;
    let writing = store.lock_head().await.unwrap();
    let made_up = async {
        let hash = TokenHash([9; 32]);
        assert_eq!(store.rotate(&hash, &[hash], moment(0), 0).await.unwrap(), Rotation::Unknown);
        assert_eq!(store.take_ticket(&hash, moment(0)).await.unwrap(), None);
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), made_up).await.expect("a look is enough");
    drop(writing);
    store.close().await;
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
    let before = std::fs::read(&path).unwrap();
    let refusal = SqliteStore::open_for_tool(&path).await.unwrap_err();
    assert!(matches!(refusal, OpenError::OlderSchema { found: 1, .. }), "{refusal}");
    assert!(std::fs::read(&path).unwrap() == before, "a server of that version may be running");
    let store = SqliteStore::open(&path).await.unwrap();
    rows_of_the_first_schema_are_there(&store).await;
    let tool = SqliteStore::open_for_tool(&path).await.unwrap();
    assert_eq!(tool.head().await.unwrap().position.seq, Seq(8));
}

#[tokio::test]
async fn what_topics_were_before_their_events_told_it_is_told_as_far_as_known() {
    let file = SqliteFile::make();
    std::fs::create_dir(file.path().parent().unwrap()).unwrap();
    std::fs::File::create(file.path()).unwrap();
    for step in &open::MIGRATIONS[..7] {
        file.raw(step).await;
    }
    file.raw("PRAGMA user_version = 7; PRAGMA application_id = 1886745448").await;
    file.raw(ROWS_OF_THE_SEVENTH_SCHEMA).await;
    rows_of_the_seventh_schema_are_there(&SqliteStore::open(&file.path()).await.unwrap()).await;
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
    let mut connection = open::pool(&file.path(), 1, &Overwritten::default()).acquire().await.unwrap();
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

#[tokio::test]
async fn what_is_there_for_replay_alone_goes_with_its_event() {
    let file = SqliteFile::make();
    news_goes_with_its_events(&file.open().await).await;
}
