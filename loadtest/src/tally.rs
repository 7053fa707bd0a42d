//! The accounting: what one listener received, and what is wrong with it.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

/// What a listener reads of a frame. The rest is skipped, not parsed: with thousands of listeners on one core the
/// checker must cost less than what it checks.
#[derive(Deserialize)]
struct Glimpse<'a> {
    #[serde(rename = "type", borrow)]
    kind: &'a str,
    seq: Option<u64>,
    n: Option<u64>,
    #[serde(default)]
    events: Vec<Place>,
}

#[derive(Deserialize)]
struct Place {
    seq: u64,
}

/// What one socket received since `hello`.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    greeted: bool,
    /// Where the stream starts; known from the first `position`, which comes before anything is published.
    start: Option<u64>,
    seqs: Vec<u64>,
    /// The last `position`.
    confirmed: u64,
    miscounted: u64,
    /// The first `n` that was not what had arrived, and what had.
    miscount: Option<(u64, u64)>,
    complaint: Option<String>,
}

impl Tally {
    /// A stream that starts at a known place, like that of a returning client.
    pub(crate) fn starting_at(seq: u64) -> Self {
        Self { start: Some(seq), ..Self::default() }
    }

    /// Takes in a text frame.
    pub(crate) fn frame(&mut self, text: &str) {
        let glimpse = match serde_json::from_str::<Glimpse>(text) {
            Ok(glimpse) => glimpse,
            Err(error) => return self.complain(format!("unreadable frame ({error}): {text}")),
        };
        match (glimpse.kind, glimpse.seq, glimpse.n) {
            ("hello", ..) if !self.greeted => self.greeted = true,
            (kind, ..) if !self.greeted => self.complain(format!("the first frame is {kind}, not hello")),
            ("event", Some(seq), _) => self.seqs.push(seq),
            ("events", ..) => self.seqs.extend(glimpse.events.iter().map(|event| event.seq)),
            ("position", Some(seq), Some(n)) => self.position(seq, n),
            ("presence", ..) => {}
            _ => self.complain(format!("unexpected frame: {text}")),
        }
    }

    fn position(&mut self, seq: u64, n: u64) {
        let counted = self.seqs.len() as u64;
        if n != counted {
            self.miscounted += 1;
            self.miscount.get_or_insert((n, counted));
        }
        self.start.get_or_insert(seq);
        self.confirmed = seq;
    }

    /// Something that must not happen, in words; only the first is kept.
    pub(crate) fn complain(&mut self, sentence: String) {
        self.complaint.get_or_insert(sentence);
    }

    /// Whether the first `position` has come.
    pub(crate) fn is_placed(&self) -> bool {
        self.start.is_some()
    }

    /// Events received.
    pub(crate) fn delivered(&self) -> usize {
        self.seqs.len()
    }

    /// Whether at least as many events came as were acknowledged since the start. `acked` ascends.
    pub(crate) fn has_all(&self, acked: &[u64]) -> bool {
        self.seqs.len() >= self.due(acked).len() || self.complaint.is_some()
    }

    /// Whether a `position` covers all that was acknowledged.
    pub(crate) fn is_confirmed(&self, acked: &[u64]) -> bool {
        acked.last().is_none_or(|last| self.confirmed >= *last) || self.complaint.is_some()
    }

    fn due<'a>(&self, acked: &'a [u64]) -> &'a [u64] {
        let start = self.start.unwrap_or(0);
        &acked[acked.partition_point(|id| *id <= start)..]
    }

    /// Compares with what was acknowledged (ascending): every publish exactly once, in order, and nothing else.
    pub(crate) fn audit(&self, who: &str, acked: &[u64]) -> Findings {
        let delivered = self.seqs.len() as u64;
        let mut found = Findings { sockets: 1, delivered, miscounted: self.miscounted, ..Findings::default() };
        // First, because a socket that broke is the reason for what it then misses.
        if let Some(complaint) = &self.complaint {
            found.note(|f| &mut f.complaints, || format!("{who}: {complaint}"));
        }
        let mut seen = HashSet::with_capacity(self.seqs.len());
        let mut newest = self.start.unwrap_or(0);
        for &seq in &self.seqs {
            if !seen.insert(seq) {
                found.note(|f| &mut f.repeated, || format!("{who} received seq {seq} again"));
            } else if seq <= newest {
                found.note(|f| &mut f.reordered, || format!("{who} received seq {seq} after {newest}"));
            } else if acked.binary_search(&seq).is_err() {
                found.note(
                    |f| &mut f.unknown,
                    || format!("{who} received seq {seq}, which no publish was answered with"),
                );
            }
            newest = newest.max(seq);
        }
        for id in self.due(acked).iter().filter(|id| !seen.contains(id)) {
            found.note(|f| &mut f.lost, || format!("{who} never received seq {id}, whose publish was acknowledged"));
        }
        if let Some((n, counted)) = self.miscount {
            found.first.get_or_insert_with(|| format!("{who} was told of {n} events when {counted} had arrived"));
        }
        found
    }
}

/// What the listeners of a run found; all but the first two must be zero.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Findings {
    /// Sockets that were audited.
    pub(crate) sockets: u64,
    /// Events they received.
    pub(crate) delivered: u64,
    /// Acknowledged, and not received.
    pub(crate) lost: u64,
    /// Received again.
    pub(crate) repeated: u64,
    /// Received after a later one.
    pub(crate) reordered: u64,
    /// Received, and never acknowledged.
    pub(crate) unknown: u64,
    /// `position` frames whose `n` was not what had arrived.
    pub(crate) miscounted: u64,
    /// Sockets that broke, were closed, reset, sent an error, or got no `position` that covers the run.
    pub(crate) complaints: u64,
    /// The first violation, in words.
    pub(crate) first: Option<String>,
}

impl Findings {
    /// Counts a violation.
    pub(crate) fn note(&mut self, counter: impl Fn(&mut Self) -> &mut u64, sentence: impl FnOnce() -> String) {
        *counter(self) += 1;
        self.first.get_or_insert_with(sentence);
    }

    /// Adds those of other sockets.
    pub(crate) fn merge(&mut self, other: Self) {
        self.sockets += other.sockets;
        self.delivered += other.delivered;
        self.lost += other.lost;
        self.repeated += other.repeated;
        self.reordered += other.reordered;
        self.unknown += other.unknown;
        self.miscounted += other.miscounted;
        self.complaints += other.complaints;
        self.first = self.first.take().or(other.first);
    }

    /// Whether the guarantee held.
    pub(crate) fn is_clean(&self) -> bool {
        self.first.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACKED: [u64; 5] = [11, 12, 13, 15, 16];

    fn hello() -> String {
        r#"{"type":"hello","protocol":1,"pos":"e1.10.00000001","user":{"id":1,"name":"ana"},"heartbeat_s":25}"#
            .to_owned()
    }

    fn position(seq: u64, n: usize) -> String {
        format!(r#"{{"type":"position","pos":"e1.{seq}.00000001","seq":{seq},"n":{n},"live":true}}"#)
    }

    fn event(seq: u64) -> String {
        format!(r#"{{"type":"event","seq":{seq},"pos":"p","kind":"message_published","message":{{"id":{seq},"n":3}}}}"#)
    }

    /// A listener at 10 to which these came, then a position that is right about how many the server wrote.
    fn listened(seqs: &[u64], written: usize) -> Findings {
        let mut tally = Tally::default();
        tally.frame(&hello());
        tally.frame(&position(10, 0));
        for seq in seqs {
            tally.frame(&event(*seq));
        }
        tally.frame(&position(16, written));
        tally.audit("listener", &ACKED)
    }

    #[test]
    fn a_listener_that_got_everything_once_and_in_order_is_clean() {
        let found = listened(&ACKED, 5);
        assert_eq!(found, Findings { sockets: 1, delivered: 5, ..Findings::default() });
        assert!(found.is_clean());
    }

    #[test]
    fn each_dropped_event_is_a_loss_and_a_wrong_count() {
        for at in 0..ACKED.len() {
            let mut seqs = ACKED.to_vec();
            let dropped = seqs.remove(at);
            let found = listened(&seqs, 5);
            assert_eq!((found.lost, found.repeated, found.reordered, found.miscounted), (1, 0, 0, 1), "{dropped}");
            assert!(found.first.unwrap().contains(&dropped.to_string()));
        }
    }

    #[test]
    fn each_swapped_pair_is_a_reorder_and_no_loss() {
        for at in 1..ACKED.len() {
            let mut seqs = ACKED.to_vec();
            seqs.swap(at - 1, at);
            let found = listened(&seqs, 5);
            assert_eq!((found.lost, found.repeated, found.reordered, found.miscounted), (0, 0, 1, 0), "{at}");
        }
    }

    #[test]
    fn each_event_that_comes_twice_is_a_duplicate_at_once_or_later() {
        for (at, repeated) in ACKED.into_iter().enumerate() {
            for later in at + 1..=ACKED.len() {
                let mut seqs = ACKED.to_vec();
                seqs.insert(later, repeated);
                let found = listened(&seqs, 6);
                assert_eq!((found.lost, found.repeated, found.reordered), (0, 1, 0), "{at} at {later}");
            }
        }
    }

    #[test]
    fn an_event_nobody_was_promised_and_one_from_before_the_start_are_found() {
        assert_eq!(listened(&[11, 12, 13, 14, 15, 16], 6).unknown, 1);
        assert_eq!(listened(&[10, 11, 12, 13, 15, 16], 6).reordered, 1);
    }

    #[test]
    fn replayed_events_count_like_single_ones() {
        let mut tally = Tally::starting_at(10);
        tally.frame(&hello());
        tally.frame(r#"{"type":"events","events":[{"seq":11,"pos":"p"},{"seq":12,"pos":"p"},{"seq":13,"pos":"p"}]}"#);
        assert!(!tally.has_all(&ACKED));
        tally.frame(&event(15));
        tally.frame(&event(16));
        assert!(tally.has_all(&ACKED) && !tally.is_confirmed(&ACKED));
        tally.frame(&position(16, 5));
        assert!(tally.is_confirmed(&ACKED));
        assert!(tally.audit("listener", &ACKED).is_clean());
    }

    #[test]
    fn a_stream_that_is_reset_or_begins_without_hello_is_a_complaint() {
        let mut early = Tally::default();
        early.frame(&event(11));
        let mut reset = Tally::default();
        reset.frame(&hello());
        reset.frame(r#"{"type":"reset","reason":"epoch","after_ms":9}"#);
        for tally in [early, reset] {
            assert_eq!(tally.audit("listener", &[]).complaints, 1);
        }
    }

    #[test]
    fn findings_of_many_add_up_and_keep_the_first_sentence() {
        let mut all = listened(&ACKED, 5);
        all.merge(listened(&[11, 12, 13, 15], 5));
        all.merge(listened(&[11, 12, 13], 5));
        assert_eq!((all.sockets, all.delivered, all.lost), (3, 12, 3));
        assert!(all.first.unwrap().contains("seq 16"));
    }
}
