//! A batch into the log: one transaction, the head locked first, few statements however large the batch.

use std::collections::{HashMap, HashSet};

use push_system::{
    ids::{MessageId, UserId},
    message::{ClientId, Message},
};
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection};
use uuid::Uuid;

use super::{
    super::{
        Audience, Change, Entry, EntryBody, KeyUse, Outcome, Publish, Revocation, SessionId, StoreError, Write,
        plan::{Facts, Planner, Questions},
    },
    read,
    rows::{self, int, json},
};
use crate::failpoint::{self, Point};

/// Rows in one INSERT: with at most ten columns far below `SQLite`'s 32,766 parameters.
const ROWS: usize = 500;

/// Audiences as `audience.kind` numbers them; what each means stands in the migration.
#[derive(Clone, Copy)]
pub(super) enum AudienceKind {
    Everyone = 0,
    Person = 1,
    OwnState = 3,
    Named = 4,
}

/// What was stored, with the write it came from.
struct Stored<'a> {
    write: &'a Write,
    entry: &'a Entry,
}

/// Decides and stores a batch within the transaction of `connection`, which holds the write lock.
pub(super) async fn batch(connection: &mut SqliteConnection, batch: &[Write]) -> Result<Vec<Outcome>, StoreError> {
    let head = read::head(connection).await?;
    let facts = look_up(connection, &Questions::of(batch), int(head.position.seq.0)).await?;
    let outcomes = Planner::new(&head.position, facts).decide(batch);
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
        let seq = int(last.entry.position.seq.0);
        sqlx::query("UPDATE head SET seq = ? WHERE id = 1").bind(seq).execute(connection).await?;
    }
    failpoint::reached(Point::InTransaction);
    Ok(outcomes)
}

async fn look_up(connection: &mut SqliteConnection, questions: &Questions<'_>, head: i64) -> Result<Facts, StoreError> {
    let mut facts = Facts {
        people: people(connection, &questions.people).await?,
        keys: keys(connection, &questions.keys).await?,
        sessions: sessions(connection, &questions.sessions).await?,
        ..Facts::default()
    };
    for (place, question) in &questions.reads {
        let Some(stored) = read::read_state(connection, question.user).await? else { continue };
        facts.versions.insert(question.user, stored.version);
        let since = read::Span { after: int(question.counted_through.0), through: head };
        let arrived = read::count_unread(connection, question.user, &question.state, since).await?;
        facts.arrived.insert(*place, arrived);
    }
    Ok(facts)
}

async fn people(connection: &mut SqliteConnection, ids: &[UserId]) -> Result<HashMap<UserId, bool>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = sqlx::query("SELECT id, disabled FROM account WHERE id IN (SELECT value FROM json_each(?))")
        .bind(json(&ids))
        .fetch_all(connection)
        .await?;
    found.iter().map(|row| Ok((UserId(row.try_get("id")?), row.try_get("disabled")?))).collect()
}

async fn keys(
    connection: &mut SqliteConnection,
    keys: &[(UserId, &ClientId)],
) -> Result<HashMap<(UserId, ClientId), KeyUse>, StoreError> {
    const FIND: &str = "SELECT j.key AS place, i.request_hash, i.message_id FROM json_each(?) j \
        CROSS JOIN idempotency i ON i.sender_id = j.value ->> 0 AND i.key = j.value ->> 1";
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let found = sqlx::query(FIND).bind(json(&keys)).fetch_all(connection).await?;
    let mut used = HashMap::with_capacity(found.len());
    for row in &found {
        let (sender, key) = keys[row.try_get::<u32, _>("place")? as usize];
        used.insert((sender, key.clone()), key_use(row)?);
    }
    Ok(used)
}

fn key_use(row: &sqlx::sqlite::SqliteRow) -> Result<KeyUse, StoreError> {
    let hash: &[u8] = row.try_get("request_hash")?;
    let request_hash = hash.try_into().map_err(|_| StoreError::new("damaged row: idempotency: no hash"))?;
    Ok(KeyUse { request_hash, message: MessageId(row.try_get("message_id")?) })
}

/// What was published under one key.
pub(super) async fn find_key(
    connection: &mut SqliteConnection,
    sender: UserId,
    key: &ClientId,
) -> Result<Option<KeyUse>, StoreError> {
    let found = sqlx::query("SELECT request_hash, message_id FROM idempotency WHERE sender_id = ? AND key = ?")
        .bind(int(sender.0))
        .bind(key.as_str())
        .fetch_optional(connection)
        .await?;
    found.as_ref().map(key_use).transpose()
}

async fn sessions(connection: &mut SqliteConnection, ids: &[SessionId]) -> Result<HashSet<SessionId>, StoreError> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let names: Vec<_> = ids.iter().map(ToString::to_string).collect();
    let found: Vec<String> = sqlx::query_scalar("SELECT id FROM session WHERE id IN (SELECT value FROM json_each(?))")
        .bind(json(&names))
        .fetch_all(connection)
        .await?;
    Ok(found.iter().filter_map(|id| Uuid::try_parse(id).ok().map(SessionId)).collect())
}

async fn insert(connection: &mut SqliteConnection, stored: &[Stored<'_>]) -> Result<(), StoreError> {
    let published: Vec<_> = stored
        .iter()
        .filter_map(|stored| match (&stored.write.change, &stored.entry.body) {
            (Change::Publish(publish), EntryBody::Published { message, .. }) => Some((publish, &**message)),
            _ => None,
        })
        .collect();
    insert_messages(connection, &published).await?;
    insert_keys(connection, &published).await?;
    insert_events(connection, stored).await?;
    let audiences: Vec<_> = stored.iter().flat_map(audience_rows).collect();
    insert_audiences(connection, &audiences).await?;
    for stored in stored {
        apply(connection, stored).await?;
    }
    Ok(())
}

/// Their texts differ with the number of rows, so they are not worth a place in the statement cache.
async fn run(connection: &mut SqliteConnection, mut query: QueryBuilder<Sqlite>) -> Result<(), StoreError> {
    query.build().persistent(false).execute(connection).await?;
    Ok(())
}

async fn insert_messages(
    connection: &mut SqliteConnection,
    published: &[(&Publish, &Message)],
) -> Result<(), StoreError> {
    for chunk in published.chunks(ROWS) {
        let mut query = QueryBuilder::new(
            "INSERT INTO message (id, sender_id, title, body, priority, at, extras, to_json, tags, click) ",
        );
        query.push_values(chunk, |mut row, (_, message)| {
            row.push_bind(int(message.id.0))
                .push_bind(int(message.sender.id.0))
                .push_bind(&message.title)
                .push_bind(&message.message)
                .push_bind(message.priority)
                .push_bind(message.date.unix_ms())
                .push_bind(json(&message.extras))
                .push_bind(json(&message.to))
                .push_bind(json(&message.tags))
                .push_bind(&message.click);
        });
        run(connection, query).await?;
    }
    Ok(())
}

async fn insert_keys(connection: &mut SqliteConnection, published: &[(&Publish, &Message)]) -> Result<(), StoreError> {
    for chunk in published.chunks(ROWS) {
        let mut query = QueryBuilder::new("INSERT INTO idempotency (sender_id, key, request_hash, message_id, at) ");
        query.push_values(chunk, |mut row, (publish, message)| {
            row.push_bind(int(publish.sender.id.0))
                .push_bind(publish.key.as_str())
                .push_bind(&publish.request_hash[..])
                .push_bind(int(message.id.0))
                .push_bind(message.date.unix_ms());
        });
        run(connection, query).await?;
    }
    Ok(())
}

async fn insert_events(connection: &mut SqliteConnection, stored: &[Stored<'_>]) -> Result<(), StoreError> {
    for chunk in stored.chunks(ROWS) {
        let mut query =
            QueryBuilder::new("INSERT INTO event (seq, tag, kind, at, audience, message_id, client_id, payload) ");
        query.push_values(chunk, |mut row, Stored { entry, .. }| {
            let published = match &entry.body {
                EntryBody::Published { message, client_id } => Some((int(message.id.0), client_id.as_str())),
                _ => None,
            };
            row.push_bind(int(entry.position.seq.0))
                .push_bind(entry.position.tag)
                .push_bind(entry.body.kind())
                .push_bind(entry.at.unix_ms())
                .push_bind(rows::audience_text(&entry.audience))
                .push_bind(published.map(|(id, _)| id))
                .push_bind(published.map(|(_, key)| key))
                .push_bind(rows::payload(&entry.body));
        });
        run(connection, query).await?;
    }
    Ok(())
}

/// A row of `audience`.
struct AudienceRow {
    kind: AudienceKind,
    id: UserId,
    seq: i64,
    sender: UserId,
}

fn audience_rows(stored: &Stored<'_>) -> Vec<AudienceRow> {
    let seq = int(stored.entry.position.seq.0);
    let everyone = UserId(0);
    match (&stored.write.change, &stored.entry.audience) {
        (Change::Publish(publish), audience) => {
            let sender = publish.sender.id;
            let row = |kind, id| AudienceRow { kind, id, seq, sender };
            let mut rows: Vec<_> = match audience {
                Audience::People(people) => people.iter().map(|id| row(AudienceKind::Person, *id)).collect(),
                Audience::Everyone | Audience::Servers => vec![row(AudienceKind::Everyone, everyone)],
            };
            let named: HashSet<_> = publish.named.iter().copied().collect();
            rows.extend(named.into_iter().map(|id| row(AudienceKind::Named, id)));
            rows
        }
        (Change::Read(read), _) => {
            vec![AudienceRow { kind: AudienceKind::OwnState, id: read.user, seq, sender: read.user }]
        }
        (Change::Revoke(_) | Change::Password { .. }, _) => Vec::new(),
    }
}

async fn insert_audiences(connection: &mut SqliteConnection, audiences: &[AudienceRow]) -> Result<(), StoreError> {
    for chunk in audiences.chunks(ROWS) {
        let mut query = QueryBuilder::new("INSERT INTO audience (kind, id, seq, sender) ");
        query.push_values(chunk, |mut row, audience| {
            row.push_bind(audience.kind as i64)
                .push_bind(int(audience.id.0))
                .push_bind(audience.seq)
                .push_bind(int(audience.sender.0));
        });
        run(connection, query).await?;
    }
    Ok(())
}

/// What an event changes beyond the log, in the same transaction.
async fn apply(connection: &mut SqliteConnection, stored: &Stored<'_>) -> Result<(), StoreError> {
    let at = stored.write.at.unix_ms();
    match &stored.write.change {
        Change::Publish(_) => Ok(()),
        Change::Read(read) => {
            sqlx::query("UPDATE read_state SET read_upto = ?, exceptions = ?, version = version + 1 WHERE user_id = ?")
                .bind(int(read.state.read_upto.0))
                .bind(json(&read.state.exceptions))
                .bind(int(read.user.0))
                .execute(connection)
                .await?;
            Ok(())
        }
        Change::Revoke(Revocation::Session(session)) => {
            sqlx::query("UPDATE session SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL")
                .bind(at)
                .bind(session.to_string())
                .execute(connection)
                .await?;
            Ok(())
        }
        Change::Revoke(Revocation::Person { user, keep }) => end_sessions(connection, *user, *keep, at).await,
        Change::Password { user, hash, keep } => {
            sqlx::query("UPDATE account SET password_hash = ? WHERE id = ?")
                .bind(hash)
                .bind(int(user.0))
                .execute(&mut *connection)
                .await?;
            end_sessions(connection, *user, *keep, at).await
        }
    }
}

async fn end_sessions(
    connection: &mut SqliteConnection,
    user: UserId,
    keep: Option<SessionId>,
    at: i64,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE session SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL AND id IS NOT ?")
        .bind(at)
        .bind(int(user.0))
        .bind(keep.map(|keep| keep.to_string()))
        .execute(connection)
        .await?;
    Ok(())
}
