//! A running server: from its parts to its last connection. The binary and the tests start it with the same call.

mod client;
mod connections;
mod crowd;
mod forwarded;
mod housekeeping;
mod io;
mod shared;

use std::{future::Future, io as std_io, sync::Arc, time::Duration};

use push_system::ports::Clock;
use tokio::{
    net::TcpListener,
    time::{Instant, sleep, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_http::csrf;

use crate::{
    admin::Admin,
    auth::Auth,
    backend::StoreBackend,
    bus::{
        Bus, Roster,
        counters::Counters,
        local::{LocalBus, LocalRoster},
    },
    config::{Config, Database},
    http,
    limits::Limits,
    push,
    push::Push,
    state::{AppState, SystemClock},
    store::{OpenError, Store, StoreError, mysql::MySqlStore, postgres::PostgresStore, sqlite::SqliteStore},
    ui::Ui,
    ws,
};

pub use client::ClientAddress;
pub use io::Peer;
pub use shared::SharedError;

use connections::Connections;
use crowd::Crowd;

/// How long a database that cannot be reached is waited for at the start: about as long as a deploy's old instance
/// takes to leave.
const OPEN_WITHIN: Duration = Duration::from_secs(30);
/// Slow headers hold a connection, and nothing else can end them: this is also the time a socket's handshake has. Proxies
/// must let go of idle connections sooner.
const HEADER_WITHIN: Duration = Duration::from_secs(5);
const OPEN_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// What is queued for the log when everything else has ended is written in this time, whatever the drain window says.
const FINISH_WITHIN: Duration = Duration::from_secs(1);

/// Connections an address may have beside its sockets: browsers open six each, and many people may share one.
const BESIDE_SOCKETS: usize = 500;
/// A peer that takes no byte of an answer for so long is gone, or holds memory on purpose.
const TAKEN_WITHIN: Duration = Duration::from_mins(1);

/// What a server is made of.
pub struct Parts {
    /// Settings; `listen` is replaced by the listener's own address.
    pub config: Config,
    /// The database.
    pub store: Arc<dyn Store>,
    /// Hints between instances.
    pub bus: Arc<dyn Bus>,
    /// Who is connected to which instance.
    pub roster: Arc<dyn Roster>,
    /// What the instances count together; without it each counts for itself.
    pub counters: Option<Arc<dyn Counters>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Sizes and times of the push path.
    pub push: push::Settings,
    /// Times of sockets.
    pub ws: ws::Settings,
    /// How long a request's header may take, and an idle connection be kept.
    pub header_within: Duration,
    /// How long a peer may take nothing of what is written to it.
    pub taken_within: Duration,
    /// Connections from one address, whoever they turn out to be.
    pub connections_per_address: usize,
}

impl Parts {
    /// The usual parts: the bus in process, the machine's clock.
    pub fn new(config: Config, store: Arc<dyn Store>) -> Self {
        let push = push::Settings {
            sockets_per_user: config.max_sockets_per_user,
            sockets_per_address: config.max_sockets_per_address,
            ..push::Settings::default()
        };
        let connections_per_address = config.max_sockets_per_address.saturating_add(BESIDE_SOCKETS);
        let (bus, roster) = (Arc::new(LocalBus::default()), Arc::new(LocalRoster::default()));
        Self {
            config,
            store,
            bus,
            roster,
            counters: None,
            clock: Arc::new(SystemClock),
            push,
            ws: ws::Settings::default(),
            header_within: HEADER_WITHIN,
            taken_within: TAKEN_WITHIN,
            connections_per_address,
        }
    }

    /// The same with the bus that is configured. A Redis that cannot be reached is waited for.
    ///
    /// # Errors
    /// Redis refuses us or stays away, or the store does not say which system this is.
    pub async fn connected(config: Config, store: Arc<dyn Store>) -> Result<Self, SharedError> {
        let Some(url) = config.redis.clone() else { return Ok(Self::new(config, store)) };
        let redis = Arc::new(shared::connect(&url, &*store).await?);
        Ok(Self { bus: redis.clone(), roster: redis.clone(), counters: Some(redis), ..Self::new(config, store) })
    }
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The database was opened and cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The listener has no address.
    #[error("the listener is of no use: {0}")]
    Listener(#[from] std_io::Error),
    /// The base URL is no origin a browser could send.
    #[error("base_url: {0}")]
    Origin(#[from] csrf::ConfigError),
}

/// Opens the database for a server. One that cannot be reached yet, or that another server is about to leave, is waited
/// for.
pub async fn open(config: &Config) -> Result<Arc<dyn Store>, OpenError> {
    let deadline = Instant::now() + OPEN_WITHIN;
    loop {
        let opened = match &config.database {
            Database::Sqlite(path) => SqliteStore::open(path).await.map(shared),
            Database::Postgres(url) => PostgresStore::open(url).await.map(shared),
            Database::MySql(url) => MySqlStore::open(url).await.map(shared),
        };
        match opened {
            Err(error) if error.is_passing() && Instant::now() < deadline => {
                tracing::warn!(%error, "the database cannot be opened yet");
                sleep(OPEN_AGAIN_AFTER).await;
            }
            opened => return opened,
        }
    }
}

/// Opens the database for a tool, also beside a running server. Tries once, and migrates nothing: only a server does.
pub async fn open_for_tool(database: &Database) -> Result<Arc<dyn Store>, OpenError> {
    match database {
        Database::Sqlite(path) => SqliteStore::open_for_tool(path).await.map(shared),
        Database::Postgres(url) => PostgresStore::open_for_tool(url).await.map(shared),
        Database::MySql(url) => MySqlStore::open_for_tool(url).await.map(shared),
    }
}

fn shared(store: impl Store) -> Arc<dyn Store> {
    Arc::new(store)
}

/// Serves until `shutdown` resolves, then lets everyone go: `/readyz` says 503, sockets are closed with 1012 over half
/// of the drain window while requests are still answered, then no more are accepted and those in progress end.
pub async fn launch(
    mut parts: Parts,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), LaunchError> {
    let (tasks, patience) = (TaskTracker::new(), (parts.header_within, parts.taken_within));
    let crowd = Crowd::new(parts.connections_per_address);
    parts.config.listen = listener.local_addr()?;
    let state = assemble(parts, &tasks).await?;
    tasks.spawn(housekeeping::index(state.clone()));
    tasks.spawn(housekeeping::forget(state.clone()));
    tasks.spawn(housekeeping::sweep(state.clone()));
    tasks.spawn(housekeeping::write_seen(state.clone()));
    let trusted = state.config.trusted_proxies.clone();
    let connections = Connections::new(http::router(state.clone())?, trusted, crowd, patience);
    tracing::info!(http.listen = %state.config.listen, http.base_url = %state.config.base_url(), "listening");
    tokio::select! {
        () = connections.accept(&listener) => {}
        () = shutdown => {}
    }
    stop(&state, listener, connections, tasks).await;
    Ok(())
}

/// Puts the parts together and starts their tasks; nothing is served yet.
pub(crate) async fn assemble(parts: Parts, tasks: &TaskTracker) -> Result<AppState, StoreError> {
    let Parts { config, store, bus, roster, counters, clock, push, ws, .. } = parts;
    let config = Arc::new(config);
    let drain = CancellationToken::new();
    let push = Push::start(store.clone(), (bus, roster), clock.clone(), push, tasks, drain.clone()).await?;
    let auth = Auth::start(store.clone(), push.clone(), clock.clone(), config.clone()).await?;
    let admin = Admin::new(store.clone(), push.clone(), auth.clone(), clock.clone(), config.clone());
    let backend = Arc::new(StoreBackend::new(store.clone(), push.clone()));
    let limits = Limits::new(config.rate_limits, &config.rates, clock.clone(), counters);
    let (sockets, started) = (TaskTracker::new(), Instant::now());
    Ok(AppState {
        config,
        store,
        push,
        auth,
        admin,
        limits,
        clock,
        backend,
        ui: Ui::new(),
        drain,
        sockets,
        ws,
        started,
    })
}

async fn stop(state: &AppState, listener: TcpListener, connections: Connections, tasks: TaskTracker) {
    let window = state.config.drain;
    let deadline = Instant::now() + window;
    tracing::info!(sockets = state.push.sockets(), window_s = window.as_secs(), "stopping");
    state.drain.cancel();
    state.sockets.close();
    tokio::select! {
        () = connections.accept(&listener) => {}
        () = state.sockets.wait() => {}
        () = sleep(window / 2) => {}
    }
    drop(listener);
    let gone = async {
        connections.close().await;
        state.sockets.wait().await;
    };
    if timeout_at(deadline, gone).await.is_err() {
        tracing::warn!(sockets = state.sockets.len(), "some connections did not end in time");
    }
    state.push.finish();
    tasks.close();
    if timeout_at(deadline.max(Instant::now() + FINISH_WITHIN), tasks.wait()).await.is_err() {
        tracing::error!("the log was not finished in time");
    }
    tracing::info!("stopped");
}
