//! Marking messages read and unread.

use push_system::{
    catalogue::EN,
    error::{ErrorCode, Rejection},
    ids::{Seq, UserId},
    limits,
    read_state::{ReadChange, ReadState},
};
use serde::Serialize;

use super::{Push, unavailable};
use crate::store::{Change, Outcome, ReadWrite, StoredReadState};

/// Ranges above which it pays to ask which gaps between them are empty.
const TIDY_ABOVE: usize = 16;
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

impl Push {
    /// Changes what a person has read, as one event to their devices. A change that changes nothing writes none. Ids
    /// beyond the log's head are ignored: nobody can have read them.
    ///
    /// Everything that needs reading is read before the log is locked; the write names the version it was computed
    /// from and is computed again if another device was faster.
    ///
    /// # Errors
    /// `too_long` (too many ranges), `unavailable`, `outcome_unknown`.
    pub async fn change_read(&self, user: UserId, change: ReadChange) -> Result<ReadAnswer, Rejection> {
        if change.read.len().max(change.unread.len()) > limits::READ_RANGES {
            return Err(Rejection::at(ErrorCode::TooLong, "read", EN.too_many_ranges));
        }
        for _ in 0..ATTEMPTS {
            let stored = self.stored_read_state(user).await?;
            let (answer, write) = self.compute(user, &stored, &change).await?;
            let Some(write) = write else { return Ok(answer) };
            match self.write(Change::Read(write), Vec::new()).await? {
                Outcome::Stale => {}
                Outcome::Stored(_) => return Ok(answer),
                _ => return Err(Rejection::new(ErrorCode::Unauthorized, EN.unauthorized)),
            }
        }
        Err(Rejection::new(ErrorCode::Unavailable, EN.unavailable))
    }

    async fn stored_read_state(&self, user: UserId) -> Result<StoredReadState, Rejection> {
        let stored = self.0.store.read_state(user).await.map_err(|error| unavailable(&error))?;
        stored.ok_or_else(|| Rejection::new(ErrorCode::Unauthorized, EN.unauthorized))
    }

    async fn compute(
        &self,
        user: UserId,
        stored: &StoredReadState,
        change: &ReadChange,
    ) -> Result<(ReadAnswer, Option<ReadWrite>), Rejection> {
        let changed = stored.state.after(&change.up_to(stored.head.0));
        let state = self.tidy(user, changed).await?;
        if state.exceptions.len() > limits::READ_EXCEPTIONS {
            return Err(Rejection::at(ErrorCode::TooLong, "read", EN.too_many_exceptions));
        }
        let unread = self.count_unread(user, &state, stored.head).await?;
        let answer = ReadAnswer { state: state.clone(), unread };
        if state == stored.state {
            return Ok((answer, None));
        }
        let write = ReadWrite { user, expected_version: stored.version, state, unread, counted_through: stored.head };
        Ok((answer, Some(write)))
    }

    /// A state of many ranges, spelt shorter: between two messages of one person lie ids of other people's.
    async fn tidy(&self, user: UserId, state: ReadState) -> Result<ReadState, Rejection> {
        if state.exceptions.len() <= TIDY_ABOVE {
            return Ok(state);
        }
        let empty = self.0.store.empty_gaps(user, &state.gaps()).await.map_err(|error| unavailable(&error))?;
        Ok(state.closing(&empty))
    }

    async fn count_unread(&self, user: UserId, state: &ReadState, through: Seq) -> Result<u64, Rejection> {
        self.0.store.count_unread(user, state, through).await.map_err(|error| unavailable(&error))
    }
}
