//! How the index is asked. It knows a message as a set of tokens: of its words, and of what filters ask for. Tokens are
//! letters and digits of ASCII and have at least three characters, so that no database takes them apart or leaves them out.
//!
//! What the index finds for an [`Expression`] holds every message that is sought, and perhaps others: words further apart,
//! or as long as their tokens and different behind that. So every message is looked at before it is answered.

use std::{cmp::Reverse, collections::BTreeSet, fmt::Write as _, ops::Bound};

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
/// Messages of a [`Sample`].
const SAMPLE: usize = 50;
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

    fn is_among(&self, tokens: &BTreeSet<String>) -> bool {
        let from_here = (Bound::Included(self.token.as_str()), Bound::Unbounded);
        tokens
            .range::<str, _>(from_here)
            .next()
            .is_some_and(|next| if self.goes_on { next.starts_with(&self.token) } else { *next == self.token })
    }

    /// Whether the token holds the whole of its text.
    fn says_all(&self) -> bool {
        self.token.len() < 1 + 2 * TOKEN_BYTES
    }
}

/// Which messages to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// Of each of these, at least one; not empty. A database that takes them one after the other gathers all that has the
    /// first.
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

    /// What is excluded, where nothing else is asked.
    pub fn excluded_alone(&self) -> Option<&[Term]> {
        let is_every = matches!(&self.all[..], [terms] if matches!(&terms[..], [term] if term.token == EVERY));
        (is_every && !self.none.is_empty()).then_some(&self.none)
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

    /// What to ask first, and from then on: the same question with what is rare first. If something is so rare that the
    /// sample is without it, the first is a wider one without what most of the sample has: that takes an index longest, and
    /// mostly leaves out little of what is rare. What is excluded stands the other way round, as a message is left out by the
    /// first it has.
    pub(super) fn rare_first(self, sample: &Sample) -> (Self, Self) {
        let mut none: Vec<_> = self.none.into_iter().zip(&sample.excluded).collect();
        none.sort_by_key(|(_, having)| Reverse(**having));
        let none: Vec<_> = none.into_iter().map(|(term, _)| term).collect();
        let mut all: Vec<_> =
            self.all.into_iter().zip(&sample.having).map(|(terms, having)| (*having, terms)).collect();
        all.sort_by_key(|(having, _)| *having);
        let tells = sample.size >= SAMPLE && all.first().is_some_and(|(having, _)| *having == 0);
        let rare = all.iter().filter(|(having, _)| !tells || having * 2 < sample.size).map(|(_, terms)| terms.clone());
        let first = Self { all: rare.collect(), none: none.clone() };
        (first, Self { all: all.into_iter().map(|(_, terms)| terms).collect(), none })
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

/// What is common among messages that were looked at, and that are not sought.
#[derive(Debug)]
pub(super) struct Sample {
    size: usize,
    /// How many of them have what stands at each place of [`Expression::all`].
    having: Vec<usize>,
    /// The same of [`Expression::none`].
    excluded: Vec<usize>,
}

impl Sample {
    pub(super) fn of(expression: &Expression) -> Self {
        Self { size: 0, having: vec![0; expression.all.len()], excluded: vec![0; expression.none.len()] }
    }

    /// Whether nothing more is needed: it is large enough, or there is nothing to choose from.
    pub(super) fn is_full(&self) -> bool {
        self.size >= SAMPLE || (self.having.len() < 2 && self.excluded.len() < 2)
    }

    pub(super) fn add(&mut self, expression: &Expression, tokens: &BTreeSet<String>) {
        self.size += 1;
        for (having, terms) in self.having.iter_mut().zip(&expression.all) {
            *having += usize::from(terms.iter().any(|term| term.is_among(tokens)));
        }
        for (having, term) in self.excluded.iter_mut().zip(&expression.none) {
            *having += usize::from(term.is_among(tokens));
        }
    }
}

/// The tokens under which a message is found; none of one that was deleted.
pub(super) fn tokens_of(message: &Message) -> BTreeSet<String> {
    if message.deleted.is_some() {
        return BTreeSet::new();
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
    tokens
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

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Expression {
        let all = words.iter().map(|word| vec![Term::exact((*word).to_owned())]).collect();
        Expression { all, none: vec![Term::exact("not".to_owned())] }
    }

    /// So many messages, of which each has the word that many times in ten.
    fn messages(count: usize, shares: &[(&str, usize)]) -> Vec<BTreeSet<String>> {
        let words_of =
            |n: usize| shares.iter().filter(move |(_, share)| n % 10 < *share).map(|(word, _)| (*word).into());
        (0..count).map(|n| words_of(n).collect()).collect()
    }

    fn asked(expression: Expression, messages: &[BTreeSet<String>]) -> (Expression, Expression) {
        let mut sample = Sample::of(&expression);
        for tokens in messages {
            sample.add(&expression, tokens);
        }
        expression.rare_first(&sample)
    }

    #[test]
    fn the_rare_is_asked_for_first() {
        let others = messages(50, &[("many", 9), ("some", 4), ("few", 1)]);
        let sorted = words(&["few", "some", "many"]);
        assert_eq!(asked(words(&["many", "some", "few"]), &others), (sorted.clone(), sorted));
    }

    #[test]
    fn what_most_have_is_not_asked_for_at_first_beside_what_none_has() {
        let shares = [("many", 9), ("half", 5), ("some", 4)];
        let given = words(&["many", "some", "none", "half"]);
        let sorted = words(&["none", "some", "half", "many"]);
        let wider = words(&["none", "some"]);
        assert_eq!(asked(given.clone(), &messages(50, &shares)), (wider, sorted.clone()));
        assert_eq!(asked(given.clone(), &messages(40, &shares)), (sorted.clone(), sorted));
        assert_eq!(asked(given.clone(), &[]), (given.clone(), given), "of nothing nobody can tell");
        assert_eq!(asked(words(&["many"]), &messages(50, &shares)).0, words(&["many"]));
        assert_eq!(asked(words(&["none"]), &messages(50, &shares)).0, words(&["none"]));
        assert_eq!(asked(words(&["none"]), &[]).0, words(&["none"]));
    }

    #[test]
    fn what_leaves_out_the_most_is_excluded_first() {
        let others = messages(50, &[("few", 1), ("many", 9), ("every", 10)]);
        let term = |token: &str| Term::exact(token.to_owned());
        let expression = |none: [&str; 3]| Expression { all: vec![vec![term(EVERY)]], none: none.map(term).into() };
        let (first, full) = asked(expression(["none", "few", "many"]), &others);
        assert_eq!(first, expression(["many", "few", "none"]));
        assert_eq!(full.excluded_alone(), Some(&first.none[..]));
        assert_eq!(words(&["few"]).excluded_alone(), None);
        assert_eq!(Expression { none: Vec::new(), ..first }.excluded_alone(), None);
    }

    #[test]
    fn one_of_several_will_do_and_so_does_what_begins_like_it() {
        let others = messages(50, &[("backups", 6), ("red", 2), ("blue", 1)]);
        let begun = vec![Term { token: "back".into(), goes_on: true }];
        let exact = vec![Term::exact("back".into())];
        let colours = vec![Term::exact("red".into()), Term::exact("blue".into())];
        let both = |all: [&Vec<Term>; 2]| Expression { all: all.map(Clone::clone).into(), none: Vec::new() };
        assert_eq!(asked(both([&begun, &colours]), &others).0, both([&colours, &begun]));
        assert_eq!(asked(both([&colours, &exact]), &others).1, both([&exact, &colours]));
    }
}
