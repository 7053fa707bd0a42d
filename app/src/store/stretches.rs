use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    mem,
};

use super::Row;

/// What a list is made of.
pub trait Part: Clone + Eq + Hash {
    /// How many make a stretch. A browser leaves out what is off the screen by asking for each part of a list where it is, at
    /// every frame, and lays out as a whole what comes into sight: where either takes longer than a frame may, the parts are
    /// too many or too long. So there are stretches of stretches, and ten thousand rows are fifty questions.
    const LENGTH: usize;
    /// Parts of a stretch in whose middle others arrived.
    const MOST: usize = 2 * Self::LENGTH;

    /// Whether it goes where what is below it goes.
    fn is_heading(&self) -> bool;
}

impl Part for Row {
    const LENGTH: usize = 20;

    fn is_heading(&self) -> bool {
        matches!(self, Self::Day(_))
    }
}

/// What makes a stretch the same one in the next version of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(usize);

impl Part for Key {
    const LENGTH: usize = 10;

    fn is_heading(&self) -> bool {
        false
    }
}

/// Rows from which a stretch may be left out while it is off the screen, and from which a wide one: the height of a shorter
/// one is not worth guessing.
pub const LONG: [usize; 2] = [Row::LENGTH / 2, Row::LENGTH * Key::LENGTH / 2];

/// Consecutive parts of the list, which are laid out together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch<T> {
    pub key: Key,
    /// Newest first.
    pub parts: Vec<T>,
}

/// Cuts `parts` into stretches. A part stays in the one it had `before`, as its element would be made anew in another one and
/// lose what is selected or being written in it; but the heading of a day goes where the day begins, and the end of a stretch
/// in whose middle so many arrived that it has more than [`Part::MOST`] goes on in others.
pub fn stretches<T: Part>(before: &[Stretch<T>], parts: &[T]) -> Vec<Stretch<T>> {
    let mut cut = Cut {
        stretches: Vec::with_capacity(parts.len() / T::LENGTH + 1),
        used: HashSet::new(),
        next: before.iter().map(|stretch| stretch.key.0 + 1).max().unwrap_or_default(),
        waiting: Vec::new(),
    };
    let homes: HashMap<&T, &Stretch<T>> =
        before.iter().flat_map(|stretch| stretch.parts.iter().map(move |part| (part, stretch))).collect();
    for part in parts {
        match homes.get(part).filter(|_| !part.is_heading()) {
            Some(home) => cut.stay(part, home),
            None => cut.waiting.push(part.clone()),
        }
    }
    cut.settle();
    cut.stretches
}

struct Cut<T> {
    stretches: Vec<Stretch<T>>,
    /// Keys of `stretches`.
    used: HashSet<Key>,
    next: usize,
    /// Parts that had no place before, and come next.
    waiting: Vec<T>,
}

impl<T: Part> Cut<T> {
    /// A part that has its place already.
    fn stay(&mut self, part: &T, home: &Stretch<T>) {
        let same = self.stretches.last_mut().filter(|last| last.key == home.key);
        if let Some(last) = same {
            if last.parts.len() + self.waiting.len() < T::MOST {
                last.parts.append(&mut self.waiting);
                last.parts.push(part.clone());
            } else {
                self.settle();
                self.waiting.push(part.clone());
            }
        } else if self.used.contains(&home.key) {
            // It had grown too long: what is left of it goes on behind it.
            self.waiting.push(part.clone());
        } else {
            let mut parts = if self.waiting.len() + home.parts.len() > T::LENGTH {
                let headings = self.waiting.iter().rev().take_while(|part| part.is_heading()).count();
                let parts = self.waiting.split_off(self.waiting.len() - headings);
                self.settle();
                parts
            } else {
                mem::take(&mut self.waiting)
            };
            parts.push(part.clone());
            self.begin(home.key, parts);
        }
    }

    /// Puts what waits behind what is there, in stretches of its own where there is no room.
    fn settle(&mut self) {
        let mut waiting = mem::take(&mut self.waiting);
        if let Some(last) = self.stretches.last_mut() {
            let room = T::LENGTH.saturating_sub(last.parts.len()).min(waiting.len());
            last.parts.extend(waiting.drain(..room));
        }
        for parts in waiting.chunks(T::LENGTH) {
            self.begin(Key(self.next), parts.to_vec());
            self.next += 1;
        }
    }

    fn begin(&mut self, key: Key, parts: Vec<T>) {
        self.used.insert(key);
        self.stretches.push(Stretch { key, parts });
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

    fn keys<T>(stretches: &[Stretch<T>]) -> Vec<Key> {
        stretches.iter().map(|stretch| stretch.key).collect()
    }

    fn lengths(stretches: &[Stretch<Row>]) -> Vec<usize> {
        stretches.iter().map(|stretch| stretch.parts.len()).collect()
    }

    #[test]
    fn what_arrives_fills_a_stretch_above_and_the_day_goes_along() {
        let mut before = stretches(&[], &list((1..=30).rev()));
        assert_eq!(lengths(&before), [20, 11]);
        for newest in 31..=50 {
            before = stretches(&before, &list((1..=newest).rev()));
        }
        assert_eq!(lengths(&before), [3, 18, 19, 11]);
        assert_eq!(before[0].parts[0], Row::Day(0));
        assert_eq!(before[2].parts[0], Row::Message(MessageId(30)));
    }

    #[test]
    fn older_ones_fill_the_last_stretch_and_go_on_below() {
        let before = stretches(&[], &list((51..=100).rev()));
        assert_eq!(lengths(&before), [20, 20, 11]);
        assert_eq!(lengths(&stretches(&before, &list((1..=100).rev()))), [20, 20, 20, 20, 20, 1]);
    }

    #[test]
    fn stretches_make_stretches_in_turn() {
        let first: Vec<Key> = (0..25).map(Key).collect();
        let before = stretches(&[], &first);
        assert_eq!(before.iter().map(|wide| wide.parts.len()).collect::<Vec<_>>(), [10, 10, 5]);
        let next: Vec<Key> = [25].into_iter().chain(0..27).map(Key).collect();
        let now = stretches(&before, &next);
        assert_eq!(now.iter().map(|wide| wide.parts.len()).collect::<Vec<_>>(), [1, 10, 10, 7]);
        assert_eq!(now.iter().skip(1).map(|wide| wide.key).collect::<Vec<_>>(), [Key(0), Key(1), Key(2)]);
    }

    proptest! {
        #[test]
        fn they_are_the_list_in_parts_that_do_not_swell(
            histories in prop::collection::vec(prop::collection::btree_set(0_u64..300, 0..200), 1..6),
        ) {
            let mut before: Vec<Stretch<Row>> = Vec::new();
            let mut wide: Vec<Stretch<Key>> = Vec::new();
            for ids in histories {
                let rows = list(ids.into_iter().rev());
                let now = stretches(&before, &rows);
                let (narrow, recut) = (keys(&now), stretches(&wide, &keys(&now)));
                prop_assert_eq!(recut.iter().flat_map(|wide| wide.parts.clone()).collect::<Vec<_>>(), narrow);
                prop_assert!(recut.iter().all(|wide| (1..=Key::MOST).contains(&wide.parts.len())));
                wide = recut;
                prop_assert_eq!(now.iter().flat_map(|stretch| stretch.parts.clone()).collect::<Vec<_>>(), rows);
                let keys: HashSet<_> = now.iter().map(|stretch| stretch.key).collect();
                prop_assert_eq!(keys.len(), now.len());
                prop_assert!(now.iter().all(|stretch| !stretch.parts.is_empty()));
                prop_assert!(now.iter().all(|stretch| stretch.parts.len() <= Row::MOST), "{:?}", lengths(&now));
                before = now;
            }
        }

        #[test]
        fn where_few_come_at_once_no_row_changes_its_stretch(
            first in prop::collection::btree_set(0_u64..300, 0..200),
            steps in prop::collection::vec(
                (prop::collection::btree_set(0_u64..300, 0..Row::LENGTH / 2), prop::collection::btree_set(0_u64..300, 0..100)),
                1..3,
            ),
        ) {
            let mut ids = first;
            let mut before = stretches(&[], &list(ids.iter().rev().copied()));
            let mut wide = stretches(&[], &keys(&before));
            for (come, go) in steps {
                ids = ids.difference(&go).copied().chain(come).collect();
                let now = stretches(&before, &list(ids.iter().rev().copied()));
                for stretch in &now {
                    for row in stretch.parts.iter().filter(|row| !matches!(row, Row::Day(_))) {
                        let home = before.iter().find(|stretch| stretch.parts.contains(row));
                        prop_assert!(home.is_none_or(|home| home.key == stretch.key), "{:?} moved", row);
                    }
                }
                let recut = stretches(&wide, &keys(&now));
                for (home, key) in recut.iter().flat_map(|home| home.parts.iter().map(move |key| (home, key))) {
                    let was = wide.iter().find(|wide| wide.parts.contains(key));
                    prop_assert!(was.is_none_or(|was| was.key == home.key), "{:?} moved", key);
                }
                wide = recut;
                before = now;
            }
        }
    }
}
