//! How late things were: also pure, over what was recorded.

use std::time::Duration;

use super::history::{Ack, Live, Micros, ReaderHistory, Record};

/// Deliveries below which a median says nothing.
const ENOUGH: usize = 100;

/// When faults happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    /// Their ends, where they last, else when they happened.
    pub(crate) over: Vec<Micros>,
    /// From and to, of those during which others are looked at, and of backups that are made.
    pub(crate) windows: Vec<(Micros, Micros)>,
}

/// The same at rest and while something goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pair {
    /// Before the first time.
    pub(crate) calm: Duration,
    /// Meanwhile.
    pub(crate) during: Duration,
}

/// What a run says about time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Timing {
    /// The longest from an acknowledgement to a reader whose socket was live all the while.
    pub(crate) worst: Duration,
    /// The same for 99 of 100.
    pub(crate) p99: Duration,
    /// The longest from a fault (its end, where it lasts) until every reader that only lived through it had the next message
    /// acknowledged after it; none without faults. [`Duration::MAX`] where one never had it.
    pub(crate) recovery: Option<Duration>,
    /// The same for those whom the fault itself kept from reading, because they were away or stopped: they have to catch up
    /// with what they missed before. None where there are none.
    pub(crate) caught_up: Option<Duration>,
    /// `p99` in the windows and before them.
    pub(crate) others: Option<Pair>,
    /// From the first attempt to the acknowledgement, 99 of 100, in the windows and before them.
    pub(crate) publish: Option<Pair>,
    /// What the median grows by where the reader's socket is on another instance than the one that acknowledged.
    pub(crate) between: Option<Duration>,
}

/// A message to everyone that was acknowledged.
#[derive(Clone, Copy)]
struct Published<'a> {
    begun: Micros,
    ack: &'a Ack,
}

/// A message that came by a socket that was live all the while.
#[derive(Clone, Copy)]
struct Delivery {
    acked: Micros,
    /// Negative where it came before the acknowledgement did.
    late: i64,
    /// By the instance that acknowledged it.
    own: bool,
}

/// Measures a run.
pub(crate) fn timing(record: &Record, marks: &Marks) -> Timing {
    let mut published: Vec<Published<'_>> = record
        .publishes
        .iter()
        .filter(|publish| publish.to_everyone)
        .filter_map(|publish| Some(Published { begun: publish.begun, ack: publish.acks.first()? }))
        .collect();
    published.sort_unstable_by_key(|published| published.ack.at);
    let (hindered, readers): (Vec<&ReaderHistory>, Vec<_>) = record.readers.iter().partition(|reader| reader.hindered);
    let deliveries: Vec<Delivery> = readers.iter().flat_map(|reader| delivered(reader, &published)).collect();
    let late: Vec<(Micros, Micros)> = deliveries.iter().map(|one| (one.acked, lateness(one))).collect();
    let answers: Vec<(Micros, Micros)> =
        published.iter().map(|one| (one.begun, one.ack.at.saturating_sub(one.begun))).collect();
    Timing {
        worst: part(late.iter().map(|one| one.1), 100).unwrap_or_default(),
        p99: part(late.iter().map(|one| one.1), 99).unwrap_or_default(),
        recovery: recovery(&readers, &published, &marks.over),
        caught_up: recovery(&hindered, &published, &marks.over),
        others: pair(&late, &marks.windows),
        publish: pair(&answers, &marks.windows),
        between: between(&deliveries),
    }
}

/// What so many of 100 do not exceed.
fn part(values: impl Iterator<Item = Micros>, of_100: usize) -> Option<Duration> {
    let mut values: Vec<Micros> = values.collect();
    values.sort_unstable();
    values.get((values.len() * of_100).div_ceil(100).checked_sub(1)?).copied().map(Duration::from_micros)
}

fn pair(values: &[(Micros, Micros)], windows: &[(Micros, Micros)]) -> Option<Pair> {
    let first = windows.iter().map(|(from, _)| *from).min()?;
    let within = |at: Micros| windows.iter().any(|(from, to)| (*from..=*to).contains(&at));
    let calm = part(values.iter().filter(|(at, _)| *at < first).map(|one| one.1), 99)?;
    let during = part(values.iter().filter(|(at, _)| within(*at)).map(|one| one.1), 99)?;
    Some(Pair { calm, during })
}

fn between(deliveries: &[Delivery]) -> Option<Duration> {
    let median = |own: bool| {
        let mut late: Vec<i64> = deliveries.iter().filter(|one| one.own == own).map(|one| one.late).collect();
        late.sort_unstable();
        late.get(late.len() / 2).copied().filter(|_| late.len() >= ENOUGH)
    };
    let added = median(false)? - median(true)?;
    Some(Duration::from_micros(u64::try_from(added).unwrap_or(0)))
}

fn lateness(delivery: &Delivery) -> Micros {
    delivery.late.try_into().unwrap_or(0)
}

fn delivered<'a>(reader: &'a ReaderHistory, published: &'a [Published<'a>]) -> impl Iterator<Item = Delivery> + 'a {
    published.iter().filter_map(|Published { ack, .. }| {
        let applied = applied_at(reader, ack)?;
        let live = reader.lives.iter().find(|live: &&Live| live.from <= ack.at && applied <= live.to)?;
        let late = i64::try_from(applied).ok()?.checked_sub_unsigned(ack.at)?;
        Some(Delivery { acked: ack.at, late, own: live.door == ack.by })
    })
}

/// When the reader had the message: by applying it, or, where an inbox was loaded, not at all. Where a backup was restored
/// two messages had the number, at different times.
fn applied_at(reader: &ReaderHistory, ack: &Ack) -> Option<Micros> {
    let found = reader.segments.iter().filter_map(|segment| {
        let place = segment.seen.partition_point(|seen| seen.seq < ack.id);
        segment.seen.get(place).filter(|seen| seen.seq == ack.id).map(|seen| seen.at)
    });
    found.min_by_key(|at| at.abs_diff(ack.at))
}

/// The longest from a mark until every reader had the first message that was acknowledged after it.
fn recovery(readers: &[&ReaderHistory], published: &[Published<'_>], marks: &[Micros]) -> Option<Duration> {
    let after = |mark: &Micros| {
        let next = published.get(published.partition_point(|one| one.ack.at <= *mark))?;
        readers.iter().map(|reader| reached(reader, next.ack.id, *mark)).max()
    };
    marks.iter().filter_map(after).max()
}

/// How long after a mark a reader had come to a place: by an event from there on, or by an inbox that was loaded there.
fn reached(reader: &ReaderHistory, place: u64, mark: Micros) -> Duration {
    let seen = reader.segments.iter().flat_map(|segment| &segment.seen);
    let by_event = seen.filter(|seen| seen.seq >= place && seen.at > mark).map(|seen| seen.at).min();
    let loaded = reader.segments.iter().any(|segment| segment.start.seq.0 >= place);
    let by_inbox = reader.lives.iter().map(|live| live.from).filter(|from| loaded && *from > mark).min();
    let at = by_event.into_iter().chain(by_inbox.filter(|_| by_event.is_none())).min();
    at.map_or(Duration::MAX, |at| Duration::from_micros(at - mark))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use push_system::{accounts::Person, ids::UserId, inbox::Snapshot};

    use super::*;
    use crate::check::history::{Publish, Seen, Segment, Shown};

    fn snapshot() -> Snapshot {
        let json = r#"{"pos":"p","seq":0,"user":{"id":1,"name":"ana"},"messages":[],"has_more":false,
            "read_upto":0,"exceptions":[],"seen_upto":0,"archived":[],"saved":[],"topics":[],"counters":{"unread":0}}"#;
        serde_json::from_str(json).unwrap()
    }

    fn address(port: u16) -> SocketAddr {
        ([127, 0, 0, 1], port).into()
    }

    fn reader(seen: &[(u64, Micros)], lives: &[(Micros, Micros, u16)]) -> ReaderHistory {
        let Person { id, name } = snapshot().user;
        let seen: Vec<Seen> = seen.iter().map(|(seq, at)| Seen { seq: *seq, print: 0, shown: None, at: *at }).collect();
        let lives = lives.iter().map(|(from, to, door)| Live { from: *from, to: *to, door: address(*door) });
        ReaderHistory {
            name: name.to_string(),
            user: id,
            segments: vec![Segment { start: snapshot(), seen, end: 9 }],
            last: snapshot(),
            lives: lives.collect(),
            connections: 1,
            resets: Vec::new(),
            complaints: Vec::new(),
            hindered: false,
        }
    }

    const SHOWN: Shown = Shown { about: 0, edited: None, deleted: None, text: 0 };

    /// Acknowledged by instance 1, each 10 µs after it was sent.
    fn published(list: &[(u64, Micros)], readers: Vec<ReaderHistory>) -> Record {
        let publish = |(id, at): &(u64, Micros)| Publish {
            sender: UserId(1),
            key: id.to_string(),
            acks: vec![Ack { id: *id, print: 0, shown: SHOWN, at: *at, by: address(1) }],
            text: 0,
            to_everyone: true,
            begun: at - 10,
        };
        Record { publishes: list.iter().map(publish).collect(), readers, ..Record::default() }
    }

    fn record(readers: Vec<ReaderHistory>) -> Record {
        published(&[(1, 100), (2, 200), (3, 900)], readers)
    }

    fn over(marks: &[Micros]) -> Marks {
        Marks { over: marks.to_vec(), windows: Vec::new() }
    }

    const fn micros(micros: u64) -> Duration {
        Duration::from_micros(micros)
    }

    #[test]
    fn lateness_counts_only_where_one_socket_was_live_all_the_while() {
        let steady = reader(&[(1, 110), (2, 195), (3, 930)], &[(0, 1_000, 1)]);
        let broken = reader(&[(1, 105), (2, 800), (3, 901)], &[(0, 150, 1), (700, 1_000, 1)]);
        let found = timing(&record(vec![steady, broken]), &Marks::default());
        assert_eq!((found.worst, found.recovery, found.others), (micros(30), None, None));
    }

    #[test]
    fn recovery_ends_when_the_last_reader_has_what_was_first_acknowledged_after_the_fault() {
        let one = reader(&[(1, 110), (2, 250), (3, 930)], &[]);
        let other = reader(&[(1, 105), (2, 800), (3, 901)], &[]);
        let found = timing(&record(vec![one, other]), &over(&[150, 850]));
        assert_eq!(found.recovery, Some(micros(650)));
    }

    #[test]
    fn who_was_kept_from_reading_is_timed_apart_and_who_never_came_is_told() {
        let steady = reader(&[(1, 110), (2, 210), (3, 910)], &[]);
        let away = |seen: &[(u64, Micros)]| ReaderHistory { hindered: true, ..reader(seen, &[]) };
        let found = |readers| {
            let found = timing(&record(readers), &over(&[150]));
            (found.recovery, found.caught_up)
        };
        let back = away(&[(1, 110), (2, 5_000), (3, 5_100)]);
        assert_eq!(found(vec![steady.clone(), back]), (Some(micros(60)), Some(micros(4_850))));
        assert_eq!(found(vec![steady.clone()]), (Some(micros(60)), None));
        assert_eq!(found(vec![steady.clone(), away(&[(1, 110)])]), (Some(micros(60)), Some(Duration::MAX)));
        assert_eq!(found(vec![steady, reader(&[(1, 110)], &[])]), (Some(Duration::MAX), None));
        let mut reloaded = reader(&[], &[(0, 120, 1), (700, 1_000, 1)]);
        reloaded.segments[0].start.seq.0 = 3;
        assert_eq!(found(vec![reloaded]), (Some(micros(550)), None));
    }

    #[test]
    fn a_number_that_two_lives_gave_is_each_time_the_message_of_its_time() {
        let mut twice = reader(&[(1, 110), (2, 210), (3, 910)], &[(0, 1_000, 1), (2_000, 3_000, 1)]);
        let seen = [(2, 2_150), (3, 2_330)].map(|(seq, at)| Seen { seq, print: 0, shown: None, at });
        twice.segments.push(Segment { start: snapshot(), seen: seen.into(), end: 3 });
        let acked = [(1, 100), (2, 200), (3, 900), (2, 2_100), (3, 2_300)];
        let found = timing(&published(&acked, vec![twice]), &over(&[1_900]));
        assert_eq!((found.worst, found.recovery), (micros(50), Some(micros(250))));
    }

    #[test]
    fn what_was_meanwhile_is_told_from_what_was_before() {
        let one = reader(&[(1, 110), (2, 240), (3, 900)], &[(0, 1_000, 1)]);
        let marks = Marks { over: Vec::new(), windows: vec![(150, 250)] };
        let found = timing(&record(vec![one]), &marks);
        assert_eq!(found.others, Some(Pair { calm: micros(10), during: micros(40) }));
        assert_eq!(found.publish, Some(Pair { calm: micros(10), during: micros(10) }));
    }

    #[test]
    fn what_lies_between_instances_is_the_difference_of_medians() {
        let acked: Vec<(u64, Micros)> = (1..=120).map(|id| (id, id * 100)).collect();
        let after = |late: Micros| acked.iter().map(|(id, at)| (*id, at + late)).collect::<Vec<_>>();
        let own = reader(&after(10), &[(0, 100_000, 1)]);
        let other = reader(&after(35), &[(0, 100_000, 2)]);
        let found = timing(&published(&acked, vec![own.clone(), other.clone()]), &Marks::default());
        assert_eq!(found.between, Some(micros(25)));
        // The other way round nothing is added; and few deliveries say nothing.
        let earlier = reader(&after(2), &[(0, 100_000, 2)]);
        assert_eq!(timing(&published(&acked, vec![own.clone(), earlier]), &Marks::default()).between, Some(micros(0)));
        assert_eq!(timing(&published(&acked[..40], vec![own, other]), &Marks::default()).between, None);
    }
}
