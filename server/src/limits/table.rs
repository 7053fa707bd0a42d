//! The meters of one kind, as many as there are keys, and never more than fit.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::{key::Key, meter::Meter};
use crate::bus::counters::{Step, Terms, Verdict};

/// Anybody can make keys: a name is one whether there is such an account or not. Forgotten in seconds unless attempts go
/// on, so many at once take more hashes than any machine does; together they are under 20 MiB.
const KEYS_MAX: usize = 100_000;

/// Meters by key.
pub(super) struct Table {
    terms: Terms,
    meters: Mutex<HashMap<Key, Meter>>,
    most: usize,
}

impl Table {
    pub(super) fn new(terms: Terms) -> Self {
        Self { terms, meters: Mutex::default(), most: KEYS_MAX }
    }

    pub(super) fn terms(&self) -> &Terms {
        &self.terms
    }

    pub(super) fn step(&self, now: Duration, key: Key, step: Step) -> Verdict {
        let mut meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        if meters.len() >= self.most && !meters.contains_key(&key) {
            meters.retain(|_, meter| !meter.is_idle(now));
            // Still full: what is new is let pass uncounted. Whoever has a meter keeps it.
            if meters.len() >= self.most {
                return Ok(());
            }
        }
        meters.entry(key).or_default().step(now, &self.terms, step)
    }

    /// Forgets what is as good as new.
    pub(super) fn sweep(&self, now: Duration) {
        let mut meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        meters.retain(|_, meter| !meter.is_idle(now));
        meters.shrink_to_fit();
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.meters.lock().unwrap().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::counters::Hammering;

    const TERMS: Terms =
        Terms { burst: 1, every: Duration::from_secs(6), longest: Duration::ZERO, hammering: Hammering::Ignored };

    #[test]
    fn a_full_table_forgets_what_is_idle_and_keeps_the_others() {
        let table = Table { most: 2, ..Table::new(TERMS) };
        let used = |now, text| table.step(Duration::from_secs(now), Key::of("name", text), Step::Use);
        assert_eq!((used(0, "ana"), used(5, "bob")), (Ok(()), Ok(())));
        assert_eq!((used(5, "eve"), used(5, "eve")), (Ok(()), Ok(())), "uncounted");
        assert_eq!(table.len(), 2);
        assert_eq!((used(6, "eve"), table.len()), (Ok(()), 2));
        assert!(used(6, "eve").is_err() && used(6, "bob").is_err());
    }

    #[test]
    fn what_is_idle_is_swept() {
        let table = Table::new(TERMS);
        table.step(Duration::ZERO, Key::of("name", "ana"), Step::Use).unwrap();
        table.sweep(Duration::from_secs(5));
        assert_eq!(table.len(), 1);
        table.sweep(Duration::from_secs(6));
        assert_eq!(table.len(), 0);
    }
}
