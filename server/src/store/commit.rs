//! A batch into the log: the head is locked, few statements however large the batch.

use push_system::{ids::UserId, timestamp::Timestamp};

use super::{
    AccountChange, Change, Outcome, Revocation, StoreError, Write,
    administration::add_notes,
    history::count_unread,
    plan::{Facts, Planner, Questions},
    records::{AudienceRecord, EventRecord, KeyRecord, MessageRecord, Stored},
    rows::int,
    statements::{Span, Statements},
};
use crate::failpoint::{self, Point};

/// Decides and stores a batch within the transaction of `connection`, which holds the head.
pub(super) async fn batch(connection: &mut impl Statements, batch: &[Write]) -> Result<Vec<Outcome>, StoreError> {
    let head = connection.head().await?.position;
    let facts = look_up(connection, &Questions::of(batch), int(head.seq.0)).await?;
    let outcomes = Planner::new(&head, facts).decide(batch);
    let stored: Vec<_> = batch
        .iter()
        .zip(&outcomes)
        .filter_map(|(write, outcome)| match outcome {
            Outcome::Stored(entry) => Some(Stored { write, entry }),
            _ => None,
        })
        .collect();
    if let Some(last) = stored.last() {
        insert(connection, &stored).await?;
        connection.move_head(int(last.entry.position.seq.0)).await?;
    }
    failpoint::reached(Point::InTransaction);
    Ok(outcomes)
}

async fn look_up(connection: &mut impl Statements, questions: &Questions<'_>, head: i64) -> Result<Facts, StoreError> {
    let mut facts = Facts::default();
    if !questions.people.is_empty() {
        facts.people = connection.people_known(&questions.people).await?.into_iter().collect();
    }
    if questions.accounts {
        facts.admins = connection.active_admins().await?;
    }
    if !questions.keys.is_empty() {
        facts.keys = connection.keys_used(&questions.keys).await?;
    }
    if !questions.sessions.is_empty() {
        facts.sessions = connection.sessions_known(&questions.sessions).await?;
    }
    for (place, question) in &questions.reads {
        let Some(stored) = connection.read_state(question.user).await? else { continue };
        facts.versions.insert(question.user, stored.version);
        let since = Span { after: int(question.counted_through.0), through: head };
        let arrived = count_unread(connection, question.user, &question.state, since).await?;
        facts.arrived.insert(*place, arrived);
    }
    Ok(facts)
}

async fn insert(connection: &mut impl Statements, stored: &[Stored<'_>]) -> Result<(), StoreError> {
    let published: Vec<_> = stored.iter().filter_map(|stored| stored.published()).collect();
    if !published.is_empty() {
        let messages: Vec<_> = published.iter().map(|(_, message)| MessageRecord::of(message)).collect();
        connection.insert_messages(&messages).await?;
        let keys: Vec<_> = published.iter().map(|published| KeyRecord::of(*published)).collect();
        connection.insert_keys(&keys).await?;
    }
    let events: Vec<EventRecord<'_>> = stored.iter().map(|stored| stored.event()).collect();
    connection.insert_events(&events).await?;
    let audiences: Vec<AudienceRecord> = stored.iter().flat_map(|stored| stored.audiences()).collect();
    if !audiences.is_empty() {
        connection.insert_audiences(&audiences).await?;
    }
    for stored in stored {
        apply(connection, stored.write).await?;
        add_notes(connection, stored.write.at, &stored.write.notes).await?;
    }
    Ok(())
}

/// What an event changes beyond the log, in the same transaction.
async fn apply(connection: &mut impl Statements, write: &Write) -> Result<(), StoreError> {
    match &write.change {
        Change::Publish(_) | Change::Revoke(Revocation::Standing { .. }) => Ok(()),
        Change::Read(read) => connection.set_read_state(read.user, &read.state).await,
        Change::Revoke(Revocation::Session(session)) => connection.end_session(*session, write.at).await,
        Change::Revoke(Revocation::Person { user, keep }) => connection.end_sessions(*user, *keep, write.at).await,
        Change::Password { user, hash, keep } => {
            connection.set_password(*user, hash).await?;
            connection.end_sessions(*user, *keep, write.at).await
        }
        Change::Account { user, to } => change_account(connection, *user, *to, write.at).await,
    }
}

async fn change_account(
    connection: &mut impl Statements,
    user: UserId,
    to: AccountChange,
    at: Timestamp,
) -> Result<(), StoreError> {
    match to {
        AccountChange::Delete => connection.erase_account(user, at).await?,
        AccountChange::Set { disabled, role } => connection.set_account(user, disabled, role).await?,
    }
    if matches!(to, AccountChange::Delete | AccountChange::Set { disabled: Some(true), .. }) {
        connection.end_sessions(user, None, at).await?;
    }
    Ok(())
}
