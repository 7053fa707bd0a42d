//! The one connection: opened, subscribed, proved, watched, and opened again.

use std::{
    sync::{Arc, OnceLock, PoisonError, RwLock},
    time::Duration,
};

use ::redis::{
    AsyncConnectionConfig, Client, FromRedisValue, Pipeline, PushInfo, PushKind, RedisError, Value,
    aio::{MultiplexedConnection, SendError},
};
use bytes::Bytes;
use tokio::{
    sync::{Notify, broadcast},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::Settings;
use crate::bus::{Hint, local::CAPACITY};

/// The pause before the first attempt to connect again; it doubles up to [`Settings::retry_after`].
const FIRST_RETRY: Duration = Duration::from_millis(50);
/// An attempt is several questions: connect, say who we are, subscribe, and hear the own voice.
const QUESTIONS: u32 = 4;
/// What an instance says when others may have missed something of it. No hint is empty.
pub(super) const MARK: &[u8] = b"";

/// Why a connection is of no use.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// It was refused, or broke.
    #[error("{0}")]
    Redis(#[from] RedisError),
    /// The server hangs.
    #[error("it does not answer")]
    Silent,
}

/// What the bus, the roster and their tasks share.
pub(super) struct Link {
    client: Client,
    channel: String,
    settings: Settings,
    hints: broadcast::Sender<Hint>,
    session: RwLock<Option<Session>>,
}

/// One connection, from its first answer to its end.
#[derive(Clone)]
pub(super) struct Session {
    connection: MultiplexedConnection,
    end: Arc<End>,
    answer_within: Duration,
}

#[derive(Default)]
struct End {
    came: CancellationToken,
    why: OnceLock<String>,
}

impl End {
    /// The first reason counts; the others follow from it.
    fn because(&self, why: &(impl ToString + ?Sized)) {
        self.why.get_or_init(|| why.to_string());
        self.came.cancel();
    }
}

impl Session {
    /// Asks in one round trip. A connection that breaks, or a server that hangs, ends the session.
    pub(super) async fn ask<T: FromRedisValue>(&self, questions: &Pipeline) -> Result<T, Trouble> {
        let mut connection = self.connection.clone();
        let answer = timeout(self.answer_within, questions.query_async(&mut connection)).await;
        let trouble = match answer {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) if !error.is_unrecoverable_error() => return Err(error.into()),
            Ok(Err(error)) => error.into(),
            Err(_) => Trouble::Silent,
        };
        self.end(&trouble);
        Err(trouble)
    }

    /// Asks for somebody who cannot wait. That he is not answered in time says nothing about the connection.
    pub(super) async fn ask_within<T: FromRedisValue>(
        &self,
        questions: &Pipeline,
        within: Duration,
    ) -> Result<T, Trouble> {
        let mut connection = self.connection.clone();
        let answer = timeout(within, questions.query_async(&mut connection)).await;
        Ok(answer.map_err(|_| Trouble::Silent)??)
    }

    /// The connection is of no use any more: another one is opened.
    pub(super) fn end(&self, why: &Trouble) {
        self.end.because(why);
    }
}

impl Link {
    pub(super) fn new(client: Client, channel: String, settings: Settings) -> Self {
        Self { client, channel, settings, hints: broadcast::Sender::new(CAPACITY), session: RwLock::default() }
    }

    /// The connection, while there is one.
    pub(super) fn session(&self) -> Option<Session> {
        self.session.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is heard from now on.
    pub(super) fn hints(&self) -> broadcast::Receiver<Hint> {
        self.hints.subscribe()
    }

    pub(super) fn channel(&self) -> &str {
        &self.channel
    }

    /// A connection that has subscribed and heard its own mark: what is published from here on comes back. The mark also
    /// tells all instances, this one included, to look for what was missed while there was none.
    pub(super) async fn open(&self) -> Result<Session, Trouble> {
        timeout(self.settings.answer_within * QUESTIONS, self.attempt()).await.unwrap_or(Err(Trouble::Silent))
    }

    async fn attempt(&self) -> Result<Session, Trouble> {
        let (end, heard) = (Arc::new(End::default()), Arc::new(Notify::new()));
        let listener = self.listener(end.clone(), heard.clone());
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_push_sender(listener);
        let mut connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        connection.subscribe(&self.channel).await?;
        let session = Session { connection, end, answer_within: self.settings.answer_within };
        let mut mark = Pipeline::new();
        mark.cmd("PUBLISH").arg(&self.channel).arg(MARK).ignore();
        session.ask::<()>(&mark).await?;
        heard.notified().await;
        Ok(session)
    }

    /// What the connection does with what it is told. It never waits.
    fn listener(
        &self,
        end: Arc<End>,
        heard_mark: Arc<Notify>,
    ) -> impl Fn(PushInfo) -> Result<(), SendError> + Send + Sync + 'static {
        let hints = self.hints.clone();
        move |mut told| {
            match (told.kind, told.data.pop()) {
                (PushKind::Message, Some(Value::BulkString(bytes))) if bytes == MARK => {
                    heard_mark.notify_one();
                    hear(&hints, Hint::Gap);
                }
                (PushKind::Message, Some(Value::BulkString(bytes))) => hear(&hints, Hint::Events(Bytes::from(bytes))),
                (PushKind::Disconnection, _) => end.because("the connection was closed"),
                _ => {}
            }
            Ok(())
        }
    }

    /// Keeps a connection for ever, beginning with the one that is set.
    pub(super) async fn keep(self: Arc<Self>, mut session: Session) {
        let mut pause = FIRST_RETRY;
        loop {
            let opened = Instant::now();
            let why = watch(&session, self.settings.ping_every).await;
            // One that ended as soon as it was opened was no success: the next attempt waits longer, like after a failure.
            if opened.elapsed() > self.settings.retry_after {
                pause = FIRST_RETRY;
            }
            self.set(None);
            drop(session);
            tracing::warn!(error = why, "bus.lost");
            hear(&self.hints, Hint::Gap);
            session = self.reopen(&mut pause).await;
            self.set(Some(session.clone()));
            tracing::info!("bus.back");
        }
    }

    pub(super) fn set(&self, session: Option<Session>) {
        *self.session.write().unwrap_or_else(PoisonError::into_inner) = session;
    }

    async fn reopen(&self, pause: &mut Duration) -> Session {
        loop {
            // A random part, so that not all instances come back in step.
            sleep(pause.mul_f64(0.5 + rand::random::<f64>() / 2.0)).await;
            *pause = (*pause * 2).min(self.settings.retry_after);
            match self.open().await {
                Ok(session) => return session,
                Err(error) => tracing::debug!(%error, "bus.away"),
            }
        }
    }
}

/// The only error is that nobody listens.
fn hear(hints: &broadcast::Sender<Hint>, hint: Hint) {
    let _ = hints.send(hint);
}

/// Waits for the session's end and says why it came. A server that hangs breaks no connection: it must be asked.
async fn watch(session: &Session, ping_every: Duration) -> String {
    let mut ping = Pipeline::new();
    ping.cmd("PING").ignore();
    let asking = async {
        loop {
            sleep(ping_every).await;
            if let Err(trouble) = session.ask::<()>(&ping).await {
                // A refusal is an answer, and ends it as well: it says that we are not let in any more.
                session.end(&trouble);
            }
        }
    };
    session.end.came.run_until_cancelled(asking).await;
    session.end.why.get().cloned().unwrap_or_default()
}
