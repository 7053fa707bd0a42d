//! What messages and topics said at each place of the log. The tables keep what they say last; what was meant to be said
//! before was recorded by those who said it.

use std::collections::{HashMap, HashSet};

use push_system::{ids::TopicId, message::Message};

use super::{Fact, News, Row, Tables};
use crate::check::{
    history::{Deed, Record, Said, Shown, What},
    print::{text_of, text_of_tombstone, text_of_topic},
};

/// What a message said from a place on.
#[derive(Clone, Debug)]
struct Version {
    from: u64,
    edited: Option<i64>,
    deleted: Option<i64>,
    text: Text,
}

/// What is known of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Text {
    /// It is this one.
    Is(u64),
    /// It is one of those meant whose edits were not answered.
    OneOf(Vec<u64>),
    /// Nobody recorded it.
    Unknown,
}

impl Text {
    fn allows(&self, text: u64) -> bool {
        match self {
            Self::Is(known) => *known == text,
            Self::OneOf(meant) => meant.contains(&text),
            Self::Unknown => true,
        }
    }
}

impl Version {
    fn allows(&self, shown: &Shown) -> bool {
        (self.edited, self.deleted) == (shown.edited, shown.deleted) && self.text.allows(shown.text)
    }
}

/// Of one life of the log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Versions {
    /// Those messages that changed, each with at least two.
    messages: HashMap<u64, Vec<Version>>,
    /// Of the others, what they say.
    unchanged: HashMap<u64, u64>,
    /// What each topic says, what it may have said before, and the last place at which that changed.
    topics: HashMap<TopicId, (u64, HashSet<u64>, u64)>,
}

impl Versions {
    /// Reads the log.
    pub(crate) fn of(tables: &Tables, record: &Record) -> Self {
        let mut all = Self::default();
        let meant = Meant::of(record);
        for row in &tables.rows {
            match &row.fact {
                Fact::Published(message, key) => all.begin(message, meant.publishes.get(&(message.sender.id.0, key))),
                Fact::Edited(message) => all.change(row, message, Some(row.at), None, meant.edit(message.id.0, row.at)),
                Fact::Deleted(message) => {
                    let edited = all.messages.get(&message.id.0).and_then(|versions| versions.last()?.edited);
                    all.change(row, message, edited, Some(row.at), Text::Is(text_of_tombstone()));
                }
                Fact::Topic(topic, News::Changed) => all.topics.entry(topic.id).or_default().2 = row.seq,
                _ => {}
            }
        }
        // The tables know the last one.
        for (id, versions) in &mut all.messages {
            if let (Some(last), Some(message)) = (versions.last_mut(), tables.messages.get(id)) {
                last.text = Text::Is(text_of(message));
            }
        }
        for (id, topic) in &tables.topics {
            let said = all.topics.entry(*id).or_default();
            said.0 = text_of_topic(&topic.description, topic.archived);
            said.1.extend(meant.topics.get(id).into_iter().flatten());
        }
        all
    }

    fn begin(&mut self, message: &Message, meant: Option<&u64>) {
        self.unchanged.insert(message.id.0, meant.copied().unwrap_or_else(|| text_of(message)));
    }

    fn change(&mut self, row: &Row, message: &Message, edited: Option<i64>, deleted: Option<i64>, text: Text) {
        let id = message.id.0;
        let versions = self.messages.entry(id).or_insert_with(|| {
            let text = self.unchanged.remove(&id).map_or(Text::Unknown, Text::Is);
            vec![Version { from: id, edited: None, deleted: None, text }]
        });
        versions.push(Version { from: row.seq, edited, deleted, text });
    }

    /// Whether an event at `seq` may have shown a message so: as it was then, or as it was at some time since.
    pub(crate) fn may_show(&self, seq: u64, shown: &Shown) -> bool {
        match self.messages.get(&shown.about) {
            Some(versions) => versions[current(versions, seq)..].iter().any(|version| version.allows(shown)),
            None => self.says_as_ever(shown),
        }
    }

    /// Whether just behind `seq` a message was so.
    pub(crate) fn shows(&self, seq: u64, shown: &Shown) -> bool {
        match self.messages.get(&shown.about) {
            Some(versions) => versions[current(versions, seq)].allows(shown),
            None => self.says_as_ever(shown),
        }
    }

    fn says_as_ever(&self, shown: &Shown) -> bool {
        let is_unchanged = shown.edited.is_none() && shown.deleted.is_none();
        is_unchanged && self.unchanged.get(&shown.about).is_some_and(|text| *text == shown.text)
    }

    /// Whether an event or an inbox at `seq` may have shown a topic so.
    pub(crate) fn may_show_topic(&self, seq: u64, shown: &Shown) -> bool {
        self.topics.get(&TopicId(shown.about)).is_some_and(|(text, earlier, changed)| {
            *text == shown.text || (*changed > seq && (earlier.is_empty() || earlier.contains(&shown.text)))
        })
    }

    /// The messages whose row is not what the log made of it, with what the log says was the last.
    pub(crate) fn contradicted<'a>(
        &'a self,
        tables: &'a Tables,
    ) -> impl Iterator<Item = (u64, u64, &'static str)> + 'a {
        self.messages.iter().filter_map(|(id, versions)| {
            let (last, message) = (versions.last()?, tables.messages.get(id)?);
            let shown = Shown::message(message);
            let what = if last.deleted.is_some() { "took it back" } else { "changed it" };
            let is_so = (last.edited, last.deleted) == (shown.edited, shown.deleted);
            let is_empty = last.deleted.is_none() || shown.text == text_of_tombstone();
            (!is_so || !is_empty).then_some((*id, last.from, what))
        })
    }
}

/// The place of the version that was the current one just behind `seq`.
fn current(versions: &[Version], seq: u64) -> usize {
    versions.partition_point(|version| version.from <= seq).saturating_sub(1)
}

/// What people meant to say.
struct Meant<'a> {
    publishes: HashMap<(u64, &'a str), u64>,
    /// By message: edits that were not answered.
    unanswered: HashMap<u64, Vec<u64>>,
    /// By message and time: edits that were.
    answered: HashMap<(u64, i64), u64>,
    topics: HashMap<TopicId, HashSet<u64>>,
}

impl<'a> Meant<'a> {
    fn of(record: &'a Record) -> Self {
        let publishes = record.publishes.iter();
        let publishes = publishes.map(|publish| ((publish.sender.0, publish.key.as_str()), publish.text)).collect();
        let mut meant =
            Self { publishes, unanswered: HashMap::new(), answered: HashMap::new(), topics: HashMap::new() };
        record.deeds.iter().for_each(|deed| meant.note(deed));
        meant
    }

    fn note(&mut self, deed: &Deed) {
        match (&deed.what, &deed.answer) {
            (What::Edit { message, text }, Some((_, Said::Message(Shown { edited: Some(at), .. })))) => {
                self.answered.insert((*message, *at), *text);
            }
            (What::Edit { message, text }, _) => self.unanswered.entry(*message).or_default().push(*text),
            (What::Describe { topic, text }, _) => {
                self.topics.entry(*topic).or_default().insert(*text);
            }
            _ => {}
        }
    }

    fn edit(&self, message: u64, at: i64) -> Text {
        let answered = self.answered.get(&(message, at)).copied().map(Text::Is);
        answered.unwrap_or_else(|| self.unanswered.get(&message).cloned().map_or(Text::Unknown, Text::OneOf))
    }
}
