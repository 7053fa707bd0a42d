//! What is `MySQL`'s own: settings, schema, connections that break. The rest is the contract.

use push_system::ids::Seq;
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection};
use testbed::{MariaDb, or_report};

use super::{MySqlStore, open};
use crate::store::{
    CommitError, Log as _, OpenError, ServerUrl,
    contract::{Fixture, person, publish, say, servers::ServerFixture},
};

/// A database of the server that the tests of this process share.
struct Shared(String);

impl Fixture for Shared {
    type Store = MySqlStore;

    async fn new(test: &str) -> Option<Self> {
        let server = or_report(MariaDb::shared().await, &format!("store::mysql: {test}"))?;
        Some(Self(server.database().await))
    }

    async fn open(&self) -> MySqlStore {
        Self::open_at(&ServerUrl::parse(&self.0).unwrap()).await.unwrap()
    }
}

impl Shared {
    /// Ends all connections of the database but the one it runs on.
    const KILL_ALL: &'static str = "BEGIN NOT ATOMIC \
        FOR other IN (SELECT id FROM information_schema.processlist \
            WHERE db = DATABASE() AND id <> CONNECTION_ID()) \
        DO KILL CONNECTION other.id; END FOR; END";
}

impl ServerFixture for Shared {
    const SCHEME: &'static str = "mysql";
    const COMMIT: &'static [u8] = b"\x03COMMIT";
    const KILL_WAITING: &'static str = "BEGIN NOT ATOMIC \
        FOR waiting IN (SELECT p.id FROM information_schema.innodb_trx t \
            JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id \
            WHERE p.db = DATABASE() AND t.trx_state = 'LOCK WAIT') \
        DO KILL CONNECTION waiting.id; END FOR; END";
    const WAITING: &'static str = "SELECT COUNT(*) FROM information_schema.innodb_trx t \
        JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id \
        WHERE p.db = DATABASE() AND t.trx_state = 'LOCK WAIT'";

    const SLEEP: &'static str = "SELECT SLEEP(5)";

    fn schema(steps: usize) -> String {
        const TABLE: &str = "CREATE TABLE push_system_schema (id BIGINT NOT NULL PRIMARY KEY, version BIGINT NOT NULL)";
        let mark = format!("INSERT INTO push_system_schema (id, version) VALUES (1, {steps})");
        format!("{TABLE}; {mark};\n{}", open::MIGRATIONS[..steps].join("\n"))
    }

    fn url(&self) -> String {
        self.0.clone()
    }

    async fn open_at(url: &ServerUrl) -> Result<MySqlStore, OpenError> {
        MySqlStore::open(url).await
    }

    async fn raw(&self, sql: &str) {
        let mut connection = MySqlConnection::connect(&self.0).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    async fn number(&self, sql: &'static str) -> i64 {
        let mut connection = MySqlConnection::connect(&self.0).await.unwrap();
        let number = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        number
    }
}

mod contract {
    crate::store::contract::suite!(super::Shared);
    crate::store::contract::servers::server_suite!(super::Shared);
}

async fn refusal(url: &str) -> String {
    let refusal = MySqlStore::open(&ServerUrl::parse(url).unwrap()).await.unwrap_err();
    assert!(matches!(refusal, OpenError::Weak { .. }), "{refusal}");
    refusal.to_string()
}

#[tokio::test]
async fn answers_before_the_flush_are_refused() {
    let started = MariaDb::start_with(&["--log-bin=binlog", "--server-id=1", "--sync-binlog=0"]).await;
    let Some(server) = or_report(started, "store::mysql: answers before the flush are refused") else { return };
    let url = server.database().await;
    let sentence = refusal(&url).await;
    assert!(sentence.contains("sync_binlog = 0 where push-system needs 1"), "{sentence}");
    server.execute("SET GLOBAL sync_binlog = 1, GLOBAL innodb_flush_log_at_trx_commit = 2").await;
    let sentence = refusal(&url).await;
    assert!(sentence.contains("innodb_flush_log_at_trx_commit = 2 where push-system needs 1"), "{sentence}");
    server.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 1").await;
    let store = MySqlStore::open(&ServerUrl::parse(&url).unwrap()).await.unwrap();
    let ana = person(&store, "ana").await;
    assert_eq!(say(&store, &ana, "with a binlog").await.0, 1);

    server.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 2").await;
    Shared(url).raw(Shared::KILL_ALL).await;
    let refused = store.commit(&[publish(&ana, "k", "hello", &[])]).await;
    assert!(matches!(&refused, Err(CommitError::NotStored(error)) if error.is_away()), "{refused:?}");
    assert_eq!(store.head().await.unwrap().position.seq.0, 1, "readers read on");
}

/// As large as messages may be, and written so that their words are as long as can be.
#[tokio::test]
async fn a_server_that_takes_small_packets_stores_and_indexes_a_batch_of_the_largest_messages() {
    let started = MariaDb::start_with(&["--max-allowed-packet=1M"]).await;
    let Some(server) = or_report(started, "store::mysql: small packets") else { return };
    let url = server.database().await;
    let store = MySqlStore::open(&ServerUrl::parse(&url).unwrap()).await.unwrap();
    let ana = person(&store, "ana").await;
    let texts: Vec<String> = (0..100u32)
        .map(|n| (0..4_096).filter_map(|at| char::from_u32(0x2_0000 + (n * 61 + at * 7) % 40_000)).collect())
        .collect();
    assert_eq!(texts[0].len(), push_system::limits::TEXT_BYTES);
    let batch: Vec<_> = texts.iter().enumerate().map(|(n, text)| publish(&ana, &n.to_string(), text, &[])).collect();
    let outcomes = store.commit(&batch).await.unwrap();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, crate::store::Outcome::Stored(_))));
    while store.index_step().await.unwrap().is_some() {}
    server.execute("SET GLOBAL max_allowed_packet = 524288").await;
    let sentence = refusal(&url).await;
    assert!(sentence.contains("max_allowed_packet = 524288 where push-system needs 1048576"), "{sentence}");
}

#[tokio::test]
async fn every_read_sees_the_present_whatever_the_server_does_by_default() {
    let started = MariaDb::start_with(&["--autocommit=0"]).await;
    let Some(server) = or_report(started, "store::mysql: every read sees the present") else { return };
    let url = ServerUrl::parse(&server.database().await).unwrap();
    let (here, there) = (MySqlStore::open(&url).await.unwrap(), MySqlStore::open(&url).await.unwrap());
    let ana = person(&here, "ana").await;
    for seq in 1..=3 {
        say(&there, &ana, "hello").await;
        assert_eq!(here.entries(Seq(0), 10).await.unwrap().len(), seq);
    }
}

#[tokio::test]
async fn a_server_that_fails_and_comes_back_has_all_that_was_acknowledged() {
    let started = MariaDb::start().await;
    let Some(server) = or_report(started, "store::mysql: a server that fails and comes back") else { return };
    let store = MySqlStore::open(&ServerUrl::parse(&server.database().await).unwrap()).await.unwrap();
    let ana = person(&store, "ana").await;
    say(&store, &ana, "acknowledged").await;
    server.kill();
    let refused = store.commit(&[publish(&ana, "away", "hello", &[])]).await;
    assert!(matches!(refused, Err(CommitError::NotStored(_))), "{refused:?}");
    server.restart().await.unwrap();
    assert_eq!(store.head().await.unwrap().position.seq.0, 1);
    assert_eq!(say(&store, &ana, "after").await.0, 2);
}

/// What a step that was cut off leaves: some of its tables, and no mark that it was taken.
#[tokio::test]
async fn a_migration_that_was_cut_off_is_taken_again() {
    let Some(database) = Shared::new("a migration that was cut off is taken again").await else { return };
    let store = database.open().await;
    let ana = person(&store, "ana").await;
    database.raw("DELETE FROM push_system_schema; DROP TABLE signing_key; DELETE FROM search_cursor").await;
    let head = store.head().await.unwrap();
    let store = database.open().await;
    assert_eq!(store.head().await.unwrap(), head);
    assert!(store.index_step().await.unwrap().is_none());
    assert_eq!(say(&store, &ana, "after").await.0, 1);
}
