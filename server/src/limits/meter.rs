//! How often something was tried, and how long the next try must wait: the generic cell rate algorithm (ITU-T I.371),
//! with attempts that hold their place until they are settled, and waits that grow.

use std::time::Duration;

use crate::bus::counters::{Hammering, Step, Terms, Verdict};

/// How long to wait where all places are held by attempts under way.
const A_MOMENT: Duration = Duration::from_secs(1);
/// Doublings after which any wait is the longest.
const GROWN_MAX: u32 = 30;

/// The state of one key. Times count from the start of the process.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Meter {
    /// When what has counted will have been forgotten.
    full: Duration,
    /// Attempts under way.
    pending: u32,
    /// How often the wait was doubled.
    grown: u32,
    /// Nobody is let through before.
    blocked: Duration,
    /// From then on waits begin anew.
    calm: Duration,
}

impl Meter {
    /// What happens to it, and whether that may be.
    pub(super) fn step(&mut self, now: Duration, terms: &Terms, step: Step) -> Verdict {
        if now >= self.calm {
            self.grown = 0;
        }
        // No more is remembered than there is.
        self.full = self.full.min(now + terms.every * terms.burst);
        match step {
            Step::Take => self.take(now, terms),
            Step::Use => self.consume(now, terms),
            Step::Fail => {
                self.fail(now, terms);
                Ok(())
            }
            Step::Pass => {
                self.pending = self.pending.saturating_sub(1);
                Ok(())
            }
        }
    }

    /// Whether it is as good as new.
    pub(super) fn is_idle(&self, now: Duration) -> bool {
        self.pending == 0 && self.full.max(self.calm) <= now
    }

    fn take(&mut self, now: Duration, terms: &Terms) -> Verdict {
        if now < self.blocked {
            self.hammered(now, terms);
            return Err(self.blocked.saturating_sub(now));
        }
        let used = self.used(now, terms);
        if used >= terms.burst {
            return Err(self.refill(now, terms));
        }
        // Once waits grow, one attempt at a time.
        if used + self.pending >= terms.burst || (self.grown > 0 && self.pending > 0) {
            return Err(A_MOMENT);
        }
        self.pending += 1;
        Ok(())
    }

    fn hammered(&mut self, now: Duration, terms: &Terms) {
        let is_longest = self.grown == 0 || wait_after(self.grown, terms) == wait_after(self.grown - 1, terms);
        // A wait that is the longest already runs out, or nobody would ever get through.
        if terms.hammering == Hammering::Lengthens && !is_longest {
            self.block(now, terms);
        }
    }

    fn fail(&mut self, now: Duration, terms: &Terms) {
        self.pending = self.pending.saturating_sub(1);
        self.full = self.full.max(now) + terms.every;
        if terms.longest > terms.every && (self.grown > 0 || self.used(now, terms) >= terms.burst) {
            self.block(now, terms);
        }
    }

    fn consume(&mut self, now: Duration, terms: &Terms) -> Verdict {
        if self.used(now, terms) >= terms.burst {
            return Err(self.refill(now, terms));
        }
        self.full = self.full.max(now) + terms.every;
        Ok(())
    }

    fn block(&mut self, now: Duration, terms: &Terms) {
        self.blocked = now + wait_after(self.grown, terms);
        self.grown += 1;
        self.calm = self.blocked + terms.longest;
    }

    /// How many are not forgotten.
    fn used(&self, now: Duration, terms: &Terms) -> u32 {
        let left = self.full.saturating_sub(now).as_nanos();
        u32::try_from(left.div_ceil(terms.every.as_nanos().max(1))).unwrap_or(u32::MAX)
    }

    /// When the next place is free, where all are used.
    fn refill(&self, now: Duration, terms: &Terms) -> Duration {
        self.full.saturating_sub(now).saturating_sub(terms.every * (terms.burst - 1))
    }
}

fn wait_after(times: u32, terms: &Terms) -> Duration {
    terms.every.saturating_mul(1 << times.min(GROWN_MAX)).min(terms.longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms = Terms {
        burst: 10,
        every: Duration::from_secs(6),
        longest: Duration::from_mins(15),
        hammering: Hammering::Ignored,
    };
    const HAMMERED: Terms = Terms { hammering: Hammering::Lengthens, ..TERMS };

    #[derive(Default)]
    struct Tried {
        meter: Meter,
        now: Duration,
    }

    impl Tried {
        fn step(&mut self, terms: &Terms, step: Step) -> Result<(), u64> {
            self.meter.step(self.now, terms, step).map_err(|wait| wait.as_secs())
        }

        fn fail(&mut self, terms: &Terms) -> Result<(), u64> {
            self.step(terms, Step::Take)?;
            self.step(terms, Step::Fail)
        }

        fn later(&mut self, seconds: u64) {
            self.now += Duration::from_secs(seconds);
        }

        fn exhausted(terms: &Terms) -> Self {
            let mut tried = Self::default();
            for _ in 0..10 {
                assert_eq!(tried.fail(terms), Ok(()));
            }
            tried
        }
    }

    #[test]
    fn ten_failures_are_free_and_each_one_after_that_doubles_the_wait_up_to_a_quarter_of_an_hour() {
        let mut tried = Tried::exhausted(&TERMS);
        for wait in [6, 12, 24, 48, 96, 192, 384, 768, 900, 900] {
            assert_eq!(tried.fail(&TERMS), Err(wait));
            assert_eq!(tried.fail(&TERMS), Err(wait), "asking again does nothing");
            tried.later(wait - 1);
            assert_eq!(tried.fail(&TERMS), Err(1));
            tried.later(1);
            assert_eq!(tried.fail(&TERMS), Ok(()), "after {wait} s");
        }
    }

    #[test]
    fn after_as_long_without_a_failure_all_is_forgiven() {
        let mut tried = Tried::exhausted(&TERMS);
        tried.later(6 + 15 * 60);
        for _ in 0..10 {
            assert_eq!(tried.fail(&TERMS), Ok(()));
        }
        assert_eq!(tried.fail(&TERMS), Err(6));
    }

    #[test]
    fn who_fails_more_slowly_than_the_meter_forgets_never_waits() {
        let mut tried = Tried::default();
        for _ in 0..1_000 {
            assert_eq!(tried.fail(&TERMS), Ok(()));
            tried.later(6);
        }
    }

    #[test]
    fn what_passes_does_not_count_and_what_is_under_way_holds_its_place() {
        let mut tried = Tried::default();
        for _ in 0..10 {
            assert_eq!(tried.step(&TERMS, Step::Take), Ok(()));
        }
        assert_eq!(tried.step(&TERMS, Step::Take), Err(1), "ten are under way");
        for _ in 0..10 {
            tried.step(&TERMS, Step::Pass).unwrap();
        }
        for _ in 0..100 {
            assert_eq!(tried.step(&TERMS, Step::Take), Ok(()));
            tried.step(&TERMS, Step::Pass).unwrap();
        }
    }

    #[test]
    fn when_a_wait_is_over_one_attempt_is_let_through_at_a_time() {
        let mut tried = Tried::exhausted(&TERMS);
        tried.later(60);
        assert_eq!(tried.step(&TERMS, Step::Take), Ok(()));
        assert_eq!(tried.step(&TERMS, Step::Take), Err(1));
    }

    #[test]
    fn hammering_doubles_the_wait_but_never_begins_the_longest_one_anew() {
        let mut tried = Tried::exhausted(&HAMMERED);
        for wait in [12, 24, 48, 96, 192, 384, 768, 900] {
            assert_eq!(tried.fail(&HAMMERED), Err(wait));
        }
        tried.later(899);
        assert_eq!(tried.fail(&HAMMERED), Err(1));
        tried.later(1);
        assert_eq!(tried.fail(&HAMMERED), Ok(()));
    }

    #[test]
    fn what_is_used_up_comes_back_one_at_a_time() {
        let quota = Terms { burst: 3, every: Duration::from_secs(2), longest: Duration::ZERO, ..TERMS };
        let mut tried = Tried::default();
        for _ in 0..3 {
            assert_eq!(tried.step(&quota, Step::Use), Ok(()));
        }
        assert_eq!(tried.step(&quota, Step::Use), Err(2));
        tried.later(2);
        assert_eq!(tried.step(&quota, Step::Use), Ok(()));
        assert_eq!(tried.step(&quota, Step::Use), Err(2));
    }

    #[test]
    fn a_meter_is_idle_when_everything_about_it_is_forgotten() {
        let mut tried = Tried::default();
        tried.step(&TERMS, Step::Take).unwrap();
        assert!(!tried.meter.is_idle(tried.now));
        tried.step(&TERMS, Step::Fail).unwrap();
        assert!(!tried.meter.is_idle(tried.now));
        tried.later(6);
        assert!(tried.meter.is_idle(tried.now));
        let mut blocked = Tried::exhausted(&TERMS);
        blocked.later(60);
        assert!(!blocked.meter.is_idle(blocked.now));
    }
}
