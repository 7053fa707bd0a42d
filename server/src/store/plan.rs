//! What becomes of a batch: decided here from what was looked up under the lock, the same for every database.

use std::collections::{HashMap, HashSet};

use push_system::{
    admin::Standing,
    ids::{MessageId, Seq, UserId},
    message::ClientId,
    position::{Epoch, Position},
    read_state::ReadState,
};

use super::{
    AccountChange, Audience, Change, Entry, EntryBody, KeyUse, Known, Outcome, Publish, ReadWrite, Revocation,
    SessionId, Write,
};

/// What must be looked up under the lock before a batch can be decided.
#[derive(Debug, Default)]
pub(super) struct Questions<'a> {
    /// People: do they exist, what may they do?
    pub(super) people: Vec<UserId>,
    /// Does somebody's account change? How many admins are there then?
    pub(super) accounts: bool,
    /// Keys: were they used?
    pub(super) keys: Vec<(UserId, &'a ClientId)>,
    /// Read states, with their places in the batch: which version, and what arrived since they were counted?
    pub(super) reads: Vec<(usize, &'a ReadWrite)>,
    /// Sessions: do they exist?
    pub(super) sessions: Vec<SessionId>,
}

impl<'a> Questions<'a> {
    /// What `batch` raises.
    pub(super) fn of(batch: &'a [Write]) -> Self {
        let mut questions = Self::default();
        for (place, write) in batch.iter().enumerate() {
            match &write.change {
                Change::Publish(publish) => {
                    questions.people.push(publish.sender.id);
                    questions.keys.push((publish.sender.id, &publish.key));
                }
                Change::Read(read) => {
                    questions.people.push(read.user);
                    questions.reads.push((place, read));
                }
                Change::Revoke(Revocation::Session(session)) => questions.sessions.push(*session),
                Change::Revoke(Revocation::Person { user, .. } | Revocation::Standing { user })
                | Change::Password { user, .. } => questions.people.push(*user),
                Change::Account { user, .. } => {
                    questions.people.push(*user);
                    questions.accounts = true;
                }
            }
        }
        questions
    }
}

/// What a backend looked up after it had locked the head.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// People the batch names who exist, with what they may do.
    pub(super) people: HashMap<UserId, Known>,
    /// Admins who may log in, if an account changes.
    pub(super) admins: u64,
    /// Keys of the batch that were used before.
    pub(super) keys: HashMap<(UserId, ClientId), KeyUse>,
    /// Versions of the read states the batch changes.
    pub(super) versions: HashMap<UserId, i64>,
    /// By place in the batch: messages that are unread under the new state and came after it was counted.
    pub(super) arrived: HashMap<usize, u64>,
    /// Sessions the batch ends one by one that exist.
    pub(super) sessions: HashSet<SessionId>,
}

/// Decides on each write in turn, as if each had been committed before the next was looked at.
#[derive(Debug)]
pub(super) struct Planner {
    epoch: Epoch,
    seq: Seq,
    tag: u32,
    facts: Facts,
    published: Vec<(MessageId, UserId, Audience)>,
}

impl Planner {
    /// Begins after the event at `head`.
    pub(super) fn new(head: &Position, facts: Facts) -> Self {
        Self { epoch: head.epoch.clone(), seq: head.seq, tag: head.tag, facts, published: Vec::new() }
    }

    /// The outcomes, in the order of the batch; what is [`Outcome::Stored`] has dense places after the head.
    pub(super) fn decide(mut self, batch: &[Write]) -> Vec<Outcome> {
        batch.iter().enumerate().map(|(place, write)| self.one(place, write)).collect()
    }

    fn one(&mut self, place: usize, write: &Write) -> Outcome {
        match &write.change {
            Change::Publish(publish) => self.publish(write, publish),
            Change::Read(read) => self.read(place, write, read),
            Change::Revoke(revocation) => self.revoke(write, revocation),
            Change::Password { user, keep, .. } => {
                if !self.is_there(*user) {
                    return Outcome::NoSuchPerson;
                }
                let ended = Revocation::Person { user: *user, keep: *keep };
                self.store(write, Audience::Servers, EntryBody::Revoked(ended))
            }
            Change::Account { user, to } => self.account(write, *user, *to),
        }
    }

    fn publish(&mut self, write: &Write, publish: &Publish) -> Outcome {
        if !self.is_active(publish.sender.id) {
            return Outcome::NoSuchPerson;
        }
        let key = (publish.sender.id, publish.key.clone());
        if let Some(used) = self.facts.keys.get(&key) {
            let same = used.request_hash == publish.request_hash;
            return if same { Outcome::Repeated(used.message) } else { Outcome::KeyConflict };
        }
        let id = MessageId::from(self.seq.next());
        self.facts.keys.insert(key, KeyUse { request_hash: publish.request_hash, message: id });
        self.published.push((id, publish.sender.id, publish.audience()));
        let message = Box::new(publish.message(id, write.at));
        self.store(write, publish.audience(), EntryBody::Published { message, client_id: publish.key.clone() })
    }

    fn read(&mut self, place: usize, write: &Write, read: &ReadWrite) -> Outcome {
        if !self.is_active(read.user) {
            return Outcome::NoSuchPerson;
        }
        let Some(version) = self.facts.versions.get_mut(&read.user) else { return Outcome::NoSuchPerson };
        if *version != read.expected_version {
            return Outcome::Stale;
        }
        *version += 1;
        let arrived = self.facts.arrived.get(&place).copied().unwrap_or(0);
        let unread = read.unread + arrived + self.unread_in_batch(read.user, &read.state);
        let body = EntryBody::Read { state: read.state.clone(), unread };
        self.store(write, Audience::People(vec![read.user]), body)
    }

    /// Sessions of a disabled person can be ended as well: that only ever takes away.
    fn revoke(&mut self, write: &Write, revocation: &Revocation) -> Outcome {
        let exists = match revocation {
            Revocation::Session(session) => self.facts.sessions.contains(session),
            Revocation::Person { user, .. } | Revocation::Standing { user } => self.facts.people.contains_key(user),
        };
        if !exists {
            return Outcome::NoSuchPerson;
        }
        self.store(write, Audience::Servers, EntryBody::Revoked(revocation.clone()))
    }

    /// Under the head lock: of two admins who demote each other at once, the second finds itself the last one.
    fn account(&mut self, write: &Write, user: UserId, to: AccountChange) -> Outcome {
        let Some(before) = self.facts.people.get(&user).copied().filter(|_| self.is_there(user)) else {
            return Outcome::NoSuchPerson;
        };
        let after = before.after(to);
        if after == before {
            return Outcome::Unchanged;
        }
        match (before.is_active_admin(), after.is_active_admin()) {
            (true, false) if self.facts.admins <= 1 => return Outcome::LastAdmin,
            (true, false) => self.facts.admins -= 1,
            (false, true) => self.facts.admins += 1,
            _ => {}
        }
        self.facts.people.insert(user, after);
        let ended = match after.standing {
            Standing::Active => Revocation::Standing { user },
            Standing::Disabled | Standing::Deleted => Revocation::Person { user, keep: None },
        };
        self.store(write, Audience::Servers, EntryBody::Revoked(ended))
    }

    fn store(&mut self, write: &Write, audience: Audience, body: EntryBody) -> Outcome {
        self.seq = self.seq.next();
        self.tag = Write::tag_after(write.tag, self.tag);
        let position = Position { epoch: self.epoch.clone(), seq: self.seq, tag: self.tag };
        Outcome::Stored(Entry { position, at: write.at, audience, body })
    }

    fn is_active(&self, user: UserId) -> bool {
        self.facts.people.get(&user).is_some_and(|known| known.standing == Standing::Active)
    }

    /// Disabled or not.
    fn is_there(&self, user: UserId) -> bool {
        self.facts.people.get(&user).is_some_and(|known| known.standing != Standing::Deleted)
    }

    fn unread_in_batch(&self, user: UserId, state: &ReadState) -> u64 {
        let counts = |(id, sender, audience): &&(MessageId, UserId, Audience)| {
            *sender != user && !state.is_read(*id) && audience.includes(user)
        };
        self.published.iter().filter(counts).count() as u64
    }
}
