//! Time that a test moves.

use std::sync::atomic::{AtomicI64, Ordering};

use push_system::{ports::Clock, timestamp::Timestamp};
use server::state::SystemClock;

/// The machine's time and as much more as a test asked for.
#[derive(Debug, Default)]
pub struct TestClock {
    ahead_ms: AtomicI64,
}

impl TestClock {
    /// Makes it so many seconds later.
    pub fn advance(&self, seconds: i64) {
        self.ahead_ms.fetch_add(seconds * 1_000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus_ms(self.ahead_ms.load(Ordering::SeqCst))
    }
}
