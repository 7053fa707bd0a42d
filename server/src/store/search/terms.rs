//! How the index is asked. It knows a message as a set of tokens: of its words, and of what filters ask for. Tokens are
//! letters and digits of ASCII and have at least three characters, so that no database takes them apart or leaves them out.
//!
//! What the index finds for an [`Expression`] holds every message that is sought, and perhaps others: words further apart,
//! or as long as their tokens and different behind that. So every message is looked at before it is answered.

use std::{collections::BTreeSet, fmt::Write as _};

use push_system::{
    audience::Recipient,
    ids::TopicId,
    limits,
    message::Message,
    query::{Facet, Whom},
};

use super::{
    sought::{Condition, Sought, texts},
    words::{Run, Word, folded, words_of},
};

/// Bytes of a word that are indexed: `InnoDB` ignores tokens of more than 84 characters, and each byte takes two.
const TOKEN_BYTES: usize = 40;
/// The token of every message.
const EVERY: &str = "xevery";
/// The token of messages with a link.
const LINK: &str = "xlink";

/// A token to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Letters and digits of ASCII.
    pub token: String,
    /// Whether others that begin with it will do.
    pub goes_on: bool,
}

impl Term {
    fn exact(token: String) -> Self {
        Self { token, goes_on: false }
    }

    /// Whether the token holds the whole of its text.
    fn says_all(&self) -> bool {
        self.token.len() < 1 + 2 * TOKEN_BYTES
    }
}

/// Which messages to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// Of each of these, at least one; not empty.
    pub all: Vec<Vec<Term>>,
    /// None of these.
    pub none: Vec<Term>,
}

impl Expression {
    /// As an expression of `and`, `or`, `not` in the words of a database, and what follows a token that may go on.
    pub fn spelled(&self, [and, or, not]: [&str; 3], goes_on: &str) -> String {
        let alternatives = |terms: &[Term]| {
            let each: Vec<_> =
                terms.iter().map(|term| format!("{}{}", term.token, if term.goes_on { goes_on } else { "" })).collect();
            format!("({})", each.join(or))
        };
        let all: Vec<_> = self.all.iter().map(|terms| alternatives(terms)).collect();
        let all = all.join(and);
        if self.none.is_empty() { all } else { format!("({all}){not}{}", alternatives(&self.none)) }
    }

    /// What holds all messages that are sought. None when no token tells anything about them.
    pub(super) fn of(sought: &Sought) -> Option<Self> {
        let mut expression = Self { all: Vec::new(), none: Vec::new() };
        for (excluded, condition) in &sought.conditions {
            match condition {
                Condition::Words(run) if *excluded => expression.none.extend(only_term(run)),
                Condition::Words(run) => expression.all.extend(terms(run).into_iter().map(|term| vec![term])),
                Condition::Facet(facet) => {
                    let Some(token) = facet_token(facet, sought) else { continue };
                    let term = Term::exact(token);
                    if !excluded {
                        expression.all.push(vec![term]);
                    } else if term.says_all() {
                        expression.none.push(term);
                    }
                }
            }
        }
        expression.add_priorities(sought);
        if expression.all.is_empty() {
            if expression.none.is_empty() {
                return None;
            }
            expression.all.push(vec![Term::exact(EVERY.to_owned())]);
        }
        Some(expression)
    }

    /// Asks for the priorities that will do, or for those that will not, whichever are fewer.
    fn add_priorities(&mut self, sought: &Sought) {
        let token = |priority: u8| Term::exact(priority_token(priority));
        let (good, bad): (Vec<u8>, Vec<u8>) =
            (0..=limits::PRIORITY_MAX).partition(|priority| sought.takes_priority(*priority));
        if bad.len() > good.len() {
            self.all.push(good.into_iter().map(token).collect());
        } else {
            self.none.extend(bad.into_iter().map(token));
        }
    }
}

/// The tokens under which a message is found, separated by spaces; none of one that was deleted.
pub(super) fn tokens_of(message: &Message) -> String {
    if message.deleted.is_some() {
        return String::new();
    }
    let mut tokens = BTreeSet::from([EVERY.to_owned(), priority_token(message.priority)]);
    tokens.insert(sender_token(message.sender.name.as_str()));
    // A topic by its number: others may have the same name, and be no business of whoever asks.
    let by_name = message.to.iter().filter(|recipient| !matches!(recipient, Recipient::Topic(_)));
    tokens.extend(by_name.map(|recipient| recipient_token(&recipient.to_string())));
    tokens.extend(message.topics.iter().map(|topic| topic_token(topic.id)));
    tokens.extend(message.tags.iter().map(|tag| tag_token(tag)));
    tokens.extend(super::sought::has_link(message).then(|| LINK.to_owned()));
    for text in texts(message) {
        add_words(text, &mut tokens);
    }
    tokens.into_iter().collect::<Vec<_>>().join(" ")
}

fn add_words(text: &str, tokens: &mut BTreeSet<String>) {
    let mut before = None;
    for placed in words_of(text) {
        match placed.word {
            Word::Spelled(word) => {
                tokens.insert(word_token(&word));
                before = None;
            }
            Word::Character(c) => {
                tokens.insert(word_token(c.encode_utf8(&mut [0; 4])));
                tokens.extend(before.map(|before| pair(before, c)));
                before = Some(c);
            }
        }
    }
}

/// The tokens that a run of words has in every message in which it stands.
fn terms(run: &Run) -> Vec<Term> {
    let mut terms = Vec::new();
    let words = run.words();
    for (place, word) in words.iter().enumerate() {
        let before = place.checked_sub(1).map(|place| &words[place]);
        let after = words.get(place + 1);
        match (before, word, after) {
            (_, Word::Spelled(word), _) => {
                terms.push(Term { token: word_token(word), goes_on: run.goes_on() && after.is_none() });
            }
            (Some(Word::Character(before)), Word::Character(c), _) => terms.push(Term::exact(pair(*before, *c))),
            // The first of several stands in a pair.
            (_, Word::Character(_), Some(Word::Character(_))) => {}
            (_, Word::Character(c), _) => terms.push(Term::exact(word_token(c.encode_utf8(&mut [0; 4])))),
        }
    }
    terms
}

/// The token of a run that stands in every message with that token, and in no other.
fn only_term(run: &Run) -> Option<Term> {
    let is_one = match run.words() {
        [_] => true,
        [one, other] => matches!((one, other), (Word::Character(_), Word::Character(_))),
        _ => false,
    };
    terms(run).pop().filter(|term| is_one && term.says_all())
}

/// None where tokens tell nothing, and for priorities, which are asked for together.
fn facet_token(facet: &Facet, sought: &Sought) -> Option<String> {
    match facet {
        Facet::From(who) => Some(sender_token(sought.name(who))),
        Facet::To(Whom::Everyone) => Some(recipient_token("everyone")),
        Facet::To(Whom::Person(who)) => Some(recipient_token(&format!("@{}", sought.name(who)))),
        Facet::To(Whom::Topic(name)) => sought.topic(name).map(topic_token),
        Facet::HasLink => Some(LINK.to_owned()),
        Facet::Tag(tag) => Some(tag_token(tag)),
        Facet::Is(_) | Facet::Priority(..) | Facet::Before(_) | Facet::After(_) => None,
    }
}

fn word_token(word: &str) -> String {
    token('z', word)
}

fn pair(one: char, other: char) -> String {
    word_token(&String::from_iter([one, other]))
}

fn sender_token(name: &str) -> String {
    token('f', name)
}

fn recipient_token(written: &str) -> String {
    token('t', written)
}

fn topic_token(topic: TopicId) -> String {
    token('i', &topic.to_string())
}

fn tag_token(tag: &str) -> String {
    token('g', &folded(tag))
}

fn priority_token(priority: u8) -> String {
    format!("xp{priority:02}")
}

/// The letter says what it is; no letter begins another kind.
fn token(kind: char, text: &str) -> String {
    let mut token = String::from(kind);
    for byte in text.as_bytes().iter().take(TOKEN_BYTES) {
        // Writing to a string cannot fail.
        let _infallible = write!(token, "{byte:02x}");
    }
    token
}
