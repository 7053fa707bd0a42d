//! Every decision of a run, from one seed.

use std::{
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::time::sleep;

/// Clones throw the same dice. One thread asks in one order, so a run can be repeated.
#[derive(Clone)]
pub struct Dice(Arc<Mutex<StdRng>>);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    fn with<T>(&self, throw: impl FnOnce(&mut StdRng) -> T) -> T {
        throw(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn number(&self) -> u64 {
        self.with(rand::RngExt::random)
    }

    /// Within `0.0..1.0`.
    pub fn share(&self) -> f64 {
        self.with(rand::RngExt::random)
    }

    pub fn chance(&self, of: f64) -> bool {
        self.share() < of
    }

    pub fn within(&self, range: Range<u64>) -> u64 {
        self.with(|rng| rng.random_range(range))
    }

    pub fn below(&self, end: usize) -> usize {
        self.with(|rng| rng.random_range(0..end))
    }

    pub fn pick<'a, T>(&self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    pub fn millis(&self, range: Range<u64>) -> Duration {
        Duration::from_millis(self.within(range))
    }

    /// Lets up to so many milliseconds pass; often none, and then other tasks may or may not run before.
    pub async fn pause(&self, up_to_ms: u64) {
        if up_to_ms == 0 || self.chance(0.3) {
            for _ in 0..self.below(3) {
                tokio::task::yield_now().await;
            }
        } else {
            sleep(self.millis(0..up_to_ms + 1)).await;
        }
    }
}
