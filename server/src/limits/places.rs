//! From where people have logged in.

use std::{
    collections::HashSet,
    mem,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::key::Key;

/// How long a place is known after it was last seen; at least as long, and at most twice.
pub(super) const KNOWN_FOR: Duration = Duration::from_hours(24 * 30);
/// Places of one generation: 16 bytes each, and only who can log in makes one.
const GENERATION_MAX: usize = 100_000;

/// The places of the last weeks, in two generations: one that is full or old begins the next, and what is not seen again
/// by the end of that is forgotten with it.
#[derive(Default)]
pub(super) struct Places(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashSet<Key>,
    old: HashSet<Key>,
    since: Duration,
}

impl Places {
    /// Notes that somebody who proved it was there. Tells whether that is news.
    pub(super) fn see(&self, now: Duration, place: Key) -> bool {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if places.young.len() >= GENERATION_MAX || now.saturating_sub(places.since) >= KNOWN_FOR {
            places.old = mem::take(&mut places.young);
            places.since = now;
        }
        places.young.insert(place)
    }

    pub(super) fn know(&self, place: Key) -> bool {
        let places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.young.contains(&place) || places.old.contains(&place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_known_until_it_was_not_seen_for_a_whole_generation() {
        let (places, home, work) = (Places::default(), Key::of("place", "home"), Key::of("place", "work"));
        assert!(places.see(Duration::ZERO, home));
        assert!(!places.see(Duration::ZERO, home));
        assert!(places.see(KNOWN_FOR, work));
        assert!(places.know(home) && places.know(work));
        assert!(places.see(2 * KNOWN_FOR, work));
        assert!(!places.know(home) && places.know(work));
    }
}
