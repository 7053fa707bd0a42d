//! A store that fails on demand, around the real one.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

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
use server::store::{
    Account, AccountSummary, Accounts, Administration, Admission, Among, AuditNote, Authority, Behind, Change,
    CommitError, Decision, Entry, Gaps, Head, Joined, KeyUse, Log, Membership, NewAccount, NewInvite, NewSession,
    NewTicket, Outcome, Probe, Rotation, Session, SessionId, SessionSeen, SigningKey, Store, StoreError, StoredInvite,
    StoredReadState, StoredSession, TakenTicket, TokenHash, Topics, UnreadCount, Write,
};
use tokio::sync::{Notify, watch};

/// How long a call is waited for that must come.
const PATIENCE: Duration = Duration::from_mins(1);

/// What goes wrong with the next commits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// It commits, and the answer is lost. Once.
    AnswerLost,
    /// It does not commit, and nobody can tell. Once.
    Vanished,
    /// It does not commit, nobody can tell, and nothing is found.
    Unanswered,
    /// It commits, and the process hangs before anything else happens, as if it were killed there.
    HangAfterCommit,
    /// Every batch that holds this text is rolled back.
    BadText(String),
}

/// The real store with faults.
pub struct Flaky {
    inner: Arc<dyn Store>,
    fault: Mutex<Fault>,
    away: AtomicBool,
    hung: Notify,
    /// Calls of this name are not answered while it stands here.
    silent: watch::Sender<Option<&'static str>>,
    /// Calls of this name fail.
    refused: Mutex<Option<&'static str>>,
    calls: watch::Sender<BTreeMap<&'static str, usize>>,
}

impl Flaky {
    pub fn around(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            fault: Mutex::default(),
            away: AtomicBool::new(false),
            hung: Notify::new(),
            silent: watch::Sender::default(),
            refused: Mutex::default(),
            calls: watch::Sender::default(),
        })
    }

    pub fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    /// Waits for [`Fault::HangAfterCommit`] to have happened.
    pub async fn committed(&self) {
        self.hung.notified().await;
    }

    /// Whether the database answers at all.
    pub fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    /// Leaves calls of this name without an answer, until another name or none is given.
    pub fn set_silent(&self, call: Option<&'static str>) {
        self.silent.send_replace(call);
    }

    /// Lets every call of this name fail.
    pub fn refuse(&self, call: &'static str) {
        *self.refused.lock().unwrap() = Some(call);
    }

    /// How often it was called so.
    pub fn calls(&self, call: &str) -> usize {
        self.calls.borrow().get(call).copied().unwrap_or_default()
    }

    /// Waits until it was called so as often.
    pub async fn called(&self, call: &str, times: usize) {
        let mut calls = self.calls.subscribe();
        let often = calls.wait_for(|calls| calls.get(call).is_some_and(|called| *called >= times));
        drop(tokio::time::timeout(PATIENCE, often).await.expect("it is called in time"));
    }

    async fn reach(&self, call: &'static str) -> Result<(), StoreError> {
        self.calls.send_modify(|calls| *calls.entry(call).or_default() += 1);
        // Never closed while it is asked.
        drop(self.silent.subscribe().wait_for(|silent| *silent != Some(call)).await);
        if self.away.load(Ordering::SeqCst) || *self.refused.lock().unwrap() == Some(call) {
            return Err(StoreError::new("the database is away"));
        }
        Ok(())
    }

    fn take_once(&self) -> Fault {
        let mut fault = self.fault.lock().unwrap();
        match &*fault {
            Fault::AnswerLost | Fault::Vanished => std::mem::take(&mut *fault),
            lasting => lasting.clone(),
        }
    }
}

#[async_trait]
impl Store for Flaky {
    async fn close(&self) {
        self.inner.close().await;
    }
}

fn holds(batch: &[Write], text: &str) -> bool {
    batch.iter().any(|write| matches!(&write.change, Change::Publish(publish) if publish.draft.message == text))
}

macro_rules! faulty_store {
    (
        log { $($log:ident($($log_arg:ident: $log_type:ty),*) -> $log_answer:ty;)* }
        accounts { $($account:ident($($arg:ident: $type:ty),*) -> $answer:ty;)* }
        administration { $($admin:ident($($admin_arg:ident: $admin_type:ty),*) -> $admin_answer:ty;)* }
        topics { $($topic:ident($($topic_arg:ident: $topic_type:ty),*) -> $topic_answer:ty;)* }
    ) => {
        #[async_trait]
        impl Log for Flaky {
            async fn commit(&self, batch: &[Write]) -> Result<Vec<Outcome>, CommitError> {
                self.reach("commit").await.map_err(CommitError::NotStored)?;
                let unknown = || CommitError::OutcomeUnknown(StoreError::new("the answer is lost"));
                match self.take_once() {
                    Fault::Vanished | Fault::Unanswered => return Err(unknown()),
                    Fault::BadText(text) if holds(batch, &text) => {
                        return Err(CommitError::NotStored(StoreError::new("a bad row")));
                    }
                    Fault::AnswerLost => {
                        self.inner.commit(batch).await?;
                        return Err(unknown());
                    }
                    Fault::HangAfterCommit => {
                        self.inner.commit(batch).await?;
                        self.hung.notify_one();
                        std::future::pending::<()>().await;
                    }
                    Fault::None | Fault::BadText(_) => {}
                }
                self.inner.commit(batch).await
            }

            async fn find_key(&self, sender: UserId, key: &ClientId) -> Result<Option<KeyUse>, StoreError> {
                self.reach("find_key").await?;
                if *self.fault.lock().unwrap() == Fault::Unanswered {
                    return Err(StoreError::new("no answer"));
                }
                self.inner.find_key(sender, key).await
            }

            $(async fn $log(&self, $($log_arg: $log_type),*) -> Result<$log_answer, StoreError> {
                self.reach(stringify!($log)).await?;
                self.inner.$log($($log_arg),*).await
            })*
        }

        #[async_trait]
        impl Accounts for Flaky {
            $(async fn $account(&self, $($arg: $type),*) -> Result<$answer, StoreError> {
                self.reach(stringify!($account)).await?;
                self.inner.$account($($arg),*).await
            })*
        }

        #[async_trait]
        impl Administration for Flaky {
            $(async fn $admin(&self, $($admin_arg: $admin_type),*) -> Result<$admin_answer, StoreError> {
                self.reach(stringify!($admin)).await?;
                self.inner.$admin($($admin_arg),*).await
            })*
        }

        #[async_trait]
        impl Topics for Flaky {
            $(async fn $topic(&self, $($topic_arg: $topic_type),*) -> Result<$topic_answer, StoreError> {
                self.reach(stringify!($topic)).await?;
                self.inner.$topic($($topic_arg),*).await
            })*
        }
    };
}

faulty_store! {
    log {
        head() -> Head;
        renew_epoch(known: &Epoch) -> Head;
        trim(before: Seq) -> u64;
        probe(seq: Seq) -> Probe;
        entries(after: Seq, limit: u32) -> Vec<Entry>;
        entries_for(user: UserId, after: Seq, through: Seq, limit: u32) -> Vec<Entry>;
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
