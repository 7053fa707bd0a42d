//! Seeded randomness: the same seed makes the same choices on every machine and with every version of every crate.

use std::{ops::Range, time::Duration};

/// A stream of choices (`SplitMix64`: Steele, Lea, Flood, "Fast splittable pseudorandom number generators").
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The stream of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Another stream, for somebody who chooses at a pace of their own.
    pub(crate) fn fork(&self, number: u64) -> Self {
        Self(Self(self.0 ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93)).next())
    }

    /// Any number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of the range, which is not empty.
    pub(crate) fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.next() % (range.end - range.start)
    }

    /// An index of a list of `len`, which is not empty.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.within(0..len as u64)).unwrap_or(0)
    }

    /// A time of so many milliseconds.
    pub(crate) fn millis(&mut self, range: Range<u64>) -> Duration {
        Duration::from_millis(self.within(range))
    }

    /// A share, `0.0..1.0`.
    pub(crate) fn share(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).unwrap_or(0)) / 4_294_967_296.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_forks_differ() {
        let list = |mut chance: Chance| (0..4).map(|_| chance.next()).collect::<Vec<_>>();
        assert_eq!(list(Chance::new(7)), list(Chance::new(7)));
        assert_ne!(list(Chance::new(7).fork(1)), list(Chance::new(7).fork(2)));
        let mut chance = Chance::new(1);
        assert!((0..1_000).all(|_| (3..9).contains(&chance.within(3..9)) && (0.0..1.0).contains(&chance.share())));
    }
}
