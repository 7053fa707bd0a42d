//! Who wrote to the file, and what becomes of it.

use super::*;

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
        file.overwrite(&bytes);
        assert!(!store.place.is_explained().unwrap(), "{checkpoint}");
        say(&store, &ana, "the same bytes do no harm").await;
        assert!(store.place.is_explained().unwrap(), "{checkpoint}");
    }
}

/// An earlier state, sound in itself, under connections that remember the later one.
#[tokio::test]
async fn a_sound_copy_written_over_the_database_is_what_stands_from_then_on() {
    let file = SqliteFile::make();
    let store = file.open().await;
    let ana = person(&store, "ana").await;
    say(&store, &ana, "kept").await;
    file.raw("PRAGMA wal_checkpoint(TRUNCATE)").await;
    let copy = std::fs::read(file.path()).unwrap();
    for _ in 0..3 {
        say(&store, &ana, "lost").await;
    }
    assert_eq!(store.head().await.unwrap().position.seq, Seq(4));
    file.raw("PRAGMA wal_checkpoint(TRUNCATE)").await;
    assert_eq!(std::fs::metadata(file.path()).unwrap().len(), copy.len() as u64, "as many pages");
    file.overwrite(&copy);
    let batch = [publish(&ana, "after", "after", &[])];
    let read_before = store.lock_head().await.unwrap();
    file.overwrite(&copy);
    assert!(
        matches!(read_before.finish(Ok(())).await, Err(CommitError::NotStored(_))),
        "it may rest on the later state"
    );
    let outcome = store.commit(&batch).await.unwrap().remove(0);
    assert_eq!(crate::store::contract::stored(outcome).position.seq, Seq(2));
    assert_eq!(store.head().await.unwrap().position.seq, Seq(2));
    assert_eq!(store.probe(Seq(4)).await.unwrap().tag, None);
    let mut reader = store.reader().await.unwrap();
    let found: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut *reader).await.unwrap();
    assert_eq!(found, "ok");
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
    killed.overwrite(&std::fs::read(killed.path()).unwrap());
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
    file.overwrite(&std::fs::read(file.path()).unwrap());
    assert!(!store.place.is_explained().unwrap());
}
