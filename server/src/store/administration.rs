//! What admins, the sessions page and the audit log need of a store.

use async_trait::async_trait;
use push_system::{admin::AuditRecord, ids::UserId, timestamp::Timestamp};

use super::{
    AccountSummary, AuditNote, Authority, Denial, NewInvite, SessionSeen, StoreError, StoredInvite, StoredSession,
    TokenHash,
    accounts::names_starting,
    backend::{Backend, WriteTx as _, within},
    commit::authority,
    common_rows::{CommonRows as _, People},
    forgetting::{Passing, forget},
    statements::Statements,
};

/// Whether something was so that could be changed, where whoever asked may change it.
pub type Decision = Result<bool, Denial>;

/// People and their sessions as admins see them, invitations, settings, and the audit log.
///
/// Each method is one transaction, and a note stands in the transaction of what it tells of. Sessions, passwords and what
/// a person may do are changes of the log instead ([`super::Change`]), so that every instance hears of them.
#[async_trait]
pub trait Administration: Send + Sync + 'static {
    /// The sessions of a person that are in force at `now`, the one seen last first, at most `limit`.
    async fn sessions_of(&self, user: UserId, now: Timestamp, limit: u32) -> Result<Vec<StoredSession>, StoreError>;

    /// Notes that sessions were used. One that was seen later already, or is gone, is left alone.
    async fn touch_sessions(&self, seen: &[SessionSeen]) -> Result<(), StoreError>;

    /// Accounts with numbers after `after`, by number, at most `limit`; deleted ones too. Sessions are counted at `now`.
    async fn people_after(&self, after: UserId, limit: u32, now: Timestamp) -> Result<Vec<AccountSummary>, StoreError>;

    /// The same of accounts that are not deleted and whose names begin so, behind the name `after`, by name.
    async fn people_called(
        &self,
        prefix: &str,
        after: &str,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<AccountSummary>, StoreError>;

    /// Adds an invitation, if whoever asks may. False, and nothing is stored, where `most` of them are open at its time
    /// already.
    async fn add_invite(
        &self,
        by: Authority,
        invite: NewInvite,
        most: u64,
        note: AuditNote,
    ) -> Result<Decision, StoreError>;

    /// Invitations that are not over at `now`, and those that were used; the latest first, at most `limit`.
    async fn invites(&self, now: Timestamp, limit: u32) -> Result<Vec<StoredInvite>, StoreError>;

    /// Whether an invitation with this secret would be accepted at `now`. Only using it decides.
    async fn is_invited(&self, secret: &TokenHash, now: Timestamp) -> Result<bool, StoreError>;

    /// Forgets an invitation, used or not, if whoever asks may; false when there is none of that id.
    async fn delete_invite(
        &self,
        by: Authority,
        id: &str,
        at: Timestamp,
        note: AuditNote,
    ) -> Result<Decision, StoreError>;

    /// Forgets invitations that were over before `before`; returns how many.
    async fn forget_invites(&self, before: Timestamp) -> Result<u64, StoreError>;

    /// Whether anybody may make an account; so it is where no admin decided otherwise.
    async fn registration_is_open(&self) -> Result<bool, StoreError>;

    /// Opens or closes registration, if whoever asks may. False, and nothing is noted, when it is so already. Who registers
    /// at the same time comes before it or is refused.
    async fn set_registration(
        &self,
        by: Authority,
        open: bool,
        at: Timestamp,
        note: AuditNote,
    ) -> Result<Decision, StoreError>;

    /// Adds a record of its own: of what changes nothing else.
    async fn add_audit(&self, at: Timestamp, note: AuditNote) -> Result<(), StoreError>;

    /// Audit records with ids below `before`, newest first, at most `limit`. A record that was being written while a page
    /// was read may stand above it.
    async fn audit(&self, before: Option<u64>, limit: u32) -> Result<Vec<AuditRecord>, StoreError>;

    /// Forgets records from before `before`; returns how many.
    async fn forget_audit(&self, before: Timestamp) -> Result<u64, StoreError>;
}

/// Sessions marked in one transaction: a millisecond or two, so that nothing else waits for it.
const TOUCHED_AT_ONCE: usize = 50;

#[async_trait]
impl<B: Backend> Administration for B {
    async fn sessions_of(&self, user: UserId, now: Timestamp, limit: u32) -> Result<Vec<StoredSession>, StoreError> {
        within(B::PATIENCE, async {
            let mut reader = self.reader().await?;
            let sessions = reader.sessions_of(user, now, limit).await;
            reader.end(sessions).await
        })
        .await
    }

    async fn touch_sessions(&self, seen: &[SessionSeen]) -> Result<(), StoreError> {
        // In the order of ids, so that instances that mark the same ones never wait for each other in a circle.
        let mut seen: Vec<_> = seen.iter().collect();
        seen.sort_unstable_by_key(|session| session.id.0);
        for some in seen.chunks(TOUCHED_AT_ONCE) {
            let mut tx = within(B::PATIENCE, self.write()).await?;
            let touched = within(B::PATIENCE, async {
                for session in some {
                    tx.touch_session(session).await?;
                }
                Ok(())
            });
            let touched = touched.await;
            tx.finish(touched).await?;
        }
        Ok(())
    }

    async fn people_after(&self, after: UserId, limit: u32, now: Timestamp) -> Result<Vec<AccountSummary>, StoreError> {
        people(self, People::After(after), limit, now).await
    }

    async fn people_called(
        &self,
        prefix: &str,
        after: &str,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<AccountSummary>, StoreError> {
        let Some((from, to)) = names_starting(prefix) else { return Ok(Vec::new()) };
        people(self, People::Named { from: &from, to: &to, after }, limit, now).await
    }

    /// Under the head lock, so that they are counted one after the other.
    async fn add_invite(
        &self,
        by: Authority,
        invite: NewInvite,
        most: u64,
        note: AuditNote,
    ) -> Result<Decision, StoreError> {
        let mut tx = within(B::PATIENCE, self.lock_head()).await?;
        let added = within(B::PATIENCE, async {
            if let Err(denial) = authority(&mut *tx, by, invite.created).await? {
                return Ok(Err(denial));
            }
            if tx.open_invites(invite.created).await? >= most {
                return Ok(Ok(false));
            }
            tx.add_invite(&invite).await?;
            tx.add_note(invite.created, &note).await?;
            Ok(Ok(true))
        });
        let added = added.await;
        Ok(tx.finish(added).await?)
    }

    async fn invites(&self, now: Timestamp, limit: u32) -> Result<Vec<StoredInvite>, StoreError> {
        within(B::PATIENCE, async {
            let mut reader = self.reader().await?;
            let invites = reader.invites(now, limit).await;
            reader.end(invites).await
        })
        .await
    }

    async fn is_invited(&self, secret: &TokenHash, now: Timestamp) -> Result<bool, StoreError> {
        within(B::PATIENCE, async {
            let mut reader = self.reader().await?;
            let invite = reader.invite_in_force(secret, now).await;
            Ok(reader.end(invite).await?.is_some())
        })
        .await
    }

    /// Under the head lock, as what an admin may is decided there.
    async fn delete_invite(
        &self,
        by: Authority,
        id: &str,
        at: Timestamp,
        note: AuditNote,
    ) -> Result<Decision, StoreError> {
        let mut tx = within(B::PATIENCE, self.lock_head()).await?;
        let deleted = within(B::PATIENCE, async {
            if let Err(denial) = authority(&mut *tx, by, at).await? {
                return Ok(Err(denial));
            }
            let deleted = tx.delete_invite(id).await?;
            if deleted {
                tx.add_note(at, &note).await?;
            }
            Ok(Ok(deleted))
        });
        let deleted = deleted.await;
        Ok(tx.finish(deleted).await?)
    }

    async fn forget_invites(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut tx = within(B::PATIENCE, self.write()).await?;
        let forgotten = within(B::PATIENCE, tx.forget_invites(before)).await;
        Ok(tx.finish(forgotten).await?)
    }

    async fn registration_is_open(&self) -> Result<bool, StoreError> {
        within(B::PATIENCE, async {
            let mut reader = self.reader().await?;
            let open = reader.registration_is_open().await;
            reader.end(open).await
        })
        .await
    }

    /// Under the head lock, as registrations are.
    async fn set_registration(
        &self,
        by: Authority,
        open: bool,
        at: Timestamp,
        note: AuditNote,
    ) -> Result<Decision, StoreError> {
        let mut tx = within(B::PATIENCE, self.lock_head()).await?;
        let set = within(B::PATIENCE, async {
            if let Err(denial) = authority(&mut *tx, by, at).await? {
                return Ok(Err(denial));
            }
            if tx.registration_is_open().await? == open {
                return Ok(Ok(false));
            }
            tx.set_registration(open).await?;
            tx.add_note(at, &note).await?;
            Ok(Ok(true))
        });
        let set = set.await;
        Ok(tx.finish(set).await?)
    }

    async fn add_audit(&self, at: Timestamp, note: AuditNote) -> Result<(), StoreError> {
        let mut tx = within(B::PATIENCE, self.write()).await?;
        let added = within(B::PATIENCE, tx.add_note(at, &note)).await;
        Ok(tx.finish(added).await?)
    }

    async fn audit(&self, before: Option<u64>, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        within(B::PATIENCE, async {
            let mut reader = self.reader().await?;
            let records = reader.audit(before, limit).await;
            reader.end(records).await
        })
        .await
    }

    async fn forget_audit(&self, before: Timestamp) -> Result<u64, StoreError> {
        forget(self, Passing::Audit, before).await
    }
}

async fn people<B: Backend>(
    backend: &B,
    which: People<'_>,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<AccountSummary>, StoreError> {
    within(B::PATIENCE, async {
        let mut reader = backend.reader().await?;
        let people = reader.people(which, limit, now).await;
        reader.end(people).await
    })
    .await
}

/// Adds notes in the transaction of what they tell of.
pub(super) async fn add_notes(
    connection: &mut impl Statements,
    at: Timestamp,
    notes: &[AuditNote],
) -> Result<(), StoreError> {
    for note in notes {
        connection.add_note(at, note).await?;
    }
    Ok(())
}
