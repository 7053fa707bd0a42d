//! A store in memory, for tests: the same decisions (`plan.rs`) and the same contract as a database, and tables that a
//! test can look at, put back to an older state, or trim.

mod accounts;
mod administration;
mod log;
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use push_system::{
    accounts::Role,
    admin::AuditRecord,
    ids::{MessageId, Seq, UserId},
    message::{ClientId, Message},
    position::{Epoch, Position},
    read_state::{Ranges, ReadState},
    timestamp::Timestamp,
};

use super::{
    Account, AccountChange, Audience, Change, Entry, EntryBody, Head, KeyUse, Known, NewInvite, NewSession, NewTicket,
    Outcome, Revocation, SessionId, SigningKey, TokenHash, Write,
    plan::{Facts, Planner, Questions},
};

/// A database in memory. Clones share it.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    tables: Arc<Mutex<Tables>>,
    /// Lives of the log so far; never goes back, whatever is restored.
    lives: Arc<AtomicU64>,
}

/// What a database holds. A clone is a backup.
#[derive(Clone, Debug)]
pub struct Tables {
    /// Where the log ends and begins.
    pub head: Head,
    /// The events that are not trimmed.
    pub events: BTreeMap<Seq, Entry>,
    /// All messages, with who receives them.
    pub messages: BTreeMap<MessageId, (Message, Audience)>,
    /// Who is there.
    pub accounts: BTreeMap<UserId, Account>,
    /// What they have read, and its version.
    pub reads: BTreeMap<UserId, (ReadState, i64)>,
    keys: HashMap<(UserId, ClientId), (KeyUse, Timestamp)>,
    sessions: HashMap<SessionId, SessionRow>,
    tokens: HashMap<TokenHash, TokenRow>,
    tickets: HashMap<TokenHash, NewTicket>,
    signing_keys: Vec<SigningKey>,
    /// Records as they are read.
    audit: Vec<AuditRecord>,
    invites: Vec<InviteRow>,
    registration_closed: bool,
}

#[derive(Clone, Debug)]
struct InviteRow {
    new: NewInvite,
    used_by: Option<UserId>,
}

#[derive(Clone, Debug)]
struct SessionRow {
    new: NewSession,
    last_seen: Timestamp,
    revoked: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct TokenRow {
    session: SessionId,
    generation: u32,
    superseded: bool,
    successor_confirmed: Option<Timestamp>,
}

fn epoch(life: u64) -> Epoch {
    Epoch::parse(&format!("life{life}")).unwrap_or_else(|| unreachable!("letters and digits"))
}

impl MemoryStore {
    /// An empty one, whose place before the first event has this tag.
    pub fn new(tag: u32) -> Self {
        let position = Position { epoch: epoch(1), seq: Seq(0), tag };
        let genesis = Entry {
            position: position.clone(),
            at: Timestamp::default(),
            audience: Audience::Servers,
            body: EntryBody::Other { kind: "genesis".into() },
        };
        let tables = Tables {
            head: Head { position, floor: Seq(0), system: format!("memory{tag}") },
            events: BTreeMap::from([(Seq(0), genesis)]),
            messages: BTreeMap::new(),
            accounts: BTreeMap::new(),
            reads: BTreeMap::new(),
            keys: HashMap::new(),
            sessions: HashMap::new(),
            tokens: HashMap::new(),
            tickets: HashMap::new(),
            signing_keys: Vec::new(),
            audit: Vec::new(),
            invites: Vec::new(),
            registration_closed: false,
        };
        Self { tables: Arc::new(Mutex::new(tables)), lives: Arc::new(AtomicU64::new(1)) }
    }

    /// All of it, as it is now.
    pub fn backup(&self) -> Tables {
        self.tables().clone()
    }

    /// Where the log ends now.
    pub fn position(&self) -> Position {
        self.tables().head.position.clone()
    }

    /// Puts an older state back, under whoever uses the store, as files copied over a running database would.
    pub fn restore(&self, backup: Tables) {
        *self.tables() = backup;
    }

    /// As [`super::Log::trim`], at once.
    pub fn trim_before(&self, floor: Seq) -> u64 {
        self.tables().trim(floor)
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn renew(&self) -> Head {
        let life = self.lives.fetch_add(1, Ordering::Relaxed) + 1;
        let mut tables = self.tables();
        tables.head.position.epoch = epoch(life);
        tables.head.clone()
    }
}

impl Tables {
    /// Forgets the events before a place; messages stay.
    fn trim(&mut self, before: Seq) -> u64 {
        self.head.floor = before.min(self.head.position.seq).max(self.head.floor);
        let (floor, kept) = (self.head.floor, self.events.len());
        self.events.retain(|seq, _| *seq >= floor);
        (kept - self.events.len()) as u64
    }

    fn commit(&mut self, batch: &[Write]) -> Vec<Outcome> {
        let facts = self.facts(&Questions::of(batch));
        let outcomes = Planner::new(&self.head.position, facts).decide(batch);
        for (write, outcome) in batch.iter().zip(&outcomes) {
            if let Outcome::Stored(entry) = outcome {
                self.insert(write, entry);
                write.notes.iter().for_each(|note| self.note(write.at, note));
            }
        }
        outcomes
    }

    fn facts(&self, questions: &Questions<'_>) -> Facts {
        let mut facts = Facts::default();
        for id in &questions.people {
            let known = |account: &Account| (*id, Known { role: account.role, standing: account.standing() });
            facts.people.extend(self.accounts.get(id).map(known));
        }
        let is_admin = |account: &&Account| account.role == Role::Admin && !account.disabled;
        facts.admins = self.accounts.values().filter(is_admin).count() as u64;
        for (sender, key) in &questions.keys {
            let key = (*sender, (*key).clone());
            if let Some((used, _)) = self.keys.get(&key) {
                facts.keys.insert(key, *used);
            }
        }
        for (place, read) in &questions.reads {
            let Some((_, version)) = self.reads.get(&read.user) else { continue };
            facts.versions.insert(read.user, *version);
            let since = read.counted_through.next()..=self.head.position.seq;
            let arrived = self.unread(read.user, &read.state).filter(|id| since.contains(&Seq(id.0))).count();
            facts.arrived.insert(*place, arrived as u64);
        }
        facts.sessions = questions.sessions.iter().copied().filter(|id| self.sessions.contains_key(id)).collect();
        facts
    }

    fn insert(&mut self, write: &Write, entry: &Entry) {
        self.head.position = entry.position.clone();
        self.events.insert(entry.position.seq, entry.clone());
        match &write.change {
            Change::Publish(publish) => {
                let id = MessageId::from(entry.position.seq);
                self.messages.insert(id, (publish.message(id, write.at), publish.audience()));
                let used = KeyUse { request_hash: publish.request_hash, message: id };
                self.keys.insert((publish.sender.id, publish.key.clone()), (used, write.at));
            }
            Change::Read(read) => {
                let row = self.reads.entry(read.user).or_default();
                *row = (read.state.clone(), row.1 + 1);
            }
            Change::Revoke(Revocation::Session(id)) => {
                if let Some(session) = self.sessions.get_mut(id) {
                    session.revoked.get_or_insert(write.at);
                }
            }
            Change::Revoke(Revocation::Standing { .. }) => {}
            Change::Revoke(Revocation::Person { user, keep }) => self.end_sessions(*user, *keep, write.at),
            Change::Password { user, hash, keep } => {
                if let Some(account) = self.accounts.get_mut(user) {
                    account.password_hash.clone_from(hash);
                }
                self.end_sessions(*user, *keep, write.at);
            }
            Change::Account { user, to } => self.change_account(*user, *to, write.at),
        }
    }

    fn change_account(&mut self, user: UserId, to: AccountChange, at: Timestamp) {
        let Some(account) = self.accounts.get_mut(&user) else { return };
        match to {
            AccountChange::Delete => {
                (account.disabled, account.deleted, account.email) = (true, Some(at), None);
                account.password_hash.clear();
            }
            AccountChange::Set { disabled, role } => {
                account.disabled = disabled.unwrap_or(account.disabled);
                account.role = role.unwrap_or(account.role);
            }
        }
        if account.disabled {
            self.end_sessions(user, None, at);
        }
    }

    fn end_sessions(&mut self, user: UserId, keep: Option<SessionId>, at: Timestamp) {
        let ended = self.sessions.values_mut().filter(|row| row.new.user == user && Some(row.new.id) != keep);
        ended.for_each(|row| {
            row.revoked.get_or_insert(at);
        });
    }

    /// An event as of now: it is read in the present life of the log.
    fn read(&self, entry: &Entry) -> Entry {
        let mut entry = entry.clone();
        entry.position.epoch = self.head.position.epoch.clone();
        entry
    }

    /// Messages `user` may see, newest first.
    fn visible(&self, user: UserId) -> impl Iterator<Item = &Message> {
        let entitled =
            move |(message, audience): &&(Message, Audience)| audience.includes(user) || message.sender.id == user;
        self.messages.values().rev().filter(entitled).map(|(message, _)| message)
    }

    /// Messages from others that are unread under `state`.
    fn unread(&self, user: UserId, state: &ReadState) -> impl Iterator<Item = MessageId> {
        let unread = move |message: &&Message| message.sender.id != user && !state.is_read(message.id);
        self.visible(user).filter(unread).map(|message| message.id)
    }

    fn empty_gaps(&self, user: UserId, gaps: &Ranges) -> Ranges {
        let holds = |(from, to): &(u64, u64)| {
            self.visible(user).any(|message| message.sender.id != user && (*from..=*to).contains(&message.id.0))
        };
        Ranges::collect(gaps.iter().filter(|gap| !holds(gap)))
    }
}
