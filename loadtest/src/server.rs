//! The server under test: the release binary, in a folder of its own, on the server's core.

use std::{
    env, fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use push_system::{accounts::Person, api::TokenAnswer};
use serde_json::json;
use tokio::{process::Child, time};

use crate::{
    api::Api,
    failure::{Context, Failure},
    machine::Cores,
};

/// How long a start may take; the aim for it is 300 ms, and a database that was killed is recovered first.
const START: Duration = Duration::from_secs(20);

/// More sockets than any plan opens: here the caps must not be what is measured.
const MANY: &str = "100000";

/// What a server is started from.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// The release binary, absolute.
    pub(crate) binary: PathBuf,
    /// Its working folder, with its data and log.
    pub(crate) folder: PathBuf,
    /// Where it runs.
    pub(crate) cores: Cores,
}

/// A server that answers. It is killed when dropped, which loses nothing: what it acknowledged is on the disk.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

/// A person with a token.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    /// Who.
    pub(crate) person: Person,
    /// For `Authorization: Bearer`; good for a quarter of an hour and across restarts.
    pub(crate) token: String,
}

impl Server {
    /// Starts it and waits until it answers.
    pub(crate) async fn start(setup: &Setup) -> Result<Self, Failure> {
        let address = free_address()?;
        let log_path = setup.folder.join("server.log");
        let log = fs::File::options().create(true).append(true).open(&log_path).context("opening the server's log")?;
        let mut command = setup.cores.on_server_core(&setup.binary);
        // An environment of its own: a DATABASE_URL of the caller's is not ours to fill.
        command.arg("serve").env_clear().env("PATH", env::var_os("PATH").unwrap_or_default());
        command.env("PUSH_LISTEN", address.to_string()).env("PUSH_DATA_DIR", setup.folder.join("data"));
        command.env("PUSH_RATE_LIMITS", "off");
        command.env("PUSH_MAX_SOCKETS_PER_USER", MANY).env("PUSH_MAX_SOCKETS_PER_ADDRESS", MANY);
        command.current_dir(&setup.folder).kill_on_drop(true).stdin(Stdio::null());
        command.stdout(log.try_clone().context("opening the server's log")?).stderr(log);
        let child = command.spawn().context(format!("starting {}", setup.binary.display()))?;
        let mut server = Self { child, address };
        let up = time::timeout(START, server.until_healthy()).await;
        up.unwrap_or_else(|_| Err(Failure::new("the server did not answer /healthz in time")))
            .map_err(|failure| Failure::new(format!("{failure}\n{}", tail(&log_path))))?;
        Ok(server)
    }

    async fn until_healthy(&mut self) -> Result<(), Failure> {
        loop {
            if let Some(status) = self.child.try_wait().context("asking for the server's state")? {
                return Err(Failure::new(format!("the server ended with {status}")));
            }
            if let Ok(mut api) = Api::connect(self.address).await
                && api.is_ok("/healthz").await?
            {
                return Ok(());
            }
            time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> Result<u32, Failure> {
        self.child.id().ok_or_else(|| Failure::new("the server has ended"))
    }

    /// Ends it, and returns when its port and database are free.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        self.child.kill().await.context("stopping the server")
    }

    /// Registers a person.
    pub(crate) async fn register(&self, name: &str) -> Result<Login, Failure> {
        let account = json!({ "username": name, "password": "only for measuring" });
        let answer: TokenAnswer = Api::connect(self.address).await?.post("/auth/register", &[], &account).await?;
        Ok(Login { person: answer.user, token: answer.access_token })
    }
}

/// An address that was free a moment ago.
pub(crate) fn free_address() -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").context("looking for a free port")?;
    listener.local_addr().context("looking for a free port")
}

/// The last lines of the server's log, for the person who has to find out.
pub(crate) fn tail(path: &Path) -> String {
    let log = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
