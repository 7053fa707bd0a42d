//! From a URL to connections that can be trusted: settings, schema.

use std::{str::FromStr as _, time::Duration};

use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::timeout;

use super::super::{OpenError, ServerUrl, StoreError, backend::no_answer, pooled::PATIENCE};

/// Connections that write: the sequencer's, and a few for logins and the search index beside it.
pub(super) const WRITERS: u32 = 4;
/// Connections that read.
pub(super) const READERS: u32 = 8;
/// How long a connection is waited for.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Another server that stopped inside its transaction holds the head no longer than this, and nobody waits longer for it.
const LOCKS: [(&str, &str); 2] = [("lock_timeout", "5s"), ("idle_in_transaction_session_timeout", "5s")];
/// Servers that start together wait this long for the one that migrates.
const MIGRATE_WITHIN: &str = "SET LOCAL lock_timeout = '60s'";
/// Names the lock that a migration holds: "push" in ASCII.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(1886745448)";
/// The schema, step by step; `push_system_schema` holds how many of them a database has taken.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/postgres/0001_log_and_accounts.sql"),
    include_str!("../../../migrations/postgres/0002_people.sql"),
];
const OLDEST: i64 = 140_000;

pub(super) fn options(url: &ServerUrl) -> Result<PgConnectOptions, OpenError> {
    let options = PgConnectOptions::from_str(url.expose().as_str());
    let options = options.map_err(|error| OpenError::Url { database: url.to_string(), why: error.to_string() })?;
    Ok(options.options(LOCKS).application_name("push-system"))
}

/// Connects when it is first used, and again whenever it has to.
pub(super) fn pool(options: &PgConnectOptions, connections: u32) -> PgPool {
    PgPoolOptions::new().max_connections(connections).acquire_timeout(CONNECT_WITHIN).connect_lazy_with(options.clone())
}

/// Checks the server and brings the schema up to date.
pub(super) async fn prepare(url: &ServerUrl, options: &PgConnectOptions) -> Result<(), OpenError> {
    let database = url.to_string();
    let connected = timeout(CONNECT_WITHIN, options.connect()).await;
    let connected = connected.unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut));
    let mut connection = connected.map_err(OpenError::of(&database))?;
    check_version(&mut connection, &database).await?;
    check_settings(&mut connection, &database).await?;
    migrate(&mut connection, &database).await?;
    let closed = timeout(PATIENCE, connection.close()).await;
    closed.unwrap_or_else(|_| Ok(())).map_err(OpenError::of(&database))
}

async fn setting(connection: &mut PgConnection, database: &str, name: &'static str) -> Result<String, OpenError> {
    let read = sqlx::query_scalar("SELECT current_setting($1)").bind(name).fetch_one(connection);
    match timeout(PATIENCE, read).await {
        Ok(read) => read.map_err(OpenError::of(database)),
        Err(_) => Err(OpenError::of::<StoreError>(database)(no_answer(PATIENCE))),
    }
}

async fn check_version(connection: &mut PgConnection, database: &str) -> Result<(), OpenError> {
    let number = setting(connection, database, "server_version_num").await?;
    if number.parse::<i64>().is_ok_and(|number| number >= OLDEST) {
        return Ok(());
    }
    let found = format!("PostgreSQL {}", setting(connection, database, "server_version").await?);
    Err(OpenError::TooOld { database: database.to_owned(), found, needed: "PostgreSQL 14 or later" })
}

/// Reads back what durability rests on, as it is for this user and this database.
pub(super) async fn check_settings(connection: &mut PgConnection, database: &str) -> Result<(), OpenError> {
    const DURABLE: &str = "without it, what was acknowledged is lost when the machine fails";
    const TEXT: &str = "create the database with ENCODING 'UTF8'";
    for (name, refused, needed, hint) in [
        ("fsync", "off", "on", DURABLE),
        ("synchronous_commit", "off", "on (or local, remote_write, remote_apply)", DURABLE),
    ] {
        let found = setting(connection, database, name).await?;
        if found == refused {
            return Err(OpenError::Weak { database: database.to_owned(), setting: name, found, needed, hint });
        }
    }
    let found = setting(connection, database, "server_encoding").await?;
    if found == "UTF8" {
        return Ok(());
    }
    let (database, needed) = (database.to_owned(), "UTF8");
    Err(OpenError::Weak { database, setting: "server_encoding", found, needed, hint: TEXT })
}

/// Takes the steps that are missing, all in one transaction under a lock: of servers that start together, the second
/// finds the work done, and one that dies half way leaves nothing.
async fn migrate(connection: &mut PgConnection, database: &str) -> Result<(), OpenError> {
    let refused = OpenError::of(database);
    let mut tx = connection.begin().await.map_err(&refused)?;
    sqlx::query(MIGRATE_WITHIN).execute(&mut *tx).await.map_err(&refused)?;
    sqlx::query(MIGRATION_LOCK).execute(&mut *tx).await.map_err(&refused)?;
    take_steps(&mut tx, database).await?;
    tx.commit().await.map_err(refused)
}

async fn take_steps(connection: &mut PgConnection, database: &str) -> Result<(), OpenError> {
    let refused = OpenError::of(database);
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let found = version(connection, database).await?;
    if found > known {
        return Err(OpenError::NewerSchema { database: database.to_owned(), found, known });
    }
    for (step, sql) in (1..=known).zip(MIGRATIONS).skip_while(|(step, _)| *step <= found) {
        sqlx::raw_sql(*sql).execute(&mut *connection).await.map_err(&refused)?;
        // A number of ours.
        let mark = format!("UPDATE push_system_schema SET version = {step}");
        sqlx::raw_sql(AssertSqlSafe(mark)).execute(&mut *connection).await.map_err(&refused)?;
    }
    Ok(())
}

/// How many steps the database has taken. An empty one is made ours.
async fn version(connection: &mut PgConnection, database: &str) -> Result<i64, OpenError> {
    const RELATIONS: &str = "SELECT relname::TEXT FROM pg_class \
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')";
    const OURS: &str = "CREATE TABLE push_system_schema (version BIGINT NOT NULL); \
        INSERT INTO push_system_schema (version) VALUES (0)";
    let refused = OpenError::of(database);
    let relations: Vec<String> = sqlx::query_scalar(RELATIONS).fetch_all(&mut *connection).await.map_err(&refused)?;
    if relations.is_empty() {
        sqlx::raw_sql(OURS).execute(connection).await.map_err(refused)?;
        return Ok(0);
    }
    if !relations.iter().any(|name| name == "push_system_schema") {
        return Err(OpenError::Foreign { database: database.to_owned() });
    }
    let version = sqlx::query_scalar("SELECT version FROM push_system_schema").fetch_one(connection).await;
    version.map_err(refused)
}
