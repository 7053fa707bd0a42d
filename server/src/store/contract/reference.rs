//! Whether a query finds a message, read plainly: every message is turned into one line of its words, and words are sought
//! in that line. Slow, and written without the index's own code.

use push_system::{
    accounts::Person,
    audience::Recipient,
    marks::Marks,
    message::Message,
    query::{Facet, Query, State, Today, What, Who, Whom},
    read_state::ReadState,
    timestamp::Timestamp,
};
use unicode_normalization::UnicodeNormalization as _;

/// Who looks, and when.
pub(super) struct Eyes {
    pub(super) me: Person,
    pub(super) read: ReadState,
    pub(super) marks: Marks,
    pub(super) now: Timestamp,
}

pub(super) fn is_found(typed: &str, message: &Message, eyes: &Eyes) -> bool {
    let query = Query::parse(typed);
    let has_words = |what: &What| match what {
        What::Word(text) | What::Phrase(text) => line(text).len() > 1,
        What::Facet(_) => true,
    };
    let asked: Vec<_> = query.items().iter().filter(|item| has_words(&item.what)).collect();
    let me = Recipient::Person(eyes.me.name.clone());
    let is_own = message.sender.id == eyes.me.id;
    let is_visible = is_own || message.to.has_everyone() || message.to.iter().any(|recipient| *recipient == me);
    is_visible && !asked.is_empty() && asked.iter().all(|item| holds(&item.what, message, eyes) != item.excluded)
}

fn holds(what: &What, message: &Message, eyes: &Eyes) -> bool {
    let texts = [&message.title, &message.message].into_iter().chain(&message.tags).map(String::as_str);
    let mut lines = texts.chain([message.sender.name.as_str()]).map(line);
    match what {
        What::Phrase(typed) => lines.any(|text| text.contains(&line(typed))),
        What::Word(typed) => {
            let sought = line(typed);
            let open = match sought.trim_end_matches(END).chars().next_back() {
                Some(last) if stands_alone(last) => sought.as_str(),
                _ => sought.trim_end_matches(END),
            };
            lines.any(|text| text.contains(open))
        }
        What::Facet(facet) => fits(facet, message, eyes),
    }
}

fn fits(facet: &Facet, message: &Message, eyes: &Eyes) -> bool {
    let is = |who: &Who, name: &str| match who {
        Who::Me => name == eyes.me.name.as_str(),
        Who::Named(other) => name == other.as_str(),
    };
    let is_own = message.sender.id == eyes.me.id;
    let today = Today { now: eyes.now, offset_minutes: 0 };
    match facet {
        Facet::From(who) => is(who, message.sender.name.as_str()),
        Facet::To(whom) => message.to.iter().any(|recipient| match (whom, recipient) {
            (Whom::Everyone, Recipient::Everyone) => true,
            (Whom::Person(who), Recipient::Person(name)) => is(who, name.as_str()),
            (Whom::Topic(name), Recipient::Topic(other)) => name == other,
            _ => false,
        }),
        Facet::Is(State::Unread) => !is_own && !eyes.read.is_read(message.id),
        Facet::Is(State::Read) => is_own || eyes.read.is_read(message.id),
        Facet::Is(State::Saved) => eyes.marks.is_saved(message.id),
        Facet::Is(State::Archived) => eyes.marks.is_archived(message.id),
        Facet::HasLink => message.click.is_some() || message.message.contains("https://"),
        Facet::Priority(comparison, bound) => comparison.holds(message.priority, *bound),
        Facet::Before(when) => message.date.unix_ms() < when.begins(today),
        Facet::After(when) => message.date.unix_ms() >= when.begins(today),
        Facet::Tag(tag) => message.tags.iter().any(|own| own.to_lowercase() == tag.to_lowercase()),
    }
}

/// Stands before and behind each word of a line.
const END: char = '\u{1}';

fn line(text: &str) -> String {
    let mut line = END.to_string();
    for c in text.nfkd().nfc().flat_map(char::to_lowercase) {
        if stands_alone(c) {
            if !line.ends_with(END) {
                line.push(END);
            }
            line.extend([c, END]);
        } else if c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c) {
            line.extend(c.nfd().filter(|part| !('\u{300}'..='\u{36F}').contains(part)));
        } else if !line.ends_with(END) {
            line.push(END);
        }
    }
    if !line.ends_with(END) {
        line.push(END);
    }
    line
}

/// Of the letters the tests write.
fn stands_alone(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30FF}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7FF}' | '\u{1F300}'..='\u{1FAFF}')
}
