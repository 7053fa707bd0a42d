//! What people do with messages: read them, see them, put them away, keep them at hand, and take that back.

use push_system::{
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    ids::{MessageId, UserId},
    limits,
    marks::{Marks, MarksChange, StateChange},
    message::Message,
    read_state::{Ranges, ReadChange, ReadState},
};
use serde::Serialize;

use super::{Push, unavailable};
use crate::store::{Among, Basis, Change, EntryBody, Gaps, MarksWrite, Outcome, Place, ReadWrite, StoredReadState};

/// Ranges of what is read above which it pays to ask which gaps between them are empty.
const TIDY_ABOVE: usize = 16;
/// The same for ranges of marks. They may be many more, and then each change asks about them all.
const TIDY_MARKS_ABOVE: usize = 128;
/// Ranges of differences that one event tells, far below [`limits::EVENT_BYTES`]. Where closed gaps would make more of
/// them, what was asked for is told instead.
const TOLD_RANGES: usize = 1_000;
/// Attempts when other devices of the same person change the state at the same time.
const ATTEMPTS: u32 = 8;

/// A person's read state after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadAnswer {
    /// The state.
    #[serde(flatten)]
    pub state: ReadState,
    /// How many messages are unread under it.
    pub unread: u64,
}

/// The same, with what else changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StateAnswer {
    /// What is read now.
    #[serde(flatten)]
    pub read: ReadAnswer,
    /// What this change changed beyond reading.
    #[serde(flatten)]
    pub marks: MarksChange,
}

impl Push {
    /// Changes what a person has read: [`Self::change_state`] of nothing else.
    ///
    /// # Errors
    /// As there.
    pub async fn change_read(&self, user: UserId, change: ReadChange) -> Result<ReadAnswer, Rejection> {
        Ok(self.change_state(user, change.into()).await?.read)
    }

    /// Changes what a person has read, seen, archived and saved, as one event to their devices. A change that changes
    /// nothing writes none. Ids beyond the log's head are ignored: nobody can have seen them.
    ///
    /// Everything that needs reading is read before the log is locked; the write names the version it was computed
    /// from and is computed again if another device was faster.
    ///
    /// # Errors
    /// `too_long` (too many ranges), `unavailable`, `outcome_unknown`.
    pub async fn change_state(&self, user: UserId, change: StateChange) -> Result<StateAnswer, Rejection> {
        if change.ranges() > limits::READ_RANGES {
            return Err(Rejection::at(ErrorCode::TooLong, "read", Sentence::TooManyRanges));
        }
        for _ in 0..ATTEMPTS {
            let stored = self.stored_read_state(user).await?;
            let (mut answer, write) = self.compute(user, &stored, &change).await?;
            let Some(write) = write else { return Ok(answer) };
            match self.write(Change::Read(write), Vec::new()).await? {
                Outcome::Stale => {}
                Outcome::Stored(entry) => {
                    if let EntryBody::Read { unread, .. } = entry.body {
                        answer.read.unread = unread;
                    }
                    return Ok(answer);
                }
                _ => return Err(Rejection::new(ErrorCode::Unauthorized, Sentence::Unauthorized)),
            }
        }
        Err(Rejection::new(ErrorCode::Unavailable, Sentence::Unavailable))
    }

    /// The first messages that are unread for this person, the oldest first, at most a page of them.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn first_unread(&self, user: UserId) -> Result<Vec<MessageId>, Rejection> {
        let found = self.0.store.first_unread(user, limits::SNAPSHOT_MESSAGES).await;
        found.map_err(|error| unavailable(&error))
    }

    async fn stored_read_state(&self, user: UserId) -> Result<StoredReadState, Rejection> {
        let stored = self.0.store.read_state(user).await.map_err(|error| unavailable(&error))?;
        stored.ok_or_else(|| Rejection::new(ErrorCode::Unauthorized, Sentence::Unauthorized))
    }

    async fn compute(
        &self,
        user: UserId,
        stored: &StoredReadState,
        change: &StateChange,
    ) -> Result<(StateAnswer, Option<ReadWrite>), Rejection> {
        let mut looks = Looks { push: self, user, at: vec![stored.head] };
        let change = looks.of_inbox(change.up_to(stored.head.seq.0)).await?;
        let (read, marks) = change.apply(&stored.state, &stored.marks);
        let state = looks.tidy(read).await?;
        if state.exceptions.len() > limits::READ_EXCEPTIONS {
            return Err(Rejection::at(ErrorCode::TooLong, "read", Sentence::TooManyExceptions));
        }
        let marks = if marks == stored.marks { None } else { Some(looks.marks(stored, &change, marks).await?) };
        let counted = self.0.store.count_unread(user, &state).await.map_err(|error| unavailable(&error))?;
        let read = ReadAnswer { state: state.clone(), unread: counted.count };
        let told = marks.as_ref().map_or_else(|| stored.marks.change_to(&stored.marks), |marks| marks.change.clone());
        let answer = StateAnswer { read, marks: told };
        if state == stored.state && marks.is_none() {
            return Ok((answer, None));
        }
        let basis = Basis { read_at: looks.at, ..counted.basis(stored) };
        let write = ReadWrite { user, state, marks: marks.map(Box::new), basis };
        Ok((answer, Some(write)))
    }

    /// Those of `messages`, which go down, that stand on the page of a public topic and not in this person's inbox.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn outside(&self, user: UserId, messages: &[Message]) -> Result<Ranges, Rejection> {
        let mut looks = Looks { push: self, user, at: Vec::new() };
        let mut outside = Ranges::default();
        // Numbers that touch would be asked about as one range: of every other one none touches the next.
        for first in 0..2 {
            let some = messages.iter().skip(first).step_by(2).map(|message| (message.id.0, message.id.0));
            outside = outside.union(&looks.empty(&Ranges::collect(some), Among::All).await?);
        }
        Ok(outside)
    }
}

/// Looks at where there is nothing for somebody, and at which heads they were made: what is computed from them is true in
/// a log that holds all of these.
struct Looks<'a> {
    push: &'a Push,
    user: UserId,
    at: Vec<Place>,
}

impl Looks<'_> {
    /// Only what is in the inbox is put away or kept at hand. A range with nothing in it is left out, whether nothing is there
    /// at all, something of others, or a message that only stands on the page of a topic.
    async fn of_inbox(&mut self, change: StateChange) -> Result<StateChange, Rejection> {
        let mut change = change;
        for marked in [&mut change.archive, &mut change.save] {
            if !marked.is_empty() {
                *marked = marked.minus(&self.empty(marked, Among::All).await?);
            }
        }
        Ok(change)
    }

    /// A state of many ranges, spelt shorter: between two messages of one person lie ids of other people's.
    async fn tidy(&mut self, state: ReadState) -> Result<ReadState, Rejection> {
        if state.exceptions.len() <= TIDY_ABOVE {
            return Ok(state);
        }
        let empty = self.empty(&state.gaps(), Among::FromOthers).await?;
        Ok(state.closing(&empty))
    }

    /// The marks `after` a change, spelt shorter where that can be told in one event.
    async fn marks(
        &mut self,
        stored: &StoredReadState,
        change: &StateChange,
        after: Marks,
    ) -> Result<MarksWrite, Rejection> {
        let tidy = Marks {
            archived: self.tidy_marks(&after.archived).await?,
            saved: self.tidy_marks(&after.saved).await?,
            ..after
        };
        let difference = stored.marks.change_to(&tidy);
        let write = if difference.ranges() <= TOLD_RANGES {
            MarksWrite { after: tidy, change: difference }
        } else {
            MarksWrite { after, change: change.to_marks(&stored.marks) }
        };
        for (field, ranges) in [("archive", &write.after.archived), ("save", &write.after.saved)] {
            if ranges.len() > limits::MARK_RANGES {
                return Err(Rejection::at(ErrorCode::TooLong, field, Sentence::TooManyMarks));
            }
        }
        Ok(write)
    }

    /// Closes gaps that hold nothing for this person, and forgets ranges that hold nothing either.
    async fn tidy_marks(&mut self, marked: &Ranges) -> Result<Ranges, Rejection> {
        if marked.len() <= TIDY_MARKS_ABOVE {
            return Ok(marked.clone());
        }
        let closed = marked.union(&self.empty(&marked.gaps(), Among::All).await?);
        let nothing = self.empty(&closed, Among::All).await?;
        Ok(closed.minus(&nothing))
    }

    async fn empty(&mut self, ranges: &Ranges, among: Among) -> Result<Ranges, Rejection> {
        if ranges.is_empty() {
            return Ok(Ranges::EMPTY);
        }
        let gaps = self.push.0.store.empty_gaps(self.user, ranges, among).await;
        let Gaps { empty, at } = gaps.map_err(|error| unavailable(&error))?;
        self.at.push(at);
        Ok(empty)
    }
}
