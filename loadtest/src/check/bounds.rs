//! What a run may take at most. The numbers are for a release build on a machine that does nothing else; `--slack`
//! multiplies them for others, and nothing else makes them generous.

use std::time::Duration;

use super::timing::{Pair, Timing};

/// Without hints an instance compares with the store every second; half a second is for reading and writing.
pub(crate) const HEALED: Duration = Duration::from_millis(1_500);
/// What the median may grow by between instances.
pub(crate) const BETWEEN: Duration = Duration::from_millis(2);
/// How many times as late as at rest others may be while some do not read.
const OTHERS: u32 = 3;
/// Below this a delivery is in time whatever it was at rest: it is the scheduler that is measured.
const IN_TIME: Duration = Duration::from_millis(50);
const MEBIBYTE: u64 = 1024 * 1024;

/// The bounds of a scenario.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Of the longest from an acknowledgement to a reader whose socket was live.
    pub(crate) staleness: Duration,
    /// Whether the fault itself may hold a delivery as long as it lasts.
    pub(crate) held: bool,
    /// Of the time from a fault's end until everybody goes on, with the clients' random waits.
    pub(crate) recovery: Duration,
    /// The same of those whom the fault kept from reading.
    pub(crate) catching_up: Duration,
    /// Of sockets that are opened anew; where nothing goes wrong, none has a reason.
    pub(crate) reconnects: Option<u64>,
    /// Of what the median grows by between instances; where nothing goes wrong.
    pub(crate) between: Option<Duration>,
    /// MiB by which no server may grow while some do not read; then also the others' lateness is judged.
    pub(crate) growth: Option<u64>,
}

/// What of a run has bounds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    /// How late things were.
    pub(crate) timing: Timing,
    /// How long each fault lasted.
    pub(crate) lasts: Duration,
    /// How many there were.
    pub(crate) instances: usize,
    /// Sockets opened beyond the first of each reader.
    pub(crate) reconnects: u64,
    /// Bytes by which the largest server grew meanwhile.
    pub(crate) growth: Option<u64>,
}

impl Bounds {
    /// A sentence for each bound that was exceeded, or could not be judged.
    pub(crate) fn exceeded(&self, measured: &Measured, slack: f64) -> Vec<String> {
        let Measured { timing, lasts, instances, reconnects, growth } = *measured;
        let mut found = Vec::new();
        let mut at_most = |what: &str, was: Duration, bound: Duration| {
            if was > bound {
                found.push(format!("{what} was {was:.1?}, at most {bound:.1?} are allowed"));
            }
        };
        let held = if self.held { lasts } else { Duration::ZERO };
        at_most("the worst staleness", timing.worst, held + self.staleness.mul_f64(slack));
        at_most("recovery", timing.recovery.unwrap_or_default(), self.recovery.mul_f64(slack));
        at_most("catching up", timing.caught_up.unwrap_or_default(), self.catching_up.mul_f64(slack));
        if let (Some(was), Some(bound)) = (timing.between, self.between) {
            at_most("what the median grows by between instances", was, bound.mul_f64(slack));
        }
        let others = self.growth.and(timing.others);
        if let Some(Pair { calm, during }) = others {
            at_most("the others' p99", during, (calm * OTHERS).max(IN_TIME).mul_f64(slack));
        }
        if instances > 1 && self.between.is_some() && timing.between.is_none() {
            found.push("what the median grows by between instances was not measured".to_owned());
        }
        if let Some(bound) = self.reconnects.filter(|bound| reconnects > *bound) {
            found.push(format!("{reconnects} sockets were opened anew, at most {bound} are allowed"));
        }
        let Some(bound) = self.growth else { return found };
        if others.is_none() {
            found.push("the others' p99 was not measured".to_owned());
        }
        match growth.map(|bytes| bytes / MEBIBYTE) {
            // Memory is no matter of time: no machine is slow in it.
            Some(grown) if grown > bound => {
                found.push(format!("a server grew by {grown} MiB, at most {bound} are allowed"));
            }
            Some(_) => {}
            None => found.push("the servers' memory was not measured".to_owned()),
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        staleness: HEALED,
        held: false,
        recovery: Duration::from_secs(15),
        catching_up: Duration::from_secs(20),
        reconnects: Some(0),
        between: Some(BETWEEN),
        growth: Some(32),
    };

    fn measured() -> Measured {
        let timing = Timing {
            worst: Duration::from_millis(1_499),
            recovery: Some(Duration::from_secs(15)),
            caught_up: Some(Duration::from_secs(20)),
            others: Some(Pair { calm: Duration::from_millis(20), during: Duration::from_millis(60) }),
            between: Some(Duration::from_micros(1_900)),
            ..Timing::default()
        };
        Measured { timing, lasts: Duration::from_secs(7), instances: 2, reconnects: 0, growth: Some(32 * MEBIBYTE) }
    }

    fn found(change: impl FnOnce(&mut Measured)) -> String {
        let mut measured = measured();
        change(&mut measured);
        BOUNDS.exceeded(&measured, 1.0).join("; ")
    }

    #[test]
    fn what_stays_within_its_bounds_passes() {
        assert_eq!(found(|_| {}), "");
    }

    #[test]
    fn each_bound_that_is_exceeded_is_named_with_both_numbers() {
        let staleness = found(|measured| measured.timing.worst = Duration::from_millis(1_600));
        assert_eq!(staleness, "the worst staleness was 1.6s, at most 1.5s are allowed");
        let recovery = found(|measured| measured.timing.recovery = Some(Duration::from_secs(16)));
        assert_eq!(recovery, "recovery was 16.0s, at most 15.0s are allowed");
        let catching_up = found(|measured| measured.timing.caught_up = Some(Duration::from_secs(21)));
        assert_eq!(catching_up, "catching up was 21.0s, at most 20.0s are allowed");
        assert!(found(|measured| measured.timing.caught_up = Some(Duration::MAX)).starts_with("catching up was"));
        let reconnects = found(|measured| measured.reconnects = 1);
        assert_eq!(reconnects, "1 sockets were opened anew, at most 0 are allowed");
        let between = found(|measured| measured.timing.between = Some(Duration::from_micros(2_100)));
        assert_eq!(between, "what the median grows by between instances was 2.1ms, at most 2.0ms are allowed");
        let unmeasured = |instances| {
            move |measured: &mut Measured| {
                (measured.timing.between, measured.instances) = (None, instances);
            }
        };
        assert_eq!(found(unmeasured(2)), "what the median grows by between instances was not measured");
        assert_eq!(found(unmeasured(1)), "", "there is nothing between one instance");
        let growth = found(|measured| measured.growth = Some(33 * MEBIBYTE));
        assert_eq!(growth, "a server grew by 33 MiB, at most 32 are allowed");
    }

    #[test]
    fn others_may_be_late_by_a_multiple_of_their_rest_or_by_little() {
        let pair = |calm: u64, during: u64| {
            Some(Pair { calm: Duration::from_millis(calm), during: Duration::from_millis(during) })
        };
        assert_eq!(found(|measured| measured.timing.others = pair(1, 50)), "");
        let late = found(|measured| measured.timing.others = pair(20, 61));
        assert_eq!(late, "the others' p99 was 61.0ms, at most 60.0ms are allowed");
    }

    #[test]
    fn what_was_to_be_judged_and_was_not_measured_is_no_pass() {
        assert_eq!(found(|measured| measured.timing.others = None), "the others' p99 was not measured");
        assert_eq!(found(|measured| measured.growth = None), "the servers' memory was not measured");
    }

    #[test]
    fn slack_is_for_time_alone_and_a_fault_that_holds_deliveries_adds_its_own() {
        let mut measured = measured();
        measured.timing.worst = Duration::from_secs(8);
        measured.growth = Some(100 * MEBIBYTE);
        assert_eq!(BOUNDS.exceeded(&measured, 10.0).len(), 1, "the memory");
        let held = Bounds { held: true, growth: None, ..BOUNDS };
        assert!(held.exceeded(&measured, 1.0).is_empty());
        measured.timing.worst = Duration::from_secs(9);
        assert_eq!(held.exceeded(&measured, 1.0).len(), 1);
    }
}
