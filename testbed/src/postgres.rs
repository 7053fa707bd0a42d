//! `PostgreSQL`.

use std::{
    ops::Deref,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::process::Signal;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::{sync::OnceCell, time::timeout};

use crate::{Server, StartError, binaries, database_name};

/// A cluster of its own. Its only user is `push`, who may do anything and has no password.
#[derive(Debug)]
pub struct Postgres(Server);

impl Postgres {
    /// A new cluster.
    pub async fn start() -> Result<Self, StartError> {
        Self::start_with(&[]).await
    }

    /// A new cluster with more arguments, like `-c fsync=off`.
    pub async fn start_with(arguments: &[&str]) -> Result<Self, StartError> {
        let (initdb, program) = (binaries::find("initdb")?, binaries::find("postgres")?);
        let mut server = Server::prepare("postgres", program)?;
        let data = server.folder().join("data").to_string_lossy().into_owned();
        // Only the making of the cluster is not flushed; what runs in it is.
        let options = ["-A", "trust", "-U", "push", "-E", "UTF8", "--locale=C", "--no-sync", "-D", &data];
        server.run(&initdb, &options.map(str::to_owned))?;
        let port = server.port().to_string();
        // More connections than usual, as many tests share it.
        let own = ["-D", &data, "-h", "127.0.0.1", "-p", &port, "-k", "", "-c", "max_connections=300"];
        let all = own.iter().chain(arguments).map(|argument| (*argument).to_owned()).collect();
        let options = options_of(&server);
        server.first_start(all, async || answers(&options).await).await?;
        Ok(Self(server))
    }

    /// The one that all tests of this process share, started when it is first asked for.
    pub async fn shared() -> Result<&'static Self, &'static StartError> {
        static SHARED: OnceCell<Result<Postgres, StartError>> = OnceCell::const_new();
        SHARED.get_or_init(Self::start).await.as_ref()
    }

    /// A new empty database, as URL.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn database(&self) -> String {
        let name = database_name();
        self.execute(&format!("CREATE DATABASE {name}")).await;
        self.url(&name)
    }

    /// The URL of a database. `postgres` is always there.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://push@127.0.0.1:{}/{database}", self.port())
    }

    /// Runs a statement in the database `postgres`.
    ///
    /// # Panics
    /// When it fails.
    pub async fn execute(&self, sql: &str) {
        let mut connection = options_of(self).connect().await.expect("a server that answers");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("a good statement");
        connection.close().await.expect("a server that answers");
    }

    /// Dumps a database as the manual says, with its own tool. Blocks meanwhile.
    pub fn dump(&self, database: &str) -> Result<PathBuf, StartError> {
        let file = self.folder().join(format!("{database}.dump"));
        let words = [
            format!("--dbname={}", self.url(database)),
            "--format=custom".to_owned(),
            format!("--file={}", file.display()),
        ];
        self.run(&binaries::find("pg_dump")?, &words)?;
        Ok(file)
    }

    /// Puts a dump into a new database of that name; the old one is gone. Blocks meanwhile.
    pub fn restore(&self, database: &str, dump: &Path) -> Result<(), StartError> {
        let maintenance = format!("--maintenance-db={}", self.url("postgres"));
        let drop = ["--force".to_owned(), maintenance.clone(), database.to_owned()];
        self.run(&binaries::find("dropdb")?, &drop)?;
        self.run(&binaries::find("createdb")?, &[maintenance, database.to_owned()])?;
        let words = [format!("--dbname={}", self.url(database)), dump.to_string_lossy().into_owned()];
        self.run(&binaries::find("pg_restore")?, &words)
    }

    /// What `pg_ctl stop -m immediate` does: no checkpoint, recovery at the next start.
    pub fn stop_immediate(&self) {
        self.stop_with(Signal::QUIT);
    }

    /// Starts it again on the same port and data, after it was stopped or killed.
    pub async fn restart(&self) -> Result<(), StartError> {
        let options = options_of(self);
        self.start(async || answers(&options).await).await
    }
}

impl Deref for Postgres {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

fn options_of(server: &Server) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(server.port()).username("push").database("postgres")
}

async fn answers(options: &PgConnectOptions) -> bool {
    let ask = async { PgConnection::connect_with(options).await?.ping().await };
    matches!(timeout(Duration::from_secs(1), ask).await, Ok(Ok(())))
}
