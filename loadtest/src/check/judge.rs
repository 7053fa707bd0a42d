//! The verdict on a run: a pure function of what was recorded and what the tables hold.
//!
//! Where a backup was restored, the tables are those of several lives of the log, and each promise is judged by the life
//! in which it was made: an acknowledgement by the tables of its time, what a reader applied between two snapshots by one
//! life as a whole, and where everybody ends by the last one.

mod promises;

use std::collections::{HashMap, HashSet};

use push_system::{accounts::Person, inbox::Snapshot, limits, read_state::ReadState};

use super::{
    history::{ReaderHistory, Record, Seen, Segment, message_print},
    oracle::{Due, Expected, Life, Row, Share, Tables},
    scenario::Resets,
};

/// Events shown on either side of the first difference.
const AROUND: usize = 4;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Messages somebody meant to publish.
    pub(crate) published: u64,
    /// Of them, those that were acknowledged.
    pub(crate) acknowledged: u64,
    /// Events compared, one by one, over all readers.
    pub(crate) checked: u64,
    /// Acknowledged and not stored, or stored and not applied.
    pub(crate) lost: u64,
    /// Stored or applied twice.
    pub(crate) duplicated: u64,
    /// Applied after a later one.
    pub(crate) reordered: u64,
    /// Any other broken promise.
    pub(crate) other: u64,
    /// The first violation, with both sides.
    pub(crate) first: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Lost,
    Duplicated,
    Reordered,
    Other,
}

impl Verdict {
    fn note(&mut self, kind: Kind, sentence: impl FnOnce() -> String) {
        match kind {
            Kind::Lost => self.lost += 1,
            Kind::Duplicated => self.duplicated += 1,
            Kind::Reordered => self.reordered += 1,
            Kind::Other => self.other += 1,
        }
        self.first.get_or_insert_with(sentence);
    }

    /// Takes in what another one found.
    fn absorb(&mut self, other: Self) {
        self.checked += other.checked;
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.reordered += other.reordered;
        self.other += other.other;
        self.first = self.first.take().or(other.first);
    }

    fn violations(&self) -> u64 {
        self.lost + self.duplicated + self.reordered + self.other
    }

    /// Whether every promise was kept.
    pub(crate) fn is_clean(&self) -> bool {
        self.first.is_none()
    }
}

/// Compares a run with the tables it left: those at rest, and, where a backup was restored, those before each restore.
pub(crate) fn judge(record: &Record, lives: &[Life], resets: Resets) -> Verdict {
    let mut verdict = Verdict::default();
    for life in lives {
        log_is_dense(&life.tables, &mut verdict);
        rows_agree(&life.tables, record.base, &mut verdict);
    }
    promises::are_stored(record, lives, &mut verdict);
    let starts: HashMap<_, _> = record.starts.iter().map(|(user, read)| (*user, read)).collect();
    let nothing = ReadState::default();
    for person in lives.last().into_iter().flat_map(|life| &life.tables.people) {
        let readers: Vec<_> = record.readers.iter().filter(|reader| reader.user == person.id).collect();
        let Some(start) = starts.get(&person.id).copied().or((!readers.is_empty()).then_some(&nothing)) else {
            continue;
        };
        let shares: Vec<Share<'_>> = lives.iter().map(|life| Share::of(&life.tables, person, start)).collect();
        for (life, share) in lives.iter().zip(&shares) {
            read_states_agree(person, share, &life.tables, record.base, &mut verdict);
        }
        let head = lives.last().map_or(0, |life| life.tables.head);
        for reader in readers {
            resets_are_due(reader, resets, &mut verdict);
            follows(reader, &shares, head, &mut verdict);
        }
    }
    verdict
}

fn log_is_dense(tables: &Tables, verdict: &mut Verdict) {
    for pair in tables.rows.windows(2) {
        if pair[1].seq != pair[0].seq + 1 {
            verdict.note(Kind::Other, || {
                format!(
                    "the log has a hole: expected seq {} after {}, saw {}",
                    pair[0].seq + 1,
                    pair[0].seq,
                    pair[1].seq
                )
            });
        }
    }
    let last = tables.rows.last().map_or(0, |row| row.seq);
    if last != tables.head {
        verdict.note(Kind::Other, || format!("head says seq {}, the last event has seq {last}", tables.head));
    }
}

/// A publication and its message have one number, and each has the other; the stored audience is the one the rule gives.
fn rows_agree(tables: &Tables, base: u64, verdict: &mut Verdict) {
    for seq in &tables.orphans {
        verdict.note(Kind::Lost, || format!("event {seq} publishes a message, and there is no such message"));
    }
    for id in &tables.unpublished {
        verdict.note(Kind::Lost, || format!("message {id} is stored, and no event publishes it"));
    }
    let ids: HashMap<String, u64> = tables.people.iter().map(|p| (format!("@{}", p.name), p.id.0)).collect();
    for row in tables.rows.iter().filter(|row| row.seq > base) {
        let Some(message) = row.message() else { continue };
        if message.id.0 != row.seq {
            verdict.note(Kind::Other, || format!("event {} publishes message {}", row.seq, message.id));
        }
        let expected = audience_of(row, &ids);
        if row.audience != expected {
            verdict.note(Kind::Other, || {
                format!("event {}: expected the audience '{expected}', the table has '{}'", row.seq, row.audience)
            });
        }
    }
}

fn audience_of(row: &Row, ids: &HashMap<String, u64>) -> String {
    let Some(message) = row.message() else { return row.audience.clone() };
    let to: Vec<String> = message.to.iter().map(ToString::to_string).collect();
    if to.iter().any(|to| to == "everyone") {
        return "everyone".to_owned();
    }
    let mut people: Vec<u64> = to.iter().filter_map(|to| ids.get(to).copied()).collect();
    people.push(message.sender.id.0);
    people.sort_unstable();
    people.dedup();
    people.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn read_states_agree(person: &Person, share: &Share<'_>, tables: &Tables, base: u64, verdict: &mut Verdict) {
    if let Some((seq, expected, said)) = share.miscounted(base) {
        verdict.note(Kind::Other, || {
            format!("event {seq} tells {} of {said} unread messages; by the tables there were {expected}", person.name)
        });
    }
    let (expected, stored) = (share.last_read(), tables.reads.get(&person.id));
    if stored != Some(&expected) {
        verdict.note(Kind::Other, || {
            format!("the read state of {} is, by their events, {expected:?}; the table has {stored:?}", person.name)
        });
    }
}

fn resets_are_due(reader: &ReaderHistory, resets: Resets, verdict: &mut Verdict) {
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
fn follows(reader: &ReaderHistory, shares: &[Share<'_>], head: u64, verdict: &mut Verdict) {
    for complaint in &reader.complaints {
        verdict.note(Kind::Other, || format!("{}: {complaint}", reader.name));
    }
    let Some(share) = shares.last() else { return };
    let Some((last, earlier)) = reader.segments.split_last() else { return };
    for segment in earlier {
        verdict.absorb(of_one_life(&reader.name, segment, shares));
    }
    verdict.absorb(of_one_life(&reader.name, last, std::slice::from_ref(share)));
    let end = last.end;
    if !share.due(end, head).is_empty() {
        let missing: Vec<u64> = share.due(end, head).iter().map(|due| due.seq).take(2 * AROUND).collect();
        verdict.note(Kind::Lost, || {
            format!("{} stands at seq {end} and never got what comes after it: expected {missing:?}", reader.name)
        });
    }
    snapshot_is_fold(&format!("{}: the inbox at the end", reader.name), &reader.last, share, verdict);
}

/// What was seen between two snapshots is of one life as a whole; whichever it contradicts least.
fn of_one_life(name: &str, segment: &Segment, shares: &[Share<'_>]) -> Verdict {
    let by = |share| {
        let mut verdict = Verdict::default();
        snapshot_is_fold(&format!("{name}: the snapshot"), &segment.start, share, &mut verdict);
        sequence_is_due(name, segment, share, &mut verdict);
        verdict
    };
    shares.iter().map(by).min_by_key(Verdict::violations).unwrap_or_default()
}

fn snapshot_is_fold(what: &str, saw: &Snapshot, share: &Share<'_>, verdict: &mut Verdict) {
    let page = limits::SNAPSHOT_MESSAGES as usize;
    let expected = share.inbox(saw.seq.0, page);
    let seen = Expected {
        messages: saw.messages.clone(),
        has_more: saw.has_more,
        read: saw.read.clone(),
        unread: saw.counters.unread,
    };
    if seen != expected {
        verdict.note(Kind::Other, || {
            format!(
                "{what} at seq {} is not the fold of the tables: expected {}, saw {}",
                saw.seq,
                brief(&expected),
                brief(&seen)
            )
        });
    }
}

fn brief(inbox: &Expected) -> String {
    let ids: Vec<u64> = inbox.messages.iter().take(2 * AROUND).map(|message| message.id.0).collect();
    let print = inbox.messages.iter().fold(0, |all, message| all ^ message_print(message));
    format!(
        "{} messages {ids:?} (content {print:016x}), more {}, {:?}, {} unread",
        inbox.messages.len(),
        inbox.has_more,
        inbox.read,
        inbox.unread
    )
}

fn sequence_is_due(name: &str, segment: &Segment, share: &Share<'_>, verdict: &mut Verdict) {
    let from = segment.start.seq.0;
    let due = share.due(from, segment.end);
    verdict.checked += due.len().max(segment.seen.len()) as u64;
    let same = |(due, seen): (&Due, &Seen)| due.seq == seen.seq && due.print == seen.print;
    if due.len() == segment.seen.len() && due.iter().zip(&segment.seen).all(same) {
        return;
    }
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
                None => verdict.note(Kind::Other, || {
                    format!("{name} applied seq {seq}, which it is not entitled to: {}", both(seq))
                }),
                Some(print) if *print != event.print => verdict.note(Kind::Other, || {
                    format!(
                        "{name} applied seq {seq} with other content: expected {print:016x}, saw {:016x}",
                        event.print
                    )
                }),
                Some(_) => {}
            }
        }
        newest = newest.max(seq);
    }
    for missing in due.iter().filter(|due| !seen.contains(&due.seq)) {
        let seq = missing.seq;
        verdict.note(Kind::Lost, || format!("{name} never applied seq {seq}: {}", both(seq)));
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

#[cfg(test)]
mod tests;
