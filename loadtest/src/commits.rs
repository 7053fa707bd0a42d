//! What group commit is measured against: the same durability, one row a commit.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use sqlx::{
    ConnectOptions, Connection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use crate::{
    failure::{Context, Failure},
    publish,
};

/// Rows that were committed one by one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Commits {
    /// How many.
    pub(crate) count: u32,
    /// In what time.
    pub(crate) took: Duration,
}

/// Commits rows one by one into a database in this folder, with the settings the server uses, for this long.
pub(crate) async fn run(folder: &Path, time: Duration) -> Result<Commits, Failure> {
    let what = "the database of one-row commits";
    let options = SqliteConnectOptions::new().filename(folder.join("commits.db")).create_if_missing(true);
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let mut database = options.connect().await.context(what)?;
    let table = "CREATE TABLE IF NOT EXISTS row (id INTEGER PRIMARY KEY, text TEXT NOT NULL)";
    sqlx::query(table).execute(&mut database).await.context(what)?;
    let mut done = Commits::default();
    let begun = Instant::now();
    while begun.elapsed() < time {
        let insert = sqlx::query("INSERT INTO row (text) VALUES (?)").bind(publish::text(done.count.into()));
        insert.execute(&mut database).await.context(what)?;
        done.count += 1;
    }
    done.took = begun.elapsed();
    database.close().await.context(what)?;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_row_is_a_commit_and_a_second_run_goes_on_in_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let done = run(folder.path(), Duration::from_millis(20)).await.unwrap();
            assert!(done.count > 0 && done.took >= Duration::from_millis(20));
        }
    }
}
