//! From a URL to connections that can be trusted: settings, schema.

use std::{str::FromStr as _, sync::Arc, time::Duration};

use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, MySqlConnection, MySqlPool,
    mysql::{MySqlConnectOptions, MySqlPoolOptions},
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
/// Statements kept prepared on a connection: all there are, with lists of every length (see [`super::padded`]).
const STATEMENTS: usize = 256;
/// How long a connection is waited for.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Whatever the server's defaults are: each read sees the present, nothing is cut to fit or turned into a zero, and
/// nobody waits longer for a lock.
const SESSION: &str = "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', \
    autocommit = 1, innodb_lock_wait_timeout = 5, lock_wait_timeout = 60";
/// After the head is locked, each statement sees what was committed before it.
const WRITING: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
/// What a consistent snapshot needs.
const READING: &str = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ";
/// A server that stopped inside its transaction holds the head no longer than 5 s.
const IDLE_IN_TRANSACTION: &str = "SET SESSION idle_transaction_timeout = 5";
/// A read that takes longer than it ever should is ended by the server, before we have no more patience and leave it alone
/// with it: in seconds, and in milliseconds.
const READ_WITHIN_MARIADB: &str = "SET SESSION max_statement_time = 4";
const READ_WITHIN_MYSQL: &str = "SET SESSION max_execution_time = 4000";
/// `MySQL` knows only how long any connection may be idle.
const IDLE: &str = "SET SESSION wait_timeout = 5";
/// So it is given up before the server ends it.
const IDLE_AT_MOST: Duration = Duration::from_secs(3);
/// Names are of the whole server, and have at most 64 characters.
const LOCK: &str = "SELECT GET_LOCK(CONCAT('push-system ', SHA1(DATABASE())), 60)";
const LOCK_WITHIN: Duration = Duration::from_mins(1);
const UNLOCK: &str = "SELECT RELEASE_LOCK(CONCAT('push-system ', SHA1(DATABASE())))";
/// The schema, step by step; `push_system_schema` holds how many of them a database has taken.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/mysql/0001_log_and_accounts.sql"),
    include_str!("../../../migrations/mysql/0002_people.sql"),
    include_str!("../../../migrations/mysql/0003_tickets.sql"),
    include_str!("../../../migrations/mysql/0004_changes.sql"),
    include_str!("../../../migrations/mysql/0005_topics.sql"),
    include_str!("../../../migrations/mysql/0006_search.sql"),
    include_str!("../../../migrations/mysql/0007_ended_sessions.sql"),
    include_str!("../../../migrations/mysql/0008_topics_as_told.sql"),
    include_str!("../../../migrations/mysql/0009_owners.sql"),
    include_str!("../../../migrations/mysql/0010_members.sql"),
];

/// The least `max_allowed_packet`: twice what the rows of one INSERT come to (`commit.rs`), and more than the largest row.
const PACKET: i64 = 1_048_576;

/// Whose server it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    MySql,
    MariaDb,
}

pub(super) fn options(url: &ServerUrl) -> Result<MySqlConnectOptions, OpenError> {
    let options = MySqlConnectOptions::from_str(url.expose().as_str());
    let options = options.map_err(|error| OpenError::Url { database: url.to_string(), why: error.to_string() })?;
    Ok(options.charset("utf8mb4").collation("utf8mb4_bin").statement_cache_capacity(STATEMENTS))
}

/// Connections that write; made when they are first used, and again whenever they have to.
///
/// A server that came back may have come back with other settings: each connection asks anew.
pub(super) fn writers(url: &ServerUrl, options: &MySqlConnectOptions, dialect: Dialect) -> MySqlPool {
    let (idle, idle_at_most) = match dialect {
        Dialect::MariaDb => (IDLE_IN_TRANSACTION, None),
        Dialect::MySql => (IDLE, Some(IDLE_AT_MOST)),
    };
    let pool = MySqlPoolOptions::new().max_connections(WRITERS).acquire_timeout(CONNECT_WITHIN);
    let pool = if idle_at_most.is_some() { pool.idle_timeout(idle_at_most) } else { pool };
    let database: Arc<str> = url.to_string().into();
    let pool = pool.after_connect(move |connection, _| {
        let database = database.clone();
        Box::pin(async move {
            check_settings(connection, &database).await.map_err(refused_connection)?;
            set(connection, [SESSION, WRITING, idle]).await
        })
    });
    pool.connect_lazy_with(options.clone())
}

/// Connections that read.
pub(super) fn readers(options: &MySqlConnectOptions, dialect: Dialect, connections: u32) -> MySqlPool {
    let within = match dialect {
        Dialect::MariaDb => READ_WITHIN_MARIADB,
        Dialect::MySql => READ_WITHIN_MYSQL,
    };
    let pool = MySqlPoolOptions::new().max_connections(connections).acquire_timeout(CONNECT_WITHIN);
    let pool = pool.after_connect(move |connection, _| Box::pin(set(connection, [SESSION, READING, within])));
    pool.connect_lazy_with(options.clone())
}

async fn set<const N: usize>(
    connection: &mut MySqlConnection,
    statements: [&'static str; N],
) -> Result<(), sqlx::Error> {
    for statement in statements {
        sqlx::raw_sql(statement).execute(&mut *connection).await?;
    }
    Ok(())
}

/// An answer, or that none came: a server that accepts and then hangs is not waited for without end.
async fn answer<T>(
    database: &str,
    patience: Duration,
    question: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, OpenError> {
    match timeout(patience, question).await {
        Ok(answer) => answer.map_err(OpenError::of(database)),
        Err(_) => Err(OpenError::of::<StoreError>(database)(no_answer(patience))),
    }
}

/// Checks the server and brings the schema up to date.
pub(super) async fn prepare(
    url: &ServerUrl,
    options: &MySqlConnectOptions,
    opener: Opener,
) -> Result<Dialect, OpenError> {
    let database = url.to_string();
    let connected = timeout(CONNECT_WITHIN, options.connect()).await;
    let connected = connected.unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut));
    let mut connection = connected.map_err(OpenError::of(&database))?;
    let dialect = check_version(&mut connection, &database).await?;
    check_settings(&mut connection, &database).await?;
    answer(&database, PATIENCE, set(&mut connection, [SESSION])).await?;
    migrate(&mut connection, &database, opener).await?;
    let closed = timeout(PATIENCE, connection.close()).await;
    closed.unwrap_or_else(|_| Ok(())).map_err(OpenError::of(&database))?;
    Ok(dialect)
}

async fn check_version(connection: &mut MySqlConnection, database: &str) -> Result<Dialect, OpenError> {
    let question = sqlx::query_scalar("SELECT VERSION()").fetch_one(connection);
    let found: String = answer(database, PATIENCE, question).await?;
    let dialect = if found.contains("MariaDB") { Dialect::MariaDb } else { Dialect::MySql };
    let needed = match dialect {
        Dialect::MariaDb if numbers(&found) < [10, 11] => "MariaDB 10.11 or later",
        Dialect::MySql if numbers(&found) < [8, 0] => "MySQL 8 or later",
        _ => return Ok(dialect),
    };
    Err(OpenError::TooOld { database: database.to_owned(), found, needed })
}

/// The first two numbers of a version like `10.11.6-MariaDB-1`.
fn numbers(version: &str) -> [u32; 2] {
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().unwrap_or(0));
    [numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)]
}

/// Reads back what durability rests on, and whether the largest statement may be sent.
async fn check_settings(connection: &mut MySqlConnection, database: &str) -> Result<(), OpenError> {
    const SETTINGS: &str = "SELECT CAST(@@innodb_flush_log_at_trx_commit AS SIGNED), \
        CAST(@@log_bin AS SIGNED), CAST(@@sync_binlog AS SIGNED), CAST(@@max_allowed_packet AS SIGNED)";
    let hint = "without it, what was acknowledged is lost when the machine fails";
    let read = answer(database, PATIENCE, sqlx::query_as(SETTINGS).fetch_one(connection)).await?;
    let (flush, log_bin, sync_binlog, packet): (i64, i64, i64, i64) = read;
    let weak = |setting, found: i64| {
        let (database, found) = (database.to_owned(), found.to_string());
        Err(OpenError::Weak { database, setting, found, needed: "1", hint })
    };
    if flush != 1 {
        return weak("innodb_flush_log_at_trx_commit", flush);
    }
    if log_bin != 0 && sync_binlog != 1 {
        return weak("sync_binlog", sync_binlog);
    }
    if packet < PACKET {
        let (database, found, needed) = (database.to_owned(), packet.to_string(), "1048576 (1M) or more");
        let hint = "what people write would not fit into a statement";
        return Err(OpenError::Weak { database, setting: "max_allowed_packet", found, needed, hint });
    }
    Ok(())
}

/// Takes the steps that are missing under a lock: of servers that start together, the second finds the work done.
async fn migrate(connection: &mut MySqlConnection, database: &str, opener: Opener) -> Result<(), OpenError> {
    let lock = sqlx::query_scalar(LOCK).fetch_one(&mut *connection);
    let locked: Option<i64> = answer(database, LOCK_WITHIN + PATIENCE, lock).await?;
    if locked != Some(1) {
        let source = StoreError::new("another server has been changing its schema for a minute");
        return Err(OpenError::Database { database: database.to_owned(), source });
    }
    let done = take_steps(connection, database, opener).await;
    answer(database, PATIENCE, sqlx::query(UNLOCK).execute(connection)).await?;
    done
}

async fn take_steps(connection: &mut MySqlConnection, database: &str, opener: Opener) -> Result<(), OpenError> {
    let refused = OpenError::of(database);
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let found = version(connection, database).await?;
    opener.may_migrate(database, found, known)?;
    for (step, sql) in (1..=known).zip(MIGRATIONS).skip_while(|(step, _)| *step <= found) {
        sqlx::raw_sql(*sql).execute(&mut *connection).await.map_err(&refused)?;
        // A number of ours.
        let mark = format!("REPLACE INTO push_system_schema (id, version) VALUES (1, {step})");
        sqlx::raw_sql(AssertSqlSafe(mark)).execute(&mut *connection).await.map_err(&refused)?;
    }
    Ok(())
}

/// How many steps the database has taken. An empty one is made ours.
async fn version(connection: &mut MySqlConnection, database: &str) -> Result<i64, OpenError> {
    const TABLES: &str = "SELECT COUNT(*), COUNT(CASE WHEN table_name = 'push_system_schema' THEN 1 END) \
        FROM information_schema.tables WHERE table_schema = DATABASE()";
    const OURS: &str = "CREATE TABLE push_system_schema (id BIGINT NOT NULL PRIMARY KEY, version BIGINT NOT NULL) \
        ENGINE = InnoDB";
    const VERSION: &str = "SELECT COALESCE(MAX(version), 0) FROM push_system_schema";
    let tables = sqlx::query_as(TABLES).fetch_one(&mut *connection);
    let (all, ours): (i64, i64) = answer(database, PATIENCE, tables).await?;
    if all == 0 {
        answer(database, PATIENCE, sqlx::raw_sql(OURS).execute(connection)).await?;
        return Ok(0);
    }
    if ours == 0 {
        return Err(OpenError::Foreign { database: database.to_owned() });
    }
    answer(database, PATIENCE, sqlx::query_scalar(VERSION).fetch_one(connection)).await
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_server_that_accepts_and_says_nothing_is_given_up() {
        let given_up = answer::<()>("db", PATIENCE, pending()).await.unwrap_err();
        assert!(given_up.is_passing(), "{given_up}");
    }
}
