//! [`Accounts`] in memory.

use async_trait::async_trait;
use push_system::{
    accounts::{Person, Role, Username},
    ids::{MessageId, UserId},
    limits,
    marks::Marks,
    read_state::ReadState,
    timestamp::Timestamp,
};

use super::{
    super::{
        Account, Accounts, Admission, AuditNote, Joined, NewAccount, NewSession, NewTicket, Rotation, Session,
        SessionId, SigningKey, StoreError, TakenTicket, TokenHash,
        accounts::{replaced_before, used_note},
    },
    MemoryStore, SessionRow, Tables, TokenRow,
};

#[async_trait]
impl Accounts for MemoryStore {
    async fn register(&self, account: NewAccount) -> Result<Option<Account>, StoreError> {
        Ok(self.tables().register(account))
    }

    async fn join(&self, account: NewAccount, admission: Admission) -> Result<Joined, StoreError> {
        Ok(self.tables().join(&account, admission))
    }

    async fn account_named(&self, name: &Username) -> Result<Option<Account>, StoreError> {
        Ok(self.tables().accounts.values().find(|account| account.person.name == *name).cloned())
    }

    async fn account(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        Ok(self.tables().accounts.get(&id).cloned())
    }

    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        Ok(self.tables().accounts.values().cloned().collect())
    }

    async fn people_named(&self, names: &[Username]) -> Result<Vec<Person>, StoreError> {
        Ok(self.tables().people(|name| names.contains(name)))
    }

    async fn people_starting(&self, prefix: &str, limit: u32) -> Result<Vec<Person>, StoreError> {
        let prefix = prefix.to_ascii_lowercase();
        let mut people = self.tables().people(|name| name.as_str().starts_with(&prefix));
        people.truncate(limit as usize);
        Ok(people)
    }

    async fn renew_hash(&self, user: UserId, old: &str, new: &str) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let account = tables.accounts.get_mut(&user).filter(|account| account.password_hash == old);
        Ok(account.map(|account| new.clone_into(&mut account.password_hash)).is_some())
    }

    async fn open_session(&self, new: NewSession) -> Result<bool, StoreError> {
        Ok(self.tables().open_session(new))
    }

    async fn session(&self, id: SessionId, now: Timestamp) -> Result<Option<Session>, StoreError> {
        Ok(self.tables().in_force(id, now))
    }

    async fn rotate(
        &self,
        presented: &TokenHash,
        successors: &[TokenHash],
        now: Timestamp,
        grace_ms: i64,
    ) -> Result<Rotation, StoreError> {
        Ok(self.tables().rotate(presented, successors, now, grace_ms))
    }

    async fn confirm_generation(&self, session: SessionId, generation: u32, now: Timestamp) -> Result<(), StoreError> {
        self.tables().confirm(session, generation, now);
        Ok(())
    }

    async fn signing_keys(&self, candidate: SigningKey) -> Result<Vec<SigningKey>, StoreError> {
        let keys = &mut self.tables().signing_keys;
        if keys.is_empty() {
            keys.push(candidate);
        }
        Ok(keys.clone())
    }

    async fn add_signing_key(
        &self,
        candidate: SigningKey,
        newest_before: Timestamp,
        note: AuditNote,
    ) -> Result<Vec<SigningKey>, StoreError> {
        let mut tables = self.tables();
        if tables.signing_keys.first().is_none_or(|newest| newest.created < newest_before) {
            tables.note(candidate.created, &note);
            tables.signing_keys.insert(0, candidate);
        }
        Ok(tables.signing_keys.clone())
    }

    async fn forget_signing_keys(&self, before: Timestamp) -> Result<u64, StoreError> {
        let keys = &mut self.tables().signing_keys;
        let replaced = replaced_before(keys, before);
        keys.retain(|key| !replaced.contains(&key.kid));
        Ok(replaced.len() as u64)
    }

    async fn add_ticket(&self, ticket: NewTicket, most: u32) -> Result<(), StoreError> {
        let tickets = &mut self.tables().tickets;
        let mut others: Vec<_> = tickets.values().filter(|other| other.session == ticket.session).cloned().collect();
        others.sort_by_key(|other| std::cmp::Reverse(other.expires));
        for beyond in others.iter().skip(most.saturating_sub(1) as usize) {
            tickets.remove(&beyond.hash);
        }
        tickets.insert(ticket.hash, ticket);
        Ok(())
    }

    async fn take_ticket(&self, hash: &TokenHash, now: Timestamp) -> Result<Option<TakenTicket>, StoreError> {
        let taken = self.tables().tickets.remove(hash).filter(|ticket| ticket.expires > now);
        Ok(taken.map(|NewTicket { session, login_expires, expires, .. }| TakenTicket {
            session,
            login_expires,
            expires,
        }))
    }

    async fn forget_tickets(&self, now: Timestamp) -> Result<u64, StoreError> {
        let tickets = &mut self.tables().tickets;
        let all = tickets.len();
        tickets.retain(|_, ticket| ticket.expires > now);
        Ok((all - tickets.len()) as u64)
    }

    async fn forget_sessions(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut tables = self.tables();
        let all = tables.sessions.len();
        tables.sessions.retain(|_, row| row.new.expires >= before && row.revoked.is_none_or(|at| at >= before));
        let Tables { sessions, tokens, tickets, .. } = &mut *tables;
        tickets.retain(|_, ticket| sessions.contains_key(&ticket.session));
        tokens.retain(|_, token| sessions.contains_key(&token.session));
        Ok((all - sessions.len()) as u64)
    }
}

impl Tables {
    fn register(&mut self, new: NewAccount) -> Option<Account> {
        if self.accounts.values().any(|account| account.person.name == new.name) {
            return None;
        }
        new.notes.iter().for_each(|note| self.note(new.at, note));
        let id = UserId(self.accounts.last_key_value().map_or(1, |(last, _)| last.0 + 1));
        let account = Account {
            person: Person { id, name: new.name },
            role: if self.accounts.is_empty() { Role::Admin } else { new.role },
            email: new.email.map(|email| email.as_str().to_owned()),
            password_hash: new.password_hash,
            disabled: false,
            deleted: None,
            created: new.at,
        };
        let start = MessageId::from(self.head.position.seq);
        self.reads.insert(id, (ReadState::starting_at(start), 0));
        self.marks.insert(id, Marks::starting_at(start));
        self.accounts.insert(id, account.clone());
        Some(account)
    }

    fn join(&mut self, new: &NewAccount, admission: Admission) -> Joined {
        let invite = match admission {
            Admission::Open if self.registration_closed => return Joined::Closed,
            Admission::Open => None,
            Admission::Invited(secret) => match self.invite_in_force(&secret, new.at) {
                Some(invite) => Some(invite),
                None => return Joined::NotInvited,
            },
        };
        let Some(account) = self.register(new.clone()) else { return Joined::Taken };
        if let Some(invite) = invite {
            self.invites[invite].used_by = Some(account.person.id);
            let note = used_note(&account, self.invites[invite].new.id.clone(), new);
            self.note(new.at, &note);
        }
        Joined::Account(Box::new(account))
    }

    /// By name.
    pub(super) fn people(&self, wanted: impl Fn(&Username) -> bool) -> Vec<Person> {
        let there = self.accounts.values().filter(|account| account.deleted.is_none());
        let mut people: Vec<_> = there.map(|account| account.person.clone()).collect();
        people.retain(|person| wanted(&person.name));
        people.sort_by(|a, b| a.name.cmp(&b.name));
        people
    }

    fn open_session(&mut self, new: NewSession) -> bool {
        let same = |account: &Account| account.password_hash == new.password_hash && !account.disabled;
        if !self.accounts.get(&new.user).is_some_and(same) {
            return false;
        }
        let token = TokenRow { session: new.id, generation: 1, superseded: false, successor_confirmed: None };
        self.tokens.insert(new.refresh, token);
        new.notes.iter().for_each(|note| self.note(new.at, note));
        self.thin_sessions(new.user, new.at);
        self.sessions.insert(new.id, SessionRow { last_seen: new.at, new, revoked: None });
        true
    }

    fn thin_sessions(&mut self, user: UserId, now: Timestamp) {
        let ended = |row: &&SessionRow| row.new.user == user && (row.revoked.is_some() || row.new.expires <= now);
        let mut ended: Vec<_> = self.sessions.values().filter(ended).map(|row| (row.last_seen, row.new.id)).collect();
        ended.sort_by_key(|(seen, _)| std::cmp::Reverse(*seen));
        for (_, beyond) in ended.into_iter().skip(limits::ENDED_SESSIONS as usize) {
            self.sessions.remove(&beyond);
            self.tokens.retain(|_, token| token.session != beyond);
        }
    }

    pub(super) fn in_force(&self, id: SessionId, now: Timestamp) -> Option<Session> {
        let row = self.sessions.get(&id).filter(|row| row.revoked.is_none() && row.new.expires > now)?;
        let account = self.accounts.get(&row.new.user).filter(|account| !account.disabled)?;
        Some(Session { id, person: account.person.clone(), role: account.role, expires: row.new.expires })
    }

    fn rotate(&mut self, presented: &TokenHash, successors: &[TokenHash], now: Timestamp, grace_ms: i64) -> Rotation {
        let Some(token) = self.tokens.get(presented).cloned() else { return Rotation::Unknown };
        let Some(session) = self.in_force(token.session, now) else { return Rotation::Ended };
        self.confirm(token.session, token.generation, now);
        let grace_is_over = token.successor_confirmed.is_some_and(|at| now > at.plus_ms(grace_ms));
        if token.superseded && grace_is_over {
            return Rotation::Reused(session.id, session.person.name);
        }
        let generation = token.generation + 1;
        let next = TokenRow { session: token.session, generation, superseded: false, successor_confirmed: None };
        let successor = successors.iter().position(|hash| self.tokens.contains_key(hash)).unwrap_or_default();
        self.tokens.entry(successors[successor]).or_insert(next);
        self.tokens.entry(*presented).and_modify(|row| row.superseded = true);
        Rotation::Good { session, generation, successor }
    }

    fn confirm(&mut self, session: SessionId, generation: u32, now: Timestamp) {
        let is_predecessor = |row: &&mut TokenRow| row.session == session && row.generation + 1 == generation;
        self.tokens.values_mut().filter(is_predecessor).for_each(|row| {
            row.successor_confirmed.get_or_insert(now);
        });
    }
}
