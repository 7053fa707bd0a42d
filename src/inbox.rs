//! The reducer: folds events into what a person sees. Server snapshots, browsers, tests and the load checker all use this one.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    accounts::Person,
    event::{Event, EventBody},
    ids::{MessageId, Seq, TopicId},
    marks::Marks,
    message::Message,
    object::Object,
    position::Pos,
    read_state::ReadState,
    topic::Topic,
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
    /// What is seen, archived and saved.
    #[serde(flatten)]
    pub marks: Marks,
    /// The topics the person is a member of, by number.
    pub topics: Vec<Topic>,
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
            marks: Marks {
                seen_upto: snapshot.take("seen_upto")?,
                archived: snapshot.take("archived")?,
                saved: snapshot.take("saved")?,
            },
            topics: snapshot.take("topics")?,
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
    /// The text of a message changed, or was taken back, loaded or not.
    Changed(MessageId),
    /// What is read, seen, archived or saved changed.
    ReadState,
    /// A topic came, changed, or went, and with a private one its messages.
    Topics,
    /// A kind this version does not know. The inbox did not advance: the client must reload.
    Unknown,
}

/// Messages that are kept as they were changed while they were not loaded.
const CHANGED_KEPT: usize = 1_000;

/// What a person sees: the fold of all events up to `seq` they are entitled to, loaded back to some older message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbox {
    user: Person,
    pos: Pos,
    seq: Seq,
    messages: Vec<Message>,
    has_more: bool,
    /// Messages that changed while they were not loaded, and when, at most [`CHANGED_KEPT`]: an answer on its way may show
    /// them as they were before.
    changed: BTreeMap<MessageId, (Seq, Message)>,
    /// The private topics that were left, and when: such an answer may still show what was in them.
    left: Vec<(TopicId, Seq)>,
    read: ReadState,
    marks: Marks,
    topics: Vec<Topic>,
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
            changed: BTreeMap::new(),
            left: Vec::new(),
            read: snapshot.read,
            marks: snapshot.marks,
            topics: snapshot.topics,
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
            EventBody::MessageEdited { message } => self.change(message, event.seq),
            EventBody::MessageDeleted { message } => self.delete(message, event.seq),
            EventBody::ReadStateChanged { state, unread } => self.set_read(state, *unread),
            EventBody::MessageStateChanged { state, unread, marks } => {
                self.marks = self.marks.after(marks);
                self.set_read(state, *unread)
            }
            EventBody::TopicCreated { topic }
            | EventBody::TopicJoined { topic }
            | EventBody::TopicChanged { topic } => self.set_topic(topic),
            EventBody::TopicLeft { topic, unread } => self.leave(topic, *unread, event.seq),
            EventBody::Unknown => return Applied::Unknown,
        };
        self.seq = event.seq;
        self.pos = event.pos.clone();
        applied
    }

    fn add(&mut self, message: &Message) -> Applied {
        if self.counts(message) {
            self.unread += 1;
        }
        self.messages.insert(0, message.clone());
        Applied::Message(message.id)
    }

    fn change(&mut self, message: &Message, at: Seq) -> Applied {
        match self.place(message.id) {
            Some(place) => self.messages[place] = message.clone(),
            None => self.keep_changed(message, at),
        }
        Applied::Changed(message.id)
    }

    /// An answer that was asked for before so many others changed is hardly on its way still.
    fn keep_changed(&mut self, message: &Message, at: Seq) {
        self.changed.insert(message.id, (at, message.clone()));
        if self.changed.len() > CHANGED_KEPT {
            let first = self.changed.iter().min_by_key(|(_, (at, _))| *at).map(|(id, _)| *id);
            first.and_then(|id| self.changed.remove(&id));
        }
    }

    /// What was published and deleted while nobody looked arrives as two events that both show what is left. It counts as
    /// unread between them, as it did when they happened: what a change of read state says there fits.
    fn delete(&mut self, message: &Message, at: Seq) -> Applied {
        if self.counts(message) {
            self.unread = self.unread.saturating_sub(1);
        }
        self.change(message, at)
    }

    fn set_topic(&mut self, topic: &Topic) -> Applied {
        match self.topics.binary_search_by_key(&topic.id, |known| known.id) {
            Ok(place) => self.topics[place] = topic.clone(),
            Err(place) => self.topics.insert(place, topic.clone()),
        }
        Applied::Topics
    }

    fn leave(&mut self, topic: &Topic, unread: u64, at: Seq) -> Applied {
        self.topics.retain(|known| known.id != topic.id);
        if topic.private {
            self.messages.retain(|message| !message.is_in(topic.id));
            self.changed.retain(|_, (_, message)| !message.is_in(topic.id));
            self.left.push((topic.id, at));
        }
        self.unread = unread;
        Applied::Topics
    }

    /// Where a message stands in the list, which goes down.
    fn place(&self, id: MessageId) -> Option<usize> {
        self.messages.binary_search_by(|message| id.cmp(&message.id)).ok()
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

    /// Puts a page of older messages (newest first) below what is loaded. Where nothing is, the page may begin with ones
    /// that are newer than the fold: those come as events.
    pub fn add_older(&mut self, page: Vec<Message>, has_more: bool) {
        let bound = self.messages.last().map_or(MessageId(self.seq.0.saturating_add(1)), |message| message.id);
        let older = self.up_to_date(page).into_iter().filter(|message| message.id < bound);
        self.messages.extend(older);
        self.has_more = has_more;
    }

    /// Messages that were answered meanwhile, as the fold knows them: none as it was before it changed, and none that went
    /// with a private topic.
    pub fn up_to_date(&self, mut answer: Vec<Message>) -> Vec<Message> {
        answer.retain(|message| !self.left.iter().any(|(topic, at)| message.id.0 < at.0 && message.is_in(*topic)));
        for message in &mut answer {
            if let Some(known) = self.message(message.id) {
                message.clone_from(known);
            }
        }
        answer
    }

    /// Whether the dot is shown.
    pub fn is_unread(&self, message: &Message) -> bool {
        message.deleted.is_none() && self.counts(message)
    }

    /// Whether a message is among the unread, as far as it was not deleted.
    fn counts(&self, message: &Message) -> bool {
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

    /// A message as the fold knows it: one that is loaded, or that changed since the snapshot.
    pub fn message(&self, id: MessageId) -> Option<&Message> {
        self.place(id)
            .map_or_else(|| self.changed.get(&id).map(|(_, message)| message), |place| self.messages.get(place))
    }

    /// Whether older ones than the loaded exist.
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// What is read.
    pub fn read(&self) -> &ReadState {
        &self.read
    }

    /// What is seen, archived and saved.
    pub fn marks(&self) -> &Marks {
        &self.marks
    }

    /// The topics the person is a member of, by number.
    pub fn topics(&self) -> &[Topic] {
        &self.topics
    }

    /// One of them.
    pub fn topic(&self, id: TopicId) -> Option<&Topic> {
        self.topics.iter().find(|topic| topic.id == id)
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
            marks: self.marks.clone(),
            topics: self.topics.clone(),
            counters: Counters { unread: self.unread },
        }
    }
}
