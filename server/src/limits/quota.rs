//! How much of something each person may do: governor's own trade. It can neither give back what was taken nor let a wait
//! grow, which is what [`super::meter`] is for.

use std::{num::NonZeroU32, time::Duration};

use governor::{
    Quota as Rate, RateLimiter, clock::Clock as _, middleware::NoOpMiddleware, state::keyed::HashMapStateStore,
};
use push_system::ids::UserId;

use super::ticker::Ticker;
use crate::bus::counters::Verdict;

/// One quota for each person. There are no more keys than people, and those of people who did nothing lately are
/// forgotten by [`Self::sweep`].
pub(super) struct Quota {
    limiter: RateLimiter<UserId, HashMapStateStore<UserId>, Ticker, NoOpMiddleware<Duration>>,
    ticker: Ticker,
}

impl Quota {
    pub(super) fn new(per_second: NonZeroU32, burst: NonZeroU32, ticker: &Ticker) -> Self {
        let rate = Rate::per_second(per_second).allow_burst(burst);
        let limiter = RateLimiter::new(rate, HashMapStateStore::default(), ticker.clone());
        Self { limiter, ticker: ticker.clone() }
    }

    /// Takes one, or tells after which time there is one.
    pub(super) fn take(&self, user: UserId) -> Verdict {
        let refuse =
            |not: governor::NotUntil<Duration>| not.wait_time_from(self.ticker.now()).max(Duration::from_millis(1));
        self.limiter.check_key(&user).map_err(refuse)
    }

    pub(super) fn sweep(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.limiter.len()
    }
}
