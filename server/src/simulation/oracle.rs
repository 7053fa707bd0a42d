//! What must be true at rest, computed from the tables and from what was asked for, by other means than the server's.

use std::collections::BTreeMap;

use push_system::{
    accounts::Person,
    error::ErrorCode,
    ids::{MessageId, Seq},
    inbox::Inbox,
    limits,
    message::Message,
    position::Pos,
};

use super::{
    client::Client,
    journal::{Answer, Attempts, Journal, Truth},
};
use crate::store::memory::Tables;

/// What a client folded since its last snapshot.
#[derive(Clone, Debug)]
pub struct Stretch {
    base: Seq,
    applied: Vec<Seq>,
    end: Seq,
}

impl From<Seq> for Stretch {
    fn from(base: Seq) -> Self {
        Self { base, applied: Vec::new(), end: base }
    }
}

impl Stretch {
    pub fn apply(&mut self, seq: Seq) {
        self.applied.push(seq);
        self.end = seq;
    }

    pub fn advance(&mut self, seq: Seq) {
        self.end = self.end.max(seq);
    }

    /// Every event of the log that concerns the person, once, in order.
    pub fn check(&self, person: &Person, log: &BTreeMap<Seq, Truth>) -> Result<(), String> {
        let span = log.range(self.base.next()..Seq(self.end.0.max(self.base.0) + 1));
        let mine: Vec<_> =
            span.filter(|(_, truth)| truth.concerns(person.id, person.name.as_str())).map(|(seq, _)| *seq).collect();
        if mine == self.applied {
            return Ok(());
        }
        Err(format!("{} applied {:?} of {mine:?} in ({}, {}]", person.name, self.applied, self.base, self.end))
    }
}

/// All that is wrong.
pub fn judge(tables: &Tables, journal: &Journal, clients: &[Client]) -> Vec<String> {
    let mut wrong: Vec<String> = journal.violations.iter().cloned().collect();
    wrong.extend(judge_log(tables));
    for (key, attempts) in &journal.published {
        wrong.extend(judge_key(tables, journal, key, attempts));
    }
    for (number, client) in clients.iter().enumerate() {
        let verdict = client.stretch.check(client.person(), &journal.log);
        wrong.extend(verdict.err().map(|violation| format!("client {number}: {violation}")));
        if !journal.was_restored && !client.outbox.rows().is_empty() {
            wrong.push(format!("client {number} still shows as unsent: {:?}", client.outbox));
        }
        let differs = judge_inbox(tables, client.person(), &client.inbox);
        wrong.extend(differs.into_iter().map(|difference| format!("client {number}: {difference}")));
    }
    wrong.sort();
    wrong
}

/// Dense from the floor to the head.
fn judge_log(tables: &Tables) -> Option<String> {
    let places: Vec<_> = tables.events.keys().map(|seq| seq.0).collect();
    let expected: Vec<_> = (tables.head.floor.0..=tables.head.position.seq.0).collect();
    (places != expected).then(|| format!("the log is not dense: {places:?}"))
}

/// Texts begin with it; what is left of a deleted message says nothing.
fn key_of<'a>(message: &'a Message, journal: &'a Journal) -> &'a str {
    match message.deleted {
        None => message.message.split(' ').next().unwrap_or_default(),
        Some(_) => journal.keys.get(&message.id).map_or("", String::as_str),
    }
}

/// Acknowledged: there, once, under that number. Not acknowledged: there at most once. Refused as not stored: absent.
fn judge_key(tables: &Tables, journal: &Journal, key: &str, attempts: &Attempts) -> Vec<String> {
    let mut wrong = Vec::new();
    let stored: Vec<_> =
        tables.messages.values().map(|(message, _)| message).filter(|m| key_of(m, journal) == key).collect();
    if stored.len() > 1 {
        wrong.push(format!("{key} is stored {} times", stored.len()));
    }
    for answer in &attempts.answers {
        let Answer::Acknowledged(id) = answer else { continue };
        let is_there = stored.iter().any(|message| message.id == *id);
        let was_taken_back = journal.lost.contains(&(*id, key.to_owned()));
        if !is_there && !was_taken_back {
            wrong.push(format!("{key} was acknowledged as {id} and is not there"));
        }
    }
    let not_stored = Answer::Refused(ErrorCode::Unavailable);
    let all_refused = attempts.answers.len() == attempts.made && attempts.answers.iter().all(|a| *a == not_stored);
    if all_refused && !stored.is_empty() {
        wrong.push(format!("{key} was refused as not stored and is there as {}", stored[0].id));
    }
    wrong
}

fn judge_inbox(tables: &Tables, person: &Person, inbox: &Inbox) -> Vec<String> {
    let mut wrong = Vec::new();
    let mine = |message: &&Message| {
        let named = message.to.people().any(|name| *name == person.name);
        message.to.has_everyone() || named || message.sender.id == person.id
    };
    let expected: Vec<_> = tables.messages.values().rev().map(|(message, _)| message).filter(mine).collect();
    let shown: Vec<_> = inbox.messages().iter().collect();
    let loaded = shown.len().min(expected.len());
    let enough = shown.len() >= expected.len().min(limits::SNAPSHOT_MESSAGES as usize);
    if !enough || shown.len() > expected.len() || shown != expected[..loaded] {
        wrong.push(format!("{} sees {:?} instead of {:?}", person.name, ids(&shown), ids(&expected)));
    }
    if inbox.has_more() != (shown.len() < expected.len()) {
        wrong.push(format!("{} is told wrongly whether there is more", person.name));
    }
    let read = tables.reads.get(&person.id).map(|(state, _)| state);
    if read != Some(inbox.read()) {
        wrong.push(format!("{} has read {read:?}, and sees {:?}", person.name, inbox.read()));
    }
    let marks = tables.marks.get(&person.id);
    if marks != Some(inbox.marks()) {
        wrong.push(format!("{} has marked {marks:?}, and sees {:?}", person.name, inbox.marks()));
    }
    let is_unread = |m: &&&Message| {
        m.deleted.is_none() && m.sender.id != person.id && read.is_none_or(|state| !state.is_read(m.id))
    };
    let unread = expected.iter().filter(is_unread).count() as u64;
    if inbox.unread() != unread {
        wrong.push(format!("{} has {unread} unread, and sees {}", person.name, inbox.unread()));
    }
    if *inbox.pos() != Pos::from(&tables.head.position) {
        wrong.push(format!("{} is at {} instead of {}", person.name, inbox.pos(), tables.head.position));
    }
    wrong
}

fn ids(messages: &[&Message]) -> Vec<MessageId> {
    messages.iter().map(|message| message.id).collect()
}
