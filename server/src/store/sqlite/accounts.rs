//! [`Accounts`] on `SQLite`.

use async_trait::async_trait;
use push_system::{
    accounts::{Person, Role, Username},
    ids::UserId,
    timestamp::Timestamp,
};
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{
    super::{
        Account, Accounts, NewAccount, NewSession, Rotation, Session, SessionId, SigningKey, StoreError, TokenHash,
    },
    SqliteStore,
    rows::{self, int, json},
    sessions,
};

#[async_trait]
impl Accounts for SqliteStore {
    async fn register(&self, account: NewAccount) -> Result<Option<Account>, StoreError> {
        let mut tx = self.writer.begin().await?;
        let registered = register(&mut tx, &account).await;
        Ok(tx.finish(registered).await?)
    }

    async fn account_named(&self, name: &Username) -> Result<Option<Account>, StoreError> {
        named(&mut *self.reader().await?, name).await
    }

    async fn account(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        let mut reader = self.reader().await?;
        let row =
            sqlx::query("SELECT * FROM account WHERE id = ?").bind(int(id.0)).fetch_optional(&mut *reader).await?;
        row.as_ref().map(rows::account).transpose()
    }

    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = sqlx::query("SELECT * FROM account ORDER BY id").fetch_all(&mut *reader).await?;
        rows.iter().map(rows::account).collect()
    }

    async fn people_named(&self, names: &[Username]) -> Result<Vec<Person>, StoreError> {
        const NAMED: &str = "SELECT id, name FROM account WHERE name IN (SELECT value FROM json_each(?)) ORDER BY name";
        let mut reader = self.reader().await?;
        let rows = sqlx::query(NAMED).bind(json(&names)).fetch_all(&mut *reader).await?;
        rows.iter().map(rows::person).collect()
    }

    async fn people_starting(&self, prefix: &str, limit: u32) -> Result<Vec<Person>, StoreError> {
        const STARTING: &str = "SELECT id, name FROM account WHERE name >= ?1 AND name < ?2 ORDER BY name LIMIT ?3";
        // Names are folded ASCII: everything that begins with the prefix stands before this.
        let from = prefix.to_ascii_lowercase();
        let to = format!("{from}\u{7f}");
        let mut reader = self.reader().await?;
        let rows = sqlx::query(STARTING).bind(from).bind(to).bind(limit).fetch_all(&mut *reader).await?;
        rows.iter().map(rows::person).collect()
    }

    async fn open_session(&self, session: NewSession) -> Result<bool, StoreError> {
        let mut tx = self.writer.begin().await?;
        let opened = sessions::open(&mut tx, &session).await;
        Ok(tx.finish(opened).await?)
    }

    async fn session(&self, id: SessionId, now: Timestamp) -> Result<Option<Session>, StoreError> {
        sessions::in_force(&mut *self.reader().await?, id, now).await
    }

    async fn rotate(
        &self,
        presented: &TokenHash,
        successor: &TokenHash,
        now: Timestamp,
        grace_ms: i64,
    ) -> Result<Rotation, StoreError> {
        let mut tx = self.writer.begin().await?;
        let rotated = sessions::rotate(&mut tx, presented, successor, now, grace_ms).await;
        Ok(tx.finish(rotated).await?)
    }

    /// Looks before it writes: most requests come with a generation that was confirmed long ago.
    async fn confirm_generation(&self, session: SessionId, generation: u32, now: Timestamp) -> Result<(), StoreError> {
        if sessions::is_confirmed(&mut *self.reader().await?, session, generation).await? {
            return Ok(());
        }
        let mut tx = self.writer.begin().await?;
        let confirmed = sessions::confirm(&mut tx, session, generation, now).await;
        Ok(tx.finish(confirmed).await?)
    }

    async fn signing_keys(&self, candidate: SigningKey) -> Result<Vec<SigningKey>, StoreError> {
        let stored = signing_keys(&mut *self.reader().await?).await?;
        if !stored.is_empty() {
            return Ok(stored);
        }
        let mut tx = self.writer.begin().await?;
        let keys = first_signing_key(&mut tx, candidate).await;
        Ok(tx.finish(keys).await?)
    }

    async fn forget_sessions(&self, before: Timestamp) -> Result<u64, StoreError> {
        const FORGET: &str = "DELETE FROM session WHERE expires < ?1 OR revoked_at < ?1";
        let mut tx = self.writer.begin().await?;
        let forgotten = sqlx::query(FORGET).bind(before.unix_ms()).execute(&mut *tx).await;
        let forgotten = forgotten.map(|done| done.rows_affected()).map_err(StoreError::from);
        Ok(tx.finish(forgotten).await?)
    }
}

async fn named(connection: &mut SqliteConnection, name: &Username) -> Result<Option<Account>, StoreError> {
    let query = sqlx::query("SELECT * FROM account WHERE name = ?").bind(name.as_str());
    query.fetch_optional(connection).await?.as_ref().map(rows::account).transpose()
}

/// Holds the write lock, so that of two first accounts one is the first, and none begins before a head that moves.
async fn register(connection: &mut SqliteConnection, new: &NewAccount) -> Result<Option<Account>, StoreError> {
    const ADD: &str = "INSERT INTO account (name, email, password_hash, role, created) VALUES (?, ?, ?, ?, ?)";
    const START: &str = "INSERT INTO read_state (user_id, read_upto, exceptions, version) \
        VALUES (?, (SELECT seq FROM head), '[]', 0)";
    if named(connection, &new.name).await?.is_some() {
        return Ok(None);
    }
    let is_first: bool =
        sqlx::query_scalar("SELECT NOT EXISTS (SELECT 1 FROM account)").fetch_one(&mut *connection).await?;
    let role = if is_first { Role::Admin } else { Role::Member };
    let added = sqlx::query(ADD)
        .bind(new.name.as_str())
        .bind(new.email.as_ref().map(|email| email.as_str().to_owned()))
        .bind(&new.password_hash)
        .bind(role.as_str())
        .bind(new.at.unix_ms())
        .execute(&mut *connection)
        .await?;
    sqlx::query(START).bind(added.last_insert_rowid()).execute(&mut *connection).await?;
    named(connection, &new.name).await
}

async fn signing_keys(connection: &mut SqliteConnection) -> Result<Vec<SigningKey>, StoreError> {
    let rows = sqlx::query("SELECT * FROM signing_key ORDER BY created DESC, kid").fetch_all(connection).await?;
    rows.iter().map(signing_key).collect()
}

async fn first_signing_key(
    connection: &mut SqliteConnection,
    candidate: SigningKey,
) -> Result<Vec<SigningKey>, StoreError> {
    let stored = signing_keys(connection).await?;
    if !stored.is_empty() {
        return Ok(stored);
    }
    sqlx::query("INSERT INTO signing_key (kid, access, refresh, created) VALUES (?, ?, ?, ?)")
        .bind(&candidate.kid)
        .bind(&candidate.access[..])
        .bind(&candidate.refresh[..])
        .bind(candidate.created.unix_ms())
        .execute(connection)
        .await?;
    Ok(vec![candidate])
}

fn signing_key(row: &SqliteRow) -> Result<SigningKey, StoreError> {
    let bytes = |column: &str| -> Result<[u8; 32], StoreError> {
        let bytes: &[u8] = row.try_get(column)?;
        bytes.try_into().map_err(|_| StoreError::new("damaged row: signing_key: not 32 bytes"))
    };
    Ok(SigningKey {
        kid: row.try_get("kid")?,
        access: bytes("access")?,
        refresh: bytes("refresh")?,
        created: Timestamp::from_unix_ms(row.try_get("created")?),
    })
}
