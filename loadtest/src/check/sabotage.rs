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
    /// It takes a message back, and is left out.
    Hide,
    /// It is somebody else's.
    Leak,
}

/// Damages the log that just grew, once, when it can be.
pub(crate) fn damage(log: &mut Vec<Seen>, sabotage: &mut Option<Sabotage>) {
    if sabotage.is_some_and(|sabotage| sabotage.is_done_to(log)) {
        *sabotage = None;
    }
}

impl Sabotage {
    fn is_done_to(self, log: &mut Vec<Seen>) -> bool {
        match self {
            Self::Hide => log.pop_if(|seen| takes_back(seen)).is_some(),
            Self::Leak => leak(log),
            _ if log.len() <= HIT => false,
            Self::Drop => {
                log.remove(HIT);
                true
            }
            Self::Swap => {
                log.swap(HIT - 1, HIT);
                true
            }
            Self::Duplicate => {
                log.insert(HIT, log[HIT]);
                true
            }
            Self::Alter => {
                log[HIT].print ^= 1;
                true
            }
        }
    }
}

/// Whether it is a deletion, and no publication of what was deleted later.
fn takes_back(seen: &Seen) -> bool {
    seen.shown.is_some_and(|shown| shown.deleted.is_some() && shown.about != seen.seq)
}

/// What stands between two of its places is for others alone.
fn leak(log: &mut Vec<Seen>) -> bool {
    let Some(gap) = log.windows(2).position(|pair| pair[0].seq + 1 < pair[1].seq) else { return false };
    let before = log[gap];
    log.insert(gap + 1, Seen { seq: before.seq + 1, ..before });
    true
}
