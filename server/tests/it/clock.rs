//! Time that a test moves.

use std::sync::{
    OnceLock,
    atomic::{AtomicI64, Ordering},
};

use push_system::{ports::Clock, timestamp::Timestamp};
use server::state::SystemClock;

/// The machine's time and as much more as a test asked for.
#[derive(Debug, Default)]
pub struct TestClock {
    ahead_ms: AtomicI64,
    /// When it stopped, if it did.
    stopped: OnceLock<Timestamp>,
}

impl TestClock {
    /// Lets no more time pass than [`Self::advance`] says, however slow the machine is.
    pub fn stop(&self) {
        self.stopped.get_or_init(|| SystemClock.now());
    }

    /// As [`Self::stop`], at a moment that others stopped at too.
    pub fn stop_at(&self, moment: Timestamp) {
        self.stopped.get_or_init(|| moment);
    }

    /// Makes it so many seconds later.
    pub fn advance(&self, seconds: i64) {
        self.ahead_ms.fetch_add(seconds * 1_000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.stopped.get().copied().unwrap_or_else(|| SystemClock.now()).plus_ms(self.ahead_ms.load(Ordering::SeqCst))
    }
}
