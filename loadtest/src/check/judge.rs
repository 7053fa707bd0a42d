//! The verdict on a run: a pure function of what was recorded and what the tables hold.
//!
//! Where a backup was restored, the tables are those of several lives of the log, and each promise is judged by the life
//! in which it was made: an acknowledgement by the tables of its time, what a reader applied between two snapshots by one
//! life as a whole, and where everybody ends by the last one.

mod deeds;
mod promises;
mod readers;
mod rows;

use std::collections::{HashMap, HashSet};

use super::{
    history::{Record, State},
    oracle::{Life, Share, Versions},
    scenario::Resets,
};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Messages somebody meant to publish.
    pub(crate) published: u64,
    /// Of them, those that were acknowledged.
    pub(crate) acknowledged: u64,
    /// Edits, deletions, marks and steps into topics and out of them that were acknowledged.
    pub(crate) done: u64,
    /// Events compared, one by one, over all readers.
    pub(crate) checked: u64,
    /// Acknowledged and not stored, or stored and not applied.
    pub(crate) lost: u64,
    /// Stored or applied twice.
    pub(crate) duplicated: u64,
    /// Applied after a later one.
    pub(crate) reordered: u64,
    /// Any other broken promise.
    pub(crate) other: u64,
    /// The first violation, with both sides.
    pub(crate) first: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Lost,
    Duplicated,
    Reordered,
    Other,
}

impl Verdict {
    fn note(&mut self, kind: Kind, sentence: impl FnOnce() -> String) {
        match kind {
            Kind::Lost => self.lost += 1,
            Kind::Duplicated => self.duplicated += 1,
            Kind::Reordered => self.reordered += 1,
            Kind::Other => self.other += 1,
        }
        self.first.get_or_insert_with(sentence);
    }

    /// Takes in what another one found.
    fn absorb(&mut self, other: Self) {
        self.checked += other.checked;
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.reordered += other.reordered;
        self.other += other.other;
        self.first = self.first.take().or(other.first);
    }

    fn violations(&self) -> u64 {
        self.lost + self.duplicated + self.reordered + self.other
    }

    /// Whether every promise was kept.
    pub(crate) fn is_clean(&self) -> bool {
        self.first.is_none()
    }
}

/// Compares a run with the tables it left: those at rest, and, where a backup was restored, those before each restore.
pub(crate) fn judge(record: &Record, lives: &[Life], resets: Resets) -> Verdict {
    let mut verdict = Verdict::default();
    let versions: Vec<Versions> = lives.iter().map(|life| Versions::of(&life.tables, record)).collect();
    for (life, versions) in lives.iter().zip(&versions) {
        rows::agree(&life.tables, versions, record.base, &mut verdict);
    }
    promises::are_stored(record, lives, &versions, &mut verdict);
    deeds::are_done(record, lives, &mut verdict);
    let starts: HashMap<_, _> = record.starts.iter().map(|(user, state)| (*user, state)).collect();
    let nothing = State::default();
    for person in lives.last().into_iter().flat_map(|life| &life.tables.people) {
        let readers: Vec<_> = record.readers.iter().filter(|reader| reader.user == person.id).collect();
        let Some(start) = starts.get(&person.id).copied().or((!readers.is_empty()).then_some(&nothing)) else {
            continue;
        };
        let shares: Vec<Share<'_>> = lives.iter().map(|life| Share::of(&life.tables, person, start)).collect();
        for share in &shares {
            rows::states_agree(person, share, record.base, &mut verdict);
        }
        deeds::states_are_kept(person, record, lives, &shares, &mut verdict);
        let told: Vec<_> = shares.iter().zip(&versions).collect();
        for reader in readers {
            readers::resets_are_due(reader, resets, &mut verdict);
            readers::follow(reader, &told, &mut verdict);
        }
    }
    everybody_is_there(record, lives, &mut verdict);
    verdict
}

/// Who has no account any more has nothing to be compared with, and had everything taken away.
fn everybody_is_there(record: &Record, lives: &[Life], verdict: &mut Verdict) {
    let people: HashSet<_> = lives.last().into_iter().flat_map(|life| &life.tables.people).map(|p| p.id).collect();
    for reader in record.readers.iter().filter(|reader| !people.contains(&reader.user)) {
        verdict.note(Kind::Lost, || format!("{} reads as person {}, who has no account", reader.name, reader.user));
    }
}

#[cfg(test)]
mod tests;
