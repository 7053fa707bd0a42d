//! Rows as [`super`] reads them, and what they are parsed into.

use push_system::{
    accounts::Person,
    admin::{AuditRecord, Standing},
    ids::{MessageId, UserId},
    message::Message,
    timestamp::Timestamp,
};
use sqlx::FromRow;

use super::super::{
    AccountSummary, Client, Known, StoreError, StoredInvite, StoredMessage, StoredSession,
    rows::{self, AccountRow, MessageColumns, PersonRow, session_id},
    spelling,
};
use super::Deletion;

/// `id, role, disabled, deleted_at` of `account`.
#[derive(FromRow)]
pub(super) struct KnownRow {
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
pub(super) struct StoredSessionRow {
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
pub(super) struct SummaryRow {
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
pub(super) struct InviteRow {
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
pub(super) struct AuditRow {
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

/// [`MessageColumns`] and the message's `audience`.
#[derive(FromRow)]
pub(super) struct StoredMessageRow {
    #[sqlx(flatten)]
    message: MessageColumns,
    audience: String,
    private_topic: Option<i64>,
}

impl TryFrom<StoredMessageRow> for StoredMessage {
    type Error = StoreError;

    fn try_from(row: StoredMessageRow) -> Result<Self, StoreError> {
        let message = Message::try_from(row.message)?;
        let audience = spelling::audience(&row.audience).ok_or_else(|| rows::damaged(message.id, "no audience"))?;
        let public = !message.topics.is_empty() && row.private_topic.is_none();
        Ok(Self { message, audience, public })
    }
}

/// `id, sender_id` of a message and the `audience` of the event that deleted it.
#[derive(FromRow)]
pub(super) struct DeletionRow {
    id: i64,
    sender_id: i64,
    audience: String,
}

impl TryFrom<DeletionRow> for Deletion {
    type Error = StoreError;

    fn try_from(row: DeletionRow) -> Result<Self, StoreError> {
        Ok(Self {
            message: MessageId(rows::number("id", row.id)?),
            sender: UserId(rows::number("sender_id", row.sender_id)?),
            audience: spelling::audience(&row.audience).ok_or_else(|| rows::damaged(row.id, "no audience"))?,
        })
    }
}
