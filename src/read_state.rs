//! Which messages a person has read, decidable for messages that are not loaded.

use serde::{Deserialize, Deserializer, Serialize};

use crate::ids::MessageId;

/// A set of numbers as sorted ranges, both ends included, none touching the next. On the wire `[[1,4],[7,7]]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// No numbers.
    pub const EMPTY: Self = Self(Vec::new());

    /// `from..=to`; nothing when that is empty. The largest number is left out, as no id ever gets there.
    pub fn span(from: u64, to: u64) -> Self {
        let to = to.min(u64::MAX - 1);
        if from > to { Self::EMPTY } else { Self(vec![(from, to)]) }
    }

    /// One number.
    pub fn one(n: u64) -> Self {
        Self::span(n, n)
    }

    /// Ranges in any order, overlapping or not.
    pub fn collect(ranges: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let mut sorted: Vec<_> =
            ranges.into_iter().map(|(a, b)| (a, b.min(u64::MAX - 1))).filter(|(a, b)| a <= b).collect();
        sorted.sort_unstable();
        let mut merged: Vec<(u64, u64)> = Vec::with_capacity(sorted.len());
        for (from, to) in sorted {
            match merged.last_mut() {
                Some(last) if from <= last.1 + 1 => last.1 = last.1.max(to),
                _ => merged.push((from, to)),
            }
        }
        Self(merged)
    }

    /// Whether `n` is one of them.
    pub fn contains(&self, n: u64) -> bool {
        let after = self.0.partition_point(|(from, _)| *from <= n);
        after > 0 && n <= self.0[after - 1].1
    }

    /// The ranges, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.0.iter().copied()
    }

    /// How many ranges there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Numbers of either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::collect(self.iter().chain(other.iter()))
    }

    /// Numbers of this one that are not in `other`.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut left = Vec::new();
        let mut cuts = other.iter().peekable();
        for (mut from, to) in self.iter() {
            while cuts.next_if(|(_, end)| *end < from).is_some() {}
            while let Some((cut_from, cut_to)) = cuts.peek().copied().filter(|(start, _)| *start <= to) {
                if cut_from > from {
                    left.push((from, cut_from - 1));
                }
                from = cut_to + 1;
                if cut_to > to {
                    // It may reach into the next range.
                    break;
                }
                cuts.next();
            }
            if from <= to {
                left.push((from, to));
            }
        }
        Self(left)
    }

    /// The numbers below its last one that it leaves out, from 1 on.
    #[must_use]
    pub fn gaps(&self) -> Self {
        let last = self.0.last().map_or(0, |(_, to)| *to);
        Self::span(1, last).minus(self)
    }

    /// Numbers of this one up to `last`.
    #[must_use]
    pub fn up_to(&self, last: u64) -> Self {
        Self::collect(self.iter().map(|(from, to)| (from, to.min(last))))
    }
}

impl<'de> Deserialize<'de> for Ranges {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<(u64, u64)>::deserialize(deserializer).map(Self::collect)
    }
}

/// A message is read when its id is at most `read_upto` or within `exceptions`; own messages are never unread.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ReadState {
    /// All messages up to here are read.
    pub read_upto: MessageId,
    /// Those above `read_upto` that are read as well.
    pub exceptions: Ranges,
}

impl ReadState {
    /// Everything up to `id` is read and nothing after: how a new person starts.
    pub fn starting_at(id: MessageId) -> Self {
        Self { read_upto: id, exceptions: Ranges::EMPTY }
    }

    /// Whether the message is read.
    pub fn is_read(&self, id: MessageId) -> bool {
        id <= self.read_upto || self.exceptions.contains(id.0)
    }

    /// All read ids.
    pub fn read(&self) -> Ranges {
        Ranges::span(1, self.read_upto.0).union(&self.exceptions)
    }

    /// The state in which exactly these are read.
    pub fn of(read: &Ranges) -> Self {
        let read_upto = match read.0.first() {
            Some((0 | 1, to)) => *to,
            _ => 0,
        };
        Self {
            read_upto: MessageId(read_upto),
            exceptions: Ranges(read.iter().filter(|(from, _)| *from > read_upto).collect()),
        }
    }

    /// The state after `change`.
    #[must_use]
    pub fn after(&self, change: &ReadChange) -> Self {
        Self::of(&self.read().union(&change.read).minus(&change.unread))
    }

    /// The stretches between read ranges. Where one holds no message that counts as unread, [`Self::closing`] may forget it.
    pub fn gaps(&self) -> Ranges {
        if self.exceptions.is_empty() { Ranges::EMPTY } else { self.read().gaps() }
    }

    /// The same state with `gaps` counted as read: the shorter spelling for a person to whom nothing in them was sent.
    #[must_use]
    pub fn closing(&self, gaps: &Ranges) -> Self {
        Self::of(&self.read().union(gaps))
    }

    /// What turns `after` back into this state: the undo of a change.
    pub fn undo_of(&self, after: &Self) -> ReadChange {
        let (before, after) = (self.read(), after.read());
        ReadChange { read: before.minus(&after), unread: after.minus(&before) }
    }
}

/// What a person did: ids to count as read, and ids to count as unread (these win where both name one).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadChange {
    /// Ids that are read from now on.
    #[serde(default)]
    pub read: Ranges,
    /// Ids that are unread from now on.
    #[serde(default)]
    pub unread: Ranges,
}

impl ReadChange {
    /// One message is read.
    pub fn read(id: MessageId) -> Self {
        Self { read: Ranges::one(id.0), unread: Ranges::EMPTY }
    }

    /// One message is unread.
    pub fn unread(id: MessageId) -> Self {
        Self { read: Ranges::EMPTY, unread: Ranges::one(id.0) }
    }

    /// Everything up to `id` is read.
    pub fn read_all(id: MessageId) -> Self {
        Self { read: Ranges::span(1, id.0), unread: Ranges::EMPTY }
    }

    /// The change without ids above `last`, which the person cannot have seen.
    #[must_use]
    pub fn up_to(&self, last: u64) -> Self {
        Self { read: self.read.up_to(last), unread: self.unread.up_to(last) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn state(read_upto: u64, exceptions: &[(u64, u64)]) -> ReadState {
        ReadState { read_upto: MessageId(read_upto), exceptions: Ranges::collect(exceptions.iter().copied()) }
    }

    #[test]
    fn reading_the_next_message_moves_read_upto_and_absorbs_what_follows() {
        let after = state(4, &[(6, 7)]).after(&ReadChange::read(MessageId(5)));
        assert_eq!(after, state(7, &[]));
    }

    #[test]
    fn an_old_message_marked_unread_keeps_the_rest_read() {
        let after = state(9, &[]).after(&ReadChange::unread(MessageId(5)));
        assert_eq!(after, state(4, &[(6, 9)]));
        assert!(!after.is_read(MessageId(5)) && after.is_read(MessageId(9)) && !after.is_read(MessageId(10)));
    }

    #[test]
    fn gaps_that_hold_nothing_are_forgotten() {
        let scattered = state(2, &[(4, 4), (6, 6)]);
        assert_eq!(scattered.gaps(), Ranges::collect([(3, 3), (5, 5)]));
        assert_eq!(scattered.closing(&Ranges::one(3)), state(4, &[(6, 6)]));
    }

    fn ranges() -> impl Strategy<Value = Ranges> {
        proptest::collection::vec((1u64..40, 0u64..6), 0..6)
            .prop_map(|list| Ranges::collect(list.into_iter().map(|(a, n)| (a, a + n))))
    }

    fn numbers(ranges: &Ranges) -> BTreeSet<u64> {
        ranges.iter().flat_map(|(from, to)| from..=to).collect()
    }

    proptest! {
        #[test]
        fn ranges_behave_like_sets(a in ranges(), b in ranges(), n in 0u64..50) {
            prop_assert_eq!(numbers(&a.union(&b)), &numbers(&a) | &numbers(&b));
            prop_assert_eq!(numbers(&a.minus(&b)), &numbers(&a) - &numbers(&b));
            prop_assert_eq!(a.contains(n), numbers(&a).contains(&n));
            let touching = a.union(&b).0.windows(2).any(|pair| pair[0].1 + 1 >= pair[1].0);
            prop_assert!(!touching);
        }

        #[test]
        fn a_change_can_be_undone(upto in 0u64..20, exceptions in ranges(), read in ranges(), unread in ranges()) {
            let before = ReadState::of(&Ranges::span(1, upto).union(&exceptions));
            let after = before.after(&ReadChange { read, unread });
            prop_assert_eq!(after.after(&before.undo_of(&after)), before);
        }
    }
}
