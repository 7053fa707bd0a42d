//! Who is entitled to what. A message is for everyone if it says so, for those it names, for its sender, and for those who
//! were in one of its topics at its place. Of a private topic it is for nobody else, and only as long as they stay. Whoever
//! is entitled to a message is to what becomes of it.

use push_system::{
    accounts::Person,
    ids::{TopicId, UserId},
    message::Message,
};

use super::{Fact, News, Row, Tables};

/// In a topic for the places in `(after, until]`; still in it where there is no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stay {
    /// Who.
    pub(crate) user: UserId,
    /// Where.
    pub(crate) topic: TopicId,
    /// The event by which they came.
    pub(crate) after: u64,
    /// The event by which they went.
    pub(crate) until: Option<u64>,
}

impl Stay {
    /// Whether a place lies within.
    pub(crate) fn covers(&self, place: u64) -> bool {
        self.after < place && self.until.is_none_or(|until| place <= until)
    }

    /// Whether they are in it just behind a place.
    pub(crate) fn is_open_at(&self, place: u64) -> bool {
        self.after <= place && self.until.is_none_or(|until| place < until)
    }
}

/// Whether an event is for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Entitled {
    /// It is not.
    Never,
    /// Until they left, at this place: who was there then has seen it, who came later has not.
    Until(u64),
    /// It is.
    Always,
}

/// A person with their stays.
pub(super) struct Reader<'a> {
    person: &'a Person,
    mention: String,
    tables: &'a Tables,
    stays: Vec<&'a Stay>,
}

impl<'a> Reader<'a> {
    pub(super) fn of(tables: &'a Tables, person: &'a Person) -> Self {
        let stays = tables.stays.iter().filter(|stay| stay.user == person.id).collect();
        Self { person, mention: format!("@{}", person.name), tables, stays }
    }

    /// Whether the event is for them.
    pub(super) fn is_entitled(&self, row: &Row) -> Entitled {
        let is_own = |own: bool| if own { Entitled::Always } else { Entitled::Never };
        match &row.fact {
            Fact::Published(message, _) => self.to_message(message),
            // Who left was gone before it.
            Fact::Edited(message) | Fact::Deleted(message) => match self.to_message(message) {
                Entitled::Until(left) if left < row.seq => Entitled::Never,
                entitled => entitled,
            },
            Fact::Read(..) | Fact::Marked(..) => is_own(row.audience == self.person.id.to_string()),
            Fact::Topic(topic, News::Changed) => self.to_topic(topic.id, row.seq),
            Fact::Topic(_, News::Created(user) | News::Joined(user) | News::Left(user, _)) => {
                is_own(*user == self.person.id)
            }
            Fact::Other(_) => Entitled::Never,
        }
    }

    fn to_message(&self, message: &Message) -> Entitled {
        let is_private = message.topics.iter().any(|topic| self.tables.is_private(topic.id));
        let is_named = |to: String| to == "everyone" || to == self.mention;
        let is_theirs =
            || message.sender.id == self.person.id || message.to.iter().map(ToString::to_string).any(is_named);
        if !is_private && is_theirs() {
            return Entitled::Always;
        }
        let by_topic = message.topics.iter().map(|topic| self.to_topic(topic.id, message.id.0));
        by_topic.max().unwrap_or(Entitled::Never)
    }

    /// As somebody who was in the topic at that place.
    fn to_topic(&self, topic: TopicId, place: u64) -> Entitled {
        let Some(stay) = self.stays.iter().find(|stay| stay.topic == topic && stay.covers(place)) else {
            return Entitled::Never;
        };
        stay.until.filter(|_| self.tables.is_private(topic)).map_or(Entitled::Always, Entitled::Until)
    }

    /// The topics they are in just behind a place, by number.
    pub(super) fn topics_at(&self, place: u64) -> Vec<TopicId> {
        let mut topics: Vec<_> =
            self.stays.iter().filter(|stay| stay.is_open_at(place)).map(|stay| stay.topic).collect();
        topics.sort_unstable();
        topics
    }

    /// Whether they left a private topic behind `after` and up to `through`.
    pub(super) fn left_private(&self, after: u64, through: u64) -> bool {
        self.stays.iter().any(|stay| {
            let left = stay.until.is_some_and(|until| after < until && until <= through);
            left && self.tables.is_private(stay.topic)
        })
    }
}
