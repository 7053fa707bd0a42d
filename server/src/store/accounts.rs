//! [`Accounts`] on any [`Backend`], and how refresh tokens rotate.

use async_trait::async_trait;
use push_system::{
    accounts::{Person, Role, Username},
    admin::AuditAction,
    ids::UserId,
    limits,
    timestamp::Timestamp,
};

use super::{
    Account, Accounts, Admission, AuditNote, Joined, NewAccount, NewSession, NewTicket, Rotation, Session, SessionId,
    SigningKey, StoreError, TakenTicket, TokenHash,
    administration::add_notes,
    backend::{Backend, WriteTx as _, within},
    common_rows::CommonRows as _,
    forgetting::{Passing, forget},
    statements::{AccountRows as _, Statements},
};

#[async_trait]
impl<B: Backend> Accounts for B {
    /// Under the head lock, so that of two first accounts one is the first, and none begins before a head that moves.
    async fn register(&self, account: NewAccount) -> Result<Option<Account>, StoreError> {
        let mut tx = within(B::PATIENCE, self.lock_head()).await?;
        let registered = within(B::PATIENCE, register(&mut *tx, &account)).await;
        Ok(tx.finish(registered).await?)
    }

    /// Under the head lock, as opening and closing registration is; it also keeps an invitation from being used twice.
    async fn join(&self, account: NewAccount, admission: Admission) -> Result<Joined, StoreError> {
        let mut tx = within(B::PATIENCE, self.lock_head()).await?;
        let joined = within(B::PATIENCE, join(&mut *tx, &account, admission)).await;
        Ok(tx.finish(joined).await?)
    }

    async fn account_named(&self, name: &Username) -> Result<Option<Account>, StoreError> {
        within(B::PATIENCE, async {
            let mut reader = self.reader().await?;
            let account = reader.account_named(name).await;
            reader.end(account).await
        })
        .await
    }

    async fn account(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        within(B::PATIENCE, async {
            let mut reader = self.reader().await?;
            let account = reader.account(id).await;
            reader.end(account).await
        })
        .await
    }

    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        within(B::PATIENCE, async {
            let mut reader = self.reader().await?;
            let accounts = reader.accounts().await;
            reader.end(accounts).await
        })
        .await
    }

    async fn people_named(&self, names: &[Username]) -> Result<Vec<Person>, StoreError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        within(B::PATIENCE, async {
            let mut reader = self.reader().await?;
            let people = reader.people_named(names).await;
            reader.end(people).await
        })
        .await
    }

    async fn people_starting(&self, prefix: &str, limit: u32) -> Result<Vec<Person>, StoreError> {
        let Some((from, to)) = names_starting(prefix) else { return Ok(Vec::new()) };
        within(B::PATIENCE, async {
            let mut reader = self.reader().await?;
            let people = reader.people_between(&from, &to, limit).await;
            reader.end(people).await
        })
        .await
    }

    async fn renew_hash(&self, user: UserId, old: &str, new: &str) -> Result<bool, StoreError> {
        let mut tx = within(B::PATIENCE, self.write()).await?;
        let renewed = within(B::PATIENCE, tx.renew_hash(user, old, new)).await;
        Ok(tx.finish(renewed).await?)
    }

    async fn open_session(&self, session: NewSession) -> Result<bool, StoreError> {
        let mut tx = within(B::PATIENCE, self.write()).await?;
        let opened = within(B::PATIENCE, open(&mut *tx, &session)).await;
        Ok(tx.finish(opened).await?)
    }

    async fn session(&self, id: SessionId, now: Timestamp) -> Result<Option<Session>, StoreError> {
        within(B::PATIENCE, async {
            let mut reader = self.reader().await?;
            let session = reader.session_in_force(id, now).await;
            reader.end(session).await
        })
        .await
    }

    /// Looks before it writes: what strangers make up is in no table, and waits for no writer.
    async fn rotate(
        &self,
        presented: &TokenHash,
        successors: &[TokenHash],
        now: Timestamp,
        grace_ms: i64,
    ) -> Result<Rotation, StoreError> {
        let looked = within(B::PATIENCE, async {
            let mut reader = self.reader().await?;
            let found = standing_of(&mut *reader, presented, now).await;
            reader.end(found).await
        });
        if let Some(refused) = looked.await? {
            return Ok(refused);
        }
        let mut tx = within(B::PATIENCE, self.write()).await?;
        let rotated = within(B::PATIENCE, rotate(&mut *tx, presented, successors, now, grace_ms)).await;
        Ok(tx.finish(rotated).await?)
    }

    /// Looks before it writes: most requests come with a generation that was confirmed long ago.
    async fn confirm_generation(&self, session: SessionId, generation: u32, now: Timestamp) -> Result<(), StoreError> {
        let predecessor = generation.saturating_sub(1);
        let is_confirmed = within(B::PATIENCE, async {
            let mut reader = self.reader().await?;
            let is_confirmed = reader.is_confirmed(session, predecessor).await;
            reader.end(is_confirmed).await
        });
        if is_confirmed.await? {
            return Ok(());
        }
        let mut tx = within(B::PATIENCE, self.write()).await?;
        let confirmed = within(B::PATIENCE, tx.confirm(session, predecessor, now)).await;
        Ok(tx.finish(confirmed).await?)
    }

    async fn signing_keys(&self, candidate: SigningKey) -> Result<Vec<SigningKey>, StoreError> {
        let stored = within(B::PATIENCE, async {
            let mut reader = self.reader().await?;
            let keys = reader.signing_keys().await;
            reader.end(keys).await
        });
        let stored = stored.await?;
        if !stored.is_empty() {
            return Ok(stored);
        }
        let mut tx = within(B::PATIENCE, self.lock_head()).await?;
        let keys = within(B::PATIENCE, first_signing_key(&mut *tx, candidate)).await;
        Ok(tx.finish(keys).await?)
    }

    async fn add_signing_key(
        &self,
        candidate: SigningKey,
        newest_before: Timestamp,
        note: AuditNote,
    ) -> Result<Vec<SigningKey>, StoreError> {
        let mut tx = within(B::PATIENCE, self.lock_head()).await?;
        let keys = within(B::PATIENCE, next_signing_key(&mut *tx, candidate, newest_before, &note)).await;
        Ok(tx.finish(keys).await?)
    }

    async fn forget_signing_keys(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut tx = within(B::PATIENCE, self.lock_head()).await?;
        let forgotten = within(B::PATIENCE, forget_signing_keys(&mut *tx, before)).await;
        Ok(tx.finish(forgotten).await?)
    }

    async fn add_ticket(&self, ticket: NewTicket, most: u32) -> Result<(), StoreError> {
        let mut tx = within(B::PATIENCE, self.write()).await?;
        let added = within(B::PATIENCE, async {
            tx.thin_tickets(ticket.session, most.saturating_sub(1)).await?;
            tx.add_ticket(&ticket).await
        });
        let added = added.await;
        Ok(tx.finish(added).await?)
    }

    /// Looks before it writes, as [`Self::rotate`] does.
    async fn take_ticket(&self, hash: &TokenHash, now: Timestamp) -> Result<Option<TakenTicket>, StoreError> {
        let looked = within(B::PATIENCE, async {
            let mut reader = self.reader().await?;
            let has = reader.has_ticket(hash).await;
            reader.end(has).await
        });
        if !looked.await? {
            return Ok(None);
        }
        let mut tx = within(B::PATIENCE, self.write()).await?;
        let taken = within(B::PATIENCE, tx.take_ticket(hash)).await;
        Ok(tx.finish(taken).await?.filter(|ticket| ticket.expires > now))
    }

    async fn forget_tickets(&self, now: Timestamp) -> Result<u64, StoreError> {
        forget(self, Passing::Tickets, now).await
    }

    async fn forget_sessions(&self, before: Timestamp) -> Result<u64, StoreError> {
        forget(self, Passing::Sessions, before).await
    }
}

/// From where to where names stand that begin so; none where no name can. Names are folded ASCII: everything that begins
/// with the prefix stands before it followed by DEL.
pub(super) fn names_starting(prefix: &str) -> Option<(String, String)> {
    let from = prefix.to_ascii_lowercase();
    let to = format!("{from}\u{7f}");
    prefix.chars().all(|c| c.is_ascii_graphic()).then_some((from, to))
}

async fn register(connection: &mut impl Statements, new: &NewAccount) -> Result<Option<Account>, StoreError> {
    if connection.account_named(&new.name).await?.is_some() {
        return Ok(None);
    }
    let role = if connection.has_accounts().await? { new.role } else { Role::Admin };
    connection.add_account(new, role).await?;
    add_notes(connection, new.at, &new.notes).await?;
    connection.account_named(&new.name).await
}

async fn join(connection: &mut impl Statements, new: &NewAccount, admission: Admission) -> Result<Joined, StoreError> {
    let invite = match admission {
        Admission::Open if connection.registration_is_open().await? => None,
        Admission::Open => return Ok(Joined::Closed),
        Admission::Invited(secret) => match connection.invite_in_force(&secret, new.at).await? {
            Some(invite) => Some(invite),
            None => return Ok(Joined::NotInvited),
        },
    };
    let Some(account) = register(connection, new).await? else { return Ok(Joined::Taken) };
    if let Some(invite) = invite {
        connection.use_invite(&invite, account.person.id, new.at).await?;
        let note = used_note(&account, invite, new);
        connection.add_note(new.at, &note).await?;
    }
    Ok(Joined::Account(Box::new(account)))
}

/// Of an invitation that was used: by the person who got an account with it.
pub(super) fn used_note(account: &Account, invite: String, new: &NewAccount) -> AuditNote {
    let address = new.notes.first().map(|note| note.address.clone()).unwrap_or_default();
    AuditNote { action: AuditAction::InviteUsed, actor: Some(account.person.clone()), target: invite, address }
}

async fn open(connection: &mut impl Statements, session: &NewSession) -> Result<bool, StoreError> {
    let opened = connection.add_session(session).await?;
    if opened {
        connection.thin_sessions(session.user, limits::ENDED_SESSIONS, session.at).await?;
        connection.add_token(&session.refresh, session.id, 1).await?;
        add_notes(connection, session.at, &session.notes).await?;
    }
    Ok(opened)
}

/// Why a refresh token is refused, if it is known to be without looking at its generation.
async fn standing_of(
    connection: &mut impl Statements,
    presented: &TokenHash,
    now: Timestamp,
) -> Result<Option<Rotation>, StoreError> {
    let Some(session) = connection.session_of_token(presented).await? else { return Ok(Some(Rotation::Unknown)) };
    let in_force = connection.session_in_force(session, now).await?;
    Ok(in_force.is_none().then_some(Rotation::Ended))
}

async fn rotate(
    connection: &mut impl Statements,
    presented: &TokenHash,
    successors: &[TokenHash],
    now: Timestamp,
    grace_ms: i64,
) -> Result<Rotation, StoreError> {
    let Some(token) = connection.find_token(presented, now).await? else { return Ok(Rotation::Ended) };
    connection.confirm(token.session.id, token.generation.saturating_sub(1), now).await?;
    let in_use = token.successor_confirmed_at.map(|at| at.plus_ms(grace_ms));
    if token.superseded && in_use.is_some_and(|grace_ends| now > grace_ends) {
        return Ok(Rotation::Reused(token.session.id, token.session.person.name));
    }
    let generation = token.generation + 1;
    let stored = connection.tokens_of(token.session.id, generation).await?;
    let known = successors.iter().position(|successor| stored.contains(successor));
    if known.is_none() {
        // The first use; or the key that derived the successor is not known any more. Then both are good: either may be
        // the one that arrived.
        connection.add_token(&successors[0], token.session.id, generation).await?;
    }
    connection.supersede(presented, now).await?;
    Ok(Rotation::Good { session: token.session, generation, successor: known.unwrap_or_default() })
}

async fn first_signing_key(
    connection: &mut impl Statements,
    candidate: SigningKey,
) -> Result<Vec<SigningKey>, StoreError> {
    let stored = connection.signing_keys().await?;
    if !stored.is_empty() {
        return Ok(stored);
    }
    connection.add_signing_key(&candidate).await?;
    Ok(vec![candidate])
}

async fn next_signing_key(
    connection: &mut impl Statements,
    candidate: SigningKey,
    newest_before: Timestamp,
    note: &AuditNote,
) -> Result<Vec<SigningKey>, StoreError> {
    let stored = connection.signing_keys().await?;
    if stored.first().is_some_and(|newest| newest.created >= newest_before) {
        return Ok(stored);
    }
    connection.add_signing_key(&candidate).await?;
    connection.add_note(candidate.created, note).await?;
    connection.signing_keys().await
}

async fn forget_signing_keys(connection: &mut impl Statements, before: Timestamp) -> Result<u64, StoreError> {
    let mut forgotten = 0;
    for kid in replaced_before(&connection.signing_keys().await?, before) {
        connection.delete_signing_key(&kid).await?;
        forgotten += 1;
    }
    Ok(forgotten)
}

/// Of keys, newest first, the names of those whose successor was made before a time.
pub(super) fn replaced_before(keys: &[SigningKey], before: Timestamp) -> Vec<String> {
    let replaced = keys.windows(2).filter(|pair| pair[0].created < before);
    replaced.map(|pair| pair[1].kid.clone()).collect()
}
