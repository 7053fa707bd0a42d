//! What should have been seen, worked out from the tables alone. None of the server's code for audiences, replay or
//! snapshots is used here, nor what it keeps for itself in `audience`: the rule is written down a second time.

use std::collections::HashMap;

use push_system::{
    accounts::Person,
    ids::{MessageId, UserId},
    message::Message,
    read_state::ReadState,
};

use super::history::{Content, event_print};

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

/// The tables at rest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    /// `head.seq`
    pub(crate) head: u64,
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
    person: Person,
    start: ReadState,
    rows: Vec<&'a Row>,
    due: Vec<Due>,
}

impl<'a> Share<'a> {
    /// Picks out what concerns the person, who began with read state `start`.
    pub(crate) fn of(tables: &'a Tables, person: &Person, start: &ReadState) -> Self {
        let rows: Vec<&Row> = tables.rows.iter().filter(|row| row.concerns(person)).collect();
        let due = rows.iter().filter_map(|row| row.due()).collect();
        Self { person: person.clone(), start: start.clone(), rows, due }
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
        let messages: Vec<&Message> = rows.iter().rev().filter_map(|row| row.message()).collect();
        let read = self.read_at(rows);
        Expected {
            unread: self.unread(&messages, &read),
            has_more: messages.len() > page,
            messages: messages.into_iter().take(page).cloned().collect(),
            read,
        }
    }

    fn read_at(&self, rows: &[&Row]) -> ReadState {
        let last = rows.iter().rev().find_map(|row| match &row.fact {
            Fact::Read(state, _) => Some(state),
            Fact::Published(..) | Fact::Other(_) => None,
        });
        last.unwrap_or(&self.start).clone()
    }

    fn unread(&self, messages: &[&Message], read: &ReadState) -> u64 {
        let is_read =
            |id: MessageId| id <= read.read_upto || read.exceptions.iter().any(|(a, b)| (a..=b).contains(&id.0));
        messages.iter().filter(|message| message.sender.id != self.person.id && !is_read(message.id)).count() as u64
    }

    /// The first event whose count of unread messages is not what the tables say, with both numbers.
    pub(crate) fn miscounted(&self, after: u64) -> Option<(u64, u64, u64)> {
        self.rows.iter().filter(|row| row.seq > after).find_map(|row| match &row.fact {
            Fact::Read(state, said) => {
                let before = &self.rows[..self.rows.partition_point(|other| other.seq < row.seq)];
                let messages: Vec<&Message> = before.iter().filter_map(|row| row.message()).collect();
                let counted = self.unread(&messages, state);
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
