//! Statements in SQL that all databases speak: only how parameters are written differs, and that is the query builder's
//! affair. What is administered is asked for by hand; of the rest, [`CommonRows::people_known`] is asked with each commit.

mod changes;
mod shapes;

use std::collections::BTreeSet;

use async_trait::async_trait;
use push_system::{accounts::Role, admin::AuditRecord, ids::UserId, timestamp::Timestamp};
use sqlx::{MySqlConnection, PgConnection, QueryBuilder, SqliteConnection};

use super::{
    AccountSummary, AuditNote, Known, NewInvite, NewTicket, SessionId, SessionSeen, StoreError, StoredInvite,
    StoredSession, TokenHash,
    mysql::padded,
    rows::{self, int, ints, session_id},
};
pub use changes::{ChangeRows, Changed, Deletion};
use shapes::{AuditRow, InviteRow, KnownRow, StoredSessionRow, SummaryRow};

/// Which accounts, and in which order.
#[derive(Clone, Copy, Debug)]
pub enum People<'a> {
    /// With numbers behind this one, by number; deleted ones too.
    After(UserId),
    /// Named in `[from, to)` and behind `after`, by name.
    Named {
        /// The first.
        from: &'a str,
        /// Behind the last.
        to: &'a str,
        /// Not itself.
        after: &'a str,
    },
}

/// In whose SQL no database differs from another.
#[async_trait]
pub trait CommonRows {
    /// Those that exist, deleted ones too.
    async fn people_known(&mut self, ids: &[UserId]) -> Result<Vec<(UserId, Known)>, StoreError>;

    /// Admins who may log in.
    async fn active_admins(&mut self) -> Result<u64, StoreError>;

    /// Sets what is given; needs a write transaction.
    async fn set_account(&mut self, user: UserId, disabled: Option<bool>, role: Option<Role>)
    -> Result<(), StoreError>;

    /// Erases all of an account but its name; needs a write transaction.
    async fn erase_account(&mut self, user: UserId, at: Timestamp) -> Result<(), StoreError>;

    /// In force, the one seen last first.
    async fn sessions_of(&mut self, user: UserId, now: Timestamp, limit: u32)
    -> Result<Vec<StoredSession>, StoreError>;

    /// The session was used, unless it was later already.
    async fn touch_session(&mut self, seen: &SessionSeen) -> Result<(), StoreError>;

    /// In the order they are asked for.
    async fn people(
        &mut self,
        which: People<'_>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<AccountSummary>, StoreError>;

    /// How many can be used.
    async fn open_invites(&mut self, now: Timestamp) -> Result<u64, StoreError>;

    /// Adds one.
    async fn add_invite(&mut self, invite: &NewInvite) -> Result<(), StoreError>;

    /// Not over, or used; the latest first.
    async fn invites(&mut self, now: Timestamp, limit: u32) -> Result<Vec<StoredInvite>, StoreError>;

    /// The id of the one with this secret, if it can be used.
    async fn invite_in_force(&mut self, secret: &TokenHash, now: Timestamp) -> Result<Option<String>, StoreError>;

    /// Nobody else can use it any more.
    async fn use_invite(&mut self, id: &str, user: UserId, at: Timestamp) -> Result<(), StoreError>;

    /// Deletes one; whether there was one.
    async fn delete_invite(&mut self, id: &str) -> Result<bool, StoreError>;

    /// Deletes those that were over before; how many.
    async fn forget_invites(&mut self, before: Timestamp) -> Result<u64, StoreError>;

    /// Unless an admin closed it.
    async fn registration_is_open(&mut self) -> Result<bool, StoreError>;

    /// Opens or closes it; needs a write transaction.
    async fn set_registration(&mut self, open: bool) -> Result<(), StoreError>;

    /// Adds an audit record.
    async fn add_note(&mut self, at: Timestamp, note: &AuditNote) -> Result<(), StoreError>;

    /// Newest first.
    async fn audit(&mut self, before: Option<u64>, limit: u32) -> Result<Vec<AuditRecord>, StoreError>;

    /// Deletes records from before, of the oldest `most`; how many.
    async fn forget_audit(&mut self, before: Timestamp, most: u32) -> Result<u64, StoreError>;

    /// Deletes a key.
    async fn delete_signing_key(&mut self, kid: &str) -> Result<(), StoreError>;

    /// Adds a ticket.
    async fn add_ticket(&mut self, ticket: &NewTicket) -> Result<(), StoreError>;

    /// Whether there is such a ticket.
    async fn has_ticket(&mut self, hash: &TokenHash) -> Result<bool, StoreError>;

    /// Whose refresh token that is, in force or not.
    async fn session_of_token(&mut self, hash: &TokenHash) -> Result<Option<SessionId>, StoreError>;

    /// Deletes tickets of a session, all but the `most` that last longest.
    async fn thin_tickets(&mut self, session: SessionId, most: u32) -> Result<(), StoreError>;

    /// Deletes sessions of a person that are not in force, all but the `most` seen last.
    async fn thin_sessions(&mut self, user: UserId, most: u32, now: Timestamp) -> Result<(), StoreError>;

    /// Deletes tickets that are over, at most so many; returns how many. Needs a write transaction.
    async fn forget_tickets(&mut self, now: Timestamp, most: u32) -> Result<u64, StoreError>;

    /// Deletes sessions that ended before, with their refresh tokens: about so many at most; returns how many. Needs a
    /// write transaction.
    async fn forget_sessions(&mut self, before: Timestamp, most: u32) -> Result<u64, StoreError>;
}

/// The row of `setting` that says whether anybody may register, and what it says where nobody may.
pub(super) const REGISTRATION: &str = "registration";
pub(super) const CLOSED: &str = "closed";
const OPEN: &str = "open";

/// What [`CommonRows::set_registration`] stores.
pub(super) fn registration(open: bool) -> &'static str {
    if open { OPEN } else { CLOSED }
}

/// [`CommonRows`] for a connection.
macro_rules! common_rows {
    ($connection:ty) => {
        #[async_trait::async_trait]
        impl CommonRows for $connection {
            async fn people_known(&mut self, ids: &[UserId]) -> Result<Vec<(UserId, Known)>, StoreError> {
                let mut known = Vec::with_capacity(ids.len());
                for some in ids.chunks(PEOPLE_AT_ONCE) {
                    let mut query = QueryBuilder::new("SELECT id, role, disabled, deleted_at FROM account WHERE id IN (");
                    let mut list = query.separated(", ");
                    for id in padded(&ints(some)) {
                        list.push_bind(id);
                    }
                    query.push(")");
                    let found = query.build_query_as::<KnownRow>().fetch_all(&mut *self).await?;
                    let some: Vec<(UserId, Known)> = rows::all(found)?;
                    known.extend(some);
                }
                Ok(known)
            }

            async fn active_admins(&mut self) -> Result<u64, StoreError> {
                const COUNT: &str = "SELECT COUNT(*) FROM account WHERE role = 'admin' AND NOT disabled";
                let count: i64 = sqlx::query_scalar(COUNT).fetch_one(self).await?;
                Ok(count.unsigned_abs())
            }

            async fn set_account(
                &mut self,
                user: UserId,
                disabled: Option<bool>,
                role: Option<Role>,
            ) -> Result<(), StoreError> {
                let mut query = QueryBuilder::new("UPDATE account SET disabled = COALESCE(");
                query.push_bind(disabled).push(", disabled), role = COALESCE(").push_bind(role.map(Role::as_str));
                query.push(", role) WHERE id = ").push_bind(int(user.0));
                query.build().execute(self).await?;
                Ok(())
            }

            async fn erase_account(&mut self, user: UserId, at: Timestamp) -> Result<(), StoreError> {
                let mut query =
                    QueryBuilder::new("UPDATE account SET disabled = TRUE, email = NULL, password_hash = '', deleted_at = ");
                query.push_bind(at.unix_ms()).push(" WHERE id = ").push_bind(int(user.0));
                query.build().execute(self).await?;
                Ok(())
            }

            async fn sessions_of(
                &mut self,
                user: UserId,
                now: Timestamp,
                limit: u32,
            ) -> Result<Vec<StoredSession>, StoreError> {
                let mut query = QueryBuilder::new(
                    "SELECT id, device, address, created, last_seen, expires FROM session WHERE user_id = ",
                );
                query.push_bind(int(user.0)).push(" AND revoked_at IS NULL AND expires > ").push_bind(now.unix_ms());
                query.push(" ORDER BY last_seen DESC, created DESC, id LIMIT ").push_bind(i64::from(limit));
                rows::all(query.build_query_as::<StoredSessionRow>().fetch_all(self).await?)
            }

            async fn touch_session(&mut self, seen: &SessionSeen) -> Result<(), StoreError> {
                let at = seen.at.unix_ms();
                let mut query = QueryBuilder::new("UPDATE session SET last_seen = ");
                query.push_bind(at);
                if !seen.address.is_empty() {
                    query.push(", address = ").push_bind(seen.address.as_str());
                }
                query.push(" WHERE id = ").push_bind(seen.id.to_string()).push(" AND last_seen <= ").push_bind(at);
                query.build().execute(self).await?;
                Ok(())
            }

            async fn people(
                &mut self,
                which: People<'_>,
                limit: u32,
                now: Timestamp,
            ) -> Result<Vec<AccountSummary>, StoreError> {
                let mut query = QueryBuilder::new("SELECT a.*");
                for (of, name) in [("COUNT(*)", "sessions"), ("MAX(s.last_seen)", "last_seen")] {
                    query.push(", (SELECT ").push(of);
                    query.push(" FROM session s WHERE s.user_id = a.id AND s.revoked_at IS NULL AND s.expires > ");
                    query.push_bind(now.unix_ms()).push(") AS ").push(name);
                }
                query.push(" FROM account a WHERE ");
                match which {
                    People::After(after) => query.push("a.id > ").push_bind(int(after.0)).push(" ORDER BY a.id"),
                    People::Named { from, to, after } => {
                        query.push("a.deleted_at IS NULL AND a.name >= ").push_bind(from);
                        query.push(" AND a.name < ").push_bind(to).push(" AND a.name > ").push_bind(after);
                        query.push(" ORDER BY a.name")
                    }
                };
                query.push(" LIMIT ").push_bind(i64::from(limit));
                rows::all(query.build_query_as::<SummaryRow>().fetch_all(self).await?)
            }

            async fn open_invites(&mut self, now: Timestamp) -> Result<u64, StoreError> {
                let mut query = QueryBuilder::new("SELECT COUNT(*) FROM invite WHERE used_by IS NULL AND expires > ");
                query.push_bind(now.unix_ms());
                let count: i64 = query.build_query_scalar().fetch_one(self).await?;
                Ok(count.unsigned_abs())
            }

            async fn add_invite(&mut self, invite: &NewInvite) -> Result<(), StoreError> {
                let mut query = QueryBuilder::new("INSERT INTO invite (id, secret, by_id, created, expires) ");
                query.push_values([invite], |mut row, invite| {
                    row.push_bind(invite.id.as_str())
                        .push_bind(&invite.secret.0[..])
                        .push_bind(int(invite.by.0))
                        .push_bind(invite.created.unix_ms())
                        .push_bind(invite.expires.unix_ms());
                });
                query.build().execute(self).await?;
                Ok(())
            }

            async fn invites(&mut self, now: Timestamp, limit: u32) -> Result<Vec<StoredInvite>, StoreError> {
                let mut query = QueryBuilder::new(
                    "SELECT i.id AS invite_id, i.created, i.expires, m.id, m.name, u.id AS used_id, u.name AS used_name \
                     FROM invite i JOIN account m ON m.id = i.by_id LEFT JOIN account u ON u.id = i.used_by \
                     WHERE i.used_by IS NOT NULL OR i.expires > ",
                );
                query.push_bind(now.unix_ms()).push(" ORDER BY i.created DESC, i.id LIMIT ");
                query.push_bind(i64::from(limit));
                rows::all(query.build_query_as::<InviteRow>().fetch_all(self).await?)
            }

            async fn invite_in_force(
                &mut self,
                secret: &TokenHash,
                now: Timestamp,
            ) -> Result<Option<String>, StoreError> {
                let mut query =
                    QueryBuilder::new("SELECT i.id FROM invite i JOIN account m ON m.id = i.by_id WHERE i.secret = ");
                query.push_bind(&secret.0[..]).push(" AND i.used_by IS NULL AND i.expires > ").push_bind(now.unix_ms());
                query.push(" AND m.role = 'admin' AND NOT m.disabled");
                Ok(query.build_query_scalar().fetch_optional(self).await?)
            }

            async fn use_invite(&mut self, id: &str, user: UserId, at: Timestamp) -> Result<(), StoreError> {
                let mut query = QueryBuilder::new("UPDATE invite SET used_by = ");
                query.push_bind(int(user.0)).push(", used_at = ").push_bind(at.unix_ms());
                query.push(" WHERE id = ").push_bind(id);
                query.build().execute(self).await?;
                Ok(())
            }

            async fn delete_invite(&mut self, id: &str) -> Result<bool, StoreError> {
                let mut query = QueryBuilder::new("DELETE FROM invite WHERE id = ");
                query.push_bind(id);
                Ok(query.build().execute(self).await?.rows_affected() > 0)
            }

            async fn forget_invites(&mut self, before: Timestamp) -> Result<u64, StoreError> {
                let mut query = QueryBuilder::new("DELETE FROM invite WHERE expires < ");
                query.push_bind(before.unix_ms());
                Ok(query.build().execute(self).await?.rows_affected())
            }

            async fn registration_is_open(&mut self) -> Result<bool, StoreError> {
                let mut query = QueryBuilder::new("SELECT value FROM setting WHERE name = ");
                query.push_bind(REGISTRATION);
                let value: Option<String> = query.build_query_scalar().fetch_optional(self).await?;
                Ok(value.is_none_or(|value| value != CLOSED))
            }

            async fn set_registration(&mut self, open: bool) -> Result<(), StoreError> {
                let mut query = QueryBuilder::new("DELETE FROM setting WHERE name = ");
                query.push_bind(REGISTRATION);
                query.build().execute(&mut *self).await?;
                let mut query = QueryBuilder::new("INSERT INTO setting (name, value) ");
                query.push_values([registration(open)], |mut row, value| {
                    row.push_bind(REGISTRATION).push_bind(value);
                });
                query.build().execute(self).await?;
                Ok(())
            }

            async fn add_note(&mut self, at: Timestamp, note: &AuditNote) -> Result<(), StoreError> {
                let mut query =
                    QueryBuilder::new("INSERT INTO audit (at, action, actor_id, actor_name, target, address) ");
                query.push_values([note], |mut row, note| {
                    row.push_bind(at.unix_ms())
                        .push_bind(note.action.as_str())
                        .push_bind(note.actor.as_ref().map(|actor| int(actor.id.0)))
                        .push_bind(note.actor.as_ref().map(|actor| actor.name.as_str()))
                        .push_bind(note.target.as_str())
                        .push_bind(note.address.as_str());
                });
                query.build().execute(self).await?;
                Ok(())
            }

            async fn audit(&mut self, before: Option<u64>, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
                let mut query =
                    QueryBuilder::new("SELECT id, at, action, actor_name, target, address FROM audit WHERE id < ");
                query.push_bind(before.map_or(i64::MAX, int));
                query.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(limit));
                rows::all(query.build_query_as::<AuditRow>().fetch_all(self).await?)
            }

            /// Ids ascend with time, so the oldest stand together.
            async fn forget_audit(&mut self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
                const OLDEST: &str = "SELECT COALESCE(MIN(id), 0) FROM audit";
                let oldest: i64 = sqlx::query_scalar(OLDEST).fetch_one(&mut *self).await?;
                let mut query = QueryBuilder::new("DELETE FROM audit WHERE at < ");
                query.push_bind(before.unix_ms()).push(" AND id < ").push_bind(oldest + i64::from(most));
                Ok(query.build().execute(self).await?.rows_affected())
            }

            async fn delete_signing_key(&mut self, kid: &str) -> Result<(), StoreError> {
                let mut query = QueryBuilder::new("DELETE FROM signing_key WHERE kid = ");
                query.push_bind(kid).build().execute(self).await?;
                Ok(())
            }

            async fn add_ticket(&mut self, ticket: &NewTicket) -> Result<(), StoreError> {
                let mut query =
                    QueryBuilder::new("INSERT INTO ticket (hash, session_id, login_expires, expires) VALUES (");
                let mut values = query.separated(", ");
                values.push_bind(&ticket.hash.0[..]).push_bind(ticket.session.to_string());
                values.push_bind(ticket.login_expires.map(Timestamp::unix_ms)).push_bind(ticket.expires.unix_ms());
                query.push(")").build().execute(self).await?;
                Ok(())
            }

            async fn has_ticket(&mut self, hash: &TokenHash) -> Result<bool, StoreError> {
                let mut query = QueryBuilder::new("SELECT session_id FROM ticket WHERE hash = ");
                let found: Option<String> =
                    query.push_bind(&hash.0[..]).build_query_scalar().fetch_optional(self).await?;
                Ok(found.is_some())
            }

            async fn session_of_token(&mut self, hash: &TokenHash) -> Result<Option<SessionId>, StoreError> {
                let mut query = QueryBuilder::new("SELECT session_id FROM refresh_token WHERE hash = ");
                let found: Option<String> =
                    query.push_bind(&hash.0[..]).build_query_scalar().fetch_optional(self).await?;
                found.map(|id| session_id(&id)).transpose()
            }

            async fn thin_tickets(&mut self, session: SessionId, most: u32) -> Result<(), StoreError> {
                let mut query = QueryBuilder::new("SELECT hash FROM ticket WHERE session_id = ");
                query.push_bind(session.to_string()).push(" ORDER BY expires DESC, hash LIMIT ");
                query.push_bind(i64::from(AT_ONCE)).push(" OFFSET ").push_bind(i64::from(most));
                let beyond: Vec<Vec<u8>> = query.build_query_scalar().fetch_all(&mut *self).await?;
                for hash in beyond {
                    let mut query = QueryBuilder::new("DELETE FROM ticket WHERE hash = ");
                    query.push_bind(hash).build().execute(&mut *self).await?;
                }
                Ok(())
            }

            async fn thin_sessions(&mut self, user: UserId, most: u32, now: Timestamp) -> Result<(), StoreError> {
                let mut query = QueryBuilder::new("SELECT id FROM session WHERE user_id = ");
                query.push_bind(int(user.0)).push(" AND (revoked_at IS NOT NULL OR expires <= ");
                query.push_bind(now.unix_ms()).push(") ORDER BY last_seen DESC, created DESC, id LIMIT ");
                query.push_bind(i64::from(AT_ONCE)).push(" OFFSET ").push_bind(i64::from(most));
                let beyond: Vec<String> = query.build_query_scalar().fetch_all(&mut *self).await?;
                for id in beyond {
                    let mut query = QueryBuilder::new("DELETE FROM session WHERE id = ");
                    query.push_bind(id).build().execute(&mut *self).await?;
                }
                Ok(())
            }

            async fn forget_tickets(&mut self, now: Timestamp, most: u32) -> Result<u64, StoreError> {
                let mut query = QueryBuilder::new("SELECT hash FROM ticket WHERE expires <= ");
                query.push_bind(now.unix_ms()).push(" ORDER BY expires LIMIT ").push_bind(i64::from(most));
                let over: Vec<Vec<u8>> = query.build_query_scalar().fetch_all(&mut *self).await?;
                if over.is_empty() {
                    return Ok(0);
                }
                let mut query = QueryBuilder::new("DELETE FROM ticket WHERE hash IN (");
                let mut hashes = query.separated(", ");
                for hash in over {
                    hashes.push_bind(hash);
                }
                Ok(query.push(")").build().persistent(false).execute(self).await?.rows_affected())
            }

            /// By each end apart, in the order of its index.
            async fn forget_sessions(&mut self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
                let mut over = BTreeSet::new();
                for end in ["expires", "revoked_at"] {
                    let mut query = QueryBuilder::new("SELECT id FROM session WHERE ");
                    query.push(end).push(" < ").push_bind(before.unix_ms());
                    query.push(" ORDER BY ").push(end).push(" LIMIT ").push_bind(i64::from(most));
                    over.extend(query.build_query_scalar::<String>().fetch_all(&mut *self).await?);
                }
                if over.is_empty() {
                    return Ok(0);
                }
                let mut query = QueryBuilder::new("DELETE FROM session WHERE id IN (");
                let mut ids = query.separated(", ");
                for id in over {
                    ids.push_bind(id);
                }
                Ok(query.push(")").build().persistent(false).execute(self).await?.rows_affected())
            }
        }
    };
}

/// What is too much is deleted by so many rows at once: each one that comes takes away more than itself.
const AT_ONCE: u32 = 20;
/// Numbers in one list.
const PEOPLE_AT_ONCE: usize = 256;

common_rows!(SqliteConnection);
common_rows!(PgConnection);
common_rows!(MySqlConnection);
