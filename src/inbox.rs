//! The reducer: folds events into what a person sees. Server snapshots, browsers, tests and the load checker all use this one.

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    accounts::Person,
    event::{Event, EventBody},
    ids::{MessageId, Seq},
    message::Message,
    object::Object,
    position::Pos,
    read_state::ReadState,
};

/// An inbox at one position, cut to the newest page: `GET /inbox`, and what the page embeds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Where to subscribe so that nothing is missed or seen twice.
    pub pos: Pos,
    /// The same place as a number.
    pub seq: Seq,
    /// Whose inbox it is.
    pub user: Person,
    /// The newest messages, newest first.
    pub messages: Vec<Message>,
    /// Whether older ones exist.
    pub has_more: bool,
    /// What is read.
    #[serde(flatten)]
    pub read: ReadState,
    /// Totals over all messages, loaded or not.
    pub counters: Counters,
}

impl<'de> Deserialize<'de> for Snapshot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut snapshot = Object::read(deserializer)?;
        Ok(Self {
            pos: snapshot.take("pos")?,
            seq: snapshot.take("seq")?,
            user: snapshot.take("user")?,
            messages: snapshot.take("messages")?,
            has_more: snapshot.take("has_more")?,
            counters: snapshot.take("counters")?,
            read: snapshot.rest()?,
        })
    }
}

/// Totals that the list alone cannot tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Messages from others that are not read.
    pub unread: u64,
}

/// What an event did to an inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It was folded before; nothing changed.
    Old,
    /// A message was added at the top.
    Message(MessageId),
    /// What is read changed.
    ReadState,
    /// A kind this version does not know. The inbox did not advance: the client must reload.
    Unknown,
}

/// What a person sees: the fold of all events up to `seq` they are entitled to, loaded back to some older message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbox {
    user: Person,
    pos: Pos,
    seq: Seq,
    messages: Vec<Message>,
    has_more: bool,
    read: ReadState,
    unread: u64,
}

impl From<Snapshot> for Inbox {
    fn from(snapshot: Snapshot) -> Self {
        Self {
            user: snapshot.user,
            pos: snapshot.pos,
            seq: snapshot.seq,
            messages: snapshot.messages,
            has_more: snapshot.has_more,
            read: snapshot.read,
            unread: snapshot.counters.unread,
        }
    }
}

impl Inbox {
    /// Folds one event. An event at or before the inbox's position changes nothing, so the wire may deliver twice.
    pub fn apply(&mut self, event: &Event) -> Applied {
        if event.seq <= self.seq {
            return Applied::Old;
        }
        let applied = match &event.body {
            EventBody::MessagePublished { message, .. } => self.add(message),
            EventBody::ReadStateChanged { state, unread } => self.set_read(state, *unread),
            EventBody::Unknown => return Applied::Unknown,
        };
        self.seq = event.seq;
        self.pos = event.pos.clone();
        applied
    }

    fn add(&mut self, message: &Message) -> Applied {
        if self.is_unread(message) {
            self.unread += 1;
        }
        self.messages.insert(0, message.clone());
        Applied::Message(message.id)
    }

    fn set_read(&mut self, state: &ReadState, unread: u64) -> Applied {
        self.read = state.clone();
        self.unread = unread;
        Applied::ReadState
    }

    /// Moves the position over events this person is not entitled to; never back.
    pub fn advance(&mut self, seq: Seq, pos: &Pos) {
        if seq > self.seq {
            self.seq = seq;
            self.pos = pos.clone();
        }
    }

    /// Puts a page of older messages (newest first) below what is loaded.
    pub fn add_older(&mut self, page: Vec<Message>, has_more: bool) {
        let oldest = self.messages.last().map_or(MessageId(u64::MAX), |message| message.id);
        self.messages.extend(page.into_iter().filter(|message| message.id < oldest));
        self.has_more = has_more;
    }

    /// Whether the dot is shown.
    pub fn is_unread(&self, message: &Message) -> bool {
        message.sender.id != self.user.id && !self.read.is_read(message.id)
    }

    /// Whose it is.
    pub fn user(&self) -> &Person {
        &self.user
    }

    /// Where to resume.
    pub fn pos(&self) -> &Pos {
        &self.pos
    }

    /// The last event folded.
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// The loaded messages, newest first.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Whether older ones than the loaded exist.
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// What is read.
    pub fn read(&self) -> &ReadState {
        &self.read
    }

    /// How many are unread, loaded or not.
    pub fn unread(&self) -> u64 {
        self.unread
    }

    /// The inbox cut to its newest `page` messages.
    pub fn snapshot(&self, page: usize) -> Snapshot {
        Snapshot {
            pos: self.pos.clone(),
            seq: self.seq,
            user: self.user.clone(),
            messages: self.messages.iter().take(page).cloned().collect(),
            has_more: self.has_more || self.messages.len() > page,
            read: self.read.clone(),
            counters: Counters { unread: self.unread },
        }
    }
}
