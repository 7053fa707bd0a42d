//! Deliberate damage to what a reader records, between its inbox and the log: the checker must notice.

use super::history::Seen;

/// The event that is hit: late enough that others surround it, early enough for the shortest run.
const HIT: usize = 20;

/// What is done to one event of one reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Sabotage {
    /// It is left out.
    Drop,
    /// It changes places with the one before it.
    Swap,
    /// It is there twice.
    Duplicate,
    /// Its content is another.
    Alter,
}

/// Damages the log that just grew, once, when it is long enough.
pub(crate) fn damage(log: &mut Vec<Seen>, sabotage: &mut Option<Sabotage>) {
    if log.len() <= HIT {
        return;
    }
    match sabotage.take() {
        None => {}
        Some(Sabotage::Drop) => drop(log.remove(HIT)),
        Some(Sabotage::Swap) => log.swap(HIT - 1, HIT),
        Some(Sabotage::Duplicate) => log.insert(HIT, log[HIT]),
        Some(Sabotage::Alter) => log[HIT].print ^= 1,
    }
}
