//! What people were told, and what truly happened: the two things that are compared in the end.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use push_system::{
    error::ErrorCode,
    ids::{MessageId, Seq, UserId},
    message::Draft,
};

use crate::store::{Change, Write, memory::Tables};

/// An event as its author meant it: whom it concerns is read from what was asked for, not from what a store made of it.
#[derive(Clone, Debug)]
pub struct Truth {
    reaches: Reach,
}

#[derive(Clone, Debug)]
enum Reach {
    Everyone,
    These(Vec<String>, UserId),
    One(UserId),
    Nobody,
}

impl Truth {
    /// Of what was written behind `log`.
    fn of(write: &Write, log: &BTreeMap<Seq, Self>) -> Self {
        let reaches = match &write.change {
            Change::Publish(publish) => reach(&publish.draft, publish.sender.id),
            Change::Amend(amend) => {
                log.get(&Seq(amend.message.0)).map_or(Reach::Nobody, |message| message.reaches.clone())
            }
            Change::Read(read) => Reach::One(read.user),
            // The simulation has no topics: the contract suite and the checker look at them.
            Change::Topic(_) | Change::Revoke(_) | Change::Password { .. } | Change::Account { .. } => Reach::Nobody,
        };
        Self { reaches }
    }

    pub fn concerns(&self, user: UserId, name: &str) -> bool {
        match &self.reaches {
            Reach::Everyone => true,
            Reach::These(names, sender) => *sender == user || names.iter().any(|named| named == name),
            Reach::One(one) => *one == user,
            Reach::Nobody => false,
        }
    }
}

fn reach(draft: &Draft, sender: UserId) -> Reach {
    if draft.to.has_everyone() {
        return Reach::Everyone;
    }
    Reach::These(draft.to.people().map(|name| name.as_str().to_owned()).collect(), sender)
}

/// What became of one attempt to publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Acknowledged(MessageId),
    Refused(ErrorCode),
}

/// All attempts to publish one message.
#[derive(Clone, Debug, Default)]
pub struct Attempts {
    pub made: usize,
    pub answers: Vec<Answer>,
}

#[derive(Default)]
pub struct Journal {
    /// The log as it stands, trimmed or not.
    pub log: BTreeMap<Seq, Truth>,
    /// Under which key each message of the log was published: what is deleted has no text that says so.
    pub keys: BTreeMap<MessageId, String>,
    /// By key, with which its text begins.
    pub published: HashMap<String, Attempts>,
    /// Messages that a restore took back, with their keys.
    pub lost: HashSet<(MessageId, String)>,
    pub was_restored: bool,
    pub was_trimmed: bool,
    /// What was seen to be wrong on the way.
    pub violations: BTreeSet<String>,
    /// For the report: what runs came to.
    pub resets: usize,
    pub connects: usize,
}

impl Journal {
    pub fn stored(&mut self, seq: Seq, write: &Write) {
        self.log.insert(seq, Truth::of(write, &self.log));
        if let Change::Publish(publish) = &write.change {
            self.keys.insert(seq.into(), publish.key.as_str().to_owned());
        }
    }

    pub fn restored(&mut self, after: &Tables) {
        self.was_restored = true;
        self.lost.extend(self.keys.split_off(&MessageId(after.head.position.seq.0 + 1)));
        self.log.retain(|seq, _| *seq <= after.head.position.seq);
    }

    pub fn trimmed(&mut self) {
        self.was_trimmed = true;
    }

    pub fn attempt(&mut self, key: &str) {
        self.published.entry(key.to_owned()).or_default().made += 1;
    }

    pub fn answered(&mut self, key: &str, answer: Answer) {
        self.published.entry(key.to_owned()).or_default().answers.push(answer);
    }

    pub fn violated(&mut self, what: String) {
        self.violations.insert(what);
    }
}
