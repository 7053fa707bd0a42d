//! What should have been seen, worked out from the tables alone. None of the server's code for audiences, replay or
//! snapshots is used here, nor what it keeps for itself in `audience`: the rule is written down a second time.

use std::collections::HashMap;

use push_system::{accounts::Person, ids::UserId, message::Message, read_state::ReadState};

use super::history::{Content, Micros, event_print};

/// A row of `event`, joined with what it stands for.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Its place.
    pub(crate) seq: u64,
    /// Its random number.
    pub(crate) tag: u32,
    /// When it was accepted, in milliseconds.
    pub(crate) at: i64,
    /// Its `audience`, as stored.
    pub(crate) audience: String,
    /// What it is.
    pub(crate) fact: Fact,
}

/// What an event is.
#[derive(Clone, Debug)]
pub(crate) enum Fact {
    /// A message, and its key.
    Published(Box<Message>, String),
    /// A person's read state from there on, and how many messages it leaves unread.
    Read(ReadState, u64),
    /// No person's business.
    Other(String),
}

/// What a person should have seen first of all and in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    /// The event's place.
    pub(crate) seq: u64,
    /// Its [`event_print`].
    pub(crate) print: u64,
}

/// The log between its beginning and a restored backup, or between two of them: the tables as they were at its end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Life {
    /// What it left.
    pub(crate) tables: Tables,
    /// Acknowledgements that came earlier are not of this life.
    pub(crate) from: Micros,
    /// Acknowledgements that came later are not of this life. Two lives overlap by what an answer takes where the log was
    /// put back under running instances.
    pub(crate) until: Micros,
}

impl Life {
    /// One that is not over.
    pub(crate) fn last(tables: Tables, from: Micros) -> Self {
        Self { tables, from, until: Micros::MAX }
    }
}

/// The tables at rest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    /// `head.seq`
    pub(crate) head: u64,
    /// `head.epoch`
    pub(crate) epoch: String,
    /// All events, ascending.
    pub(crate) rows: Vec<Row>,
    /// All accounts.
    pub(crate) people: Vec<Person>,
    /// Places of events that name a message the table `message` does not have.
    pub(crate) orphans: Vec<u64>,
    /// Numbers of messages that no event published.
    pub(crate) unpublished: Vec<u64>,
    /// By sender and key: the message.
    pub(crate) keys: HashMap<(UserId, String), u64>,
    /// Read states as stored.
    pub(crate) reads: HashMap<UserId, ReadState>,
}

/// An inbox as it must be at some place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    /// The newest messages.
    pub(crate) messages: Vec<Message>,
    /// Whether there are older ones.
    pub(crate) has_more: bool,
    /// What is read.
    pub(crate) read: ReadState,
    /// Messages of others that are not.
    pub(crate) unread: u64,
}

impl Row {
    /// The rule: a message is for everyone if it says so, for those it names, and for its sender; a read state is its
    /// person's own.
    fn concerns(&self, person: &Person) -> bool {
        match &self.fact {
            Fact::Published(message, _) => {
                let mention = format!("@{}", person.name);
                let named = |to: String| to == "everyone" || to == mention;
                message.sender.id == person.id || message.to.iter().map(ToString::to_string).any(named)
            }
            Fact::Read(..) => self.audience == person.id.to_string(),
            Fact::Other(_) => false,
        }
    }

    fn due(&self) -> Option<Due> {
        let content = match &self.fact {
            Fact::Published(message, key) => Content::Message(message, key),
            Fact::Read(state, unread) => Content::Read(state, *unread),
            Fact::Other(_) => return None,
        };
        Some(Due { seq: self.seq, print: event_print(self.tag, self.at, &content) })
    }

    /// The message, if it is one's publication.
    pub(crate) fn message(&self) -> Option<&Message> {
        match &self.fact {
            Fact::Published(message, _) => Some(message),
            Fact::Read(..) | Fact::Other(_) => None,
        }
    }
}

/// One person's share of the tables.
pub(crate) struct Share<'a> {
    start: ReadState,
    rows: Vec<&'a Row>,
    due: Vec<Due>,
    /// Numbers of the messages of others, ascending.
    of_others: Vec<u64>,
}

impl<'a> Share<'a> {
    /// Picks out what concerns the person, who began with read state `start`.
    pub(crate) fn of(tables: &'a Tables, person: &Person, start: &ReadState) -> Self {
        let rows: Vec<&Row> = tables.rows.iter().filter(|row| row.concerns(person)).collect();
        let due = rows.iter().filter_map(|row| row.due()).collect();
        let of_others = rows.iter().filter_map(|row| row.message()).filter(|message| message.sender.id != person.id);
        let of_others = of_others.map(|message| message.id.0).collect();
        Self { start: start.clone(), rows, due, of_others }
    }

    /// Everything after `after` and up to `through`.
    pub(crate) fn due(&self, after: u64, through: u64) -> &[Due] {
        let from = self.due.partition_point(|due| due.seq <= after);
        let to = self.due.partition_point(|due| due.seq <= through).max(from);
        &self.due[from..to]
    }

    /// The fold of everything up to `through`.
    pub(crate) fn inbox(&self, through: u64, page: usize) -> Expected {
        let rows = &self.rows[..self.rows.partition_point(|row| row.seq <= through)];
        let mut messages: Vec<&Message> = rows.iter().rev().filter_map(|row| row.message()).take(page + 1).collect();
        let has_more = messages.len() > page;
        messages.truncate(page);
        let read = self.read_at(rows);
        let unread = self.unread(through, &read);
        Expected { messages: messages.into_iter().cloned().collect(), has_more, read, unread }
    }

    fn read_at(&self, rows: &[&Row]) -> ReadState {
        let last = rows.iter().rev().find_map(|row| match &row.fact {
            Fact::Read(state, _) => Some(state),
            Fact::Published(..) | Fact::Other(_) => None,
        });
        last.unwrap_or(&self.start).clone()
    }

    /// Messages of others up to `through` that are neither up to `read_upto` nor in one of the other ranges.
    fn unread(&self, through: u64, read: &ReadState) -> u64 {
        let up_to = |id: u64| self.of_others.partition_point(|other| *other <= id.min(through));
        let mut read_up_to = read.read_upto.0;
        let mut unread = up_to(through) - up_to(read_up_to);
        for (from, to) in read.exceptions.iter().filter(|(_, to)| *to > read.read_upto.0) {
            // Ranges ascend; were they to overlap, nothing is to be taken off twice.
            let before = from.saturating_sub(1).max(read_up_to);
            unread -= up_to(to.max(before)) - up_to(before);
            read_up_to = read_up_to.max(to);
        }
        unread as u64
    }

    /// The first event whose count of unread messages is not what the tables say, with both numbers.
    pub(crate) fn miscounted(&self, after: u64) -> Option<(u64, u64, u64)> {
        self.rows.iter().filter(|row| row.seq > after).find_map(|row| match &row.fact {
            Fact::Read(state, said) => {
                let counted = self.unread(row.seq - 1, state);
                (counted != *said).then_some((row.seq, counted, *said))
            }
            Fact::Published(..) | Fact::Other(_) => None,
        })
    }

    /// The read state after everything.
    pub(crate) fn last_read(&self) -> ReadState {
        self.read_at(&self.rows)
    }
}
