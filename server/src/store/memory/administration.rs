//! [`Administration`] in memory.

use async_trait::async_trait;
use push_system::{
    accounts::{Role, Username},
    admin::AuditRecord,
    ids::UserId,
    timestamp::Timestamp,
};

use super::{
    super::{
        Account, AccountSummary, Administration, AuditNote, Authority, Decision, Denial, NewInvite, SessionSeen,
        StoreError, StoredInvite, StoredSession, TokenHash,
    },
    InviteRow, MemoryStore, Tables,
};

#[async_trait]
impl Administration for MemoryStore {
    async fn sessions_of(&self, user: UserId, now: Timestamp, limit: u32) -> Result<Vec<StoredSession>, StoreError> {
        let mut sessions = self.tables().sessions_of(user, now);
        sessions.truncate(limit as usize);
        Ok(sessions)
    }

    async fn touch_sessions(&self, seen: &[SessionSeen]) -> Result<(), StoreError> {
        let mut tables = self.tables();
        for SessionSeen { id, at, address } in seen {
            let Some(row) = tables.sessions.get_mut(id).filter(|row| row.last_seen <= *at) else { continue };
            row.last_seen = *at;
            if !address.is_empty() {
                row.new.client.address.clone_from(address);
            }
        }
        Ok(())
    }

    async fn people_after(&self, after: UserId, limit: u32, now: Timestamp) -> Result<Vec<AccountSummary>, StoreError> {
        let tables = self.tables();
        let behind = tables.accounts.values().filter(|account| account.person.id > after).take(limit as usize);
        Ok(behind.map(|account| tables.summary(account, now)).collect())
    }

    async fn people_called(
        &self,
        prefix: &str,
        after: &str,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<AccountSummary>, StoreError> {
        let tables = self.tables();
        let prefix = prefix.to_ascii_lowercase();
        let called = |name: &Username| name.as_str().starts_with(&prefix) && name.as_str() > after;
        let people = tables.people(called).into_iter().take(limit as usize);
        let accounts = people.filter_map(|person| tables.accounts.get(&person.id));
        Ok(accounts.map(|account| tables.summary(account, now)).collect())
    }

    async fn add_invite(
        &self,
        by: Authority,
        invite: NewInvite,
        most: u64,
        note: AuditNote,
    ) -> Result<Decision, StoreError> {
        let mut tables = self.tables();
        if let Err(denial) = tables.authority(by, invite.created) {
            return Ok(Err(denial));
        }
        let open = |row: &&InviteRow| row.used_by.is_none() && row.new.expires > invite.created;
        if tables.invites.iter().filter(open).count() as u64 >= most {
            return Ok(Ok(false));
        }
        tables.note(invite.created, &note);
        tables.invites.push(InviteRow { new: invite, used_by: None });
        Ok(Ok(true))
    }

    async fn invites(&self, now: Timestamp, limit: u32) -> Result<Vec<StoredInvite>, StoreError> {
        let tables = self.tables();
        let person = |id: UserId| tables.accounts[&id].person.clone();
        let mut invites: Vec<_> = tables
            .invites
            .iter()
            .filter(|row| row.used_by.is_some() || row.new.expires > now)
            .map(|row| StoredInvite {
                id: row.new.id.clone(),
                by: person(row.new.by),
                created: row.new.created,
                expires: row.new.expires,
                used_by: row.used_by.map(person),
            })
            .collect();
        invites.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
        invites.truncate(limit as usize);
        Ok(invites)
    }

    async fn is_invited(&self, secret: &TokenHash, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.tables().invite_in_force(secret, now).is_some())
    }

    async fn delete_invite(
        &self,
        by: Authority,
        id: &str,
        at: Timestamp,
        note: AuditNote,
    ) -> Result<Decision, StoreError> {
        let mut tables = self.tables();
        if let Err(denial) = tables.authority(by, at) {
            return Ok(Err(denial));
        }
        let all = tables.invites.len();
        tables.invites.retain(|row| row.new.id != id);
        let deleted = tables.invites.len() < all;
        if deleted {
            tables.note(at, &note);
        }
        Ok(Ok(deleted))
    }

    async fn forget_invites(&self, before: Timestamp) -> Result<u64, StoreError> {
        let invites = &mut self.tables().invites;
        let all = invites.len();
        invites.retain(|row| row.new.expires >= before);
        Ok((all - invites.len()) as u64)
    }

    async fn registration_is_open(&self) -> Result<bool, StoreError> {
        Ok(!self.tables().registration_closed)
    }

    async fn set_registration(
        &self,
        by: Authority,
        open: bool,
        at: Timestamp,
        note: AuditNote,
    ) -> Result<Decision, StoreError> {
        let mut tables = self.tables();
        if let Err(denial) = tables.authority(by, at) {
            return Ok(Err(denial));
        }
        let changed = tables.registration_closed == open;
        if changed {
            tables.registration_closed = !open;
            tables.note(at, &note);
        }
        Ok(Ok(changed))
    }

    async fn add_audit(&self, at: Timestamp, note: AuditNote) -> Result<(), StoreError> {
        self.tables().note(at, &note);
        Ok(())
    }

    async fn audit(&self, before: Option<u64>, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        let tables = self.tables();
        let older = tables.audit.iter().rev().filter(|record| before.is_none_or(|before| record.id < before));
        Ok(older.take(limit as usize).cloned().collect())
    }

    async fn forget_audit(&self, before: Timestamp) -> Result<u64, StoreError> {
        let audit = &mut self.tables().audit;
        let all = audit.len();
        audit.retain(|record| record.at >= before);
        Ok((all - audit.len()) as u64)
    }
}

impl Tables {
    fn summary(&self, account: &Account, now: Timestamp) -> AccountSummary {
        let sessions = self.sessions_of(account.person.id, now);
        let last_seen = sessions.first().map(|session| session.last_seen);
        AccountSummary { account: account.clone(), sessions: sessions.len() as u64, last_seen }
    }

    fn authority(&self, by: Authority, at: Timestamp) -> Result<(), Denial> {
        by.holds(by.session().and_then(|session| self.in_force(session, at)).map(|found| found.role))
    }

    pub(super) fn note(&mut self, at: Timestamp, note: &AuditNote) {
        let id = self.audit.last().map_or(1, |last| last.id + 1);
        self.audit.push(AuditRecord {
            id,
            at,
            action: note.action.as_str().to_owned(),
            actor: note.actor.as_ref().map(|actor| actor.name.to_string()),
            target: note.target.clone(),
            address: note.address.clone(),
        });
    }

    /// The place of the invitation with this secret, if it can be used.
    pub(super) fn invite_in_force(&self, secret: &TokenHash, now: Timestamp) -> Option<usize> {
        let good = |row: &InviteRow| {
            let maker = &self.accounts[&row.new.by];
            let trusted = maker.role == Role::Admin && !maker.disabled;
            trusted && row.new.secret == *secret && row.used_by.is_none() && row.new.expires > now
        };
        self.invites.iter().position(good)
    }

    fn sessions_of(&self, user: UserId, now: Timestamp) -> Vec<StoredSession> {
        let in_force = |row: &&super::SessionRow| row.new.user == user && self.in_force(row.new.id, now).is_some();
        let mut sessions: Vec<_> = self
            .sessions
            .values()
            .filter(in_force)
            .map(|row| StoredSession {
                id: row.new.id,
                client: row.new.client.clone(),
                created: row.new.at,
                last_seen: row.last_seen,
                expires: row.new.expires,
            })
            .collect();
        sessions.sort_by_key(|session| {
            (std::cmp::Reverse(session.last_seen), std::cmp::Reverse(session.created), session.id.to_string())
        });
        sessions
    }
}
