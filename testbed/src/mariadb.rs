//! `MariaDB`.

use std::{
    fs,
    ops::Deref,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, MySqlConnection, mysql::MySqlConnectOptions};
use tokio::{sync::OnceCell, time::timeout};

use crate::{Server, StartError, binaries, database_name};

/// Names are not looked up, so that the user is known by address.
const USER: &str = "CREATE USER IF NOT EXISTS 'push'@'127.0.0.1';
GRANT ALL ON *.* TO 'push'@'127.0.0.1' WITH GRANT OPTION;
";

/// A server of its own. Its user `push` may do anything and has no password.
#[derive(Debug)]
pub struct MariaDb(Server);

impl MariaDb {
    /// A new server.
    pub async fn start() -> Result<Self, StartError> {
        Self::start_with(&[]).await
    }

    /// A new server with more arguments, like `--sync-binlog=0`.
    pub async fn start_with(arguments: &[&str]) -> Result<Self, StartError> {
        let (install, program) = (binaries::find("mariadb-install-db")?, binaries::find("mariadbd")?);
        let mut server = Server::prepare("mariadbd", program)?;
        let in_folder = |name: &str| server.folder().join(name).to_string_lossy().into_owned();
        let (data, init) = (format!("--datadir={}", in_folder("data")), in_folder("user.sql"));
        // Of its own: a server that starts deletes the temporary tables it finds there, whoever is using them.
        let temporary = format!("--tmpdir={}", server.folder().display());
        // Only the making of its tables is not flushed; what runs in it is.
        let options = ["--auth-root-authentication-method=normal", "--skip-test-db", "--innodb-flush-method=nosync"];
        let options = ["--no-defaults", &data, &temporary].into_iter().chain(options).map(str::to_owned);
        server.run(&install, &options.collect::<Vec<_>>())?;
        fs::write(&init, USER)?;
        let own = [
            "--no-defaults".to_owned(),
            data,
            temporary,
            format!("--port={}", server.port()),
            "--bind-address=127.0.0.1".to_owned(),
            "--skip-name-resolve".to_owned(),
            format!("--socket={}", in_folder("socket")),
            format!("--pid-file={}", in_folder("own-pid")),
            format!("--init-file={init}"),
            // More than usual, as many tests share it.
            "--max-connections=300".to_owned(),
            // A database for each test is made in half of the time when its tables need no files of their own.
            "--innodb-file-per-table=0".to_owned(),
        ];
        let all = own.into_iter().chain(arguments.iter().map(|argument| (*argument).to_owned())).collect();
        let options = options_of(&server);
        server.first_start(all, async || answers(&options).await).await?;
        Ok(Self(server))
    }

    /// The one that all tests of this process share, started when it is first asked for.
    pub async fn shared() -> Result<&'static Self, &'static StartError> {
        static SHARED: OnceCell<Result<MariaDb, StartError>> = OnceCell::const_new();
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

    /// The URL of a database. `mysql` is always there.
    pub fn url(&self, database: &str) -> String {
        format!("mysql://push@127.0.0.1:{}/{database}", self.port())
    }

    /// Runs a statement in the database `mysql`.
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
        let file = self.folder().join(format!("{database}.sql"));
        let mut words = self.connection();
        words.extend(["--single-transaction", "--quick", "--routines"].map(str::to_owned));
        words.extend([format!("--result-file={}", file.display()), database.to_owned()]);
        self.run(&tool("mariadb-dump", "mysqldump")?, &words)?;
        Ok(file)
    }

    /// Puts a dump into a new database of that name; the old one is gone. Blocks meanwhile.
    pub fn restore(&self, database: &str, dump: &Path) -> Result<(), StartError> {
        let client = tool("mariadb", "mysql")?;
        let run = |sql: String, within: &str| {
            let mut words = self.connection();
            words.extend([format!("--execute={sql}"), within.to_owned()]);
            self.run(&client, &words)
        };
        run(format!("DROP DATABASE {database}; CREATE DATABASE {database}"), "mysql")?;
        run(format!("source {}", dump.display()), database)
    }

    /// What its own tools are told of it.
    fn connection(&self) -> Vec<String> {
        let port = format!("--port={}", self.port());
        ["--no-defaults", "--host=127.0.0.1", &port, "--user=push"].map(str::to_owned).to_vec()
    }

    /// Starts it again on the same port and data, after it was killed.
    pub async fn restart(&self) -> Result<(), StartError> {
        let options = options_of(self);
        self.start(async || answers(&options).await).await
    }
}

impl Deref for MariaDb {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

/// The tools had other names, and newer versions have only the new ones.
fn tool(name: &'static str, before: &'static str) -> Result<PathBuf, StartError> {
    binaries::find(name).or_else(|_| binaries::find(before))
}

fn options_of(server: &Server) -> MySqlConnectOptions {
    MySqlConnectOptions::new().host("127.0.0.1").port(server.port()).username("push").database("mysql")
}

async fn answers(options: &MySqlConnectOptions) -> bool {
    let ask = async { MySqlConnection::connect_with(options).await?.ping().await };
    matches!(timeout(Duration::from_secs(1), ask).await, Ok(Ok(())))
}
