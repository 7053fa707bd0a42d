//! What a person did with messages beside reading them: how far they saw the list, what they archived and what they saved.
//! Like [`ReadState`], sets of ids, so that the state of a message that is not loaded is known as well.

use serde::{Deserialize, Serialize};

use crate::{
    ids::MessageId,
    read_state::{Ranges, ReadChange, ReadState},
};

/// What of all messages is seen, archived and saved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Marks {
    /// Messages up to here stood before the person's eyes, read or not. Never goes back.
    #[serde(default)]
    pub seen_upto: MessageId,
    /// Put away: not in the inbox, found under Archived.
    #[serde(default)]
    pub archived: Ranges,
    /// Kept at hand, archived or not.
    #[serde(default)]
    pub saved: Ranges,
}

impl Marks {
    /// Everything up to `id` was seen: how a new person starts.
    pub fn starting_at(id: MessageId) -> Self {
        Self { seen_upto: id, ..Self::default() }
    }

    /// Whether a message is put away.
    pub fn is_archived(&self, id: MessageId) -> bool {
        self.archived.contains(id.0)
    }

    /// Whether a message is kept at hand.
    pub fn is_saved(&self, id: MessageId) -> bool {
        self.saved.contains(id.0)
    }

    /// The marks after a change of them.
    #[must_use]
    pub fn after(&self, change: &MarksChange) -> Self {
        Self {
            seen_upto: self.seen_upto.max(change.seen_upto),
            archived: self.archived.union(&change.archived.add).minus(&change.archived.remove),
            saved: self.saved.union(&change.saved.add).minus(&change.saved.remove),
        }
    }

    /// What leads from these marks to `after`.
    pub fn change_to(&self, after: &Self) -> MarksChange {
        MarksChange {
            seen_upto: after.seen_upto,
            archived: Delta::between(&self.archived, &after.archived),
            saved: Delta::between(&self.saved, &after.saved),
        }
    }
}

/// Ids that came into a set, and ids that left it. No id does both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// Came.
    #[serde(default)]
    pub add: Ranges,
    /// Left.
    #[serde(default)]
    pub remove: Ranges,
}

impl Delta {
    /// What leads from one set to another.
    pub fn between(before: &Ranges, after: &Ranges) -> Self {
        Self { add: after.minus(before), remove: before.minus(after) }
    }

    /// Whether nothing came or left.
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty()
    }
}

/// A change of marks as the log holds it: the differences, as the whole would not fit an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarksChange {
    /// Where the watermark is from here on.
    #[serde(default)]
    pub seen_upto: MessageId,
    /// What was put away or fetched back.
    #[serde(default)]
    pub archived: Delta,
    /// What is kept at hand, or no more.
    #[serde(default)]
    pub saved: Delta,
}

impl MarksChange {
    /// How many ranges it takes to tell it.
    pub fn ranges(&self) -> usize {
        let lists = [&self.archived.add, &self.archived.remove, &self.saved.add, &self.saved.remove];
        lists.into_iter().map(Ranges::len).sum()
    }
}

/// All that a person does with messages at once: the body of `POST /state`. Where a set and its opposite both name an id,
/// the opposite wins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateChange {
    /// What is read and unread.
    #[serde(flatten)]
    pub read: ReadChange,
    /// To put away; what is put away is read as well.
    #[serde(default, skip_serializing_if = "Ranges::is_empty")]
    pub archive: Ranges,
    /// To fetch back.
    #[serde(default, skip_serializing_if = "Ranges::is_empty")]
    pub unarchive: Ranges,
    /// To keep at hand.
    #[serde(default, skip_serializing_if = "Ranges::is_empty")]
    pub save: Ranges,
    /// To keep at hand no more.
    #[serde(default, skip_serializing_if = "Ranges::is_empty")]
    pub unsave: Ranges,
    /// Everything up to here was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_upto: Option<MessageId>,
}

impl From<ReadChange> for StateChange {
    fn from(read: ReadChange) -> Self {
        Self { read, ..Self::default() }
    }
}

impl StateChange {
    /// The change without ids above `last`, which the person cannot have seen.
    #[must_use]
    pub fn up_to(&self, last: u64) -> Self {
        Self {
            read: self.read.up_to(last),
            archive: self.archive.up_to(last),
            unarchive: self.unarchive.up_to(last),
            save: self.save.up_to(last),
            unsave: self.unsave.up_to(last),
            seen_upto: self.seen_upto.map(|seen| seen.min(MessageId(last))),
        }
    }

    /// The longest of its lists.
    pub fn ranges(&self) -> usize {
        let lists = [&self.read.read, &self.read.unread, &self.archive, &self.unarchive, &self.save, &self.unsave];
        lists.into_iter().map(Ranges::len).max().unwrap_or(0)
    }

    /// The same change in steps, of which none has a list of more than `most` ranges: to be made in this order.
    pub fn steps(self, most: usize) -> Vec<Self> {
        if self.ranges() <= most {
            return vec![self];
        }
        let put_away = self.archive.minus(&self.unarchive);
        let steps_of = |lists: [&Ranges; 3], step: fn([Ranges; 3]) -> Self| {
            let count = lists.iter().map(|list| list.len().div_ceil(most)).max().unwrap_or_default();
            let part = move |list: &Ranges, at: usize| Ranges::collect(list.iter().skip(at * most).take(most));
            (0..count).map(|at| step(lists.map(|list| part(list, at)))).collect::<Vec<_>>()
        };
        // What wins over its opposite comes after it.
        let mut steps = steps_of([&self.read.read, &put_away, &self.save], |[read, archive, save]| Self {
            read: ReadChange { read, unread: Ranges::EMPTY },
            archive,
            save,
            ..Self::default()
        });
        steps.extend(steps_of([&self.read.unread, &self.unarchive, &self.unsave], |[unread, unarchive, unsave]| {
            Self { read: ReadChange { read: Ranges::EMPTY, unread }, unarchive, unsave, ..Self::default() }
        }));
        if let Some(last) = steps.last_mut() {
            last.seen_upto = self.seen_upto;
        }
        steps
    }

    /// What is read and marked after it.
    pub fn apply(&self, read: &ReadState, marks: &Marks) -> (ReadState, Marks) {
        let put_away = self.archive.minus(&self.unarchive);
        let reading = ReadChange { read: self.read.read.union(&put_away), unread: self.read.unread.clone() };
        (read.after(&reading), marks.after(&self.to_marks(marks)))
    }

    /// What it does to these marks, as it was asked for: also what is so already.
    pub fn to_marks(&self, marks: &Marks) -> MarksChange {
        MarksChange {
            seen_upto: marks.seen_upto.max(self.seen_upto.unwrap_or_default()),
            archived: Delta { add: self.archive.minus(&self.unarchive), remove: self.unarchive.clone() },
            saved: Delta { add: self.save.minus(&self.unsave), remove: self.unsave.clone() },
        }
    }

    /// What turns the state after a change back into the one before; but nothing is unseen again.
    pub fn undo(before: (&ReadState, &Marks), after: (&ReadState, &Marks)) -> Self {
        let back = after.1.change_to(before.1);
        let mut read = before.0.undo_of(after.0);
        // What was put away and marked unread then: putting it away again must not read it.
        read.unread = read.unread.union(&back.archived.add.minus(&before.0.read()));
        Self {
            read,
            archive: back.archived.add,
            unarchive: back.archived.remove,
            save: back.saved.add,
            unsave: back.saved.remove,
            seen_upto: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ranges() -> impl Strategy<Value = Ranges> {
        proptest::collection::vec((1u64..40, 0u64..6), 0..5)
            .prop_map(|list| Ranges::collect(list.into_iter().map(|(a, n)| (a, a + n))))
    }

    fn changes() -> impl Strategy<Value = StateChange> {
        let lists = (ranges(), ranges(), ranges(), ranges(), ranges(), ranges());
        (lists, proptest::option::of(0u64..50)).prop_map(|((read, unread, archive, unarchive, save, unsave), seen)| {
            StateChange {
                read: ReadChange { read, unread },
                archive,
                unarchive,
                save,
                unsave,
                seen_upto: seen.map(MessageId),
            }
        })
    }

    proptest! {
        #[test]
        fn steps_lead_where_the_whole_change_leads(before in changes(), change in changes(), most in 1usize..4) {
            let (read, marks) = before.apply(&ReadState::default(), &Marks::default());
            let steps = change.clone().steps(most);
            prop_assert!(steps.iter().all(|step| step.ranges() <= most));
            let stepwise = steps.iter().fold((read.clone(), marks.clone()), |(read, marks), step| step.apply(&read, &marks));
            prop_assert_eq!(stepwise, change.apply(&read, &marks));
        }
    }

    #[test]
    fn what_is_put_away_is_read_and_what_is_fetched_back_stays_so() {
        let archive = StateChange { archive: Ranges::span(2, 4), ..StateChange::default() };
        let (read, marks) = archive.apply(&ReadState::default(), &Marks::default());
        assert!(read.is_read(MessageId(3)) && marks.is_archived(MessageId(3)) && !read.is_read(MessageId(5)));
        let back = StateChange { unarchive: Ranges::one(3), ..StateChange::default() };
        let (read, marks) = back.apply(&read, &marks);
        assert!(read.is_read(MessageId(3)) && !marks.is_archived(MessageId(3)) && marks.is_archived(MessageId(4)));
    }

    proptest! {
        #[test]
        fn a_change_can_be_undone_but_for_what_was_seen(first in changes(), then in changes()) {
            let before = first.apply(&ReadState::default(), &Marks::default());
            let after = then.apply(&before.0, &before.1);
            let undo = StateChange::undo((&before.0, &before.1), (&after.0, &after.1));
            let (read, marks) = undo.apply(&after.0, &after.1);
            prop_assert_eq!(read, before.0);
            prop_assert_eq!(&marks.archived, &before.1.archived);
            prop_assert_eq!(&marks.saved, &before.1.saved);
            prop_assert!(marks.seen_upto >= before.1.seen_upto);
        }

        #[test]
        fn the_differences_lead_from_one_state_to_the_other(first in changes(), then in changes()) {
            let before = first.apply(&ReadState::default(), &Marks::default()).1;
            let after = then.apply(&ReadState::default(), &before).1;
            prop_assert_eq!(before.after(&before.change_to(&after)), after);
        }
    }
}
