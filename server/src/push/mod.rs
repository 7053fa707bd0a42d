//! From an accepted request to bytes on every entitled socket.
//!
//! [`sequencer`] puts changes into the log, [`follower`] reads the log into the [`tail`], [`hub`] wakes the connections
//! that are entitled, and each connection ([`crate::ws`]) reads from the tail at its own pace. [`presence`] knows who is
//! connected. [`Push`] is the door: what `http` and `ws` may ask for.

mod encoded;
mod follower;
mod hub;
mod presence;
mod read_change;
mod relay;
mod replay;
mod sequencer;
mod tail;

#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use push_system::{
    accounts::Person,
    api::{Filter, HistoryQuery, Presence},
    catalogue::EN,
    error::{ErrorCode, Rejection},
    ids::{MessageId, UserId},
    limits,
    message::{ClientId, Draft, Message},
    ports::Clock,
};
use sha2::{Digest, Sha256};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    bus::{Bus, Roster},
    failpoint::{self, Number},
    store::{
        AccountChange, AuditNote, Change, EntryBody, Outcome, Publish, Revocation, SessionId, Store, StoreError, Write,
    },
};

pub use encoded::Encoded;
pub use follower::Listener;
pub use hub::{Seat, Wake};
pub use read_change::ReadAnswer;
pub use replay::Page;
pub use tail::Reach;

use follower::Follower;
use hub::Hub;
use presence::PresenceBoard;
use relay::{Teller, Tellers};
use replay::Replay;
use sequencer::{Refusal, Sequencer};
use tail::Tail;

/// Where random numbers come from; a parameter, so that tests can repeat a run.
pub type Random = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Sizes and times of the push path.
#[derive(Clone)]
pub struct Settings {
    /// Bytes of encoded events the tail keeps; older ones are replayed from the store.
    pub tail_bytes: usize,
    /// Between two comparisons of the tail with the store; each is shortened by up to a fifth at random.
    pub check_every: Duration,
    /// How long a person stays in sight after their last socket ended.
    pub leave_after: Duration,
    /// How often changes of presence are told, and exchanged with the other instances.
    pub presence_every: Duration,
    /// Sockets per person; one more and the longest silent one is closed.
    pub sockets_per_user: usize,
    /// Sockets per address, likewise.
    pub sockets_per_address: usize,
    /// Randomness for event tags and jitter.
    pub random: Random,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tail_bytes: failpoint::number(Number::TailBytes, 16 * 1024 * 1024),
            check_every: Duration::from_secs(1),
            leave_after: Duration::from_secs(15),
            presence_every: Duration::from_secs(1),
            sockets_per_user: 50,
            sockets_per_address: 500,
            random: Arc::new(rand::random),
        }
    }
}

/// What `/readyz` says of the push path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// The store answered the last check.
    pub store: bool,
    /// The bus is reachable.
    pub bus: bool,
    /// The instance is shutting down.
    pub draining: bool,
}

/// The push path of one instance. Cheap to clone.
#[derive(Clone)]
pub struct Push(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    random: Random,
    tail: Arc<Tail>,
    hub: Arc<Hub>,
    presence: Arc<PresenceBoard>,
    sequencer: Sequencer,
    replay: Replay,
    follower: Arc<follower::State>,
    stop: CancellationToken,
    finish: CancellationToken,
}

impl Push {
    /// Fills the tail from the store and starts the tasks. `stop` says that the instance drains; the log is written and
    /// followed until [`Self::finish`].
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn start(
        store: Arc<dyn Store>,
        (bus, roster): (Arc<dyn Bus>, Arc<dyn Roster>),
        clock: Arc<dyn Clock>,
        settings: Settings,
        tracker: &TaskTracker,
        stop: CancellationToken,
    ) -> Result<Self, StoreError> {
        // Before the log is read: what is committed while it is must be heard.
        let subscription = bus.subscribe().await;
        let tail = Arc::new(Tail::load(&*store, settings.tail_bytes).await?);
        let hub = Arc::new(Hub::new(tail.head(), settings.sockets_per_user, settings.sockets_per_address));
        let presence = Arc::new(PresenceBoard::new(settings.leave_after));
        let follower_state = Arc::new(follower::State::default());
        let finish = CancellationToken::new();
        let (sequencer, feed) = Sequencer::start(store.clone(), tracker, finish.clone());
        let follower = Follower {
            store: store.clone(),
            bus: bus.clone(),
            tail: tail.clone(),
            hub: hub.clone(),
            state: follower_state.clone(),
            check_every: settings.check_every,
            random: settings.random.clone(),
            teller: Teller((settings.random)()),
            tellers: Tellers::default(),
        };
        tracker.spawn(follower.run(feed, subscription));
        tracker.spawn(presence::announce(presence.clone(), hub.clone(), settings.presence_every, stop.clone()));
        let exchange =
            presence::exchange(presence.clone(), tail.clone(), roster, settings.presence_every, stop.clone());
        tracker.spawn(exchange);
        let replay = Replay::new(store.clone());
        let random = settings.random;
        let follower = follower_state;
        let inner = Inner { store, bus, clock, random, tail, hub, presence, sequencer, replay, follower, stop, finish };
        Ok(Self(Arc::new(inner)))
    }

    /// Publishes a message and answers after it is durably stored, with the message. The same key with the same
    /// request answers the message it published first.
    ///
    /// # Errors
    /// `unknown_recipient`, `too_large`, `idempotency_conflict`, `outcome_unknown`, `unavailable`, `unauthorized`
    /// (the sender is gone).
    pub async fn publish(&self, sender: &Person, key: Option<ClientId>, draft: Draft) -> Result<Message, Rejection> {
        let named = self.resolve(&draft).await?;
        let key = key.unwrap_or_else(|| self.server_key());
        let request_hash = request_hash(&draft);
        let publish = Publish { sender: sender.clone(), key, request_hash, draft, named };
        self.refuse_oversized(&publish)?;
        match self.write(Change::Publish(publish), Vec::new()).await? {
            Outcome::Stored(entry) => match entry.body {
                EntryBody::Published { message, .. } => Ok(*message),
                _ => Err(Rejection::new(ErrorCode::Internal, EN.internal)),
            },
            // It is stored: that it cannot be read now must not say otherwise.
            Outcome::Repeated(id) => self.sent_message(sender.id, id).await.map_err(|rejection| match rejection.code {
                ErrorCode::Unavailable => Rejection::new(ErrorCode::OutcomeUnknown, EN.outcome_unknown),
                _ => rejection,
            }),
            Outcome::KeyConflict => Err(Rejection::new(ErrorCode::IdempotencyConflict, EN.idempotency_conflict)),
            _ => Err(Rejection::new(ErrorCode::Unauthorized, EN.unauthorized)),
        }
    }

    async fn resolve(&self, draft: &Draft) -> Result<Vec<UserId>, Rejection> {
        let names: Vec<_> = draft.to.people().cloned().collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let people = self.0.store.people_named(&names).await.map_err(|error| unavailable(&error))?;
        match names.iter().find(|name| people.iter().all(|person| person.name != **name)) {
            Some(unknown) => {
                let detail = (EN.unknown_recipient)(&format!("@{unknown}"));
                Err(Rejection::at(ErrorCode::UnknownRecipient, "to", detail))
            }
            None => Ok(people.into_iter().map(|person| person.id).collect()),
        }
    }

    /// A key for a publish that came without: unique, and of the same alphabet.
    fn server_key(&self) -> ClientId {
        let text = format!("s-{:016x}{:016x}", (self.0.random)(), (self.0.random)());
        ClientId::parse(&text, "client_id").unwrap_or_else(|_| unreachable!("hexadecimal digits are visible ASCII"))
    }

    fn refuse_oversized(&self, publish: &Publish) -> Result<(), Rejection> {
        let largest = encoded::published_size(publish, self.0.clock.now(), &self.0.tail.head());
        if largest > limits::EVENT_BYTES {
            return Err(Rejection::at(ErrorCode::TooLarge, "message", EN.event_too_large));
        }
        Ok(())
    }

    async fn sent_message(&self, sender: UserId, id: MessageId) -> Result<Message, Rejection> {
        let query = HistoryQuery { before: Some(MessageId(id.0 + 1)), limit: 1, words: None, filter: Filter::Sent };
        let page = self.0.store.history(sender, &query).await.map_err(|error| unavailable(&error))?;
        page.messages
            .into_iter()
            .find(|message| message.id == id)
            .ok_or_else(|| Rejection::new(ErrorCode::Internal, EN.internal))
    }

    /// Ends sessions, here and on every other instance, as soon as they read the log.
    ///
    /// # Errors
    /// `unavailable`, `outcome_unknown`.
    pub async fn revoke(&self, revocation: Revocation, notes: Vec<AuditNote>) -> Result<(), Rejection> {
        self.write(Change::Revoke(revocation), notes).await.map(drop)
    }

    /// Changes a password and ends all sessions of the person but `keep`.
    ///
    /// # Errors
    /// `not_found` (the person is gone), `unavailable`, `outcome_unknown`.
    pub async fn set_password(
        &self,
        user: UserId,
        hash: String,
        keep: Option<SessionId>,
        notes: Vec<AuditNote>,
    ) -> Result<(), Rejection> {
        self.write(Change::Password { user, hash, keep }, notes).await.and_then(|outcome| done(&outcome))
    }

    /// Changes what a person may do; what is so already is left alone. Every instance knows within a second.
    ///
    /// # Errors
    /// `not_found`, `last_admin`, `unavailable`, `outcome_unknown`.
    pub async fn change_account(
        &self,
        user: UserId,
        to: AccountChange,
        notes: Vec<AuditNote>,
    ) -> Result<(), Rejection> {
        self.write(Change::Account { user, to }, notes).await.and_then(|outcome| done(&outcome))
    }

    async fn write(&self, change: Change, notes: Vec<AuditNote>) -> Result<Outcome, Rejection> {
        let tag = u32::try_from((self.0.random)() >> 32).unwrap_or_default();
        let write = Write { at: self.0.clock.now(), tag, change, notes };
        self.0.sequencer.submit(write).await.map_err(|refusal| match refusal {
            Refusal::NotStored => Rejection::new(ErrorCode::Unavailable, EN.unavailable),
            Refusal::OutcomeUnknown => Rejection::new(ErrorCode::OutcomeUnknown, EN.outcome_unknown),
        })
    }

    /// Who is online.
    pub fn presence(&self) -> Presence {
        self.0.presence.whole()
    }

    /// Calls `listener` for each revocation this instance reads from the log, before the sockets concerned are closed.
    pub fn on_revocation(&self, listener: Listener) {
        self.0.follower.listen(listener);
    }

    /// Whether the store and the bus can be used.
    pub async fn is_ready(&self) -> Readiness {
        let store = self.0.follower.store_is_up();
        Readiness { store, bus: self.0.bus.is_up().await, draining: self.0.stop.is_cancelled() }
    }

    /// A random part of one, for waits that must not all end together.
    pub fn random_share(&self) -> f64 {
        // The upper 32 bits: every value is exact in a double.
        let share = u32::try_from((self.0.random)() >> 32).unwrap_or_default();
        f64::from(share) / (f64::from(u32::MAX) + 1.0)
    }

    /// Takes no more changes, carries out what is queued, and ends the tasks. For after the last request was answered.
    pub fn finish(&self) {
        self.0.finish.cancel();
    }

    /// Resolves after each growth of the tail; for work that follows the log.
    pub async fn grown(&self) {
        self.0.hub.grown().await;
    }

    /// Sockets connected to this instance.
    pub fn sockets(&self) -> usize {
        self.0.hub.len()
    }
}

/// What becomes of a change of an account as an answer.
fn done(outcome: &Outcome) -> Result<(), Rejection> {
    match outcome {
        Outcome::NoSuchPerson => Err(Rejection::new(ErrorCode::NotFound, EN.no_such_user)),
        Outcome::LastAdmin => Err(Rejection::new(ErrorCode::LastAdmin, EN.last_admin)),
        _ => Ok(()),
    }
}

/// The SHA-256 an idempotency key is compared by. A draft serializes its fields in a fixed order, and a JSON object's
/// keys sorted, so equal requests give equal bytes.
fn request_hash(draft: &Draft) -> [u8; 32] {
    let bytes = serde_json::to_vec(draft).unwrap_or_else(|_| unreachable!("a draft has only string keys"));
    Sha256::digest(bytes).into()
}

fn unavailable(error: &StoreError) -> Rejection {
    tracing::warn!(error = %error, "store.read.failed");
    Rejection::new(ErrorCode::Unavailable, EN.unavailable)
}
