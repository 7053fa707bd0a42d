//! What every handler can reach.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use push_system::{
    ports::{Backend, Clock},
    timestamp::Timestamp,
};
use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    admin::Admin,
    auth::Auth,
    config::Config,
    failpoint::{self, Number},
    limits::Limits,
    push::Push,
    store::Store,
    ui::Ui,
    ws,
};

/// The parts of a running server. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// Settings; `listen` is the address that was bound.
    pub config: Arc<Config>,
    /// The database.
    pub store: Arc<dyn Store>,
    /// The push path.
    pub push: Push,
    /// Logins.
    pub auth: Auth,
    /// What admins do.
    pub admin: Admin,
    /// How often anybody may try.
    pub limits: Limits,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Reads on behalf of a person, as the pages ask for them.
    pub backend: Arc<dyn Backend>,
    /// The pages.
    pub ui: Ui,
    /// Cancelled when the server begins to shut down: sockets close themselves then.
    pub drain: CancellationToken,
    /// Every open socket is a task here; the server waits for it to be empty.
    pub sockets: TaskTracker,
    /// Times of sockets.
    pub ws: ws::Settings,
    /// When the server started: the zero of [`Self::uptime_ms`].
    pub started: Instant,
}

impl AppState {
    /// Milliseconds since the start: the monotonic clock of connections.
    pub fn uptime_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The instant such a number stands for.
    pub fn instant_at(&self, uptime_ms: u64) -> Instant {
        self.started + Duration::from_millis(uptime_ms)
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = Timestamp::from_unix_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
        now.plus_ms(failpoint::number(Number::ClockMs, 0))
    }
}
