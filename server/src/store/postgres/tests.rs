//! What is `PostgreSQL`'s own: settings, schema, connections that break. The rest is the contract.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use testbed::{Postgres, or_report};
use tokio::time::Instant;

use super::{PostgresStore, open};
use crate::store::{
    CommitError, Log as _, OpenError, ServerUrl,
    contract::{Fixture, person, publish, say, servers::ServerFixture},
};

/// A database of the server that the tests of this process share.
struct Shared(String);

impl Fixture for Shared {
    type Store = PostgresStore;

    async fn new(test: &str) -> Option<Self> {
        let server = or_report(Postgres::shared().await, &format!("store::postgres: {test}"))?;
        Some(Self(server.database().await))
    }

    async fn open(&self) -> PostgresStore {
        Self::open_at(&ServerUrl::parse(&self.0).unwrap()).await.unwrap()
    }
}

impl Shared {
    /// Ends all connections of the database but the one it runs on.
    const KILL_ALL: &'static str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
}

impl ServerFixture for Shared {
    const SCHEME: &'static str = "postgres";
    const COMMIT: &'static [u8] = b"COMMIT\0";
    const KILL_WAITING: &'static str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    const WAITING: &'static str = "SELECT count(*) FROM pg_stat_activity \
        WHERE datname = current_database() AND wait_event_type = 'Lock'";

    const SLEEP: &'static str = "SELECT pg_sleep(5)";

    fn schema(steps: usize) -> String {
        const TABLE: &str = "CREATE TABLE push_system_schema (version BIGINT NOT NULL)";
        let mark = format!("INSERT INTO push_system_schema (version) VALUES ({steps})");
        format!("{TABLE}; {mark};\n{}", open::MIGRATIONS[..steps].join("\n"))
    }

    fn url(&self) -> String {
        self.0.clone()
    }

    async fn open_at(url: &ServerUrl) -> Result<PostgresStore, OpenError> {
        PostgresStore::open(url).await
    }

    async fn raw(&self, sql: &str) {
        let mut connection = PgConnection::connect(&self.0).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    async fn number(&self, sql: &'static str) -> i64 {
        let mut connection = PgConnection::connect(&self.0).await.unwrap();
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
    let refusal = PostgresStore::open(&ServerUrl::parse(url).unwrap()).await.unwrap_err();
    assert!(matches!(refusal, OpenError::Weak { .. }), "{refusal}");
    refusal.to_string()
}

#[tokio::test]
async fn answers_before_the_flush_are_refused() {
    let Some(database) = Shared::new("answers before the flush are refused").await else { return };
    let name = database.0.rsplit_once('/').unwrap().1.to_owned();
    for (value, is_durable) in [("local", true), ("off", false), ("remote_write", true)] {
        database.raw(&format!("ALTER DATABASE {name} SET synchronous_commit = {value}")).await;
        if is_durable {
            database.open().await;
        } else {
            let sentence = refusal(&database.0).await;
            assert!(sentence.contains("synchronous_commit = off where push-system needs on"), "{sentence}");
        }
    }
}

#[tokio::test]
async fn a_server_that_comes_back_with_weaker_settings_is_not_written_to() {
    let Some(database) = Shared::new("weaker settings later").await else { return };
    let name = database.0.rsplit_once('/').unwrap().1.to_owned();
    let store = database.open().await;
    let ana = person(&store, "ana").await;
    for (value, is_durable) in [("off", false), ("on", true)] {
        database.raw(&format!("ALTER DATABASE {name} SET synchronous_commit = {value}")).await;
        database.raw(Shared::KILL_ALL).await;
        let deadline = Instant::now() + Duration::from_secs(20);
        // Connections that were killed while they were idle are noticed when they are used.
        let outcome = loop {
            let outcome = store.commit(&[publish(&ana, value, "hello", &[])]).await;
            if outcome.is_ok() == is_durable || Instant::now() > deadline {
                break outcome;
            }
        };
        match outcome {
            Ok(_) => assert!(is_durable),
            Err(CommitError::NotStored(error)) => assert!(!is_durable && error.is_away(), "{error}"),
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(store.head().await.unwrap().position.seq.0, 1);
}

#[tokio::test]
async fn a_server_that_does_not_flush_is_refused() {
    let started = Postgres::start_with(&["-c", "fsync=off"]).await;
    let Some(server) = or_report(started, "store::postgres: a server that does not flush") else { return };
    let sentence = refusal(&server.database().await).await;
    assert!(sentence.contains("fsync = off where push-system needs on"), "{sentence}");
}

#[tokio::test]
async fn a_database_with_another_encoding_is_refused() {
    let Some(database) = Shared::new("another encoding is refused").await else { return };
    let name = format!("{}_latin", database.0.rsplit_once('/').unwrap().1);
    database.raw(&format!("CREATE DATABASE {name} ENCODING 'LATIN1' TEMPLATE template0")).await;
    let sentence = refusal(&format!("{}_latin", database.0)).await;
    assert!(sentence.contains("server_encoding = LATIN1"), "{sentence}");
}

#[tokio::test]
async fn a_server_that_fails_and_comes_back_has_all_that_was_acknowledged() {
    let started = Postgres::start().await;
    let Some(server) = or_report(started, "store::postgres: a server that fails and comes back") else { return };
    let store = PostgresStore::open(&ServerUrl::parse(&server.database().await).unwrap()).await.unwrap();
    let ana = person(&store, "ana").await;
    for round in 1..=2 {
        say(&store, &ana, "acknowledged").await;
        if round == 1 {
            server.stop_immediate();
        } else {
            server.kill();
        }
        let refused = store.commit(&[publish(&ana, "away", "hello", &[])]).await;
        assert!(matches!(refused, Err(CommitError::NotStored(_))), "{refused:?}");
        server.restart().await.unwrap();
        assert_eq!(store.head().await.unwrap().position.seq.0, round);
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up() {
    let started = Postgres::start().await;
    let Some(server) = or_report(started, "store::postgres: a server that does not answer") else { return };
    let store = PostgresStore::open(&ServerUrl::parse(&server.database().await).unwrap()).await.unwrap();
    let ana = person(&store, "ana").await;
    say(&store, &ana, "before").await;
    server.freeze();
    let asked = Instant::now();
    let refused = store.commit(&[publish(&ana, "frozen", "hello", &[])]).await;
    assert!(matches!(refused, Err(CommitError::NotStored(_))), "{refused:?}");
    assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
    server.thaw();
    assert_eq!(say(&store, &ana, "after").await.0, 2);
}
