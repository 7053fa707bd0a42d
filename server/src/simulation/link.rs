//! An instance's way to the store: slow, failing, cut off, or ending in the middle of a call.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use push_system::{
    accounts::{Person, Username},
    admin::AuditRecord,
    api::{HistoryPage, HistoryQuery},
    ids::{MessageId, Seq, TopicId, UserId},
    inbox::Snapshot,
    message::{ClientId, Message},
    position::Epoch,
    read_state::{Ranges, ReadState},
    timestamp::Timestamp,
    topic::{Topic, TopicInfo, TopicMember, TopicName},
};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::world::World;
use crate::store::{
    Account, AccountSummary, Accounts, Administration, Admission, Among, AuditNote, Authority, Behind, CommitError,
    Decision, Entry, Gaps, Head, Joined, KeyUse, Log, Membership, NewAccount, NewInvite, NewSession, NewTicket,
    Outcome, Probe, Rotation, Session, SessionId, SessionSeen, SigningKey, Store, StoreError, StoredInvite,
    StoredReadState, StoredSession, TakenTicket, TokenHash, Topics, UnreadCount, Write,
};

/// When a killed instance dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doom {
    BeforeCommit,
    AfterCommit,
}

pub struct Link {
    world: Arc<World>,
    number: usize,
    dead: CancellationToken,
    state: Mutex<State>,
}

struct State {
    /// Until then every call fails.
    away_until: Instant,
    /// Until then every call hangs.
    stalled_until: Instant,
    doom: Option<Doom>,
}

impl Link {
    pub fn new(world: Arc<World>, number: usize, dead: CancellationToken) -> Self {
        let now = Instant::now();
        let state = Mutex::new(State { away_until: now, stalled_until: now, doom: None });
        Self { world, number, dead, state }
    }

    pub fn cut_off_until(&self, until: Instant) {
        self.with(|state| state.away_until = until);
    }

    pub fn stall_until(&self, until: Instant) {
        self.with(|state| state.stalled_until = until);
    }

    pub fn doom(&self, doom: Doom) {
        self.with(|state| state.doom = Some(doom));
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Half of a round trip.
    async fn travel(&self) {
        self.world.dice.pause(self.world.weather.store.latency_ms).await;
        let until = self.with(|state| state.stalled_until);
        if until > Instant::now() {
            sleep_until(until).await;
        }
        self.live().await;
    }

    /// What runs in a process that is gone never goes on.
    async fn live(&self) {
        if self.dead.is_cancelled() {
            std::future::pending::<()>().await;
        }
    }

    async fn reach(&self, fails: f64) -> Result<(), StoreError> {
        self.travel().await;
        if self.with(|state| state.away_until) > Instant::now() {
            return Err(StoreError::new("cut off"));
        }
        if self.world.is_stormy() && self.world.dice.chance(fails) {
            return Err(StoreError::new("failed"));
        }
        Ok(())
    }

    fn dies(&self, when: Doom) -> bool {
        let dies = self.with(|state| state.doom == Some(when));
        if dies {
            self.world.note(format_args!("{} dies {when:?}", self.number));
            self.world.kill(self.number);
        }
        dies
    }

    async fn carry_out(&self, batch: &[Write]) -> Result<Vec<Outcome>, CommitError> {
        let outcomes = self.world.store.commit(batch).await?;
        self.world.committed(self.number, batch, &outcomes);
        Ok(outcomes)
    }
}

#[async_trait]
impl Store for Link {
    async fn close(&self) {}
}

macro_rules! carried {
    (
        log { $($log:ident($($log_arg:ident: $log_type:ty),*) -> $log_answer:ty;)* }
        accounts { $($account:ident($($arg:ident: $type:ty),*) -> $answer:ty;)* }
        administration { $($admin:ident($($admin_arg:ident: $admin_type:ty),*) -> $admin_answer:ty;)* }
        topics { $($topic:ident($($topic_arg:ident: $topic_type:ty),*) -> $topic_answer:ty;)* }
    ) => {
        #[async_trait]
        impl Log for Link {
            async fn commit(&self, batch: &[Write]) -> Result<Vec<Outcome>, CommitError> {
                let (world, weather) = (&self.world, &self.world.weather.store);
                self.reach(weather.not_stored).await.map_err(CommitError::NotStored)?;
                if self.dies(Doom::BeforeCommit) {
                    self.live().await;
                }
                if world.is_stormy() && world.dice.chance(weather.unknown) {
                    if world.dice.chance(0.5) {
                        self.carry_out(batch).await?;
                    }
                    self.travel().await;
                    return Err(CommitError::OutcomeUnknown(StoreError::new("no answer")));
                }
                let outcomes = self.carry_out(batch).await?;
                if self.dies(Doom::AfterCommit) {
                    self.live().await;
                }
                self.travel().await;
                Ok(outcomes)
            }

            $(async fn $log(&self, $($log_arg: $log_type),*) -> Result<$log_answer, StoreError> {
                self.reach(self.world.weather.store.read_fails).await?;
                let answer = self.world.store.$log($($log_arg),*).await;
                self.travel().await;
                answer
            })*
        }

        #[async_trait]
        impl Accounts for Link {
            $(async fn $account(&self, $($arg: $type),*) -> Result<$answer, StoreError> {
                self.reach(self.world.weather.store.read_fails).await?;
                self.world.store.$account($($arg),*).await
            })*
        }

        #[async_trait]
        impl Administration for Link {
            $(async fn $admin(&self, $($admin_arg: $admin_type),*) -> Result<$admin_answer, StoreError> {
                self.reach(self.world.weather.store.read_fails).await?;
                self.world.store.$admin($($admin_arg),*).await
            })*
        }

        #[async_trait]
        impl Topics for Link {
            $(async fn $topic(&self, $($topic_arg: $topic_type),*) -> Result<$topic_answer, StoreError> {
                self.reach(self.world.weather.store.read_fails).await?;
                self.world.store.$topic($($topic_arg),*).await
            })*
        }
    };
}

carried! {
    log {
        head() -> Head;
        renew_epoch(known: &Epoch) -> Head;
        trim(before: Seq) -> u64;
        probe(seq: Seq) -> Probe;
        entries(after: Seq, limit: u32) -> Vec<Entry>;
        entries_for(user: UserId, after: Seq, through: Seq, limit: u32) -> Vec<Entry>;
        find_key(sender: UserId, key: &ClientId) -> Option<KeyUse>;
        forget_keys(before: Timestamp) -> u64;
        snapshot(user: UserId, limit: u32) -> Option<Snapshot>;
        history(user: UserId, query: &HistoryQuery) -> HistoryPage;
        read_state(user: UserId) -> Option<StoredReadState>;
        message(user: UserId, id: MessageId) -> Option<Message>;
        first_unread(user: UserId, limit: u32) -> Vec<MessageId>;
        sent_message(sender: UserId, id: MessageId) -> Option<Message>;
        count_unread(user: UserId, state: &ReadState) -> UnreadCount;
        empty_gaps(user: UserId, gaps: &Ranges, among: Among) -> Gaps;
        index_step() -> Option<Behind>;
    }
    accounts {
        register(account: NewAccount) -> Option<Account>;
        join(account: NewAccount, admission: Admission) -> Joined;
        account_named(name: &Username) -> Option<Account>;
        account(id: UserId) -> Option<Account>;
        accounts() -> Vec<Account>;
        people_named(names: &[Username]) -> Vec<Person>;
        people_starting(prefix: &str, limit: u32) -> Vec<Person>;
        renew_hash(user: UserId, old: &str, new: &str) -> bool;
        open_session(session: NewSession) -> bool;
        session(id: SessionId, now: Timestamp) -> Option<Session>;
        rotate(presented: &TokenHash, successors: &[TokenHash], now: Timestamp, grace_ms: i64) -> Rotation;
        confirm_generation(session: SessionId, generation: u32, now: Timestamp) -> ();
        signing_keys(candidate: SigningKey) -> Vec<SigningKey>;
        add_signing_key(candidate: SigningKey, newest_before: Timestamp, note: AuditNote) -> Vec<SigningKey>;
        forget_signing_keys(before: Timestamp) -> u64;
        add_ticket(ticket: NewTicket, most: u32) -> ();
        take_ticket(hash: &TokenHash, now: Timestamp) -> Option<TakenTicket>;
        forget_tickets(now: Timestamp) -> u64;
        forget_sessions(before: Timestamp) -> u64;
    }
    administration {
        sessions_of(user: UserId, now: Timestamp, limit: u32) -> Vec<StoredSession>;
        touch_sessions(seen: &[SessionSeen]) -> ();
        people_after(after: UserId, limit: u32, now: Timestamp) -> Vec<AccountSummary>;
        people_called(prefix: &str, after: &str, limit: u32, now: Timestamp) -> Vec<AccountSummary>;
        add_invite(by: Authority, invite: NewInvite, most: u64, note: AuditNote) -> Decision;
        invites(now: Timestamp, limit: u32) -> Vec<StoredInvite>;
        is_invited(secret: &TokenHash, now: Timestamp) -> bool;
        delete_invite(by: Authority, id: &str, at: Timestamp, note: AuditNote) -> Decision;
        forget_invites(before: Timestamp) -> u64;
        registration_is_open() -> bool;
        set_registration(by: Authority, open: bool, at: Timestamp, note: AuditNote) -> Decision;
        add_audit(at: Timestamp, note: AuditNote) -> ();
        audit(before: Option<u64>, limit: u32) -> Vec<AuditRecord>;
        forget_audit(before: Timestamp) -> u64;
    }
    topics {
        stays_after(last: Option<Membership>, limit: u32) -> Vec<Membership>;
        topics(user: UserId) -> Vec<TopicInfo>;
        topic(user: UserId, id: TopicId) -> Option<TopicInfo>;
        topics_named(user: UserId, names: &[TopicName]) -> Vec<Topic>;
        topic_members(id: TopicId, after: UserId, limit: u32) -> Vec<TopicMember>;
        topic_messages(user: UserId, id: TopicId, before: Option<MessageId>, limit: u32) -> Option<HistoryPage>;
        count_unread_without(user: UserId, topic: &Topic, state: &ReadState) -> UnreadCount;
    }
}
