use std::{os::unix::fs::PermissionsExt as _, path::PathBuf};

use push_system::{accounts::Person, ids::Seq};
use tempfile::TempDir;

use super::*;
use crate::store::{
    Log as _, Store as _,
    contract::{moment, person, publish, say},
    sqlite::SqliteStore,
};

struct House {
    folder: TempDir,
}

impl House {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("data").join("push.db")
    }

    fn copy(&self) -> PathBuf {
        self.folder.path().join("copy.db")
    }

    async fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.database()).await.unwrap()
    }

    async fn back_up(&self) -> Backup {
        back_up(&self.database(), &self.copy(), Overwrite::Refused).await.unwrap()
    }

    async fn restore(&self) -> Result<Restored, BackupError> {
        restore(&self.database(), &self.copy(), moment(0)).await
    }

    /// Everything in both folders.
    fn names(&self) -> Vec<String> {
        let names = [self.folder.path().to_owned(), self.folder.path().join("data")];
        let files = names.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
        let mut names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    async fn raw(&self, file: &Path, sql: &'static str) {
        let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// Enough to be folded into the file several times, as the WAL is at a thousand pages.
async fn say_much(store: &SqliteStore, who: &Person, life: &str) {
    let text = "x".repeat(9_000);
    for round in 0..8 {
        let batch: Vec<_> = (0..100).map(|n| publish(who, &format!("{life}.{round}.{n}"), &text, &[])).collect();
        store.commit(&batch).await.unwrap();
    }
}

#[tokio::test]
async fn a_copy_holds_the_log_up_to_its_position_and_is_its_owners_alone() {
    let house = House::new();
    let store = house.open().await;
    let ana = person(&store, "ana").await;
    say(&store, &ana, "in the copy").await;
    let head = store.head().await.unwrap();
    let backup = house.back_up().await;
    say(&store, &ana, "after it").await;
    assert_eq!(backup.position, head.position);
    let meta = fs::metadata(house.copy()).unwrap();
    assert_eq!((meta.permissions().mode() & 0o777, meta.len()), (0o600, backup.bytes));
    assert_eq!(house.names(), ["copy.db", "data", "push.db", "push.db-shm", "push.db-wal", "push.db.lock"]);
    let copied = SqliteStore::open_for_tool(&house.copy()).await.unwrap();
    assert_eq!(copied.entries(Seq(0), 10).await.unwrap().len(), 1);
    assert_eq!(copied.head().await.unwrap(), head);
}

#[tokio::test]
async fn an_earlier_copy_is_replaced_only_when_told() {
    let house = House::new();
    let store = house.open().await;
    let ana = person(&store, "ana").await;
    house.back_up().await;
    say(&store, &ana, "newer").await;
    let again = back_up(&house.database(), &house.copy(), Overwrite::Refused).await;
    assert!(matches!(again, Err(BackupError::Exists(_))), "{again:?}");
    let forced = back_up(&house.database(), &house.copy(), Overwrite::Allowed).await.unwrap();
    assert_eq!(forced.position.seq, Seq(1));
    let itself = back_up(&house.database(), &house.database(), Overwrite::Allowed).await;
    assert!(matches!(itself, Err(BackupError::Itself(_))));
    let nothing = back_up(&house.folder.path().join("no.db"), &house.copy(), Overwrite::Allowed).await;
    assert!(matches!(nothing, Err(BackupError::Missing(_))));
}

#[tokio::test]
async fn a_restored_database_has_a_new_epoch_and_what_stood_there_is_kept() {
    let house = House::new();
    let store = house.open().await;
    let ana = person(&store, "ana").await;
    say(&store, &ana, "kept").await;
    let backup = house.back_up().await;
    say(&store, &ana, "not in the copy").await;
    drop(store);
    let restored = house.restore().await.unwrap();
    assert_ne!(restored.position.epoch, backup.position.epoch);
    let store = house.open().await;
    assert_eq!(store.head().await.unwrap().position, restored.position);
    assert_eq!(store.entries(Seq(0), 10).await.unwrap().len(), 1);
    assert_eq!(fs::metadata(house.database()).unwrap().permissions().mode() & 0o777, 0o600);
    let before = SqliteStore::open_for_tool(&restored.kept.unwrap()).await.unwrap();
    assert_eq!(before.entries(Seq(0), 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_copy_is_restored_into_a_folder_where_nothing_was() {
    let house = House::new();
    let store = house.open().await;
    let ana = person(&store, "ana").await;
    say(&store, &ana, "kept").await;
    house.back_up().await;
    let elsewhere = house.folder.path().join("new").join("push.db");
    let restored = restore(&elsewhere, &house.copy(), moment(0)).await.unwrap();
    assert_eq!(restored.kept, None);
    let moved = SqliteStore::open(&elsewhere).await.unwrap();
    assert_eq!(moved.head().await.unwrap().position, restored.position);
}

#[tokio::test]
async fn nothing_is_restored_under_a_server() {
    let house = House::new();
    let store = house.open().await;
    house.back_up().await;
    let refused = house.restore().await.unwrap_err();
    assert!(matches!(refused, BackupError::Open(OpenError::InUse { .. })), "{refused}");
    store.head().await.unwrap();
}

#[tokio::test]
async fn what_is_no_sound_copy_is_refused_and_nothing_is_touched() {
    let house = House::new();
    let store = house.open().await;
    let ana = person(&store, "ana").await;
    say_much(&store, &ana, "a").await;
    house.back_up().await;
    store.close().await;
    drop(store);
    let good = fs::read(house.copy()).unwrap();
    let before = fs::read(house.database()).unwrap();
    let mut damaged = good.clone();
    let middle = damaged.len() / 2 / 4_096 * 4_096;
    damaged[middle..middle + 4_096].fill(0xa5);
    for (bytes, sentence) in [
        (damaged, "is damaged"),
        (b"no database".repeat(1_000), "not a database"),
        (Vec::new(), "not a database of push-system"),
    ] {
        fs::write(house.copy(), bytes).unwrap();
        let refused = house.restore().await.unwrap_err().to_string();
        assert!(refused.contains(sentence) && refused.contains("copy.db"), "{refused}");
    }
    fs::write(house.copy(), &good).unwrap();
    fs::write(house.folder.path().join("copy.db-wal"), "frames").unwrap();
    assert!(matches!(house.restore().await, Err(BackupError::WithWal(..))));
    fs::remove_file(house.folder.path().join("copy.db-wal")).unwrap();
    house.raw(&house.copy(), "PRAGMA user_version = 99").await;
    assert!(matches!(house.restore().await, Err(BackupError::Open(OpenError::NewerSchema { .. }))));
    assert_eq!(house.names(), ["copy.db", "data", "push.db", "push.db.lock"]);
    assert!(fs::read(house.database()).unwrap() == before);
}

#[tokio::test]
async fn a_file_that_is_renamed_over_a_running_database_stops_it_and_is_not_harmed() {
    let house = House::new();
    let store = house.open().await;
    let ana = person(&store, "ana").await;
    say_much(&store, &ana, "a").await;
    let backup = house.back_up().await;
    say_much(&store, &ana, "b").await;
    let old = house.folder.path().join("old.db");
    fs::hard_link(house.database(), &old).unwrap();
    fs::rename(house.copy(), house.database()).unwrap();
    let refused = store.commit(&[publish(&ana, "late", "lost?", &[])]).await.unwrap_err().to_string();
    assert!(refused.contains("was replaced under the running server"), "{refused}");
    store.head().await.unwrap_err();
    store.probe(Seq(1)).await.unwrap_err();
    // As after kill -9: nothing is closed.
    std::mem::forget(store.readers.clone());
    drop(store);
    let mut connection = open_copy(&house.database()).await.unwrap();
    let found: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap();
    assert_eq!(found, "ok");
    // What came last stands in the log that was kept.
    let kept = house.names().into_iter().find(|name| name.starts_with("push.db-wal.replaced-")).unwrap();
    fs::rename(house.database().with_file_name(kept), beside(&old, "-wal")).unwrap();
    let mut connection = SqliteConnectOptions::new().filename(&old).connect().await.unwrap();
    assert_eq!(connection.head().await.unwrap().position.seq, Seq(1_600));
    let store = house.open().await;
    assert_eq!(store.head().await.unwrap().position, backup.position);
}

#[tokio::test]
async fn a_file_that_is_written_over_a_running_database_stops_it() {
    let house = House::new();
    let store = house.open().await;
    let ana = person(&store, "ana").await;
    say_much(&store, &ana, "a").await;
    house.back_up().await;
    say_much(&store, &ana, "b").await;
    fs::write(house.database(), fs::read(house.copy()).unwrap()).unwrap();
    let refused = store.commit(&[publish(&ana, "late", "lost?", &[])]).await.unwrap_err().to_string();
    assert!(refused.contains("restore a backup"), "{refused}");
    store.head().await.unwrap_err();
    drop(store);
    house.restore().await.unwrap();
    assert_eq!(house.open().await.head().await.unwrap().position.seq, Seq(800));
}

#[tokio::test]
async fn guests_that_write_do_not_stop_it() {
    let house = House::new();
    let store = house.open().await;
    let ana = person(&store, "ana").await;
    let tool = SqliteStore::open_for_tool(&house.database()).await.unwrap();
    say_much(&tool, &ana, "tool").await;
    house.raw(&house.database(), "PRAGMA wal_checkpoint(TRUNCATE)").await;
    say_much(&store, &ana, "server").await;
    tool.close().await;
    assert_eq!(say(&store, &ana, "last").await.0, 1_601);
    assert_eq!(store.probe(Seq(1)).await.unwrap().head.position.seq, Seq(1_601));
}
