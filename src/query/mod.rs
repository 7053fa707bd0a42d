//! What people type to find messages: words, `"exact phrases"`, filters like `from:ana`, and `-` before what is not wanted.
//!
//! Reading never fails: what looks like a filter and is none is searched as text, and [`Query::misread`] names it. Only the
//! server reads and asks; a page is told what was understood in a [`Reading`].

mod parse;
mod when;

#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{accounts::Username, limits, timestamp::Timestamp, topic::TopicName};

pub use when::{Today, When};

/// All of it must hold. [`fmt::Display`] gives back the text that reads the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Query {
    items: Vec<Item>,
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Item {
    /// Whether it must not hold.
    pub excluded: bool,
    /// What.
    pub what: What,
}

/// What is asked of a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// A word of it begins so.
    Word(String),
    /// These words stand in it side by side, none of them longer.
    Phrase(String),
    /// Something about it.
    Facet(Facet),
}

/// Something about a message beside its words.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Facet {
    /// `from:ana`, `from:me`: who sent it.
    From(Who),
    /// `to:ana`, `to:me`, `to:everyone`, `to:#ops`, `in:#ops`: whom it names.
    To(Whom),
    /// `is:unread`: what the person who asks did with it.
    Is(State),
    /// `has:link`: it opens a link, or one stands in it.
    HasLink,
    /// `priority:>=7`, `priority:7`.
    Priority(Comparison, u8),
    /// `before:2026-11`: sent before that began.
    Before(When),
    /// `after:2026-11-20`, `after:7d`: sent since that began.
    After(When),
    /// `tag:backup`, `tag:"two words"`: it has this tag, whatever its case.
    Tag(String),
}

/// One person.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// The person who asks.
    Me,
    /// By name; `@me` is somebody who is called so.
    Named(Username),
}

/// Whom a message names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Whom {
    /// All people.
    Everyone,
    /// A person.
    Person(Who),
    /// A topic.
    Topic(TopicName),
}

/// What a person did with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Not read; own messages never are.
    Unread,
    /// Read, or one's own.
    Read,
    /// Kept at hand.
    Saved,
    /// Put away.
    Archived,
}

/// How a priority compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `=`, or nothing.
    Equal,
    /// `>=`
    AtLeast,
    /// `>`
    Above,
}

/// A question with the day on which it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// What is asked.
    pub query: Query,
    /// When, and where.
    pub today: Today,
}

impl Search {
    /// What a person typed. None when that is nothing but space.
    pub fn of(typed: &str, now: Timestamp, offset_minutes: i32) -> Option<Self> {
        let is_typed = !typed.trim().is_empty();
        is_typed.then(|| Self { query: Query::parse(typed), today: Today { now, offset_minutes } })
    }
}

impl Query {
    /// Reads the first [`limits::QUERY_CHARS`] characters of what a person typed.
    pub fn parse(typed: &str) -> Self {
        let typed: String = typed.chars().take(limits::QUERY_CHARS).collect();
        let mut query = Self { items: parse::items(&typed) };
        // A name may be longer in its canonical spelling than as it was typed.
        while query.to_string().chars().count() > limits::QUERY_CHARS {
            query.items.pop();
        }
        query
    }

    /// The conditions, in the order they were typed.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The topics it names.
    pub fn topics(&self) -> impl Iterator<Item = &TopicName> {
        self.items.iter().filter_map(|item| match &item.what {
            What::Facet(Facet::To(Whom::Topic(name))) => Some(name),
            _ => None,
        })
    }

    /// Words that look like filters and are searched as text.
    pub fn misread(&self) -> impl Iterator<Item = &str> {
        self.items.iter().filter_map(|item| match &item.what {
            What::Word(word) if parse::looks_like_a_facet(word) => Some(word.as_str()),
            _ => None,
        })
    }

    /// How it was understood. `marked` is what to mark in the messages that were found.
    pub fn reading(&self, marked: Vec<String>) -> Reading {
        let chip = |(place, item): (usize, &Item)| {
            let rest = self.items.iter().enumerate().filter(|(other, _)| *other != place);
            let without = Self { items: rest.map(|(_, item)| item.clone()).collect() };
            matches!(item.what, What::Facet(_)).then(|| Chip { text: item.to_string(), without: without.to_string() })
        };
        Reading {
            marked,
            chips: self.items.iter().enumerate().filter_map(chip).collect(),
            misread: self.misread().map(str::to_owned).collect(),
        }
    }
}

impl Comparison {
    /// Whether `priority` stands so to `bound`.
    pub fn holds(self, priority: u8, bound: u8) -> bool {
        match self {
            Self::Below => priority < bound,
            Self::AtMost => priority <= bound,
            Self::Equal => priority == bound,
            Self::AtLeast => priority >= bound,
            Self::Above => priority > bound,
        }
    }
}

impl State {
    const ALL: [Self; 4] = [Self::Unread, Self::Read, Self::Saved, Self::Archived];

    fn as_str(self) -> &'static str {
        match self {
            Self::Unread => "unread",
            Self::Read => "read",
            Self::Saved => "saved",
            Self::Archived => "archived",
        }
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, item) in self.items.iter().enumerate() {
            let space = if place > 0 { " " } else { "" };
            write!(f, "{space}{item}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.excluded { "-" } else { "" };
        match &self.what {
            What::Word(word) => write!(f, "{sign}{word}"),
            What::Phrase(phrase) => write!(f, "{sign}\"{phrase}\""),
            What::Facet(facet) => write!(f, "{sign}{facet}"),
        }
    }
}

impl fmt::Display for Facet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::From(who) => write!(f, "from:{who}"),
            Self::To(Whom::Everyone) => f.write_str("to:everyone"),
            Self::To(Whom::Person(who)) => write!(f, "to:{who}"),
            Self::To(Whom::Topic(name)) => write!(f, "to:#{name}"),
            Self::Is(state) => write!(f, "is:{}", state.as_str()),
            Self::HasLink => f.write_str("has:link"),
            Self::Priority(comparison, bound) => write!(f, "priority:{comparison}{bound}"),
            Self::Before(when) => write!(f, "before:{when}"),
            Self::After(when) => write!(f, "after:{when}"),
            Self::Tag(tag) if tag.contains(char::is_whitespace) => write!(f, "tag:\"{tag}\""),
            Self::Tag(tag) => write!(f, "tag:{tag}"),
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Me => f.write_str("me"),
            // What would mean somebody else without the sign.
            Self::Named(name) if ["me", "everyone"].contains(&name.as_str()) => write!(f, "@{name}"),
            Self::Named(name) => write!(f, "{name}"),
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Equal => "",
            Self::AtLeast => ">=",
            Self::Above => ">",
        })
    }
}

/// How a question was understood: what a page shows beside the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// What to mark in the messages, spelled as it stands in them.
    #[serde(default)]
    pub marked: Vec<String>,
    /// The filters.
    #[serde(default)]
    pub chips: Vec<Chip>,
    /// What looks like a filter and was searched as text.
    #[serde(default)]
    pub misread: Vec<String>,
}

/// A filter that can be taken away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chip {
    /// The filter.
    pub text: String,
    /// The question without it.
    pub without: String,
}
