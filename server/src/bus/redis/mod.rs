//! The bus and the roster of several instances: Redis 6.2 or later, or Valkey, over one multiplexed connection.
//!
//! Redis may lose anything. [`link`] keeps a connection that is subscribed, and says [`super::Hint::Gap`] whenever something may
//! have been missed; [`outbox`] sends what is published, several hints at a time; [`board`] is the roster; [`counters`] counts. All names carry
//! the system's id, so that several systems can share a server.

mod board;
mod counters;
mod link;
mod outbox;

#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use ::redis::{Client, ErrorKind, IntoConnectionInfo as _, ProtocolVersion, RedisError};
use async_trait::async_trait;
use bytes::Bytes;
use tokio_util::task::AbortOnDropHandle;

use super::{
    Bus, NOTE_LEASE, Roster, Subscription,
    counters::{Counters, Step, Terms, Verdict},
    local::LocalSubscription,
};
use board::Board;
use counters::Meters;
use link::{Link, Trouble};
use outbox::Outbox;

/// Times of a connection to Redis.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What was asked is answered in this time, or the server hangs.
    pub answer_within: Duration,
    /// What a request can spare for a count; one that is not answered in this time is made without.
    pub counted_within: Duration,
    /// Between two questions whether it still answers.
    pub ping_every: Duration,
    /// The longest pause between two attempts to connect again.
    pub retry_after: Duration,
    /// How long a note on the roster lasts without being left again.
    pub lease: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            answer_within: Duration::from_secs(1),
            counted_within: Duration::from_millis(50),
            ping_every: Duration::from_secs(1),
            retry_after: Duration::from_secs(1),
            lease: NOTE_LEASE,
        }
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is none.
    #[error("REDIS_URL names no server")]
    Address,
    /// Somebody answers and does not let us in. Trying again does not help.
    #[error("Redis refuses the login: {0}")]
    Refused(String),
    /// Nobody answers, or not as a Redis of version 6.2 or later would.
    #[error("Redis cannot be used: {0}")]
    Unreachable(String),
}

/// A connection to Redis that comes back by itself. Dropping it ends all subscriptions.
pub struct Redis {
    link: Arc<Link>,
    outbox: Outbox,
    board: Board,
    meters: Meters,
    _tasks: [AbortOnDropHandle<()>; 2],
}

impl Redis {
    /// Connects and subscribes, in one attempt of a few seconds at most. `system` is the id of the log's system.
    ///
    /// # Errors
    /// See [`ConnectError`]; none of them holds the password.
    pub async fn connect(url: &str, system: &str, settings: Settings) -> Result<Self, ConnectError> {
        let link = Arc::new(Link::new(client(url)?, format!("push-system:{system}:log"), settings.clone()));
        let session = link.open().await.map_err(ConnectError::from)?;
        link.set(Some(session.clone()));
        let (outbox, queue) = Outbox::new();
        let tasks = [tokio::spawn(link.clone().keep(session)), tokio::spawn(queue.send_over(link.clone()))];
        let board = Board::new(system, settings.lease);
        let meters = Meters::new(system, settings.counted_within);
        Ok(Self { link, outbox, board, meters, _tasks: tasks.map(AbortOnDropHandle::new) })
    }
}

/// A client that speaks RESP3, in which one connection can both ask and be told.
fn client(url: &str) -> Result<Client, ConnectError> {
    // One provider for the whole program, whatever others a dependency brings. It fails when there is one already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let info = url.into_connection_info().map_err(|_| ConnectError::Address)?;
    let redis = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    Client::open(info.set_redis_settings(redis)).map_err(|_| ConnectError::Address)
}

impl From<Trouble> for ConnectError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Redis(error) if is_refusal(&error) => Self::Refused(error.to_string()),
            trouble => Self::Unreachable(trouble.to_string()),
        }
    }
}

fn is_refusal(error: &RedisError) -> bool {
    error.kind() == ErrorKind::AuthenticationFailed || matches!(error.code(), Some("WRONGPASS" | "NOAUTH" | "NOPERM"))
}

#[async_trait]
impl Bus for Redis {
    fn publish(&self, hint: Bytes) {
        self.outbox.put(hint);
    }

    async fn subscribe(&self) -> Box<dyn Subscription> {
        Box::new(LocalSubscription { hints: self.link.hints() })
    }

    async fn is_up(&self) -> bool {
        self.link.session().is_some()
    }
}

#[async_trait]
impl Roster for Redis {
    async fn exchange(&self, note: Bytes) -> Option<Vec<Bytes>> {
        self.board.exchange(&self.link.session()?, &note).await
    }

    async fn leave(&self) {
        if let Some(session) = self.link.session() {
            self.board.leave(&session).await;
        }
    }
}

#[async_trait]
impl Counters for Redis {
    async fn step(&self, name: &str, terms: &Terms, step: Step) -> Option<Verdict> {
        self.meters.step(&self.link.session()?, name, terms, step).await
    }

    async fn mark(&self, name: &str, lasting: Duration) {
        if let Some(session) = self.link.session() {
            self.meters.mark(&session, name, lasting).await;
        }
    }

    async fn is_marked(&self, name: &str) -> bool {
        match self.link.session() {
            Some(session) => self.meters.is_marked(&session, name).await,
            None => false,
        }
    }
}
