use std::{
    collections::{HashMap, HashSet},
    mem,
};

use super::Row;

/// Rows of a stretch. A browser leaves out what is off the screen by asking for each part of a list where it is, at every
/// frame; ten thousand questions take longer than a frame may, and a part that comes into sight is laid out as a whole.
const LENGTH: usize = 20;
/// Rows from which a stretch may be left out while it is off the screen: the height of a shorter one is not worth guessing.
pub const LONG: usize = LENGTH / 2;
/// Rows of a stretch in whose middle others arrived.
const MOST: usize = 2 * LENGTH;

/// Consecutive rows of the list, which are laid out together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// What makes it the same one in the next version of the list.
    pub key: usize,
    /// Its rows, newest first.
    pub rows: Vec<Row>,
}

/// Cuts `rows` into stretches. A row stays in the one it had `before`, as its element would be made anew in another one and
/// lose what is selected or being written in it; but the heading of a day goes where the day begins, and the end of a stretch
/// in whose middle so many arrived that it has more than [`MOST`] goes on in others.
pub fn stretches(before: &[Stretch], rows: &[Row]) -> Vec<Stretch> {
    let mut cut = Cut {
        stretches: Vec::with_capacity(rows.len() / LENGTH + 1),
        used: HashSet::new(),
        next: before.iter().map(|stretch| stretch.key + 1).max().unwrap_or_default(),
        waiting: Vec::new(),
    };
    let homes: HashMap<&Row, &Stretch> =
        before.iter().flat_map(|stretch| stretch.rows.iter().map(move |row| (row, stretch))).collect();
    for row in rows {
        match homes.get(row).filter(|_| !matches!(row, Row::Day(_))) {
            Some(home) => cut.stay(row, home),
            None => cut.waiting.push(row.clone()),
        }
    }
    cut.settle();
    cut.stretches
}

struct Cut {
    stretches: Vec<Stretch>,
    /// Keys of `stretches`.
    used: HashSet<usize>,
    next: usize,
    /// Rows that had no place before, and come next.
    waiting: Vec<Row>,
}

impl Cut {
    /// A row that has its place already.
    fn stay(&mut self, row: &Row, home: &Stretch) {
        let same = self.stretches.last_mut().filter(|last| last.key == home.key);
        if let Some(last) = same {
            if last.rows.len() + self.waiting.len() < MOST {
                last.rows.append(&mut self.waiting);
                last.rows.push(row.clone());
            } else {
                self.settle();
                self.waiting.push(row.clone());
            }
        } else if self.used.contains(&home.key) {
            // It had grown too long: what is left of it goes on behind it.
            self.waiting.push(row.clone());
        } else {
            let mut rows = if self.waiting.len() + home.rows.len() > LENGTH {
                let days = self.waiting.iter().rev().take_while(|row| matches!(row, Row::Day(_))).count();
                let rows = self.waiting.split_off(self.waiting.len() - days);
                self.settle();
                rows
            } else {
                mem::take(&mut self.waiting)
            };
            rows.push(row.clone());
            self.begin(home.key, rows);
        }
    }

    /// Puts what waits behind what is there, in stretches of its own where there is no room.
    fn settle(&mut self) {
        let mut waiting = mem::take(&mut self.waiting);
        if let Some(last) = self.stretches.last_mut() {
            let room = LENGTH.saturating_sub(last.rows.len()).min(waiting.len());
            last.rows.extend(waiting.drain(..room));
        }
        for rows in waiting.chunks(LENGTH) {
            self.begin(self.next, rows.to_vec());
            self.next += 1;
        }
    }

    fn begin(&mut self, key: usize, rows: Vec<Row>) {
        self.used.insert(key);
        self.stretches.push(Stretch { key, rows });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use push_system::ids::MessageId;

    use super::*;

    fn list(ids: impl IntoIterator<Item = u64>) -> Vec<Row> {
        std::iter::once(Row::Day(0)).chain(ids.into_iter().map(|id| Row::Message(MessageId(id)))).collect()
    }

    fn lengths(stretches: &[Stretch]) -> Vec<usize> {
        stretches.iter().map(|stretch| stretch.rows.len()).collect()
    }

    #[test]
    fn what_arrives_fills_a_stretch_above_and_the_day_goes_along() {
        let mut before = stretches(&[], &list((1..=30).rev()));
        assert_eq!(lengths(&before), [20, 11]);
        for newest in 31..=50 {
            before = stretches(&before, &list((1..=newest).rev()));
        }
        assert_eq!(lengths(&before), [3, 18, 19, 11]);
        assert_eq!(before[0].rows[0], Row::Day(0));
        assert_eq!(before[2].rows[0], Row::Message(MessageId(30)));
    }

    #[test]
    fn older_ones_fill_the_last_stretch_and_go_on_below() {
        let before = stretches(&[], &list((51..=100).rev()));
        assert_eq!(lengths(&before), [20, 20, 11]);
        assert_eq!(lengths(&stretches(&before, &list((1..=100).rev()))), [20, 20, 20, 20, 20, 1]);
    }

    proptest! {
        #[test]
        fn they_are_the_list_in_parts_that_do_not_swell(
            histories in prop::collection::vec(prop::collection::btree_set(0_u64..300, 0..200), 1..6),
        ) {
            let mut before: Vec<Stretch> = Vec::new();
            for ids in histories {
                let rows = list(ids.into_iter().rev());
                let now = stretches(&before, &rows);
                prop_assert_eq!(now.iter().flat_map(|stretch| stretch.rows.clone()).collect::<Vec<_>>(), rows);
                let keys: HashSet<_> = now.iter().map(|stretch| stretch.key).collect();
                prop_assert_eq!(keys.len(), now.len());
                prop_assert!(now.iter().all(|stretch| !stretch.rows.is_empty()));
                prop_assert!(now.iter().all(|stretch| stretch.rows.len() <= MOST), "{:?}", lengths(&now));
                before = now;
            }
        }

        #[test]
        fn where_few_come_at_once_no_row_changes_its_stretch(
            first in prop::collection::btree_set(0_u64..300, 0..200),
            steps in prop::collection::vec(
                (prop::collection::btree_set(0_u64..300, 0..LENGTH / 2), prop::collection::btree_set(0_u64..300, 0..100)),
                1..3,
            ),
        ) {
            let mut ids = first;
            let mut before = stretches(&[], &list(ids.iter().rev().copied()));
            for (come, go) in steps {
                ids = ids.difference(&go).copied().chain(come).collect();
                let now = stretches(&before, &list(ids.iter().rev().copied()));
                for stretch in &now {
                    for row in stretch.rows.iter().filter(|row| !matches!(row, Row::Day(_))) {
                        let home = before.iter().find(|stretch| stretch.rows.contains(row));
                        prop_assert!(home.is_none_or(|home| home.key == stretch.key), "{:?} moved", row);
                    }
                }
                before = now;
            }
        }
    }
}
