//! What is sought, as one person asks it, and whether a message is that. All databases are asked the same way, and this
//! alone decides what is answered.

use std::collections::{BTreeMap, BTreeSet};

use push_system::{
    accounts::Person,
    api::Filter,
    audience::Recipient,
    ids::{MessageId, TopicId},
    limits,
    marks::Marks,
    message::Message,
    query::{Facet, Item, Search, State, Today, What, Who, Whom},
    read_state::{Ranges, ReadState},
    topic::TopicName,
};

use super::{
    sight::Among,
    words::{Run, folded, words_of},
};

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Words(Run),
    Facet(Facet),
}

/// What a person did with messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Doings {
    pub(super) read: ReadState,
    pub(super) marks: Marks,
}

/// What the names of topics mean to the person who asks. A name that is missing means nothing to them, whether nothing has
/// it or a private topic of others.
pub(super) type Meant = BTreeMap<TopicName, TopicId>;

/// A question of one person.
#[derive(Clone, Debug)]
pub(super) struct Sought {
    /// Who asks.
    pub(super) me: Person,
    /// Each with whether it must not hold.
    pub(super) conditions: Vec<(bool, Condition)>,
    doings: Doings,
    topics: Meant,
    today: Today,
}

/// Places that may hold what is sought, among these messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) among: Among,
}

impl Sought {
    /// None when there is nothing to search for, or it cannot be anywhere.
    pub(super) fn new(search: &Search, filter: Filter, me: Person, doings: Doings, topics: Meant) -> Option<Self> {
        let mut conditions: Vec<_> = search.query.items().iter().filter_map(condition).collect();
        // Settled here, so that what else is in the log makes no difference, not even in time.
        let means_nothing = |condition: &Condition| match condition {
            Condition::Facet(Facet::To(Whom::Topic(name))) => !topics.contains_key(name),
            _ => false,
        };
        if conditions.is_empty() || conditions.iter().any(|(excluded, it)| !excluded && means_nothing(it)) {
            return None;
        }
        conditions.retain(|(_, condition)| !means_nothing(condition));
        conditions.extend(filtered(filter).map(|(excluded, facet)| (excluded, Condition::Facet(facet))));
        Some(Self { me, conditions, doings, topics, today: search.today })
    }

    /// Whether this is it. Who may see it is another question.
    pub(super) fn is(&self, message: &Message) -> bool {
        if message.deleted.is_some() {
            return false;
        }
        let words: Vec<_> = texts(message).map(words_of).collect();
        self.conditions.iter().all(|(excluded, condition)| {
            let holds = match condition {
                Condition::Words(run) => words.iter().any(|words| run.stands_in(words)),
                Condition::Facet(facet) => self.holds(facet, message),
            };
            holds != *excluded
        })
    }

    /// Whether a message with this number and sender can be it: what is known without reading it.
    pub(super) fn can_be(&self, id: MessageId, is_own: bool) -> bool {
        self.conditions.iter().all(|(excluded, condition)| match condition {
            Condition::Facet(Facet::Is(state)) => self.is_in(*state, id, is_own) != *excluded,
            _ => true,
        })
    }

    fn holds(&self, facet: &Facet, message: &Message) -> bool {
        let sent = message.date.unix_ms();
        match facet {
            Facet::From(who) => self.name(who) == message.sender.name.as_str(),
            Facet::To(Whom::Topic(name)) => self.topic(name).is_some_and(|topic| message.is_in(topic)),
            Facet::To(whom) => message.to.iter().any(|recipient| self.is_whom(whom, recipient)),
            Facet::Is(state) => self.is_in(*state, message.id, message.sender.id == self.me.id),
            Facet::HasLink => has_link(message),
            Facet::Priority(comparison, bound) => comparison.holds(message.priority, *bound),
            Facet::Before(when) => sent < when.begins(self.today),
            Facet::After(when) => sent >= when.begins(self.today),
            Facet::Tag(tag) => message.tags.iter().any(|own| folded(own) == folded(tag)),
        }
    }

    /// What they are called.
    pub(super) fn name<'a>(&'a self, who: &'a Who) -> &'a str {
        match who {
            Who::Me => self.me.name.as_str(),
            Who::Named(name) => name.as_str(),
        }
    }

    /// The topic they mean by this name.
    pub(super) fn topic(&self, name: &TopicName) -> Option<TopicId> {
        self.topics.get(name).copied()
    }

    fn is_whom(&self, whom: &Whom, recipient: &Recipient) -> bool {
        match (whom, recipient) {
            (Whom::Everyone, Recipient::Everyone) => true,
            (Whom::Person(who), Recipient::Person(name)) => self.name(who) == name.as_str(),
            _ => false,
        }
    }

    fn is_in(&self, state: State, id: MessageId, is_own: bool) -> bool {
        match state {
            State::Unread => !is_own && !self.doings.read.is_read(id),
            State::Read => is_own || self.doings.read.is_read(id),
            State::Saved => self.doings.marks.is_saved(id),
            State::Archived => self.doings.marks.is_archived(id),
        }
    }

    /// Whether the filters leave this priority.
    pub(super) fn takes_priority(&self, priority: u8) -> bool {
        self.conditions.iter().all(|(excluded, condition)| match condition {
            Condition::Facet(Facet::Priority(comparison, bound)) => comparison.holds(priority, *bound) != *excluded,
            _ => true,
        })
    }

    /// The time `[from, to)`, in milliseconds since 1970, in which it was sent.
    pub(super) fn time(&self) -> (i64, i64) {
        let (mut from, mut to) = (i64::MIN, i64::MAX);
        for (_, condition) in &self.conditions {
            match condition {
                Condition::Facet(Facet::After(when)) => from = from.max(when.begins(self.today)),
                Condition::Facet(Facet::Before(when)) => to = to.min(when.begins(self.today)),
                _ => {}
            }
        }
        (from, to)
    }

    /// Whether its conditions exclude each other.
    pub(super) fn is_contradiction(&self) -> bool {
        let (from, to) = self.time();
        let senders = self.senders();
        let opposed = |(excluded, condition): &(bool, Condition)| {
            self.conditions.iter().any(|(other, same)| other != excluded && same == condition)
        };
        from >= to
            || senders.len() > 1
            || (senders.contains(self.me.name.as_str()) && self.is_asked(State::Unread))
            || !(0..=limits::PRIORITY_MAX).any(|priority| self.takes_priority(priority))
            || self.conditions.iter().any(opposed)
    }

    fn senders(&self) -> BTreeSet<&str> {
        let sender = self.conditions.iter().filter_map(|(excluded, condition)| match condition {
            Condition::Facet(Facet::From(who)) if !excluded => Some(self.name(who)),
            _ => None,
        });
        sender.collect()
    }

    fn is_asked(&self, state: State) -> bool {
        self.conditions.contains(&(false, Condition::Facet(Facet::Is(state))))
    }

    /// Where, within `span`, it can be, oldest first.
    pub(super) fn stretches(&self, span: &Ranges) -> Vec<Stretch> {
        let mut within = span.clone();
        let mut own = Ranges::EMPTY;
        let mut among = Among::All;
        for (excluded, condition) in &self.conditions {
            let Condition::Facet(Facet::Is(state)) = condition else { continue };
            let read = self.doings.read.read();
            match (state, excluded) {
                (State::Unread, false) => {
                    within = within.minus(&read);
                    among = Among::Others;
                }
                (State::Unread, true) => own = span.minus(&read),
                (State::Read, _) => {}
                (State::Saved, false) => within = both(&within, &self.doings.marks.saved),
                (State::Saved, true) => within = within.minus(&self.doings.marks.saved),
                (State::Archived, false) => within = both(&within, &self.doings.marks.archived),
                (State::Archived, true) => within = within.minus(&self.doings.marks.archived),
            }
        }
        let own = both(&within, &own);
        let stretch = |among| move |(from, to)| Stretch { from, to, among };
        let mut stretches: Vec<_> = within.minus(&own).iter().map(stretch(among)).collect();
        stretches.extend(own.iter().map(stretch(Among::Own)));
        stretches.sort_unstable_by_key(|stretch| stretch.from);
        stretches
    }
}

/// The words that are wanted.
pub(super) fn words(search: &Search) -> Vec<Run> {
    let wanted = search.query.items().iter().filter_map(condition).filter_map(|condition| match condition {
        (false, Condition::Words(run)) => Some(run),
        _ => None,
    });
    wanted.collect()
}

/// Where these words stand in a text, spelled as they are there.
pub(super) fn marked<'a>(words: &[Run], text: &'a str) -> Vec<&'a str> {
    let placed = words_of(text);
    words.iter().flat_map(|run| run.places_in(&placed)).map(|(from, to)| &text[from..to]).collect()
}

/// What can be said in two ways is said in one: what is read is not unread, and what was not before was after.
fn condition(item: &Item) -> Option<(bool, Condition)> {
    let excluded = item.excluded;
    let facet = |excluded, facet| Some((excluded, Condition::Facet(facet)));
    match &item.what {
        What::Word(typed) => Run::begun(typed).map(|run| (excluded, Condition::Words(run))),
        What::Phrase(typed) => Run::whole(typed).map(|run| (excluded, Condition::Words(run))),
        What::Facet(Facet::Is(State::Read)) => facet(!excluded, Facet::Is(State::Unread)),
        What::Facet(Facet::Before(when)) if excluded => facet(false, Facet::After(*when)),
        What::Facet(Facet::After(when)) if excluded => facet(false, Facet::Before(*when)),
        What::Facet(other) => facet(excluded, other.clone()),
    }
}

/// The filter as a condition, with whether it must not hold.
fn filtered(filter: Filter) -> Option<(bool, Facet)> {
    match filter {
        Filter::All => None,
        Filter::Inbox => Some((true, Facet::Is(State::Archived))),
        Filter::Unread => Some((false, Facet::Is(State::Unread))),
        Filter::Me => Some((false, Facet::To(Whom::Person(Who::Me)))),
        Filter::Saved => Some((false, Facet::Is(State::Saved))),
        Filter::Sent => Some((false, Facet::From(Who::Me))),
        Filter::Archived => Some((false, Facet::Is(State::Archived))),
    }
}

/// What words are looked for in, each by itself.
pub(super) fn texts(message: &Message) -> impl Iterator<Item = &str> {
    let one = [message.title.as_str(), message.message.as_str(), message.sender.name.as_str()];
    one.into_iter().chain(message.tags.iter().map(String::as_str))
}

/// Whether it opens a link, or what begins like one stands in its text.
pub(super) fn has_link(message: &Message) -> bool {
    const SCHEMES: [&str; 3] = ["https://", "http://", "mailto:"];
    let begins_one = |colon: usize| {
        SCHEMES.iter().any(|scheme| {
            let from = colon.checked_sub(scheme.find(':').unwrap_or(0));
            let written = from.and_then(|from| message.message.get(from..from + scheme.len()));
            let after = from.and_then(|from| message.message.get(from + scheme.len()..)).unwrap_or_default();
            written.is_some_and(|written| written.eq_ignore_ascii_case(scheme))
                && after.starts_with(|c: char| c.is_alphanumeric() || c == '[')
        })
    };
    message.click.is_some() || message.message.match_indices(':').any(|(colon, _)| begins_one(colon))
}

fn both(one: &Ranges, other: &Ranges) -> Ranges {
    one.minus(&one.minus(other))
}
