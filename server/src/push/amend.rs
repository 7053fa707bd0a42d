//! Editing and deleting messages that were published.

use push_system::{
    accounts::Person,
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    ids::{MessageId, UserId},
    message::{Edit, Message},
};

use super::{Push, unavailable};
use crate::store::{Amend, Amendment, AuditNote, Change, EntryBody, Outcome};

impl Push {
    /// A message, as the person may see it.
    ///
    /// # Errors
    /// `not_found`, whether there is no such message or none for this person; `unavailable`.
    pub async fn message(&self, user: UserId, id: MessageId) -> Result<Message, Rejection> {
        let message = self.0.store.message(user, id).await.map_err(|error| unavailable(&error))?;
        message.ok_or_else(no_such_message)
    }

    /// Changes the text of a message, for all whom it reached, and answers with the message. An edit that changes
    /// nothing writes nothing. `notes` are kept if something changed.
    ///
    /// # Errors
    /// `not_found` (also when it was deleted), `forbidden` (somebody else's, and this is no admin), `too_large`,
    /// `unavailable`, `outcome_unknown`, `unauthorized`.
    pub async fn edit(
        &self,
        by: &Person,
        id: MessageId,
        edit: Edit,
        notes: Vec<AuditNote>,
    ) -> Result<Message, Rejection> {
        match self.amend(by, id, Amendment::Edit(Box::new(edit)), notes).await? {
            Outcome::Stored(entry) => match entry.body {
                EntryBody::Edited { message } => Ok(*message),
                _ => Err(Rejection::new(ErrorCode::Internal, Sentence::Internal)),
            },
            _ => self.message(by.id, id).await,
        }
    }

    /// Takes a message back, for all whom it reached and for good. One that is deleted already stays so.
    ///
    /// # Errors
    /// As for [`Self::edit`].
    pub async fn delete(&self, by: &Person, id: MessageId, notes: Vec<AuditNote>) -> Result<(), Rejection> {
        self.amend(by, id, Amendment::Delete, notes).await.map(drop)
    }

    /// Stored, or unchanged.
    async fn amend(
        &self,
        by: &Person,
        message: MessageId,
        to: Amendment,
        notes: Vec<AuditNote>,
    ) -> Result<Outcome, Rejection> {
        match self.write(Change::Amend(Amend { by: by.id, message, to }), notes).await? {
            outcome @ (Outcome::Stored(_) | Outcome::Unchanged) => Ok(outcome),
            Outcome::NoSuchMessage => Err(no_such_message()),
            Outcome::NotTheirs => Err(Rejection::new(ErrorCode::Forbidden, Sentence::NotYourMessage)),
            Outcome::TooLarge => Err(Rejection::at(ErrorCode::TooLarge, "message", Sentence::EventTooLarge)),
            _ => Err(Rejection::new(ErrorCode::Unauthorized, Sentence::Unauthorized)),
        }
    }
}

fn no_such_message() -> Rejection {
    Rejection::new(ErrorCode::NotFound, Sentence::NoSuchMessage)
}
