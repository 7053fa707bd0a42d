//! What one instance tells the others of a commit, so that they need not read the store for it.
//!
//! Lines of text: a header (version, teller, last place, tag of the event before the first, count), then for each event its
//! envelope and its frame as it goes on the wire. No frame holds a line end: JSON escapes them. A commit too large to
//! be told, or whose predecessor is not known, is a header alone. A version that is not known means: look into the store.
//!
//! A copy of a database is the same log until one of the two grows. So a teller is believed only once what it told of was
//! found in our own store: then it writes there, and not into a copy.

use std::{collections::VecDeque, sync::Arc};

use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use push_system::{
    ids::{MessageId, Seq, TopicId, UserId},
    position::Position,
    protocol::EVENT_FRAME_PREFIX,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{About, Encoded, members::Moved};
use crate::store::{Audience, Revocation, SessionId};

const VERSION: &str = "3";
/// Above this the others read the store: a bus is not made for it, and such commits are rare.
const MOST_BYTES: usize = 256 * 1024;
/// Tellers that are remembered. One that is forgotten is believed again after one more look into the store.
const MOST_TELLERS: usize = 64;

/// One run of an instance: a random number it gave itself at its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Teller(pub u64);

/// The tellers that write into our own database.
#[derive(Debug, Default)]
pub struct Tellers(VecDeque<Teller>);

impl Tellers {
    pub fn know(&self, teller: Teller) -> bool {
        self.0.contains(&teller)
    }

    /// What it told of, and was new to us, stands in our store.
    pub fn proved(&mut self, teller: Teller) {
        if self.know(teller) {
            return;
        }
        if self.0.len() == MOST_TELLERS {
            self.0.pop_front();
        }
        self.0.push_back(teller);
    }
}

/// A commit, as it was told.
#[derive(Debug, PartialEq, Eq)]
pub struct Told {
    /// By whom.
    pub teller: Teller,
    /// The place of its last event.
    pub last: Position,
    /// What it means to us.
    pub news: News,
}

/// What a relayed commit means to an instance whose tail ends at some place.
#[derive(Debug, PartialEq, Eq)]
pub enum News {
    /// Nothing: it is known, or of another life of the log.
    None,
    /// The events that come next.
    Next(Vec<Arc<Encoded>>),
    /// The log has grown, and the store knows how.
    Grown,
    /// It follows on another event than the tail's last: one of the two logs is not the log.
    Forked,
}

/// The envelope: what an instance must know of an event it does not understand.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    tag: u32,
    to: To,
    /// The message it shows, and where in the frame: from, to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shows: Option<(MessageId, usize, usize)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ends: Option<Ends>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    moved: Option<Step>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum To {
    Everyone,
    People(Vec<UserId>),
    Topics { topics: Vec<TopicId>, people: Vec<UserId>, at: Seq },
    Servers,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Step {
    In { topic: TopicId, private: bool, user: UserId },
    Out { topic: TopicId, user: UserId },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Ends {
    Session(String),
    Sessions { of: UserId, keep: Option<String> },
    Standing(UserId),
}

impl Teller {
    /// A commit as bytes. `before` is the tag of the event before the first, if it is known.
    pub fn tell(self, before: Option<u32>, entries: &[Arc<Encoded>], head: &Position) -> Bytes {
        let told = before.and_then(|before| write_all(self, before, entries));
        told.unwrap_or_else(|| header(self, head, 0, 0)).into()
    }
}

fn header(Teller(teller): Teller, last: &Position, before: u32, count: usize) -> String {
    format!("{VERSION} {teller:016x} {last} {before:08x} {count}\n")
}

fn write_all(teller: Teller, before: u32, entries: &[Arc<Encoded>]) -> Option<String> {
    let (first, last) = (entries.first()?, entries.last()?);
    let dense = last.position.seq.0 - first.position.seq.0 + 1 == entries.len() as u64;
    let size: usize = entries.iter().map(|entry| entry.weight()).sum();
    if !dense || size > MOST_BYTES {
        return None;
    }
    let mut text = header(teller, &last.position, before, entries.len());
    for entry in entries {
        text.push_str(&serde_json::to_string(&Envelope::from(&**entry)).ok()?);
        text.push('\n');
        text.push_str(entry.frame.as_str());
        text.push('\n');
    }
    Some(text)
}

/// Reads what [`Teller::tell`] wrote, for a tail that ends at `head`. What is known already costs no more than its first
/// line. None where that cannot be read: only the store knows what it was about.
pub fn read(bytes: &Bytes, head: &Position) -> Option<Told> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (header, events) = bytes.split_at(end);
    let mut words = std::str::from_utf8(header).ok()?.split(' ');
    if words.next()? != VERSION {
        return None;
    }
    let teller = Teller(u64::from_str_radix(words.next()?, 16).ok()?);
    let last: Position = words.next()?.parse().ok()?;
    let before = u32::from_str_radix(words.next()?, 16).ok()?;
    let count: u64 = words.next()?.parse().ok()?;
    let news = if last.epoch != head.epoch || last.seq <= head.seq {
        News::None
    } else {
        read_events(&events[1..], head, &last, before, count).unwrap_or(News::Grown)
    };
    Some(Told { teller, last, news })
}

fn read_events(events: &[u8], head: &Position, last: &Position, before: u32, count: u64) -> Option<News> {
    // Places are dense, so the first one follows from the last. A header alone begins behind every tail.
    let first = Seq(last.seq.0.checked_sub(count)? + 1);
    if first > head.seq.next() {
        return Some(News::Grown);
    }
    let mut lines = std::str::from_utf8(events).ok()?.lines();
    let mut tag_before = before;
    let mut next = Vec::new();
    for seq in first.0..=last.seq.0 {
        if seq == head.seq.next().0 && tag_before != head.tag {
            return Some(News::Forked);
        }
        let envelope: Envelope = serde_json::from_str(lines.next()?).ok()?;
        tag_before = envelope.tag;
        let frame = lines.next()?;
        if seq > head.seq.0 {
            next.push(Arc::new(envelope.open(last, Seq(seq), frame)?));
        }
    }
    (tag_before == last.tag).then_some(News::Next(next))
}

impl From<&Encoded> for Envelope {
    fn from(entry: &Encoded) -> Self {
        let to = match &entry.audience {
            Audience::Everyone => To::Everyone,
            Audience::People(people) => To::People(people.clone()),
            Audience::Topics { topics, people, at } => {
                To::Topics { topics: topics.clone(), people: people.clone(), at: *at }
            }
            Audience::Servers => To::Servers,
        };
        let ends = entry.revocation.as_ref().map(|revocation| match revocation {
            Revocation::Session(session) => Ends::Session(session.to_string()),
            Revocation::Standing { user } => Ends::Standing(*user),
            Revocation::Person { user, keep } => {
                Ends::Sessions { of: *user, keep: keep.as_ref().map(SessionId::to_string) }
            }
        });
        let shows = entry.about.as_ref().map(|about| (about.message, about.place.start, about.place.end));
        let moved = entry.moved.map(|moved| match moved {
            Moved::In { topic, private, user } => Step::In { topic, private, user },
            Moved::Out { topic, user } => Step::Out { topic, user },
        });
        Self { tag: entry.position.tag, to, shows, ends, moved }
    }
}

impl Envelope {
    fn open(self, last: &Position, seq: Seq, frame: &str) -> Option<Encoded> {
        if !frame.is_empty() && !frame.starts_with(EVENT_FRAME_PREFIX) {
            return None;
        }
        let audience = match self.to {
            To::Everyone => Audience::Everyone,
            To::People(mut people) => {
                people.sort_unstable();
                Audience::People(people)
            }
            To::Topics { topics, mut people, at } => {
                people.sort_unstable();
                Audience::Topics { topics, people, at }
            }
            To::Servers => Audience::Servers,
        };
        let revocation = match self.ends {
            None => None,
            Some(Ends::Session(id)) => Some(Revocation::Session(session(&id)?)),
            Some(Ends::Standing(user)) => Some(Revocation::Standing { user }),
            Some(Ends::Sessions { of, keep: None }) => Some(Revocation::Person { user: of, keep: None }),
            Some(Ends::Sessions { of, keep: Some(id) }) => {
                Some(Revocation::Person { user: of, keep: Some(session(&id)?) })
            }
        };
        let about = match self.shows {
            Some((message, start, end)) => {
                frame.get(start..end).filter(|object| object.starts_with('{') && object.ends_with('}'))?;
                Some(About { message, place: start..end })
            }
            None => None,
        };
        let position = Position { epoch: last.epoch.clone(), seq, tag: self.tag };
        let moved = self.moved.map(|step| match step {
            Step::In { topic, private, user } => Moved::In { topic, private, user },
            Step::Out { topic, user } => Moved::Out { topic, user },
        });
        Some(Encoded { position, audience, frame: Utf8Bytes::from(frame), about, revocation, moved })
    }
}

fn session(text: &str) -> Option<SessionId> {
    Uuid::parse_str(text).ok().map(SessionId)
}

#[cfg(test)]
mod tests {
    use push_system::position::Epoch;

    use super::*;

    fn at(seq: u64) -> Position {
        Position { epoch: Epoch::parse("e1").unwrap(), seq: Seq(seq), tag: u32::try_from(seq).unwrap() * 3 }
    }

    fn entry(seq: u64) -> Arc<Encoded> {
        let session = SessionId(Uuid::from_u128(u128::from(seq)));
        let (audience, revocation) = match seq % 5 {
            0 => (Audience::Everyone, None),
            1 => (Audience::People(vec![UserId(2), UserId(7)]), None),
            2 => (Audience::Servers, Some(Revocation::Session(session))),
            3 if seq.is_multiple_of(2) => {
                (Audience::Topics { topics: vec![TopicId(3)], people: vec![UserId(2)], at: Seq(1) }, None)
            }
            3 => (Audience::Servers, Some(Revocation::Standing { user: UserId(7) })),
            _ => (Audience::Servers, Some(Revocation::Person { user: UserId(7), keep: Some(session) })),
        };
        let frame = match audience {
            Audience::Servers => Utf8Bytes::default(),
            _ => format!(r#"{EVENT_FRAME_PREFIX}"seq":{seq},"message":{{"a":"a\nb 林"}}}}"#).into(),
        };
        let about = seq
            .is_multiple_of(5)
            .then(|| About { message: MessageId(seq), place: frame.find("{\"a").unwrap()..frame.len() - 1 });
        let (topic, user) = (TopicId(3), UserId(7));
        let moved = match seq % 3 {
            0 => Some(Moved::In { topic, private: true, user }),
            1 => Some(Moved::Out { topic, user }),
            _ => None,
        };
        Arc::new(Encoded { position: at(seq), audience, frame, about, revocation, moved })
    }

    fn entries(seqs: std::ops::RangeInclusive<u64>) -> Vec<Arc<Encoded>> {
        seqs.map(entry).collect()
    }

    fn told(seqs: std::ops::RangeInclusive<u64>) -> Bytes {
        let (before, last) = (at(seqs.start() - 1).tag, at(*seqs.end()));
        Teller(7).tell(Some(before), &entries(seqs), &last)
    }

    fn read(bytes: &Bytes, head: &Position) -> News {
        super::read(bytes, head).map_or(News::Grown, |told| told.news)
    }

    #[test]
    fn it_says_who_tells_and_up_to_where() {
        let told = super::read(&told(4..=7), &at(3)).unwrap();
        assert_eq!((told.teller, told.last), (Teller(7), at(7)));
    }

    #[test]
    fn as_many_tellers_are_remembered_as_there_may_be_and_no_more() {
        let mut tellers = Tellers::default();
        for n in 0..=MOST_TELLERS as u64 {
            assert!(!tellers.know(Teller(n)));
            tellers.proved(Teller(n));
            tellers.proved(Teller(n));
        }
        assert_eq!((tellers.0.len(), tellers.know(Teller(0)), tellers.know(Teller(1))), (MOST_TELLERS, false, true));
    }

    #[test]
    fn what_comes_next_arrives_as_it_was_sent() {
        assert_eq!(read(&told(4..=7), &at(3)), News::Next(entries(4..=7)));
    }

    #[test]
    fn of_what_is_partly_known_the_rest_comes_next() {
        assert_eq!(read(&told(4..=7), &at(5)), News::Next(entries(6..=7)));
    }

    #[test]
    fn what_is_known_or_of_another_life_is_nothing() {
        assert_eq!(read(&told(4..=7), &at(7)), News::None);
        assert_eq!(read(&told(4..=7), &Position { epoch: Epoch::parse("e2").unwrap(), ..at(3) }), News::None);
    }

    #[test]
    fn what_lies_further_ahead_must_be_read_from_the_store() {
        assert_eq!(read(&told(5..=7), &at(3)), News::Grown);
    }

    #[test]
    fn another_event_before_it_than_the_one_followed_is_a_fork() {
        for head in [3, 5] {
            assert_eq!(read(&told(4..=7), &Position { tag: 1, ..at(head) }), News::Forked);
        }
    }

    #[test]
    fn a_commit_too_large_or_without_its_predecessor_is_told_by_its_place_alone() {
        let mut large = Arc::unwrap_or_clone(entry(4));
        large.frame = format!("{EVENT_FRAME_PREFIX}{}", "x".repeat(MOST_BYTES)).into();
        let told = [(Some(at(3).tag), vec![Arc::new(large)]), (None, entries(4..=4))];
        for alone in told.map(|(before, entries)| Teller(7).tell(before, &entries, &at(4))) {
            assert!(alone.len() < 100);
            assert_eq!(read(&alone, &at(3)), News::Grown);
            assert_eq!(read(&alone, &at(4)), News::None);
        }
    }

    #[test]
    fn what_cannot_be_read_sends_to_the_store() {
        let whole = told(4..=7);
        let text = std::str::from_utf8(&whole).unwrap();
        let later = text.replacen("3 ", "4 ", 1);
        let more = text.replacen("\"to\"", "\"and\":1,\"to\"", 1);
        let other = text.replacen("everyone", "somebody", 1);
        let shown = text.replacen("\"shows\":[5,", "\"shows\":[5,1", 1);
        assert_ne!(shown, text);
        for unreadable in ["", "\n", "3", "3 7 e1.7.00000015", &later, &more, &other, &shown, &text[..text.len() / 2]] {
            assert_eq!(read(&Bytes::from(unreadable.to_owned()), &at(3)), News::Grown, "{unreadable}");
        }
        assert_eq!(read(&Bytes::from_static(b"3 \xff"), &at(3)), News::Grown);
    }
}
