//! A server of its own for one test.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use server::{
    config::{self, Flags},
    serve::{self, Parts},
    store::Store,
};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::TestClock,
    http::{Browser, Program},
};

/// A server on a free port with its own folder. Every test ends it with [`Self::finish`].
pub struct TestApp {
    pub address: SocketAddr,
    pub clock: Arc<TestClock>,
    pub store: Arc<dyn Store>,
    stop: CancellationToken,
    server: Option<JoinHandle<()>>,
    // Dropped last: the database lives in it.
    folder: TempDir,
}

impl TestApp {
    /// The usual server.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A server with other parts.
    pub async fn with(change: impl FnOnce(&mut Parts)) -> Self {
        Self::in_folder(tempfile::tempdir().expect("a temporary folder"), change).await
    }

    /// A server on what another one left in this folder.
    pub async fn in_folder(folder: TempDir, change: impl FnOnce(&mut Parts)) -> Self {
        let config = config_in(folder.path(), &[]);
        Self::of(config, folder, change).await
    }

    /// One of perhaps several servers on a database server's database.
    pub async fn on(database_url: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = config_in(folder.path(), &[("DATABASE_URL", database_url)]);
        Self::of(config, folder, |_| {}).await
    }

    /// A server on another listener than the machine's own.
    pub async fn on_listener(listener: TcpListener, change: impl FnOnce(&mut Parts)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = config_in(folder.path(), &[]);
        Self::serving(listener, config, folder, change).await
    }

    async fn of(config: config::Config, folder: TempDir, change: impl FnOnce(&mut Parts)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        Self::serving(listener, config, folder, change).await
    }

    async fn serving(
        listener: TcpListener,
        config: config::Config,
        folder: TempDir,
        change: impl FnOnce(&mut Parts),
    ) -> Self {
        let store = serve::open(&config).await.expect("a new database");
        let clock = Arc::new(TestClock::default());
        let mut parts = Parts { clock: clock.clone(), ..Parts::new(config, store.clone()) };
        // A socket that its test forgot to read is let go within the drain window.
        parts.config.drain = Duration::from_secs(1);
        parts.ws.grace = Duration::from_millis(200);
        // One address stands for many people here, who say more than people do.
        parts.config.rate_limits = config::Switch::Off;
        change(&mut parts);
        let address = listener.local_addr().expect("its number");
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let server = tokio::spawn(async move {
            serve::launch(parts, listener, stopped.cancelled_owned()).await.expect("a server");
        });
        Self { address, clock, store, stop, server: Some(server), folder }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The database's file.
    pub fn database(&self) -> PathBuf {
        match config_in(self.folder.path(), &[]).database {
            server::config::Database::Sqlite(path) => path,
            other => panic!("{other} is no file"),
        }
    }

    /// A program that is not logged in.
    pub fn anyone(&self) -> Program {
        Program::new(self.url())
    }

    /// A program with an account of its own.
    pub async fn person(&self, name: &str) -> Program {
        self.anyone().registered(name).await
    }

    /// A browser that has never been here.
    pub fn browser(&self) -> Browser {
        Browser::new(self.url())
    }

    /// Begins to stop, without waiting.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Stops the server as a signal would and checks that it goes.
    pub async fn finish(mut self) {
        self.stop.cancel();
        let server = self.server.take().expect("a server that was not finished yet");
        timeout(Duration::from_secs(10), server).await.expect("it stops in time").expect("it does not panic");
        assert_eq!(Arc::strong_count(&self.store), 1, "something of the server is left behind");
        self.store.close().await;
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let unfinished = self.server.is_some() && !std::thread::panicking();
        assert!(!unfinished, "a test must end with finish()");
    }
}

/// The settings of a server that keeps its database in `folder`.
pub fn config_in(folder: &Path, variables: &[(&str, &str)]) -> config::Config {
    let flags = Flags { data_dir: Some(folder.to_string_lossy().into_owned()), ..Flags::default() };
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    config::load(&flags, variables, folder).expect("good settings").config
}
