//! What becomes of a batch: decided here from what was looked up under the lock, the same for every database.

mod topics;

use std::collections::{HashMap, HashSet};

use push_system::{
    admin::Standing,
    ids::{MessageId, Seq, TopicId, UserId},
    limits,
    message::{ClientId, Message},
    position::{Epoch, Position},
    read_state::ReadState,
    timestamp::Timestamp,
    topic::{Topic, TopicName},
};

use super::{
    AccountChange, Amend, Amendment, Audience, Authority, Basis, Change, Denial, Entry, EntryBody, KeyUse, Known,
    Membership, Memberships, Outcome, PhcString, Publish, ReadWrite, Revocation, Session, SessionId, StoredMessage,
    Write, rows::json,
};

/// A topic, with what a change of it must know.
#[derive(Clone, Debug)]
pub struct KnownTopic {
    /// The topic.
    pub topic: Topic,
    /// How many of its owners may log in, where the batch changes it. Where there is none, every member may do what owners
    /// may.
    pub owners: u64,
}

/// What is unread for somebody, as far as it was counted before the lock: what came since is to be added.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted<'a> {
    /// Whose.
    pub(super) user: UserId,
    /// What they have read.
    pub(super) state: &'a ReadState,
    /// From what.
    pub(super) basis: &'a Basis,
    /// The private topic that they are leaving.
    pub(super) without: Option<TopicId>,
}

/// What must be looked up under the lock before a batch can be decided.
#[derive(Debug, Default)]
pub(super) struct Questions<'a> {
    /// People: do they exist, what may they do?
    pub(super) people: Vec<UserId>,
    /// Does somebody's account change? How many admins are there then?
    pub(super) accounts: bool,
    /// Keys: were they used?
    pub(super) keys: Vec<(UserId, &'a ClientId)>,
    /// Messages that change: what are they now?
    pub(super) messages: Vec<MessageId>,
    /// Read states, with their places in the batch: which version, and what came and went since they were counted?
    pub(super) counted: Vec<(usize, Counted<'a>)>,
    /// Topics: which are there?
    pub(super) topics: Vec<TopicId>,
    /// Those of them that change: how many owners have they? Messages, of which there are more, do not ask that.
    pub(super) managed: Vec<TopicId>,
    /// Names for public topics: which are taken?
    pub(super) names: Vec<&'a TopicName>,
    /// People: in which topics are and were they?
    pub(super) members: Vec<UserId>,
    /// Sessions: do they exist?
    pub(super) sessions: Vec<SessionId>,
    /// Sessions of those who ask: are they in force then?
    pub(super) askers: Vec<(SessionId, Timestamp)>,
    /// People whose password was proved: which one is it?
    pub(super) passwords: Vec<UserId>,
}

impl<'a> Questions<'a> {
    /// What `batch` raises.
    pub(super) fn of(batch: &'a [Write]) -> Self {
        let mut questions = Self::default();
        for (place, write) in batch.iter().enumerate() {
            questions.askers.extend(write.by.session().map(|session| (session, write.at)));
            if let Change::Password { user, proved: Some(_), .. } = &write.change {
                questions.passwords.push(*user);
            }
            match &write.change {
                Change::Publish(publish) => {
                    questions.people.push(publish.sender.id);
                    questions.keys.push((publish.sender.id, &publish.key));
                    if !publish.topics.is_empty() {
                        questions.members.push(publish.sender.id);
                        questions.topics.extend(publish.topics.iter().map(|topic| topic.id));
                    }
                }
                Change::Amend(amend) => {
                    questions.people.push(amend.by);
                    questions.members.push(amend.by);
                    questions.messages.push(amend.message);
                }
                Change::Read(ReadWrite { user, state, basis, .. }) => {
                    questions.people.push(*user);
                    questions.members.push(*user);
                    let counted = Counted { user: *user, state, basis, without: None };
                    questions.counted.push((place, counted));
                }
                Change::Topic(topic) => questions.about_topic(place, topic),
                Change::Revoke(Revocation::Session(session)) => questions.sessions.push(*session),
                Change::Revoke(Revocation::Person { user, .. } | Revocation::Standing { user })
                | Change::Password { user, .. } => questions.people.push(*user),
                Change::Account { user, .. } => {
                    questions.people.push(*user);
                    questions.accounts = true;
                }
            }
        }
        // Nobody's stays are wanted twice.
        questions.members.sort_unstable();
        questions.members.dedup();
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
    /// Messages the batch changes; none where there is no such message.
    pub(super) messages: HashMap<MessageId, Option<StoredMessage>>,
    /// Versions of the read states the batch changes.
    pub(super) versions: HashMap<UserId, i64>,
    /// By place in the batch: read states that were computed in the log that there is.
    pub(super) based: HashSet<usize>,
    /// By place in the batch: messages that are unread under the new state and came after it was counted.
    pub(super) arrived: HashMap<usize, u64>,
    /// By place in the batch: messages that were counted as unread under the new state and were deleted since.
    pub(super) deleted: HashMap<usize, u64>,
    /// Topics of the batch that exist.
    pub(super) topics: HashMap<TopicId, KnownTopic>,
    /// Names of the batch that public topics have.
    pub(super) names: HashSet<TopicName>,
    /// Every stay of the people of the batch about whom it is asked.
    pub(super) stays: Vec<Membership>,
    /// Sessions the batch ends one by one that exist.
    pub(super) sessions: HashSet<SessionId>,
    /// Sessions of those who ask that are in force.
    pub(super) askers: HashMap<SessionId, Session>,
    /// Passwords that are set, of those people whose one was proved.
    pub(super) passwords: HashMap<UserId, PhcString>,
}

/// Decides on each write in turn, as if each had been committed before the next was looked at.
#[derive(Debug)]
pub(super) struct Planner {
    epoch: Epoch,
    seq: Seq,
    tag: u32,
    facts: Facts,
    memberships: Memberships,
    /// What is new in this batch.
    published: Vec<Tally>,
    /// What goes with it.
    deleted: Vec<Tally>,
}

/// A message as far as unread ones are counted.
#[derive(Debug)]
struct Tally {
    id: MessageId,
    sender: UserId,
    audience: Audience,
}

impl Planner {
    /// Begins after the event at `head`.
    pub(super) fn new(head: &Position, facts: Facts) -> Self {
        let memberships = facts.stays.iter().copied().collect();
        let (epoch, seq, tag) = (head.epoch.clone(), head.seq, head.tag);
        Self { epoch, seq, tag, facts, memberships, published: Vec::new(), deleted: Vec::new() }
    }

    /// The outcomes, in the order of the batch; what is [`Outcome::Stored`] has dense places after the head.
    pub(super) fn decide(mut self, batch: &[Write]) -> Vec<Outcome> {
        batch.iter().enumerate().map(|(place, write)| self.one(place, write)).collect()
    }

    fn one(&mut self, place: usize, write: &Write) -> Outcome {
        if let Err(denial) = self.holds(write.by) {
            return Outcome::Denied(denial);
        }
        match &write.change {
            Change::Publish(publish) => self.publish(write, publish),
            Change::Amend(amend) => self.amend(write, amend),
            Change::Read(read) => self.read(place, write, read),
            Change::Topic(topic) => self.topic(place, write, topic),
            Change::Revoke(revocation) => self.revoke(write, revocation),
            Change::Password { user, hash, proved, keep } => {
                if !self.is_there(*user) {
                    return Outcome::NoSuchPerson;
                }
                if proved.is_some() && proved.as_ref() != self.facts.passwords.get(user) {
                    return Outcome::Stale;
                }
                self.facts.passwords.insert(*user, hash.clone());
                self.end(write, Revocation::Person { user: *user, keep: *keep })
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
        if let Some(refusal) = self.objection(publish) {
            return refusal;
        }
        let id = MessageId::from(self.seq.next());
        let audience = publish.audience(self.seq.next());
        self.facts.keys.insert(key, KeyUse { request_hash: publish.request_hash, message: id });
        self.published.push(Tally { id, sender: publish.sender.id, audience: audience.clone() });
        let message = Box::new(publish.message(id, write.at));
        if let Some(asked_for) = self.facts.messages.get_mut(&id) {
            let (message, audience) = ((*message).clone(), audience.clone());
            *asked_for = Some(StoredMessage { message, audience, public: publish.is_public() });
        }
        self.store(write, audience, EntryBody::Published { message, client_id: publish.key.clone() })
    }

    /// Who may not see a message learns nothing of it; who may, whether it is theirs to change.
    fn amend(&mut self, write: &Write, amend: &Amend) -> Outcome {
        if !self.is_active(amend.by) {
            return Outcome::NoSuchPerson;
        }
        let known = self.facts.messages.get(&amend.message).and_then(Option::as_ref);
        let Some(stored) =
            known.filter(|stored| stored.public || stored.audience.includes(amend.by, &self.memberships))
        else {
            return Outcome::NoSuchMessage;
        };
        let (sender, audience, public) = (stored.message.sender.id, stored.audience.clone(), stored.public);
        if sender != amend.by && !self.facts.people.get(&amend.by).is_some_and(|known| known.is_active_admin()) {
            return Outcome::NotTheirs;
        }
        let message = match amended(&stored.message, write, &amend.to) {
            Ok(message) => message,
            Err(outcome) => return *outcome,
        };
        let changed = StoredMessage { message: message.clone(), audience: audience.clone(), public };
        self.facts.messages.insert(message.id, Some(changed));
        let message = Box::new(message);
        let body = match amend.to {
            Amendment::Edit(_) => EntryBody::Edited { message },
            Amendment::Delete => {
                self.deleted.push(Tally { id: message.id, sender, audience: audience.clone() });
                EntryBody::Deleted { message }
            }
        };
        self.store(write, audience, body)
    }

    fn read(&mut self, place: usize, write: &Write, read: &ReadWrite) -> Outcome {
        if !self.is_active(read.user) {
            return Outcome::NoSuchPerson;
        }
        if let Some(refusal) = self.outdated(place, read.user, &read.basis) {
            return refusal;
        }
        let unread = self.unread_now(place, read.user, &read.state, read.basis.unread);
        let marks = read.marks.as_ref().map(|marks| Box::new(marks.change.clone()));
        let body = EntryBody::Read { state: read.state.clone(), unread, marks };
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
        self.end(write, revocation.clone())
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
        for asker in self.facts.askers.values_mut().filter(|asker| asker.person.id == user) {
            asker.role = after.role;
        }
        let ended = match after.standing {
            Standing::Active => Revocation::Standing { user },
            Standing::Disabled | Standing::Deleted => Revocation::Person { user, keep: None },
        };
        self.end(write, ended)
    }

    /// Who asks later in the batch is out as well.
    fn end(&mut self, write: &Write, ended: Revocation) -> Outcome {
        self.facts.askers.retain(|id, asker| match &ended {
            Revocation::Session(session) => id != session,
            Revocation::Person { user, keep } => asker.person.id != *user || Some(*id) == *keep,
            Revocation::Standing { .. } => true,
        });
        self.store(write, Audience::Servers, EntryBody::Revoked(ended))
    }

    fn holds(&self, by: Authority) -> Result<(), Denial> {
        by.holds(by.session().and_then(|session| self.facts.askers.get(&session)).map(|asker| asker.role))
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

    /// Whether somebody's read state is another one by now, or was computed in a log that went back since; otherwise it is
    /// another one from here on.
    fn outdated(&mut self, place: usize, user: UserId, basis: &Basis) -> Option<Outcome> {
        let Some(version) = self.facts.versions.get_mut(&user) else { return Some(Outcome::NoSuchPerson) };
        if *version != basis.version || !self.facts.based.contains(&place) {
            return Some(Outcome::Stale);
        }
        *version += 1;
        None
    }

    /// What is unread under `state`, given how much was when it was counted: with what came since, without what went.
    fn unread_now(&self, place: usize, user: UserId, state: &ReadState, counted: u64) -> u64 {
        let looked_up = |counts: &HashMap<usize, u64>| counts.get(&place).copied().unwrap_or(0);
        let is_unread = |message: &&Tally| {
            let reached = || message.audience.includes(user, &self.memberships);
            message.sender != user && !state.is_read(message.id) && reached()
        };
        let in_batch = |messages: &[Tally]| messages.iter().filter(is_unread).count() as u64;
        let came = looked_up(&self.facts.arrived) + in_batch(&self.published);
        let went = looked_up(&self.facts.deleted) + in_batch(&self.deleted);
        (counted + came).saturating_sub(went)
    }
}

/// The message after a change; or why there is none.
fn amended(message: &Message, write: &Write, to: &Amendment) -> Result<Message, Box<Outcome>> {
    match to {
        Amendment::Edit(_) if message.deleted.is_some() => Err(Box::new(Outcome::NoSuchMessage)),
        Amendment::Edit(edit) => match edit.apply(message, write.at) {
            None => Err(Box::new(Outcome::Unchanged)),
            // Decided here, as two edits that each fit alone may not fit together.
            Some(edited) if json(&edited).len() > limits::EDITED_BYTES => Err(Box::new(Outcome::TooLarge)),
            Some(edited) => Ok(edited),
        },
        Amendment::Delete if message.deleted.is_some() => Err(Box::new(Outcome::Unchanged)),
        Amendment::Delete => Ok(message.tombstone(write.at)),
    }
}
