//! A store in memory, for tests: the same decisions (`plan.rs`) and the same contract as a database, and tables that a
//! test can look at, put back to an older state, or trim.

mod accounts;
mod administration;
mod log;
mod tests;
mod topics;

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
    ids::{MessageId, Seq, TopicId, UserId},
    marks::Marks,
    message::{ClientId, Message},
    position::{Epoch, Position},
    read_state::{Ranges, ReadState},
    timestamp::Timestamp,
    topic::Topic,
};

use super::{
    Account, AccountChange, Among, Audience, Change, Entry, EntryBody, Head, KeyUse, Known, Membership, NewInvite,
    NewSession, NewTicket, Outcome, PhcString, Place, Revocation, SessionId, SigningKey, StoredMessage, TokenHash,
    Write,
    plan::{Counted, Facts, Planner, Questions},
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
    /// All topics.
    pub topics: BTreeMap<TopicId, (Topic, Timestamp)>,
    /// Who is and was in which one.
    pub stays: Vec<Membership>,
    /// Who is there.
    pub accounts: BTreeMap<UserId, Account>,
    /// What they have read, and its version.
    pub reads: BTreeMap<UserId, (ReadState, i64)>,
    /// What they have seen, archived and saved.
    pub marks: BTreeMap<UserId, Marks>,
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
            topics: BTreeMap::new(),
            stays: Vec::new(),
            accounts: BTreeMap::new(),
            reads: BTreeMap::new(),
            marks: BTreeMap::new(),
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
        for id in &questions.messages {
            let stored = |(message, audience): &(Message, Audience)| StoredMessage {
                message: message.clone(),
                audience: audience.clone(),
                public: self.is_public(message),
            };
            facts.messages.insert(*id, self.messages.get(id).map(stored));
        }
        for (place, counted) in &questions.counted {
            let Some((_, version)) = self.reads.get(&counted.user) else { continue };
            facts.versions.insert(counted.user, *version);
            let basis = counted.basis;
            if !basis.places().into_iter().all(|place| self.holds(place)) {
                continue;
            }
            facts.based.insert(*place);
            let since = basis.counted_at.seq.next()..=self.head.position.seq;
            let unread = self.unread_without(counted.user, counted.without, counted.state);
            facts.arrived.insert(*place, unread.filter(|id| since.contains(&Seq(id.0))).count() as u64);
            facts.deleted.insert(*place, self.deleted_since(counted));
        }
        self.add_topic_facts(questions, &mut facts);
        for (session, at) in &questions.askers {
            facts.askers.extend(self.in_force(*session, *at).map(|found| (*session, found)));
        }
        for user in &questions.passwords {
            let hash = |account: &Account| (*user, PhcString(account.password_hash.clone()));
            facts.passwords.extend(self.accounts.get(user).map(hash));
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
                self.messages.insert(id, (publish.message(id, write.at), entry.audience.clone()));
                let used = KeyUse { request_hash: publish.request_hash, message: id };
                self.keys.insert((publish.sender.id, publish.key.clone()), (used, write.at));
            }
            Change::Amend(_) => {
                if let Some(message) = entry.body.message() {
                    self.messages.insert(message.id, (message.clone(), entry.audience.clone()));
                }
            }
            Change::Read(read) => {
                if let Some(marks) = &read.marks {
                    self.marks.insert(read.user, marks.after.clone());
                }
                let row = self.reads.entry(read.user).or_default();
                *row = (read.state.clone(), row.1 + 1);
            }
            Change::Topic(change) => self.change_topic(change, entry),
            Change::Revoke(Revocation::Session(id)) => {
                if let Some(session) = self.sessions.get_mut(id) {
                    session.revoked.get_or_insert(write.at);
                }
            }
            Change::Revoke(Revocation::Standing { .. }) => {}
            Change::Revoke(Revocation::Person { user, keep }) => self.end_sessions(*user, *keep, write.at),
            Change::Password { user, hash, keep, .. } => {
                if let Some(account) = self.accounts.get_mut(user) {
                    account.password_hash.clone_from(&hash.0);
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

    /// Whether `place` is one of this log.
    fn holds(&self, place: Place) -> bool {
        self.events.get(&place.seq).map(|entry| Place::from(&entry.position)) == Some(place)
    }

    /// Messages that were counted as unread and deleted since.
    fn deleted_since(&self, counted: &Counted<'_>) -> u64 {
        let memberships = self.memberships();
        let since = self.events.range(counted.basis.counted_at.seq.next()..).map(|(_, entry)| entry);
        let deleted = since.filter_map(|entry| match &entry.body {
            EntryBody::Deleted { message } if entry.audience.includes(counted.user, &memberships) => Some(message),
            _ => None,
        });
        let was_counted = deleted.filter(|message| {
            let was_there = message.id.0 <= counted.basis.counted_at.seq.0;
            let left = counted.without.is_some_and(|topic| message.is_in(topic));
            was_there && !left && message.sender.id != counted.user && !counted.state.is_read(message.id)
        });
        was_counted.count() as u64
    }

    /// An event as of now: it is read in the present life of the log, and shows its message as it is; a topic stays as it
    /// was told.
    fn read(&self, entry: &Entry) -> Entry {
        let mut entry = entry.clone();
        entry.position.epoch = self.head.position.epoch.clone();
        if let EntryBody::Published { message, .. } | EntryBody::Edited { message } | EntryBody::Deleted { message } =
            &mut entry.body
            && let Some((now, _)) = self.messages.get(&message.id)
        {
            message.as_mut().clone_from(now);
        }
        entry
    }

    /// Messages `user` may see, newest first.
    fn visible(&self, user: UserId) -> impl Iterator<Item = &Message> {
        let memberships = self.memberships();
        let entitled = move |(_, audience): &&(Message, Audience)| audience.includes(user, &memberships);
        self.messages.values().rev().filter(entitled).map(|(message, _)| message)
    }

    /// Those of them that others sent and did not delete.
    fn sent_by_others(&self, user: UserId) -> impl Iterator<Item = &Message> {
        self.visible(user).filter(move |message| message.sender.id != user && message.deleted.is_none())
    }

    /// Messages from others that are unread under `state`.
    fn unread(&self, user: UserId, state: &ReadState) -> impl Iterator<Item = MessageId> {
        self.unread_without(user, None, state)
    }

    /// As [`Self::unread`], as if they were not in this topic.
    fn unread_without(
        &self,
        user: UserId,
        without: Option<TopicId>,
        state: &ReadState,
    ) -> impl Iterator<Item = MessageId> {
        let unread =
            move |message: &&Message| !state.is_read(message.id) && !without.is_some_and(|id| message.is_in(id));
        self.sent_by_others(user).filter(unread).map(|message| message.id)
    }

    fn empty_gaps(&self, user: UserId, gaps: &Ranges, among: Among) -> Ranges {
        let held: Vec<u64> = match among {
            Among::All => self.visible(user).map(|message| message.id.0).collect(),
            Among::FromOthers => self.sent_by_others(user).map(|message| message.id.0).collect(),
        };
        let holds = |(from, to): &(u64, u64)| held.iter().any(|id| (*from..=*to).contains(id));
        Ranges::collect(gaps.iter().filter(|gap| !holds(gap)))
    }
}
