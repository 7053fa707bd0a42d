//! Time that only goes forward.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use governor::clock;
use push_system::{ports::Clock, timestamp::Timestamp};

/// How long the process has been running by the clock it was given, whose steps back it does not take part in: a wait
/// must not become an hour longer because somebody set the clock.
#[derive(Clone)]
pub(super) struct Ticker {
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<(Timestamp, Duration)>>,
}

impl Ticker {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let state = Arc::new(Mutex::new((clock.now(), Duration::ZERO)));
        Self { clock, state }
    }

    pub(super) fn elapsed(&self) -> Duration {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let passed = u64::try_from(now.unix_ms() - state.0.unix_ms()).unwrap_or_default();
        *state = (now, state.1 + Duration::from_millis(passed));
        state.1
    }
}

impl clock::Clock for Ticker {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.elapsed()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    /// A clock that a test sets.
    #[derive(Default)]
    pub struct SetClock(AtomicI64);

    impl SetClock {
        pub fn advance(&self, by: Duration) {
            self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::Relaxed);
        }

        pub fn set_back(&self, ms: i64) {
            self.0.fetch_sub(ms, Ordering::Relaxed);
        }
    }

    impl Clock for SetClock {
        fn now(&self) -> Timestamp {
            Timestamp::from_unix_ms(1_000_000_000_000 + self.0.load(Ordering::Relaxed))
        }
    }

    #[test]
    fn a_clock_that_is_set_back_loses_no_time() {
        let clock = Arc::new(SetClock::default());
        let ticker = Ticker::new(clock.clone());
        clock.advance(Duration::from_secs(5));
        assert_eq!(ticker.elapsed(), Duration::from_secs(5));
        clock.set_back(3_600_000);
        assert_eq!(ticker.elapsed(), Duration::from_secs(5));
        clock.advance(Duration::from_secs(2));
        assert_eq!(ticker.elapsed(), Duration::from_secs(7));
    }
}
