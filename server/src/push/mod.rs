//! From an accepted request to bytes on every entitled socket.
//!
//! [`sequencer`] puts changes into the log, [`follower`] reads the log into the [`tail`], [`hub`] wakes the connections
//! that are entitled, and each connection ([`crate::ws`]) reads from the tail at its own pace. [`presence`] knows who is
//! connected. [`Push`] is the door: what `http` and `ws` may ask for.

mod amend;
mod encoded;
mod follower;
mod hub;
mod members;
mod presence;
mod relay;
mod replay;
mod sequencer;
mod state_change;
mod tail;
mod topics;

#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use push_system::{
    accounts::Person,
    api::Presence,
    catalogue::Sentence,
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
        AccountChange, AuditNote, Authority, Change, Denial, EntryBody, Outcome, PhcString, Publish, Revocation,
        SessionId, Store, StoreError, Write,
    },
};

pub use encoded::{About, Encoded};
pub use follower::Listener;
pub use hub::{Seat, Wake};
pub use replay::{Next, Page};
pub use state_change::{ReadAnswer, StateAnswer};
pub use tail::Reach;

use follower::Follower;
use hub::Hub;
use members::Members;
use presence::PresenceBoard;
use relay::{Teller, Tellers};
use replay::Replay;
use sequencer::{Refusal, Sequencer};
use tail::Tail;
use topics::{topic_archived, unknown_topic};

/// Where random numbers come from; a parameter, so that tests can repeat a run.
pub type Random = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Sizes and times of the push path.
#[derive(Clone)]
pub struct Settings {
    /// Bytes of encoded events the tail keeps; older ones are replayed from the store.
    pub tail_bytes: usize,
    /// Between two comparisons of the tail with the store; each is shortened by up to a fifth at random.
    pub check_every: Duration,
    /// How long it is asked what became of a commit that was not answered, before those who wait for it are told that nobody
    /// knows.
    pub look_up_within: Duration,
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
            look_up_within: Duration::from_secs(5),
            leave_after: Duration::from_secs(u64::from(limits::PRESENCE_GRACE_S)),
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
    members: Arc<Members>,
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
        let members = Arc::new(Members::load(&*store).await?);
        let (per_user, per_address) = (settings.sockets_per_user, settings.sockets_per_address);
        let hub = Arc::new(Hub::new(tail.head(), members.clone(), per_user, per_address));
        let presence = Arc::new(PresenceBoard::new(settings.leave_after));
        let follower_state = Arc::new(follower::State::default());
        let finish = CancellationToken::new();
        let (sequencer, feed) = Sequencer::start(store.clone(), tracker, finish.clone(), settings.look_up_within);
        let follower = Follower {
            store: store.clone(),
            bus: bus.clone(),
            tail: tail.clone(),
            hub: hub.clone(),
            members: members.clone(),
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
        Ok(Self(Arc::new(Inner {
            store,
            bus,
            clock,
            random,
            tail,
            hub,
            members,
            presence,
            sequencer,
            replay,
            follower,
            stop,
            finish,
        })))
    }

    /// Publishes a message and answers after it is durably stored, with the message. The same key with the same
    /// request answers the message it published first.
    ///
    /// # Errors
    /// `unknown_recipient`, `ambiguous_recipient`, `mixed_audience`, `topic_archived`, `too_large`, `idempotency_conflict`,
    /// `outcome_unknown`, `unavailable`, `unauthorized` (the sender is gone).
    pub async fn publish(&self, sender: &Person, key: Option<ClientId>, draft: Draft) -> Result<Message, Rejection> {
        let hash = request_hash(&draft);
        let outcome = match self.prepared(sender, key.clone(), hash, draft).await {
            Ok(publish) => self.write(Change::Publish(publish), Vec::new()).await?,
            // Whom it names may have changed since it was published the first time.
            Err(rejection) => self.repeated(sender.id, key, hash).await?.ok_or(rejection)?,
        };
        match outcome {
            Outcome::Stored(entry) => match entry.body {
                EntryBody::Published { message, .. } => Ok(*message),
                _ => Err(Rejection::new(ErrorCode::Internal, Sentence::Internal)),
            },
            // It is stored: that it cannot be read now must not say otherwise.
            Outcome::Repeated(id) => self.sent_message(sender.id, id).await.map_err(|rejection| match rejection.code {
                ErrorCode::Unavailable => Rejection::new(ErrorCode::OutcomeUnknown, Sentence::OutcomeUnknown),
                _ => rejection,
            }),
            // It was there when its name was looked up.
            Outcome::NoSuchTopic => Err(unknown_topic("")),
            Outcome::TopicArchived(name) => Err(topic_archived(&name)),
            Outcome::KeyConflict => Err(Rejection::new(ErrorCode::IdempotencyConflict, Sentence::IdempotencyConflict)),
            _ => Err(Rejection::new(ErrorCode::Unauthorized, Sentence::Unauthorized)),
        }
    }

    /// The publish, as far as can be said before the lock: whom it names is there, and it fits.
    async fn prepared(
        &self,
        sender: &Person,
        key: Option<ClientId>,
        request_hash: [u8; 32],
        draft: Draft,
    ) -> Result<Publish, Rejection> {
        let (named, topics) = (self.people_of(&draft).await?, self.topics_of(sender, &draft).await?);
        let key = key.unwrap_or_else(|| self.server_key());
        let publish = Publish { sender: sender.clone(), key, request_hash, draft, named, topics };
        self.refuse_oversized(&publish)?;
        Ok(publish)
    }

    /// What a key that was used before says of a request, whatever became of those it names.
    async fn repeated(
        &self,
        sender: UserId,
        key: Option<ClientId>,
        request_hash: [u8; 32],
    ) -> Result<Option<Outcome>, Rejection> {
        let Some(key) = key else { return Ok(None) };
        let used = self.0.store.find_key(sender, &key).await.map_err(|error| unavailable(&error))?;
        Ok(used.map(|used| {
            if used.request_hash == request_hash { Outcome::Repeated(used.message) } else { Outcome::KeyConflict }
        }))
    }

    async fn people_of(&self, draft: &Draft) -> Result<Vec<UserId>, Rejection> {
        let names: Vec<_> = draft.to.people().cloned().collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let people = self.0.store.people_named(&names).await.map_err(|error| unavailable(&error))?;
        match names.iter().find(|name| people.iter().all(|person| person.name != **name)) {
            Some(unknown) => {
                let detail = Sentence::UnknownRecipient(format!("@{unknown}"));
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
            return Err(Rejection::at(ErrorCode::TooLarge, "message", Sentence::EventTooLarge));
        }
        Ok(())
    }

    async fn sent_message(&self, sender: UserId, id: MessageId) -> Result<Message, Rejection> {
        let found = self.0.store.sent_message(sender, id).await.map_err(|error| unavailable(&error))?;
        found.ok_or_else(|| Rejection::new(ErrorCode::Internal, Sentence::Internal))
    }

    /// Ends sessions, here and on every other instance, as soon as they read the log. What is there no more has ended.
    ///
    /// # Errors
    /// `revoked`, `forbidden` (whoever asks may not any more), `unavailable`, `outcome_unknown`.
    pub async fn revoke(&self, by: Authority, ended: Revocation, notes: Vec<AuditNote>) -> Result<(), Rejection> {
        match self.write_by(by, Change::Revoke(ended), notes).await? {
            Outcome::Denied(denial) => Err(denied(denial)),
            _ => Ok(()),
        }
    }

    /// Changes a password and ends all sessions of the person but one. False, and nothing is changed, where the password
    /// that was proved is not theirs any more.
    ///
    /// # Errors
    /// As [`Self::revoke`], and `not_found` (the person is gone).
    pub async fn set_password(
        &self,
        by: Authority,
        password: NewPassword,
        notes: Vec<AuditNote>,
    ) -> Result<bool, Rejection> {
        let NewPassword { user, hash, proved, keep } = password;
        match self.write_by(by, Change::Password { user, hash, proved, keep }, notes).await? {
            Outcome::Stale => Ok(false),
            outcome => done(&outcome).map(|()| true),
        }
    }

    /// Changes what a person may do; what is so already is left alone. Every instance knows within a second.
    ///
    /// # Errors
    /// As [`Self::revoke`], and `not_found`, `last_admin`.
    pub async fn change_account(
        &self,
        by: Authority,
        user: UserId,
        to: AccountChange,
        notes: Vec<AuditNote>,
    ) -> Result<(), Rejection> {
        self.write_by(by, Change::Account { user, to }, notes).await.and_then(|outcome| done(&outcome))
    }

    async fn write(&self, change: Change, notes: Vec<AuditNote>) -> Result<Outcome, Rejection> {
        self.write_by(Authority::System, change, notes).await
    }

    async fn write_by(&self, by: Authority, change: Change, notes: Vec<AuditNote>) -> Result<Outcome, Rejection> {
        let tag = u32::try_from((self.0.random)() >> 32).unwrap_or_default();
        let write = Write { at: self.0.clock.now(), tag, by, change, notes };
        self.0.sequencer.submit(write).await.map_err(|refusal| match refusal {
            Refusal::NotStored => Rejection::new(ErrorCode::Unavailable, Sentence::Unavailable),
            Refusal::OutcomeUnknown => Rejection::new(ErrorCode::OutcomeUnknown, Sentence::OutcomeUnknown),
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
        Outcome::NoSuchPerson => Err(Rejection::new(ErrorCode::NotFound, Sentence::NoSuchUser)),
        Outcome::LastAdmin => Err(Rejection::new(ErrorCode::LastAdmin, Sentence::LastAdmin)),
        Outcome::Denied(denial) => Err(denied(*denial)),
        _ => Ok(()),
    }
}

/// What somebody is told whose request was good when it came and is not any more: the same as at the next one.
pub(crate) fn denied(denial: Denial) -> Rejection {
    match denial {
        Denial::SignedOut => Rejection::new(ErrorCode::Revoked, Sentence::Revoked),
        Denial::NoAdmin => Rejection::new(ErrorCode::Forbidden, Sentence::Forbidden),
    }
}

/// A password to set, and what hangs on it.
pub struct NewPassword {
    /// Whose.
    pub user: UserId,
    /// The password.
    pub hash: PhcString,
    /// The one of before, where it was proved.
    pub proved: Option<PhcString>,
    /// The session that stays, if any.
    pub keep: Option<SessionId>,
}

/// The SHA-256 an idempotency key is compared by. A draft serializes its fields in a fixed order, and a JSON object's
/// keys sorted, so equal requests give equal bytes.
fn request_hash(draft: &Draft) -> [u8; 32] {
    let bytes = serde_json::to_vec(draft).unwrap_or_else(|_| unreachable!("a draft has only string keys"));
    Sha256::digest(bytes).into()
}

fn unavailable(error: &StoreError) -> Rejection {
    tracing::warn!(error = %error, "store.read.failed");
    Rejection::new(ErrorCode::Unavailable, Sentence::Unavailable)
}
