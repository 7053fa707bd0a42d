//! Contents as numbers, so that a million of them can be kept and compared. Of a message, what never changes and what it
//! says are told apart: an event is rendered as its message is when it is sent, which a later change may have made.

use std::hash::{DefaultHasher, Hash, Hasher};

use push_system::{
    event::{Event, EventBody},
    marks::MarksChange,
    message::{EditRequest, Message, PublishRequest},
    position::Position,
    read_state::ReadState,
    topic::Topic,
};
use serde_json::{Map, Value};

use super::history::{Micros, Seen, Shown};

fn print(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// What of a message never changes: its number, who sent it to whom, and when.
pub(crate) fn message_print(message: &Message) -> u64 {
    let to: Vec<String> = message.to.iter().map(ToString::to_string).collect();
    let sender = (message.sender.id.0, message.sender.name.as_str());
    print((message.id.0, sender, message.date.unix_ms(), to, &message.topics))
}

/// What a message says.
struct Text<'a> {
    title: &'a str,
    message: &'a str,
    priority: i64,
    tags: &'a [String],
    click: Option<&'a str>,
    extras: Option<&'a Map<String, Value>>,
}

impl Text<'_> {
    fn print(&self) -> u64 {
        let extras =
            self.extras.filter(|extras| !extras.is_empty()).map(|extras| Value::from(extras.clone()).to_string());
        print((self.title, self.message, self.priority, self.tags, self.click, extras))
    }
}

/// What a message says.
pub(crate) fn text_of(message: &Message) -> u64 {
    Text {
        title: &message.title,
        message: &message.message,
        priority: message.priority.into(),
        tags: &message.tags,
        click: message.click.as_deref(),
        extras: Some(&message.extras),
    }
    .print()
}

/// What it will say that is published so.
pub(crate) fn text_asked(request: &PublishRequest) -> u64 {
    Text {
        title: request.title.as_deref().unwrap_or_default(),
        message: &request.message,
        priority: request.priority.unwrap_or(0),
        tags: request.tags.as_deref().unwrap_or_default(),
        click: request.click.as_deref(),
        extras: request.extras.as_ref(),
    }
    .print()
}

/// What it will say that is changed so, where the change names every part.
pub(crate) fn text_edited(request: &EditRequest) -> u64 {
    Text {
        title: request.title.as_deref().unwrap_or_default(),
        message: request.message.as_deref().unwrap_or_default(),
        priority: request.priority.unwrap_or(0),
        tags: request.tags.as_deref().unwrap_or_default(),
        click: request.click.as_deref().filter(|click| !click.is_empty()),
        extras: request.extras.as_ref(),
    }
    .print()
}

/// What is left of a message that was taken back.
pub(crate) fn text_of_tombstone() -> u64 {
    Text { title: "", message: "", priority: 0, tags: &[], click: None, extras: None }.print()
}

/// What of a topic may change.
pub(crate) fn text_of_topic(description: &str, archived: bool) -> u64 {
    print((description, archived))
}

impl Shown {
    /// A message as it was sent.
    pub(crate) fn message(message: &Message) -> Self {
        Self {
            about: message.id.0,
            edited: message.edited.map(push_system::timestamp::Timestamp::unix_ms),
            deleted: message.deleted.map(push_system::timestamp::Timestamp::unix_ms),
            text: text_of(message),
        }
    }

    /// A topic as it was sent.
    pub(crate) fn topic(topic: &Topic) -> Self {
        let text = text_of_topic(&topic.description, topic.archived);
        Self { about: topic.id.0, edited: None, deleted: None, text }
    }
}

/// What an event says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Content<'a> {
    /// A message, and its key.
    Message(&'a Message, &'a str),
    /// A message that says something else.
    Edited(&'a Message),
    /// A message that was taken back.
    Deleted(&'a Message),
    /// A read state, and the unread messages under it.
    Read(&'a ReadState, u64),
    /// The same, with what else a person did with messages.
    Marked(&'a ReadState, u64, &'a MarksChange),
    /// A topic, what happened to it, and, where somebody left it, what is unread from there on.
    Topic(&'a Topic, &'static str, Option<u64>),
}

impl Content<'_> {
    fn print(&self) -> u64 {
        match self {
            Self::Message(message, key) => print(("message_published", message_print(message), *key)),
            Self::Edited(message) => print(("message_edited", message_print(message))),
            Self::Deleted(message) => print(("message_deleted", message_print(message))),
            Self::Read(state, unread) => state_print(state, *unread, None),
            Self::Marked(state, unread, marks) => state_print(state, *unread, Some(marks)),
            Self::Topic(topic, what, unread) => print((*what, topic.id.0, topic.name.as_str(), topic.private, *unread)),
        }
    }

    /// What of it a later change may have made.
    fn shown(&self) -> Option<Shown> {
        match self {
            Self::Message(message, _) | Self::Edited(message) | Self::Deleted(message) => Some(Shown::message(message)),
            Self::Read(..) | Self::Marked(..) => None,
            Self::Topic(topic, ..) => Some(Shown::topic(topic)),
        }
    }
}

/// What a person did with messages, and what is unread then.
pub(crate) fn state_print(state: &ReadState, unread: u64, marks: Option<&MarksChange>) -> u64 {
    let marks = marks.map(|marks| {
        let MarksChange { seen_upto, archived, saved } = marks;
        (seen_upto.0, &archived.add, &archived.remove, &saved.add, &saved.remove)
    });
    print((state, unread, marks))
}

/// What never changes about an event.
pub(crate) fn event_print(tag: u32, at: i64, content: &Content<'_>) -> u64 {
    print((tag, at, content.print()))
}

/// An event of the wire, as it is recorded; none for a kind nobody knows or a place nobody can read.
pub(crate) fn seen(event: &Event, at: Micros) -> Option<Seen> {
    let content = match &event.body {
        EventBody::MessagePublished { message, client_id } => Content::Message(message, client_id.as_str()),
        EventBody::MessageEdited { message } => Content::Edited(message),
        EventBody::MessageDeleted { message } => Content::Deleted(message),
        EventBody::ReadStateChanged { state, unread } => Content::Read(state, *unread),
        EventBody::MessageStateChanged { state, unread, marks } => Content::Marked(state, *unread, marks),
        EventBody::TopicCreated { topic } => Content::Topic(topic, CREATED, None),
        EventBody::TopicJoined { topic } => Content::Topic(topic, JOINED, None),
        EventBody::TopicChanged { topic } => Content::Topic(topic, CHANGED, None),
        EventBody::TopicLeft { topic, unread } => Content::Topic(topic, LEFT, Some(*unread)),
        EventBody::Unknown => return None,
    };
    let position: Position = event.pos.as_str().parse().ok().filter(|place: &Position| place.seq == event.seq)?;
    let print = event_print(position.tag, event.at.unix_ms(), &content);
    Some(Seen { seq: event.seq.0, print, shown: content.shown(), at })
}

/// A topic was made, and its maker is its first member.
pub(crate) const CREATED: &str = "topic_created";
/// Somebody came.
pub(crate) const JOINED: &str = "topic_joined";
/// It was described anew, or what somebody may do in it changed.
pub(crate) const CHANGED: &str = "topic_changed";
/// Somebody went.
pub(crate) const LEFT: &str = "topic_left";
