//! The statements behind [`super::Administration`], in SQL that all databases speak; only how parameters are written
//! differs, and that is the query builder's affair. They are asked for by hand, not by the thousand.

use async_trait::async_trait;
use push_system::{
    accounts::{Person, Role},
    admin::{AuditRecord, Standing},
    ids::UserId,
    timestamp::Timestamp,
};
use sqlx::{FromRow, MySqlConnection, PgConnection, QueryBuilder, SqliteConnection};

use super::{
    AccountSummary, AuditNote, Client, Known, NewInvite, SessionSeen, StoreError, StoredInvite, StoredSession,
    TokenHash,
    mysql::padded,
    rows::{self, AccountRow, PersonRow, int, ints, session_id},
};

/// In whose SQL no database differs from another.
#[async_trait]
pub trait AdministrationRows {
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
    async fn sessions_of(&mut self, user: UserId, now: Timestamp) -> Result<Vec<StoredSession>, StoreError>;

    /// The session was used, unless it was later already.
    async fn touch_session(&mut self, seen: &SessionSeen) -> Result<(), StoreError>;

    /// By number.
    async fn people_after(
        &mut self,
        after: UserId,
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
}

/// The row of `setting` that says whether anybody may register, and what it says where nobody may.
pub(super) const REGISTRATION: &str = "registration";
pub(super) const CLOSED: &str = "closed";
const OPEN: &str = "open";

/// What [`AdministrationRows::set_registration`] stores.
pub(super) fn registration(open: bool) -> &'static str {
    if open { OPEN } else { CLOSED }
}

/// [`AdministrationRows`] for a connection.
macro_rules! administration_rows {
    ($connection:ty) => {
        #[async_trait::async_trait]
        impl AdministrationRows for $connection {
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

            async fn sessions_of(&mut self, user: UserId, now: Timestamp) -> Result<Vec<StoredSession>, StoreError> {
                let mut query = QueryBuilder::new(
                    "SELECT id, device, address, created, last_seen, expires FROM session WHERE user_id = ",
                );
                query.push_bind(int(user.0)).push(" AND revoked_at IS NULL AND expires > ").push_bind(now.unix_ms());
                query.push(" ORDER BY last_seen DESC, created DESC, id");
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

            async fn people_after(
                &mut self,
                after: UserId,
                limit: u32,
                now: Timestamp,
            ) -> Result<Vec<AccountSummary>, StoreError> {
                let mut query = QueryBuilder::new("SELECT a.*");
                for (of, name) in [("COUNT(*)", "sessions"), ("MAX(s.last_seen)", "last_seen")] {
                    query.push(", (SELECT ").push(of);
                    query.push(" FROM session s WHERE s.user_id = a.id AND s.revoked_at IS NULL AND s.expires > ");
                    query.push_bind(now.unix_ms()).push(") AS ").push(name);
                }
                query.push(" FROM account a WHERE a.id > ").push_bind(int(after.0));
                query.push(" ORDER BY a.id LIMIT ").push_bind(i64::from(limit));
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
        }
    };
}

/// Numbers in one list.
const PEOPLE_AT_ONCE: usize = 256;

administration_rows!(SqliteConnection);
administration_rows!(PgConnection);
administration_rows!(MySqlConnection);

/// `id, role, disabled, deleted_at` of `account`.
#[derive(FromRow)]
struct KnownRow {
    id: i64,
    role: String,
    disabled: bool,
    deleted_at: Option<i64>,
}

impl TryFrom<KnownRow> for (UserId, Known) {
    type Error = StoreError;

    fn try_from(row: KnownRow) -> Result<Self, StoreError> {
        let standing = match (row.deleted_at, row.disabled) {
            (Some(_), _) => Standing::Deleted,
            (None, true) => Standing::Disabled,
            (None, false) => Standing::Active,
        };
        Ok((UserId(rows::number("id", row.id)?), Known { role: rows::role(&row.role)?, standing }))
    }
}

/// `id, device, address, created, last_seen, expires` of `session`.
#[derive(FromRow)]
struct StoredSessionRow {
    id: String,
    device: String,
    address: String,
    created: i64,
    last_seen: i64,
    expires: i64,
}

impl TryFrom<StoredSessionRow> for StoredSession {
    type Error = StoreError;

    fn try_from(row: StoredSessionRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: session_id(&row.id)?,
            client: Client { device: row.device, address: row.address },
            created: Timestamp::from_unix_ms(row.created),
            last_seen: Timestamp::from_unix_ms(row.last_seen),
            expires: Timestamp::from_unix_ms(row.expires),
        })
    }
}

/// An [`AccountRow`] with `sessions` and `last_seen`.
#[derive(FromRow)]
struct SummaryRow {
    #[sqlx(flatten)]
    account: AccountRow,
    sessions: i64,
    last_seen: Option<i64>,
}

impl TryFrom<SummaryRow> for AccountSummary {
    type Error = StoreError;

    fn try_from(row: SummaryRow) -> Result<Self, StoreError> {
        let (sessions, last_seen) = (row.sessions.unsigned_abs(), row.last_seen.map(Timestamp::from_unix_ms));
        Ok(Self { account: row.account.try_into()?, sessions, last_seen })
    }
}

/// `invite_id, created, expires`, its maker as `id, name`, and `used_id, used_name`.
#[derive(FromRow)]
struct InviteRow {
    invite_id: String,
    created: i64,
    expires: i64,
    #[sqlx(flatten)]
    by: PersonRow,
    used_id: Option<i64>,
    used_name: Option<String>,
}

impl TryFrom<InviteRow> for StoredInvite {
    type Error = StoreError;

    fn try_from(row: InviteRow) -> Result<Self, StoreError> {
        let used_by = row.used_id.zip(row.used_name).map(|(id, name)| Person::try_from(PersonRow { id, name }));
        Ok(Self {
            id: row.invite_id,
            by: row.by.try_into()?,
            created: Timestamp::from_unix_ms(row.created),
            expires: Timestamp::from_unix_ms(row.expires),
            used_by: used_by.transpose()?,
        })
    }
}

/// All columns of `audit` but the actor's number.
#[derive(FromRow)]
struct AuditRow {
    id: i64,
    at: i64,
    action: String,
    actor_name: Option<String>,
    target: String,
    address: String,
}

impl TryFrom<AuditRow> for AuditRecord {
    type Error = StoreError;

    fn try_from(row: AuditRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: rows::number("id", row.id)?,
            at: Timestamp::from_unix_ms(row.at),
            action: row.action,
            actor: row.actor_name,
            target: row.target,
            address: row.address,
        })
    }
}
