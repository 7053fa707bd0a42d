//! Sessions and their refresh tokens.

use push_system::timestamp::Timestamp;
use sqlx::{Row as _, SqliteConnection};

use super::{
    super::{NewSession, Rotation, Session, SessionId, StoreError, TokenHash},
    rows::{self, int},
};

pub(super) async fn open(connection: &mut SqliteConnection, session: &NewSession) -> Result<bool, StoreError> {
    const SESSION: &str = "INSERT INTO session (id, user_id, created, expires) \
        SELECT ?, id, ?, ? FROM account WHERE id = ? AND password_hash = ? AND NOT disabled";
    let opened = sqlx::query(SESSION)
        .bind(session.id.to_string())
        .bind(session.at.unix_ms())
        .bind(session.expires.unix_ms())
        .bind(int(session.user.0))
        .bind(&session.password_hash)
        .execute(&mut *connection)
        .await?;
    if opened.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query("INSERT INTO refresh_token (hash, session_id, generation) VALUES (?, ?, 1)")
        .bind(&session.refresh.0[..])
        .bind(session.id.to_string())
        .execute(connection)
        .await?;
    Ok(true)
}

pub(super) async fn in_force(
    connection: &mut SqliteConnection,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    const SESSION: &str = "SELECT s.id AS session_id, s.expires, a.id, a.name, a.role \
        FROM session s JOIN account a ON a.id = s.user_id \
        WHERE s.id = ? AND s.revoked_at IS NULL AND s.expires > ? AND NOT a.disabled";
    let query = sqlx::query(SESSION).bind(id.to_string()).bind(now.unix_ms());
    query.fetch_optional(connection).await?.as_ref().map(rows::session).transpose()
}

/// A refresh token as it was found.
struct Presented {
    session: Session,
    generation: u32,
    superseded: bool,
    successor_confirmed_at: Option<i64>,
}

async fn find(
    connection: &mut SqliteConnection,
    token: &TokenHash,
    now: Timestamp,
) -> Result<Option<Presented>, StoreError> {
    const TOKEN: &str = "SELECT t.generation, t.superseded_at, t.successor_confirmed_at, \
            s.id AS session_id, s.expires, a.id, a.name, a.role \
        FROM refresh_token t JOIN session s ON s.id = t.session_id JOIN account a ON a.id = s.user_id \
        WHERE t.hash = ? AND s.revoked_at IS NULL AND s.expires > ? AND NOT a.disabled";
    let query = sqlx::query(TOKEN).bind(&token.0[..]).bind(now.unix_ms());
    let Some(row) = query.fetch_optional(connection).await? else { return Ok(None) };
    Ok(Some(Presented {
        session: rows::session(&row)?,
        generation: row.try_get("generation")?,
        superseded: row.try_get::<Option<i64>, _>("superseded_at")?.is_some(),
        successor_confirmed_at: row.try_get("successor_confirmed_at")?,
    }))
}

pub(super) async fn rotate(
    connection: &mut SqliteConnection,
    presented: &TokenHash,
    successor: &TokenHash,
    now: Timestamp,
    grace_ms: i64,
) -> Result<Rotation, StoreError> {
    let Some(token) = find(connection, presented, now).await? else { return Ok(Rotation::Unknown) };
    confirm(connection, token.session.id, token.generation, now).await?;
    let in_use = token.successor_confirmed_at.map(|at| Timestamp::from_unix_ms(at).plus_ms(grace_ms));
    if token.superseded && in_use.is_some_and(|grace_ends| now > grace_ends) {
        return Ok(Rotation::Reused(token.session.id, token.session.person.name));
    }
    supersede(connection, &token, presented, successor, now).await?;
    Ok(Rotation::Good { session: token.session, generation: token.generation + 1 })
}

/// Stores the successor, which is there already unless this is the first use, or successors are derived with another
/// key since then. In that case both are good: either may be the one that arrived.
async fn supersede(
    connection: &mut SqliteConnection,
    token: &Presented,
    presented: &TokenHash,
    successor: &TokenHash,
    now: Timestamp,
) -> Result<(), StoreError> {
    const ADD: &str =
        "INSERT INTO refresh_token (hash, session_id, generation) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
    sqlx::query(ADD)
        .bind(&successor.0[..])
        .bind(token.session.id.to_string())
        .bind(token.generation + 1)
        .execute(&mut *connection)
        .await?;
    sqlx::query("UPDATE refresh_token SET superseded_at = ? WHERE hash = ? AND superseded_at IS NULL")
        .bind(now.unix_ms())
        .bind(&presented.0[..])
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether the answer that carried `generation` is known to have arrived.
pub(super) async fn is_confirmed(
    connection: &mut SqliteConnection,
    session: SessionId,
    generation: u32,
) -> Result<bool, StoreError> {
    const CONFIRMED: &str = "SELECT NOT EXISTS (SELECT 1 FROM refresh_token \
        WHERE session_id = ? AND generation = ? AND successor_confirmed_at IS NULL)";
    let query = sqlx::query_scalar(CONFIRMED).bind(session.to_string()).bind(generation.saturating_sub(1));
    Ok(query.fetch_one(connection).await?)
}

/// `generation` is in use: from now on its predecessor has a grace period and no more.
pub(super) async fn confirm(
    connection: &mut SqliteConnection,
    session: SessionId,
    generation: u32,
    now: Timestamp,
) -> Result<(), StoreError> {
    const CONFIRM: &str = "UPDATE refresh_token SET successor_confirmed_at = ? \
        WHERE session_id = ? AND generation = ? AND successor_confirmed_at IS NULL";
    sqlx::query(CONFIRM)
        .bind(now.unix_ms())
        .bind(session.to_string())
        .bind(generation.saturating_sub(1))
        .execute(connection)
        .await?;
    Ok(())
}
