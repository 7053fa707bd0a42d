//! What each reader applied, against what was due to its person.

use std::collections::{HashMap, HashSet};

use push_system::{ids::TopicId, inbox::Snapshot, limits};

use super::{
    super::{
        history::{ReaderHistory, Seen, Segment, Shown},
        oracle::{Due, Expected, Fact, Share, Versions},
        print::message_print,
        scenario::Resets,
    },
    Kind, Verdict,
};

/// Events shown on either side of the first difference.
const AROUND: usize = 4;

/// What a person must be told in one life of the log.
pub(super) type Told<'a> = (&'a Share<'a>, &'a Versions);

/// Nobody is told to reload who need not.
pub(super) fn resets_are_due(reader: &ReaderHistory, resets: Resets, verdict: &mut Verdict) {
    let Some(reason) = reader.resets.first() else { return };
    let due = match resets {
        Resets::None => false,
        Resets::OfThoseAway => reader.hindered,
        Resets::OfAll => true,
    };
    if !due {
        verdict.note(Kind::Other, || format!("{} was reset ({reason}) though nothing cut its log", reader.name));
    }
}

/// Every reader applied exactly what it was entitled to, between snapshots that are folds, and ended with the fold.
pub(super) fn follow(reader: &ReaderHistory, lives: &[Told<'_>], verdict: &mut Verdict) {
    for complaint in &reader.complaints {
        verdict.note(Kind::Other, || format!("{}: {complaint}", reader.name));
    }
    let Some(told @ (share, _)) = lives.last() else { return };
    let Some((last, earlier)) = reader.segments.split_last() else { return };
    for segment in earlier {
        verdict.absorb(of_one_life(&reader.name, segment, lives));
    }
    verdict.absorb(of_one_life(&reader.name, last, std::slice::from_ref(told)));
    let end = last.end;
    let mut missing = share.due(end, share.tables.head).iter().filter(|due| due.needed).map(|due| due.seq).peekable();
    if missing.peek().is_some() {
        let missing: Vec<u64> = missing.take(2 * AROUND).collect();
        verdict.note(Kind::Lost, || {
            format!("{} stands at seq {end} and never got what comes after it: expected {missing:?}", reader.name)
        });
    }
    let page =
        Page { what: &format!("{}: the inbox at the end", reader.name), loaded: last.start.seq.0, saw: &reader.last };
    page.is_fold(*told, verdict);
}

/// What was seen between two snapshots is of one life as a whole; whichever it contradicts least.
fn of_one_life(name: &str, segment: &Segment, lives: &[Told<'_>]) -> Verdict {
    let by = |told: &Told<'_>| {
        let mut verdict = Verdict::default();
        let page = Page { what: &format!("{name}: the snapshot"), loaded: segment.start.seq.0, saw: &segment.start };
        page.is_fold(*told, &mut verdict);
        sequence_is_due(name, segment, *told, &mut verdict);
        verdict
    };
    lives.iter().map(by).min_by_key(Verdict::violations).unwrap_or_default()
}

/// An inbox that somebody had.
struct Page<'a> {
    /// For sentences.
    what: &'a str,
    /// Where it was loaded; from there on it was folded.
    loaded: u64,
    saw: &'a Snapshot,
}

impl Page<'_> {
    fn is_fold(&self, (share, versions): Told<'_>, verdict: &mut Verdict) {
        let seq = self.saw.seq.0;
        let expected = share.inbox(seq, limits::SNAPSHOT_MESSAGES as usize);
        if self.is(&expected, share, versions) {
            return;
        }
        verdict.note(Kind::Other, || {
            let saw = &self.saw;
            let topics: Vec<TopicId> = saw.topics.iter().map(|topic| topic.id).collect();
            let seen = brief(
                saw.messages.iter().map(|m| m.id.0),
                saw.has_more,
                &(&saw.read, &saw.marks),
                &topics,
                saw.counters.unread,
            );
            let due = &expected;
            let ids = due.messages.iter().map(|message| message.id.0);
            let due = brief(ids, due.has_more, &(&due.read, &due.marks), &due.topics, due.unread);
            format!(
                "{} at seq {seq} is not the fold of the tables: expected {due}, saw {seen}{}",
                self.what,
                self.otherwise(versions)
            )
        });
    }

    fn is(&self, expected: &Expected<'_>, share: &Share<'_>, versions: &Versions) -> bool {
        let Snapshot { messages, has_more, read, marks, topics, counters, .. } = self.saw;
        // A page from which a private topic's messages went ends earlier, and knows of older ones that may be gone as well.
        let cut = share.lost_some(self.loaded, self.saw.seq.0) && *has_more;
        let fits = messages.len() == expected.messages.len() && *has_more == expected.has_more;
        let page = fits || (cut && messages.len() <= expected.messages.len());
        let same = messages.iter().zip(&expected.messages).all(|(saw, due)| message_print(saw) == message_print(due));
        let joined = topics.iter().map(|topic| topic.id).eq(expected.topics.iter().copied());
        let state = (read, marks, counters.unread) == (&expected.read, &expected.marks, expected.unread);
        page && same && joined && state && self.otherwise(versions).is_empty()
    }

    /// What is there in other words than it had at that place.
    fn otherwise(&self, versions: &Versions) -> String {
        let (seq, saw) = (self.saw.seq.0, self.saw);
        let message = saw.messages.iter().find(|message| !versions.shows(seq, &Shown::message(message)));
        let topic = saw.topics.iter().find(|topic| !versions.may_show_topic(seq, &Shown::topic(topic)));
        match (message, topic) {
            (Some(message), _) => format!("; message {} says something else there", message.id),
            (None, Some(topic)) => format!("; topic {} says something else there", topic.id),
            (None, None) => String::new(),
        }
    }
}

fn brief(
    messages: impl Iterator<Item = u64>,
    has_more: bool,
    state: &impl std::fmt::Debug,
    topics: &[TopicId],
    unread: u64,
) -> String {
    let ids: Vec<u64> = messages.collect();
    let some = &ids[..ids.len().min(2 * AROUND)];
    format!("{} messages {some:?}, more {has_more}, {state:?}, in {topics:?}, {unread} unread", ids.len())
}

fn sequence_is_due(name: &str, segment: &Segment, told: Told<'_>, verdict: &mut Verdict) {
    let (share, _) = told;
    let from = segment.start.seq.0;
    let due = share.due(from, segment.end);
    let needed = due.iter().filter(|due| due.needed).count();
    verdict.checked += needed.max(segment.seen.len()) as u64;
    let both = |at: u64| sides(due, &segment.seen, at);
    let prints: HashMap<u64, u64> = due.iter().map(|due| (due.seq, due.print)).collect();
    let (mut seen, mut newest) = (HashSet::new(), from);
    for event in &segment.seen {
        let seq = event.seq;
        if !seen.insert(seq) {
            verdict.note(Kind::Duplicated, || format!("{name} applied seq {seq} twice: {}", both(seq)));
        } else if seq <= newest {
            verdict.note(Kind::Reordered, || format!("{name} applied seq {seq} after seq {newest}: {}", both(seq)));
        } else {
            match prints.get(&seq) {
                None => verdict
                    .note(Kind::Other, || format!("{name} applied seq {seq}, {}: {}", foreign(share, seq), both(seq))),
                Some(print) if *print != event.print => verdict.note(Kind::Other, || {
                    format!(
                        "{name} applied seq {seq} with other content: expected {print:016x}, saw {:016x}",
                        event.print
                    )
                }),
                Some(_) => was_ever_so(name, event, told, verdict),
            }
        }
        newest = newest.max(seq);
    }
    for missing in due.iter().filter(|due| due.needed && !seen.contains(&due.seq)) {
        let seq = missing.seq;
        verdict.note(Kind::Lost, || format!("{name} never applied seq {seq}: {}", both(seq)));
    }
}

/// What an event shows of a message or a topic is what that was then, or became later.
fn was_ever_so(name: &str, event: &Seen, (share, versions): Told<'_>, verdict: &mut Verdict) {
    let (seq, Some(shown)) = (event.seq, &event.shown) else { return };
    let is_topic = share.tables.row(seq).is_some_and(|row| matches!(row.fact, Fact::Topic(..)));
    let (what, was_so) = if is_topic {
        ("topic", versions.may_show_topic(seq, shown))
    } else {
        ("message", versions.may_show(seq, shown))
    };
    if !was_so {
        verdict.note(Kind::Other, || {
            let Shown { about, edited, deleted, .. } = shown;
            format!(
                "{name} applied seq {seq} with other content: {what} {about} was never so since \
                 (edited {edited:?}, deleted {deleted:?})"
            )
        });
    }
}

/// Why an event is none for that person.
fn foreign(share: &Share<'_>, seq: u64) -> String {
    let topics = share.tables.row(seq).map(super::super::oracle::Row::topics).unwrap_or_default();
    match topics.first() {
        Some(topic) => format!("which it is not entitled to: it was not in topic {topic} at that place"),
        None => "which it is not entitled to".to_owned(),
    }
}

/// Both sequences around a place.
fn sides(due: &[Due], seen: &[Seen], at: u64) -> String {
    let window = |seqs: Vec<u64>| {
        let place = seqs.iter().position(|seq| *seq >= at).unwrap_or(seqs.len());
        seqs[place.saturating_sub(AROUND)..(place + AROUND + 1).min(seqs.len())].to_vec()
    };
    let expected = window(due.iter().map(|due| due.seq).collect());
    let saw = window(seen.iter().map(|seen| seen.seq).collect());
    format!("expected … {expected:?} …, saw … {saw:?} …")
}
