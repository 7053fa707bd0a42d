//! From text to conditions.

use super::{Comparison, Facet, Item, State, What, When, Who, Whom};
use crate::{accounts::Username, topic::TopicName};

/// What `name:value` may begin with.
const FACETS: [&str; 9] = ["from", "to", "in", "is", "has", "priority", "before", "after", "tag"];

/// The conditions in a text.
pub(super) fn items(text: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut rest = text.trim_start_matches(is_space);
    while !rest.is_empty() {
        let (item, after) = first(rest);
        items.extend(item);
        rest = after.trim_start_matches(is_space);
    }
    items
}

/// What looks like a filter: a word of letters and a colon at its beginning. The beginning of an address does not.
pub(super) fn looks_like_a_facet(word: &str) -> bool {
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic());
    word.split_once(':').is_some_and(|(name, value)| {
        let is_known = FACETS.iter().any(|known| known.eq_ignore_ascii_case(name));
        is_known || (is_name(name) && !value.is_empty() && !value.starts_with([':', '/']) && name != "mailto")
    })
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

/// The first condition, if there is one, and what comes after it.
fn first(text: &str) -> (Option<Item>, &str) {
    let marked = text.strip_prefix('-').filter(|rest| rest.starts_with(|c| !is_space(c)));
    let (excluded, text) = marked.map_or((false, text), |rest| (true, rest));
    let (what, rest) = if let Some(inside) = text.strip_prefix('"') {
        // Where nothing ends it, it begins nothing.
        let Some((phrase, rest)) = inside.split_once('"') else { return (None, inside) };
        (phrase_of(phrase), rest)
    } else {
        let (word, rest) = text.split_at(length(text));
        (Some(word_or_facet(word)), rest)
    };
    (what.map(|what| Item { excluded, what }), rest)
}

fn phrase_of(text: &str) -> Option<What> {
    let words: Vec<_> = text.split(is_space).filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| What::Phrase(words.join(" ")))
}

/// Bytes of the word at the beginning. The value of a filter may stand in quotes.
fn length(text: &str) -> usize {
    let word = text.find(is_space).unwrap_or(text.len());
    let quoted = text[..word].find(":\"").filter(|colon| is_facet(&text[..*colon])).and_then(|colon| {
        let value = colon + 2;
        text[value..].find('"').map(|end| value + end + 1)
    });
    quoted.unwrap_or(word)
}

fn is_facet(name: &str) -> bool {
    FACETS.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn word_or_facet(word: &str) -> What {
    let facet = word.split_once(':').and_then(|(name, value)| facet(&name.to_ascii_lowercase(), value));
    facet.map_or_else(|| What::Word(one_line(word)), What::Facet)
}

/// With every space in it, which can only stand in quotes, as a plain one.
fn one_line(word: &str) -> String {
    word.chars().map(|c| if is_space(c) { ' ' } else { c }).collect()
}

fn facet(name: &str, written: &str) -> Option<Facet> {
    let quoted = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let value = quoted.unwrap_or(written);
    match name {
        "from" => who(value).map(Facet::From),
        "to" => whom(value).map(Facet::To),
        "in" => TopicName::parse(value).ok().map(|name| Facet::To(Whom::Topic(name))),
        "is" => State::ALL.into_iter().find(|state| state.as_str().eq_ignore_ascii_case(value)).map(Facet::Is),
        "has" => value.eq_ignore_ascii_case("link").then_some(Facet::HasLink),
        "priority" => priority(value),
        "before" => When::parse(value).map(Facet::Before),
        "after" => When::parse(value).map(Facet::After),
        "tag" => tag(value),
        _ => None,
    }
}

fn who(text: &str) -> Option<Who> {
    if text.eq_ignore_ascii_case("me") {
        return Some(Who::Me);
    }
    Username::parse(text.strip_prefix('@').unwrap_or(text)).ok().map(Who::Named)
}

fn whom(text: &str) -> Option<Whom> {
    if text.starts_with('#') {
        return TopicName::parse(text).ok().map(Whom::Topic);
    }
    if text.eq_ignore_ascii_case("everyone") {
        return Some(Whom::Everyone);
    }
    who(text).map(Whom::Person)
}

fn priority(text: &str) -> Option<Facet> {
    let signs = [
        ("<=", Comparison::AtMost),
        (">=", Comparison::AtLeast),
        ("<", Comparison::Below),
        (">", Comparison::Above),
        ("=", Comparison::Equal),
        ("", Comparison::Equal),
    ];
    let (number, comparison) =
        signs.into_iter().find_map(|(sign, comparison)| Some((text.strip_prefix(sign)?, comparison)))?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse().ok().filter(|_| is_number).map(|bound| Facet::Priority(comparison, bound))
}

fn tag(text: &str) -> Option<Facet> {
    let words: Vec<_> = text.split(is_space).filter(|word| !word.is_empty()).collect();
    let tag = words.join(" ");
    (!tag.is_empty() && !tag.contains('"')).then_some(Facet::Tag(tag))
}
