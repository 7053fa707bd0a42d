//! A batch into the log: the head is locked. What is published takes few statements however much it is; any other change
//! takes a few of its own, and the sequencer hands over few of them at once.

use push_system::{ids::UserId, position::Position, timestamp::Timestamp, topic::TopicRole};

use super::{
    AccountChange, Amendment, Authority, Basis, Change, Denial, EntryBody, Memberships, Outcome, PhcString, Revocation,
    StoreError, TopicEvent, TopicNews, TopicStep, TopicWrite, Write,
    administration::add_notes,
    common_rows::{Changed, Deletion},
    history::count_unread,
    plan::{Counted, Facts, KnownTopic, Planner, Questions},
    records::{AudienceRecord, EventRecord, KeyRecord, MessageRecord, Stored},
    rows::int,
    statements::{Span, Statements},
    stretches::Reader,
};
use crate::failpoint::{self, Point};

/// Whether whoever asks for what is no change of the log still may; within a transaction that holds the head.
pub(super) async fn authority(
    connection: &mut impl Statements,
    by: Authority,
    at: Timestamp,
) -> Result<Result<(), Denial>, StoreError> {
    let found = match by.session() {
        Some(session) => connection.session_in_force(session, at).await?,
        None => None,
    };
    Ok(by.holds(found.map(|found| found.role)))
}

/// Decides and stores a batch within the transaction of `connection`, which holds the head.
pub(super) async fn batch(connection: &mut impl Statements, batch: &[Write]) -> Result<Vec<Outcome>, StoreError> {
    let head = connection.head().await?.position;
    let facts = look_up(connection, &Questions::of(batch), &head).await?;
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

async fn look_up(
    connection: &mut impl Statements,
    questions: &Questions<'_>,
    head: &Position,
) -> Result<Facts, StoreError> {
    let mut facts = Facts::default();
    if !questions.people.is_empty() {
        facts.people = connection.people_known(&questions.people).await?.into_iter().collect();
    }
    if !questions.topics.is_empty() {
        let known = connection.topics_known(&questions.topics).await?;
        facts.topics = known.into_iter().map(|topic| (topic.id, KnownTopic { topic, owners: 0 })).collect();
    }
    if !questions.managed.is_empty() {
        for (id, owners) in connection.owners_of(&questions.managed).await? {
            facts.topics.entry(id).and_modify(|known| known.owners = owners);
        }
    }
    if !questions.names.is_empty() {
        facts.names = connection.names_taken(&questions.names).await?.into_iter().collect();
    }
    if !questions.members.is_empty() {
        facts.stays = connection.stays_of(&questions.members).await?;
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
    for (session, at) in &questions.askers {
        let found = connection.session_in_force(*session, *at).await?;
        facts.askers.extend(found.map(|found| (*session, found)));
    }
    for user in &questions.passwords {
        let account = connection.account(*user).await?;
        facts.passwords.extend(account.map(|account| (*user, PhcString(account.password_hash))));
    }
    if !questions.messages.is_empty() {
        facts.messages = questions.messages.iter().map(|id| (*id, None)).collect();
        let stored = connection.stored_messages(&questions.messages).await?;
        facts.messages.extend(stored.into_iter().map(|stored| (stored.message.id, Some(stored))));
    }
    count_anew(connection, questions, head, &mut facts).await?;
    Ok(facts)
}

/// What came and went since somebody's unread messages were counted.
async fn count_anew(
    connection: &mut impl Statements,
    questions: &Questions<'_>,
    head: &Position,
    facts: &mut Facts,
) -> Result<(), StoreError> {
    for (place, counted) in &questions.counted {
        let Some(version) = connection.state_version(counted.user).await? else { continue };
        facts.versions.insert(counted.user, version);
        // What is outdated is not looked at further, as others wait for the head.
        if version != counted.basis.version || !holds(connection, head, counted.basis).await? {
            continue;
        }
        facts.based.insert(*place);
        let since = Span { after: int(counted.basis.counted_at.seq.0), through: int(head.seq.0) };
        let stays = facts.stays.iter().filter(|stay| stay.user == counted.user && Some(stay.topic) != counted.without);
        let reader = Reader { user: counted.user, stays: stays.copied().collect() };
        let arrived = count_unread(connection, &reader, counted.state, since).await?;
        facts.arrived.insert(*place, arrived);
        facts.deleted.insert(*place, count_deleted(connection, &reader, counted, since).await?);
    }
    Ok(())
}

/// Whether the log that ends at `head` is the one in which all of it was looked at.
async fn holds(connection: &mut impl Statements, head: &Position, basis: &Basis) -> Result<bool, StoreError> {
    for place in basis.places() {
        let is_head = place.seq == head.seq;
        let tag = if is_head { Some(head.tag) } else { connection.tag_at(int(place.seq.0)).await? };
        if tag != Some(place.tag) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Messages that were counted as unread and deleted since. Few are ever deleted in so short a time: what was is looked up
/// first, and only then who was told, which is asked of each stay in a topic.
async fn count_deleted(
    connection: &mut impl Statements,
    reader: &Reader,
    counted: &Counted<'_>,
    since: Span,
) -> Result<u64, StoreError> {
    if since.after >= since.through {
        return Ok(0);
    }
    let deleted = connection.deleted_in(since).await?;
    if deleted.is_empty() {
        return Ok(0);
    }
    let memberships: Memberships = reader.stays.iter().copied().collect();
    let was_counted = |gone: &&Deletion| {
        let was_unread = gone.message.0 <= counted.basis.counted_at.seq.0 && !counted.state.is_read(gone.message);
        was_unread && gone.sender != reader.user && gone.audience.includes(reader.user, &memberships)
    };
    Ok(deleted.iter().filter(was_counted).count() as u64)
}

async fn insert(connection: &mut impl Statements, stored: &[Stored<'_>]) -> Result<(), StoreError> {
    let published: Vec<_> = stored.iter().filter_map(|stored| stored.published()).collect();
    if !published.is_empty() {
        let messages: Vec<MessageRecord<'_>> = stored.iter().filter_map(|stored| stored.message()).collect();
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
        apply(connection, *stored).await?;
        add_notes(connection, stored.write.at, &stored.write.notes).await?;
    }
    Ok(())
}

/// What an event changes beyond the log, in the same transaction.
async fn apply(connection: &mut impl Statements, stored: Stored<'_>) -> Result<(), StoreError> {
    let write = stored.write;
    match &write.change {
        Change::Topic(change) => match &stored.entry.body {
            EntryBody::Topic(event) => change_topic(connection, stored, change, event).await,
            _ => Ok(()),
        },
        Change::Publish(_) | Change::Revoke(Revocation::Standing { .. }) => Ok(()),
        Change::Amend(_) => amend(connection, stored).await,
        Change::Read(read) => {
            if let Some(marks) = &read.marks {
                connection.set_marks(read.user, &marks.after).await?;
            }
            connection.set_read_state(read.user, &read.state).await
        }
        Change::Revoke(Revocation::Session(session)) => connection.end_session(*session, write.at).await,
        Change::Revoke(Revocation::Person { user, keep }) => connection.end_sessions(*user, *keep, write.at).await,
        Change::Password { user, hash, keep, .. } => {
            connection.set_password(*user, &hash.0).await?;
            connection.end_sessions(*user, *keep, write.at).await
        }
        Change::Account { user, to } => change_account(connection, *user, *to, write.at).await,
    }
}

async fn amend(connection: &mut impl Statements, stored: Stored<'_>) -> Result<(), StoreError> {
    let Some((amend, message)) = stored.amended() else { return Ok(()) };
    connection.replace_message(message).await?;
    if matches!(amend.to, Amendment::Delete) {
        connection.mark_gone(message.id, &stored.entry.audience).await?;
    }
    let seq = int(stored.entry.position.seq.0);
    connection.note_changed(Changed { seq, message_id: int(message.id.0) }).await
}

async fn change_topic(
    connection: &mut impl Statements,
    stored: Stored<'_>,
    change: &TopicWrite,
    event: &TopicEvent,
) -> Result<(), StoreError> {
    let (topic, seq) = (&event.topic, stored.entry.position.seq);
    match &change.step {
        TopicStep::Create { .. } => {
            connection.add_topic(topic, stored.entry.at).await?;
            connection.begin_stay(topic.id, change.actor, seq, true).await
        }
        TopicStep::Set { .. } => connection.set_topic(topic).await,
        TopicStep::Join { user, role, .. } => {
            let owner = *role == TopicRole::Owner;
            match event.what {
                TopicNews::Joined(_) => {
                    connection.begin_stay(topic.id, *user, seq, owner).await?;
                    connection.count_in(topic.id).await
                }
                _ => connection.set_owner(topic.id, *user, owner).await,
            }
        }
        // What was counted for this person before is not true any more: their read state is another one from here on.
        TopicStep::Leave { user, state, .. } => {
            connection.end_stay(topic.id, *user, seq).await?;
            connection.set_read_state(*user, state).await
        }
    }
}

async fn change_account(
    connection: &mut impl Statements,
    user: UserId,
    to: AccountChange,
    at: Timestamp,
) -> Result<(), StoreError> {
    match to {
        AccountChange::Delete => {
            connection.uncount(user).await?;
            connection.erase_account(user, at).await?;
        }
        AccountChange::Set { disabled, role } => connection.set_account(user, disabled, role).await?,
    }
    if matches!(to, AccountChange::Delete | AccountChange::Set { disabled: Some(true), .. }) {
        connection.end_sessions(user, None, at).await?;
    }
    Ok(())
}
