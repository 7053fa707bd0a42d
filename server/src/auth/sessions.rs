//! Which sessions are in force, remembered for a few seconds so that not every request asks the store.
//!
//! The log's revocations, and changes of what a person may do, empty it at once. The time limit covers what is no event: a
//! session that ran out while the log was away.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use push_system::timestamp::Timestamp;
use tokio::time::Instant;

use super::FIRST_GENERATION;
use crate::store::{Revocation, Session, SessionId, Store, StoreError};

/// How long the store's word is believed.
const BELIEVED: Duration = Duration::from_secs(10);
/// Sessions remembered; about 10 MB when full.
const CAPACITY: usize = 50_000;

/// The memory.
#[derive(Default)]
pub(super) struct Sessions(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    entries: HashMap<SessionId, Entry>,
    /// Grows with each revocation. An answer of the store that was asked for before one may be older than it, and is
    /// used once but not remembered.
    revocations: u64,
}

struct Entry {
    session: Session,
    asked: Instant,
    /// The newest generation the store was told about.
    confirmed: u32,
}

impl Sessions {
    /// The session, if it is in force at `now`.
    pub(super) async fn find(
        &self,
        store: &dyn Store,
        id: SessionId,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let revocations = {
            let memory = self.lock();
            if let Some(session) = memory.recall(id) {
                return Ok(Some(session).filter(|session| session.expires > now));
            }
            memory.revocations
        };
        let asked = Instant::now();
        let found = store.session(id, now).await?;
        let mut memory = self.lock();
        match &found {
            Some(session) if memory.revocations == revocations => memory.remember(session.clone(), asked),
            _ => drop(memory.entries.remove(&id)),
        }
        Ok(found)
    }

    /// Whether the store has not heard yet that this generation's access token is in use. The first generation has no
    /// predecessor to confirm.
    pub(super) fn is_first_use(&self, id: SessionId, generation: u32) -> bool {
        let confirmed = self.lock().entries.get(&id).map_or(FIRST_GENERATION, |entry| entry.confirmed);
        generation > confirmed
    }

    /// The store has heard.
    pub(super) fn used(&self, id: SessionId, generation: u32) {
        if let Some(entry) = self.lock().entries.get_mut(&id) {
            entry.confirmed = entry.confirmed.max(generation);
        }
    }

    /// Any session may have ended.
    pub(super) fn forget_all(&self) {
        let mut memory = self.lock();
        memory.revocations += 1;
        memory.entries.clear();
    }

    /// Sessions ended.
    pub(super) fn forget(&self, revocation: &Revocation) {
        let mut memory = self.lock();
        memory.revocations += 1;
        match revocation {
            Revocation::Session(id) => drop(memory.entries.remove(id)),
            Revocation::Standing { user } => memory.entries.retain(|_, entry| entry.session.person.id != *user),
            Revocation::Person { user, keep } => {
                memory.entries.retain(|id, entry| entry.session.person.id != *user || Some(*id) == *keep);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn recall(&self, id: SessionId) -> Option<Session> {
        self.entries.get(&id).filter(|entry| entry.asked.elapsed() < BELIEVED).map(|entry| entry.session.clone())
    }

    fn remember(&mut self, session: Session, asked: Instant) {
        if self.entries.len() >= CAPACITY {
            self.entries.retain(|_, entry| entry.asked.elapsed() < BELIEVED);
        }
        if self.entries.len() >= CAPACITY {
            self.entries.clear();
        }
        let confirmed = self.entries.get(&session.id).map_or(FIRST_GENERATION, |entry| entry.confirmed);
        self.entries.insert(session.id, Entry { session, asked, confirmed });
    }
}

#[cfg(test)]
mod tests {
    use push_system::accounts::{Role, Username};
    use uuid::Uuid;

    use super::*;
    use crate::store::{
        Accounts as _, Authority, Change, Client, Log as _, NewAccount, NewSession, TokenHash, Write,
        memory::MemoryStore,
    };

    #[tokio::test]
    async fn where_any_session_may_have_ended_the_store_is_asked_anew() {
        let (store, at) = (MemoryStore::new(1), Timestamp::from_unix_ms(0));
        let account = NewAccount {
            name: Username::parse("ana").unwrap(),
            email: None,
            password_hash: "x".to_owned(),
            at,
            role: Role::Member,
            notes: Vec::new(),
        };
        let user = store.register(account).await.unwrap().unwrap().person.id;
        let id = SessionId(Uuid::from_u128(7));
        let (refresh, expires) = (TokenHash([1; 32]), at.plus_ms(60_000));
        let session = NewSession {
            id,
            user,
            password_hash: "x".to_owned(),
            refresh,
            at,
            expires,
            client: Client::default(),
            notes: Vec::new(),
        };
        assert!(store.open_session(session).await.unwrap());
        let sessions = Sessions::default();
        assert!(sessions.find(&store, id, at).await.unwrap().is_some());
        let change = Change::Revoke(Revocation::Session(id));
        store.commit(&[Write { at, tag: 1, by: Authority::System, change, notes: Vec::new() }]).await.unwrap();
        assert!(sessions.find(&store, id, at).await.unwrap().is_some(), "believed for a while");
        sessions.forget_all();
        assert!(sessions.find(&store, id, at).await.unwrap().is_none());
    }
}
