//! A store that fails on demand, around the real one.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use push_system::{
    accounts::{Person, Username},
    admin::AuditRecord,
    api::{HistoryPage, HistoryQuery},
    ids::{Seq, UserId},
    inbox::Snapshot,
    message::ClientId,
    read_state::{Ranges, ReadState},
    timestamp::Timestamp,
};
use server::store::{
    Account, AccountSummary, Accounts, Administration, Admission, AuditNote, Change, CommitError, Entry, Head, Joined,
    KeyUse, Log, NewAccount, NewInvite, NewSession, NewTicket, Outcome, Probe, Rotation, Session, SessionId,
    SessionSeen, SigningKey, Store, StoreError, StoredInvite, StoredReadState, StoredSession, TakenTicket, TokenHash,
    Write,
};
use tokio::sync::Notify;

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
    /// Keys that were looked for.
    pub looked_up: AtomicUsize,
}

impl Flaky {
    pub fn around(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            fault: Mutex::default(),
            away: AtomicBool::new(false),
            hung: Notify::new(),
            looked_up: AtomicUsize::new(0),
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

    fn reach(&self) -> Result<(), StoreError> {
        if self.away.load(Ordering::SeqCst) { Err(StoreError::new("the database is away")) } else { Ok(()) }
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
    ) => {
        #[async_trait]
        impl Log for Flaky {
            async fn commit(&self, batch: &[Write]) -> Result<Vec<Outcome>, CommitError> {
                self.reach().map_err(CommitError::NotStored)?;
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
                self.looked_up.fetch_add(1, Ordering::SeqCst);
                self.reach()?;
                if *self.fault.lock().unwrap() == Fault::Unanswered {
                    return Err(StoreError::new("no answer"));
                }
                self.inner.find_key(sender, key).await
            }

            $(async fn $log(&self, $($log_arg: $log_type),*) -> Result<$log_answer, StoreError> {
                self.reach()?;
                self.inner.$log($($log_arg),*).await
            })*
        }

        #[async_trait]
        impl Accounts for Flaky {
            $(async fn $account(&self, $($arg: $type),*) -> Result<$answer, StoreError> {
                self.reach()?;
                self.inner.$account($($arg),*).await
            })*
        }

        #[async_trait]
        impl Administration for Flaky {
            $(async fn $admin(&self, $($admin_arg: $admin_type),*) -> Result<$admin_answer, StoreError> {
                self.reach()?;
                self.inner.$admin($($admin_arg),*).await
            })*
        }
    };
}

faulty_store! {
    log {
        head() -> Head;
        renew_epoch() -> Head;
        trim(before: Seq) -> u64;
        probe(seq: Seq) -> Probe;
        entries(after: Seq, limit: u32) -> Vec<Entry>;
        entries_for(user: UserId, after: Seq, through: Seq, limit: u32) -> Vec<Entry>;
        forget_keys(before: Timestamp) -> u64;
        snapshot(user: UserId, limit: u32) -> Option<Snapshot>;
        history(user: UserId, query: &HistoryQuery) -> HistoryPage;
        read_state(user: UserId) -> Option<StoredReadState>;
        count_unread(user: UserId, state: &ReadState, through: Seq) -> u64;
        empty_gaps(user: UserId, gaps: &Ranges) -> Ranges;
        index_step() -> bool;
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
        add_ticket(ticket: NewTicket) -> ();
        take_ticket(hash: &TokenHash, now: Timestamp) -> Option<TakenTicket>;
        forget_tickets(now: Timestamp) -> u64;
        forget_sessions(before: Timestamp) -> u64;
    }
    administration {
        sessions_of(user: UserId, now: Timestamp) -> Vec<StoredSession>;
        touch_sessions(seen: &[SessionSeen]) -> ();
        people_after(after: UserId, limit: u32, now: Timestamp) -> Vec<AccountSummary>;
        add_invite(invite: NewInvite, most: u64, note: AuditNote) -> bool;
        invites(now: Timestamp, limit: u32) -> Vec<StoredInvite>;
        is_invited(secret: &TokenHash, now: Timestamp) -> bool;
        delete_invite(id: &str, at: Timestamp, note: AuditNote) -> bool;
        forget_invites(before: Timestamp) -> u64;
        registration_is_open() -> bool;
        set_registration(open: bool, at: Timestamp, note: AuditNote) -> bool;
        add_audit(at: Timestamp, note: AuditNote) -> ();
        audit(before: Option<u64>, limit: u32) -> Vec<AuditRecord>;
        forget_audit(before: Timestamp) -> u64;
    }
}
