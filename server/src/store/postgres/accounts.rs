//! Accounts, sessions and keys.

use async_trait::async_trait;
use push_system::{
    accounts::{Person, Role, Username},
    ids::UserId,
    timestamp::Timestamp,
};
use sqlx::PgConnection;

use super::super::{
    Account, NewAccount, NewSession, Session, SessionId, SigningKey, StoreError, TakenTicket, TokenHash,
    rows::{self, AccountRow, HashRow, PersonRow, SessionRow, SigningKeyRow, TicketRow, TokenRow, int},
    statements::{AccountRows, Presented},
};

#[async_trait]
impl AccountRows for PgConnection {
    async fn account_named(&mut self, name: &Username) -> Result<Option<Account>, StoreError> {
        let query = sqlx::query_as::<_, AccountRow>("SELECT * FROM account WHERE name = $1").bind(name.as_str());
        rows::maybe(query.fetch_optional(self).await?)
    }

    async fn account(&mut self, id: UserId) -> Result<Option<Account>, StoreError> {
        let query = sqlx::query_as::<_, AccountRow>("SELECT * FROM account WHERE id = $1").bind(int(id.0));
        rows::maybe(query.fetch_optional(self).await?)
    }

    async fn accounts(&mut self) -> Result<Vec<Account>, StoreError> {
        rows::all(sqlx::query_as::<_, AccountRow>("SELECT * FROM account ORDER BY id").fetch_all(self).await?)
    }

    async fn people_named(&mut self, names: &[Username]) -> Result<Vec<Person>, StoreError> {
        let names: Vec<_> = names.iter().map(Username::as_str).collect();
        let query = sqlx::query_as::<_, PersonRow>(
            "SELECT id, name FROM account WHERE name = ANY($1) AND deleted_at IS NULL ORDER BY name",
        );
        rows::all(query.bind(names).fetch_all(self).await?)
    }

    async fn people_between(&mut self, from: &str, to: &str, limit: u32) -> Result<Vec<Person>, StoreError> {
        const BETWEEN: &str = "SELECT id, name FROM account WHERE name >= $1 AND name < $2 \
            AND deleted_at IS NULL ORDER BY name LIMIT $3";
        let query = sqlx::query_as::<_, PersonRow>(BETWEEN).bind(from).bind(to).bind(i64::from(limit));
        rows::all(query.fetch_all(self).await?)
    }

    async fn has_accounts(&mut self) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM account)").fetch_one(self).await?)
    }

    async fn add_account(&mut self, account: &NewAccount, role: Role) -> Result<(), StoreError> {
        const ADD: &str = "WITH added AS ( \
                INSERT INTO account (name, email, password_hash, role, created) VALUES ($1, $2, $3, $4, $5) RETURNING id) \
            INSERT INTO read_state (user_id, read_upto, exceptions, version, seen_upto, archived, saved) \
                SELECT added.id, head.seq, '[]', 0, head.seq, '[]', '[]' FROM added CROSS JOIN head";
        sqlx::query(ADD)
            .bind(account.name.as_str())
            .bind(account.email.as_ref().map(|email| email.as_str().to_owned()))
            .bind(&account.password_hash)
            .bind(role.as_str())
            .bind(account.at.unix_ms())
            .execute(self)
            .await?;
        Ok(())
    }

    async fn renew_hash(&mut self, user: UserId, old: &str, new: &str) -> Result<bool, StoreError> {
        const RENEW: &str = "UPDATE account SET password_hash = $1 WHERE id = $2 AND password_hash = $3";
        let renewed = sqlx::query(RENEW).bind(new).bind(int(user.0)).bind(old).execute(self).await?;
        Ok(renewed.rows_affected() > 0)
    }

    /// The account's row is held, so that a password that is being changed is waited for.
    async fn add_session(&mut self, session: &NewSession) -> Result<bool, StoreError> {
        const ADD: &str = "INSERT INTO session (id, user_id, created, last_seen, expires, device, address) \
            SELECT $1, id, $2, $2, $3, $6, $7 FROM account WHERE id = $4 AND password_hash = $5 AND NOT disabled FOR SHARE";
        let added = sqlx::query(ADD)
            .bind(session.id.to_string())
            .bind(session.at.unix_ms())
            .bind(session.expires.unix_ms())
            .bind(int(session.user.0))
            .bind(&session.password_hash)
            .bind(&session.client.device)
            .bind(&session.client.address)
            .execute(self)
            .await?;
        Ok(added.rows_affected() > 0)
    }

    async fn add_token(&mut self, token: &TokenHash, session: SessionId, generation: u32) -> Result<(), StoreError> {
        const ADD: &str =
            "INSERT INTO refresh_token (hash, session_id, generation) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        let query = sqlx::query(ADD).bind(&token.0[..]).bind(session.to_string()).bind(i64::from(generation));
        query.execute(self).await?;
        Ok(())
    }

    async fn session_in_force(&mut self, id: SessionId, now: Timestamp) -> Result<Option<Session>, StoreError> {
        const SESSION: &str = "SELECT s.id AS session_id, s.expires, a.id, a.name, a.role \
            FROM session s JOIN account a ON a.id = s.user_id \
            WHERE s.id = $1 AND s.revoked_at IS NULL AND s.expires > $2 AND NOT a.disabled";
        let query = sqlx::query_as::<_, SessionRow>(SESSION).bind(id.to_string()).bind(now.unix_ms());
        rows::maybe(query.fetch_optional(self).await?)
    }

    /// The session is locked by a statement of its own, so that the next one sees what the one before left.
    async fn find_token(&mut self, token: &TokenHash, now: Timestamp) -> Result<Option<Presented>, StoreError> {
        const LOCK: &str = "SELECT id FROM session \
            WHERE id = (SELECT session_id FROM refresh_token WHERE hash = $1) FOR UPDATE";
        const TOKEN: &str = "SELECT t.generation, t.superseded_at, t.successor_confirmed_at, \
                s.id AS session_id, s.expires, a.id, a.name, a.role \
            FROM refresh_token t JOIN session s ON s.id = t.session_id JOIN account a ON a.id = s.user_id \
            WHERE t.hash = $1 AND s.revoked_at IS NULL AND s.expires > $2 AND NOT a.disabled";
        sqlx::query(LOCK).bind(&token.0[..]).execute(&mut *self).await?;
        let query = sqlx::query_as::<_, TokenRow>(TOKEN).bind(&token.0[..]).bind(now.unix_ms());
        rows::maybe(query.fetch_optional(self).await?)
    }

    async fn tokens_of(&mut self, session: SessionId, generation: u32) -> Result<Vec<TokenHash>, StoreError> {
        const TOKENS: &str = "SELECT hash FROM refresh_token WHERE session_id = $1 AND generation = $2";
        let query = sqlx::query_as::<_, HashRow>(TOKENS).bind(session.to_string()).bind(i64::from(generation));
        rows::all(query.fetch_all(self).await?)
    }

    async fn supersede(&mut self, token: &TokenHash, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query("UPDATE refresh_token SET superseded_at = $1 WHERE hash = $2 AND superseded_at IS NULL")
            .bind(now.unix_ms())
            .bind(&token.0[..])
            .execute(self)
            .await?;
        Ok(())
    }

    async fn is_confirmed(&mut self, session: SessionId, generation: u32) -> Result<bool, StoreError> {
        const CONFIRMED: &str = "SELECT NOT EXISTS (SELECT 1 FROM refresh_token \
            WHERE session_id = $1 AND generation = $2 AND successor_confirmed_at IS NULL)";
        let query = sqlx::query_scalar(CONFIRMED).bind(session.to_string()).bind(i64::from(generation));
        Ok(query.fetch_one(self).await?)
    }

    async fn confirm(&mut self, session: SessionId, generation: u32, now: Timestamp) -> Result<(), StoreError> {
        const CONFIRM: &str = "UPDATE refresh_token SET successor_confirmed_at = $1 \
            WHERE session_id = $2 AND generation = $3 AND successor_confirmed_at IS NULL";
        let query = sqlx::query(CONFIRM).bind(now.unix_ms()).bind(session.to_string()).bind(i64::from(generation));
        query.execute(self).await?;
        Ok(())
    }

    async fn signing_keys(&mut self) -> Result<Vec<SigningKey>, StoreError> {
        const KEYS: &str = "SELECT * FROM signing_key ORDER BY created DESC, kid";
        rows::all(sqlx::query_as::<_, SigningKeyRow>(KEYS).fetch_all(self).await?)
    }

    async fn add_signing_key(&mut self, key: &SigningKey) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO signing_key (kid, access, refresh, created) VALUES ($1, $2, $3, $4)")
            .bind(&key.kid)
            .bind(&key.access[..])
            .bind(&key.refresh[..])
            .bind(key.created.unix_ms())
            .execute(self)
            .await?;
        Ok(())
    }

    async fn take_ticket(&mut self, hash: &TokenHash) -> Result<Option<TakenTicket>, StoreError> {
        const TAKE: &str = "DELETE FROM ticket WHERE hash = $1 RETURNING session_id, login_expires, expires";
        rows::maybe(sqlx::query_as::<_, TicketRow>(TAKE).bind(&hash.0[..]).fetch_optional(self).await?)
    }
}
