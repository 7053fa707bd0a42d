//! From a URL to connections that can be trusted: settings, schema.

use std::{str::FromStr as _, sync::Arc, time::Duration};

use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::timeout;

use super::super::{
    OpenError, ServerUrl, StoreError,
    backend::no_answer,
    open::Opener,
    pooled::{PATIENCE, refused_connection},
};

/// Connections that write: the sequencer's, and a few for logins and the search index beside it.
const WRITERS: u32 = 4;
/// Connections that read.
pub(super) const READERS: u32 = 8;
/// How long a connection is waited for.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Another server that stopped inside its transaction holds the head no longer than this, and nobody waits longer for it.
const LOCKS: [(&str, &str); 2] = [("lock_timeout", "5s"), ("idle_in_transaction_session_timeout", "5s")];
/// A read that takes longer than it ever should is ended by the server, before we have no more patience and leave it alone
/// with it.
const READ_WITHIN: (&str, &str) = ("statement_timeout", "4s");
/// Servers that start together wait this long for the one that migrates.
const MIGRATE_WITHIN: &str = "SET LOCAL lock_timeout = '60s'";
/// Names the lock that a migration holds: "push" in ASCII.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(1886745448)";
/// The schema, step by step; `push_system_schema` holds how many of them a database has taken.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/postgres/0001_log_and_accounts.sql"),
    include_str!("../../../migrations/postgres/0002_people.sql"),
    include_str!("../../../migrations/postgres/0003_tickets.sql"),
    include_str!("../../../migrations/postgres/0004_changes.sql"),
    include_str!("../../../migrations/postgres/0005_topics.sql"),
    include_str!("../../../migrations/postgres/0006_search.sql"),
    include_str!("../../../migrations/postgres/0007_ended_sessions.sql"),
    include_str!("../../../migrations/postgres/0008_topics_as_told.sql"),
    include_str!("../../../migrations/postgres/0009_owners.sql"),
    include_str!("../../../migrations/postgres/0010_members.sql"),
];
const OLDEST: i64 = 140_000;

pub(super) fn options(url: &ServerUrl) -> Result<PgConnectOptions, OpenError> {
    let options = PgConnectOptions::from_str(url.expose().as_str());
    let options = options.map_err(|error| OpenError::Url { database: url.to_string(), why: error.to_string() })?;
    Ok(options.options(LOCKS).application_name("push-system"))
}

/// Connections are made when they are first used, and again whenever they have to.
fn pool(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new().max_connections(connections).acquire_timeout(CONNECT_WITHIN)
}

/// Connections that write. A server that came back may have come back with other settings: each is asked anew.
pub(super) fn writers(url: &ServerUrl, options: &PgConnectOptions) -> PgPool {
    let database: Arc<str> = url.to_string().into();
    let pool = pool(WRITERS).after_connect(move |connection, _| {
        let database = database.clone();
        Box::pin(async move { check_durability(connection, &database).await.map_err(refused_connection) })
    });
    pool.connect_lazy_with(options.clone())
}

/// Connections that read.
pub(super) fn readers(options: &PgConnectOptions, connections: u32) -> PgPool {
    pool(connections).connect_lazy_with(options.clone().options([READ_WITHIN]))
}

/// Checks the server and brings the schema up to date.
pub(super) async fn prepare(url: &ServerUrl, options: &PgConnectOptions, opener: Opener) -> Result<(), OpenError> {
    let database = url.to_string();
    let connected = timeout(CONNECT_WITHIN, options.connect()).await;
    let connected = connected.unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut));
    let mut connection = connected.map_err(OpenError::of(&database))?;
    check_version(&mut connection, &database).await?;
    check_durability(&mut connection, &database).await?;
    check_encoding(&mut connection, &database).await?;
    migrate(&mut connection, &database, opener).await?;
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
async fn check_durability(connection: &mut PgConnection, database: &str) -> Result<(), OpenError> {
    const SETTINGS: &str = "SELECT current_setting('fsync'), current_setting('synchronous_commit')";
    const HINT: &str = "without it, what was acknowledged is lost when the machine fails";
    let read = timeout(PATIENCE, sqlx::query_as(SETTINGS).fetch_one(connection)).await;
    let read = read.map_err(|_| OpenError::of::<StoreError>(database)(no_answer(PATIENCE)))?;
    let (fsync, synchronous_commit): (String, String) = read.map_err(OpenError::of(database))?;
    for (setting, found, needed) in [
        ("fsync", fsync, "on"),
        ("synchronous_commit", synchronous_commit, "on (or local, remote_write, remote_apply)"),
    ] {
        if found == "off" {
            return Err(OpenError::Weak { database: database.to_owned(), setting, found, needed, hint: HINT });
        }
    }
    Ok(())
}

/// Every text must fit.
async fn check_encoding(connection: &mut PgConnection, database: &str) -> Result<(), OpenError> {
    let found = setting(connection, database, "server_encoding").await?;
    if found == "UTF8" {
        return Ok(());
    }
    let (database, hint) = (database.to_owned(), "create the database with ENCODING 'UTF8'");
    Err(OpenError::Weak { database, setting: "server_encoding", found, needed: "UTF8", hint })
}

/// Takes the steps that are missing, all in one transaction under a lock: of servers that start together, the second
/// finds the work done, and one that dies half way leaves nothing.
async fn migrate(connection: &mut PgConnection, database: &str, opener: Opener) -> Result<(), OpenError> {
    let refused = OpenError::of(database);
    let mut tx = connection.begin().await.map_err(&refused)?;
    sqlx::query(MIGRATE_WITHIN).execute(&mut *tx).await.map_err(&refused)?;
    sqlx::query(MIGRATION_LOCK).execute(&mut *tx).await.map_err(&refused)?;
    take_steps(&mut tx, database, opener).await?;
    tx.commit().await.map_err(refused)
}

async fn take_steps(connection: &mut PgConnection, database: &str, opener: Opener) -> Result<(), OpenError> {
    let refused = OpenError::of(database);
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let found = version(connection, database).await?;
    opener.may_migrate(database, found, known)?;
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
