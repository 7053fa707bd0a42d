//! What instances stand on: a throw-away database and, if wanted, a throw-away Redis.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use sqlx::{AnyConnection, AssertSqlSafe, Connection, any};
use testbed::{MariaDb, Postgres, Redis, StartError, or_report};

use crate::failure::{Context, Failure};

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// A file; one instance only.
    Sqlite,
    /// A server of its own.
    Postgres,
    /// A server of its own: `MariaDB`, or `MySQL`.
    Mysql,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Mysql];

    /// By the scheme of its URL.
    pub(crate) fn of(url: &str) -> Self {
        match url.split_once(':').map_or(url, |(scheme, _)| scheme) {
            "postgres" | "postgresql" => Self::Postgres,
            "mysql" | "mariadb" => Self::Mysql,
            _ => Self::Sqlite,
        }
    }

    /// Whether it is a server process, to which several instances can connect.
    pub(crate) fn is_server(self) -> bool {
        self != Self::Sqlite
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MariaDB",
        })
    }
}

/// A running database.
pub(crate) enum Database {
    /// The file's URL.
    Sqlite(String),
    /// Server and URL.
    Postgres(Arc<Postgres>, String),
    /// Server and URL.
    Mysql(Arc<MariaDb>, String),
}

/// The database servers of this process: each run has a new database in them.
#[derive(Debug, Default)]
pub(crate) struct Servers {
    postgres: Option<Arc<Postgres>>,
    mysql: Option<Arc<MariaDb>>,
}

impl Servers {
    /// Starts the server of a kind, unless it runs; false, and a word about it, when it is not installed.
    pub(crate) async fn prepare(&mut self, kind: Kind) -> bool {
        let what = format!("loadtest check on {kind}");
        match kind {
            Kind::Sqlite => true,
            Kind::Postgres => {
                if self.postgres.is_none() {
                    self.postgres = or_report(Postgres::start().await, &what).map(Arc::new);
                }
                self.postgres.is_some()
            }
            Kind::Mysql => {
                if self.mysql.is_none() {
                    self.mysql = or_report(MariaDb::start().await, &what).map(Arc::new);
                }
                self.mysql.is_some()
            }
        }
    }

    /// A new database.
    pub(crate) async fn database(&self, kind: Kind, folder: &Path) -> Result<Database, Failure> {
        let missing = || Failure::new(format!("{kind} was not started"));
        match kind {
            Kind::Sqlite => {
                Ok(Database::Sqlite(format!("sqlite://{}", folder.join("data").join("push-system.db").display())))
            }
            Kind::Postgres => {
                let server = self.postgres.clone().ok_or_else(missing)?;
                let url = server.database().await;
                Ok(Database::Postgres(server, url))
            }
            Kind::Mysql => {
                let server = self.mysql.clone().ok_or_else(missing)?;
                let url = server.database().await;
                Ok(Database::Mysql(server, url))
            }
        }
    }
}

impl Database {
    /// Its own URL, without a proxy.
    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Sqlite(url) | Self::Postgres(_, url) | Self::Mysql(_, url) => url,
        }
    }

    /// Where it listens; none for a file.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        let port = match self {
            Self::Sqlite(_) => return None,
            Self::Postgres(server, _) => server.port(),
            Self::Mysql(server, _) => server.port(),
        };
        Some((Ipv4Addr::LOCALHOST, port).into())
    }

    /// The URL that leads through a proxy at `door`.
    pub(crate) fn url_through(&self, door: SocketAddr) -> String {
        match self.address() {
            Some(address) => self.url().replace(&address.to_string(), &door.to_string()),
            None => self.url().to_owned(),
        }
    }

    /// Ends it as hard as it can end: `PostgreSQL` without a checkpoint, `MariaDB` by SIGKILL.
    pub(crate) fn crash(&self) {
        match self {
            Self::Sqlite(_) => {}
            Self::Postgres(server, _) => server.stop_immediate(),
            Self::Mysql(server, _) => server.kill(),
        }
    }

    /// Starts it again.
    pub(crate) async fn restart(&self) -> Result<(), Failure> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(server, _) => server.restart().await.context("PostgreSQL"),
            Self::Mysql(server, _) => server.restart().await.context("MariaDB"),
        }
    }

    /// Makes a dump as the manual says, and tells where it is; for a database that is a server.
    pub(crate) async fn dump(&self) -> Result<PathBuf, Failure> {
        let name = self.name();
        match self {
            Self::Sqlite(_) => Err(Failure::new("a file has no tool of its own")),
            Self::Postgres(server, _) => {
                let server = Arc::clone(server);
                blocking(move || server.dump(&name)).await.context("pg_dump")
            }
            Self::Mysql(server, _) => {
                let server = Arc::clone(server);
                blocking(move || server.dump(&name)).await.context("mysqldump")
            }
        }
    }

    /// Puts a dump in its place.
    pub(crate) async fn restore(&self, dump: PathBuf) -> Result<(), Failure> {
        let name = self.name();
        match self {
            Self::Sqlite(_) => Err(Failure::new("a file has no tool of its own")),
            Self::Postgres(server, _) => {
                let server = Arc::clone(server);
                blocking(move || server.restore(&name, &dump)).await.context("pg_restore")
            }
            Self::Mysql(server, _) => {
                let server = Arc::clone(server);
                blocking(move || server.restore(&name, &dump)).await.context("restoring a dump")
            }
        }
    }

    /// What it is called in its server.
    fn name(&self) -> String {
        self.url().rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// Ends every session of the instances, on the server's side. Returns how many.
    pub(crate) async fn end_sessions(&self) -> Result<u64, Failure> {
        any::install_default_drivers();
        let what = "ending the database's sessions";
        let list = match self {
            Self::Sqlite(_) => return Ok(0),
            Self::Postgres(..) => {
                "SELECT CAST(pid AS BIGINT) FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()"
            }
            Self::Mysql(..) => {
                "SELECT CAST(id AS SIGNED) FROM information_schema.processlist \
                 WHERE db = database() AND id <> connection_id()"
            }
        };
        let mut connection = AnyConnection::connect(self.url()).await.context(what)?;
        let sessions: Vec<i64> = sqlx::query_scalar(list).fetch_all(&mut connection).await.context(what)?;
        let mut ended = 0;
        for session in sessions {
            ended += u64::from(self.end_session(session, &mut connection).await);
        }
        connection.close().await.context(what)?;
        Ok(ended)
    }

    /// Whether it was ended: one that ended by itself meanwhile was not, nor one that this user may not end.
    async fn end_session(&self, session: i64, connection: &mut AnyConnection) -> bool {
        if let Self::Postgres(..) = self {
            let end = format!("SELECT CASE WHEN pg_terminate_backend({session}::INT) THEN 1 ELSE 0 END");
            let ended: Result<i32, _> = sqlx::query_scalar(AssertSqlSafe(end)).fetch_one(connection).await;
            return ended.is_ok_and(|ended| ended == 1);
        }
        sqlx::raw_sql(AssertSqlSafe(format!("KILL {session}"))).execute(connection).await.is_ok()
    }
}

/// Tools are waited for where that stops nobody else.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StartError> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.context("a tool")?.context("a tool")
}

/// Sends Redis one command, in the words of `redis-cli`. Returns the number it answers, if that is one.
pub(crate) async fn redis_command(redis: &Redis, words: &str) -> Result<u64, Failure> {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };
    let what = format!("Redis {words}");
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, redis.port())).await.context(&what)?;
    stream.write_all(format!("{words}\r\n").as_bytes()).await.context(&what)?;
    let mut answer = [0; 128];
    let length = stream.read(&mut answer).await.context(&what)?;
    let answer = String::from_utf8_lossy(&answer[..length]);
    number_answered(&answer).ok_or_else(|| Failure::new(format!("{what}: {answer}")))
}

/// `:3` is a number, `+OK` says that it is done; anything else is a refusal.
fn number_answered(answer: &str) -> Option<u64> {
    match answer.trim_end().split_at_checked(1)? {
        (":", number) => number.parse().ok(),
        ("+", _) => Some(0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redis_says_how_many_it_ended() {
        assert_eq!(number_answered(":2\r\n"), Some(2));
        assert_eq!(number_answered(":0\r\n"), Some(0));
        assert_eq!(number_answered("+OK\r\n"), Some(0));
        assert_eq!(number_answered("-ERR No such user\r\n"), None);
        assert_eq!(number_answered(""), None);
    }
}
