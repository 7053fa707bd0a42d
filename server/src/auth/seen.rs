//! When and from where sessions were used, gathered here and written together: no request waits for it, and no session is
//! written more than once a minute.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use push_system::timestamp::Timestamp;

use super::{Auth, Identity, Inner};
use crate::store::{Client, SessionId, SessionSeen, StoreError};

const MINUTE_MS: i64 = 60_000;
/// Sessions remembered between two writes; about 10 MB when full. What is beyond is seen next time.
const CAPACITY: usize = 50_000;

/// Sessions that were used since the last write.
#[derive(Default)]
pub(super) struct Seen(Mutex<HashMap<SessionId, (Timestamp, String)>>);

impl Seen {
    fn note(&self, id: SessionId, now: Timestamp, address: &str) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= CAPACITY && !seen.contains_key(&id) {
            return;
        }
        let (at, from) = seen.entry(id).or_default();
        *at = Timestamp::from_unix_ms(now.unix_ms() - now.unix_ms().rem_euclid(MINUTE_MS));
        if *from != address {
            address.clone_into(from);
        }
    }

    /// Takes them to be written.
    fn take(&self) -> Taken<'_> {
        let seen = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let sessions = seen.into_iter().map(|(id, (at, address))| SessionSeen { id, at, address }).collect();
        Taken { from: self, sessions }
    }

    /// What was noted since is later.
    fn put_back(&self, sessions: Vec<SessionSeen>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for SessionSeen { id, at, address } in sessions {
            seen.entry(id).or_insert((at, address));
        }
    }
}

/// Sessions that are being written. Those that were not when it is dropped are written the next time.
struct Taken<'a> {
    from: &'a Seen,
    sessions: Vec<SessionSeen>,
}

impl Taken<'_> {
    fn are_written(mut self) {
        self.sessions.clear();
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.from.put_back(std::mem::take(&mut self.sessions));
    }
}

impl Auth {
    /// A checked login was used from there.
    #[must_use]
    pub fn saw(&self, identity: Identity, client: Client) -> Identity {
        self.0.seen.note(identity.session, self.0.clock.now(), &client.address);
        Identity { client, ..identity }
    }

    /// Writes which sessions were seen since the last time. What cannot be written is kept for the next.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn write_seen(&self) -> Result<(), StoreError> {
        let Inner { store, seen, .. } = &*self.0;
        let taken = seen.take();
        store.touch_sessions(&taken.sessions).await?;
        taken.are_written();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_session_is_written_once_with_its_last_minute_and_address() {
        let (seen, id) = (Seen::default(), SessionId(Uuid::from_u128(7)));
        for (ms, address) in [(119_999, "::1"), (120_000, "::1"), (179_999, "::2")] {
            seen.note(id, Timestamp::from_unix_ms(ms), address);
        }
        let at = Timestamp::from_unix_ms(120_000);
        let taken = seen.take();
        assert_eq!(taken.sessions, [SessionSeen { id, at, address: "::2".to_owned() }]);
        taken.are_written();
        assert!(seen.take().sessions.is_empty());
    }

    #[test]
    fn what_was_not_written_is_kept_unless_it_was_seen_again() {
        let (seen, [once, twice]) = (Seen::default(), [7, 8].map(|n| SessionId(Uuid::from_u128(n))));
        let minute = |n| Timestamp::from_unix_ms(n * MINUTE_MS);
        for id in [once, twice] {
            seen.note(id, minute(1), "::1");
        }
        let taken = seen.take();
        seen.note(twice, minute(2), "::2");
        drop(taken);
        let mut kept = std::mem::take(&mut seen.take().sessions);
        kept.sort_unstable_by_key(|session| session.id.0);
        let of = |id, at, address: &str| SessionSeen { id, at, address: address.to_owned() };
        assert_eq!(kept, [of(once, minute(1), "::1"), of(twice, minute(2), "::2")]);
    }
}
