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

    fn take(&self) -> Vec<SessionSeen> {
        let seen = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        seen.into_iter().map(|(id, (at, address))| SessionSeen { id, at, address }).collect()
    }
}

impl Auth {
    /// A checked login was used from there.
    #[must_use]
    pub fn saw(&self, identity: Identity, client: Client) -> Identity {
        self.0.seen.note(identity.session, self.0.clock.now(), &client.address);
        Identity { client, ..identity }
    }

    /// Writes which sessions were seen since the last time. What cannot be written is lost: it is seen again.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn write_seen(&self) -> Result<(), StoreError> {
        let Inner { store, seen, .. } = &*self.0;
        store.touch_sessions(&seen.take()).await
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
        assert_eq!(seen.take(), [SessionSeen { id, at, address: "::2".to_owned() }]);
        assert!(seen.take().is_empty());
    }
}
