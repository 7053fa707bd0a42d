use push_system::{
    audience::{Recipient, Recipients},
    topic::TopicRef,
};

use super::Markup;
use crate::words::words;

/// More names than this are counted instead of listed.
const SHOWN: usize = 3;

/// Whom a message is for, as `me` reads it.
pub(super) fn recipients(m: &mut Markup, to: &Recipients, topics: &[TopicRef], me: &str) {
    let names = |recipient: &&Recipient| matches!(recipient, Recipient::Person(name) if name.as_str() == me);
    // The reader comes first, so that their name is never among those counted.
    let (mine, others): (Vec<_>, Vec<_>) = to.iter().partition(names);
    for recipient in mine.iter().chain(&others).take(SHOWN) {
        match recipient {
            Recipient::Everyone => chip(m, "", words().everyone),
            Recipient::Person(_) if names(recipient) => chip(m, " chip-accent", words().at_you),
            Recipient::Person(_) => chip(m, "", &recipient.to_string()),
            Recipient::Topic(name) => {
                let known = topics.iter().find(|topic| topic.name == *name);
                topic(m, known, &recipient.to_string());
            }
            Recipient::ExactTopic(known) => topic(m, Some(known), &format!("#{}", known.name)),
        }
    }
    let count = mine.len() + others.len();
    if count > SHOWN {
        chip(m, "", &words().more_recipients(count - SHOWN));
    }
}

/// A word with a ground of its own.
pub(super) fn chip(m: &mut Markup, class: &'static str, text: &str) {
    m.raw("<span class=\"chip").raw(class).raw("\">").text(text).raw("</span>");
}

/// The way to a topic. One that is not known by its number yet, as the message is only being sent, leads nowhere.
fn topic(m: &mut Markup, topic: Option<&TopicRef>, text: &str) {
    match topic {
        None => chip(m, "", text),
        Some(topic) => {
            m.raw("<a class=\"chip\" href=\"/topics/").number(topic.id.0).raw("\">").text(text).raw("</a>");
        }
    }
}
