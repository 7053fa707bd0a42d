//! How late things were: also pure, over what was recorded.

use std::time::Duration;

use super::history::{Micros, ReaderHistory, Record};

/// What a run says about time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Timing {
    /// The longest from an acknowledgement to a reader whose socket was live all the while.
    pub(crate) worst: Duration,
    /// The same for 99 of 100.
    pub(crate) p99: Duration,
    /// The longest from a fault (its end, where it lasts) until every reader had the next message acknowledged after
    /// it; none without faults.
    pub(crate) recovery: Option<Duration>,
}

/// Measures a run whose faults were over at `marks`.
pub(crate) fn timing(record: &Record, marks: &[Micros]) -> Timing {
    let mut acks: Vec<(Micros, u64)> = record
        .publishes
        .iter()
        .filter(|publish| publish.to_everyone)
        .filter_map(|publish| publish.acks.first().map(|ack| (ack.at, ack.id)))
        .collect();
    acks.sort_unstable();
    let readers: Vec<&ReaderHistory> = record.readers.iter().filter(|reader| !reader.hindered).collect();
    let mut late: Vec<Micros> = readers.iter().flat_map(|reader| lateness(reader, &acks)).collect();
    late.sort_unstable();
    let p99 = late.get((late.len() * 99).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default();
    let recovery = marks.iter().filter_map(|mark| recovery(&readers, &acks, *mark)).max();
    Timing {
        worst: Duration::from_micros(late.last().copied().unwrap_or_default()),
        p99: Duration::from_micros(p99),
        recovery: recovery.map(Duration::from_micros),
    }
}

/// When the reader had each place: by applying it, or, where an inbox was loaded, not at all.
fn applied_at(reader: &ReaderHistory, seq: u64) -> Option<Micros> {
    reader.segments.iter().find_map(|segment| {
        let place = segment.seen.partition_point(|seen| seen.seq < seq);
        segment.seen.get(place).filter(|seen| seen.seq == seq).map(|seen| seen.at)
    })
}

fn lateness<'a>(reader: &'a ReaderHistory, acks: &'a [(Micros, u64)]) -> impl Iterator<Item = Micros> + 'a {
    acks.iter().filter_map(|(acked, id)| {
        let applied = applied_at(reader, *id)?;
        let same_socket = |(from, to): &(Micros, Micros)| from <= acked && applied <= *to;
        reader.lives.iter().any(same_socket).then(|| applied.saturating_sub(*acked))
    })
}

/// From `mark` until every reader had the first message that was acknowledged after it.
fn recovery(readers: &[&ReaderHistory], acks: &[(Micros, u64)], mark: Micros) -> Option<Micros> {
    let (_, id) = acks[acks.partition_point(|(at, _)| *at <= mark)..].first()?;
    let reached = |reader: &&ReaderHistory| {
        let later = reader.segments.iter().flat_map(|segment| &segment.seen).find(|seen| seen.seq >= *id);
        later.map_or(0, |seen| seen.at)
    };
    readers.iter().map(reached).max().map(|at| at.saturating_sub(mark))
}

#[cfg(test)]
mod tests {
    use push_system::{accounts::Person, ids::UserId, inbox::Snapshot};

    use super::*;
    use crate::check::history::{Ack, Publish, Seen, Segment};

    fn snapshot() -> Snapshot {
        let json = r#"{"pos":"p","seq":0,"user":{"id":1,"name":"ana"},"messages":[],"has_more":false,
            "read_upto":0,"exceptions":[],"counters":{"unread":0}}"#;
        serde_json::from_str(json).unwrap()
    }

    fn reader(seen: &[(u64, Micros)], lives: &[(Micros, Micros)]) -> ReaderHistory {
        let Person { id, name } = snapshot().user;
        let seen: Vec<Seen> = seen.iter().map(|(seq, at)| Seen { seq: *seq, print: 0, at: *at }).collect();
        ReaderHistory {
            name: name.to_string(),
            user: id,
            segments: vec![Segment { start: snapshot(), seen, end: 9 }],
            last: snapshot(),
            lives: lives.to_vec(),
            connections: 1,
            resets: Vec::new(),
            complaints: Vec::new(),
            hindered: false,
        }
    }

    fn record(readers: Vec<ReaderHistory>) -> Record {
        let publish = |(id, at): (u64, Micros)| Publish {
            sender: UserId(1),
            key: id.to_string(),
            acks: vec![Ack { id, print: 0, at }],
            to_everyone: true,
        };
        Record { publishes: [(1, 100), (2, 200), (3, 900)].map(publish).into(), readers, ..Record::default() }
    }

    #[test]
    fn lateness_counts_only_where_one_socket_was_live_all_the_while() {
        let steady = reader(&[(1, 110), (2, 195), (3, 930)], &[(0, 1_000)]);
        let broken = reader(&[(1, 105), (2, 800), (3, 901)], &[(0, 150), (700, 1_000)]);
        let found = timing(&record(vec![steady, broken]), &[]);
        assert_eq!((found.worst, found.recovery), (Duration::from_micros(30), None));
    }

    #[test]
    fn recovery_ends_when_the_last_reader_has_what_was_first_acknowledged_after_the_fault() {
        let one = reader(&[(1, 110), (2, 250), (3, 930)], &[]);
        let other = reader(&[(1, 105), (2, 800), (3, 901)], &[]);
        let found = timing(&record(vec![one, other]), &[150, 850]);
        assert_eq!(found.recovery, Some(Duration::from_micros(650)));
    }
}
