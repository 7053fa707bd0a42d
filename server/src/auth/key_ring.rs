//! Keeps an instance's keys as the store has them.
//!
//! Nobody tells instances of a new key. Each looks again when it uses keys it has known for a minute, and, as long as a
//! token names a key it does not know, every two seconds at most: a flood of foreign names costs a query every two
//! seconds. The first one to find the newest key a month old adds another.

use std::sync::{Arc, PoisonError, RwLock};

use push_system::{admin::AuditAction, timestamp::Timestamp};
use tokio::sync::Mutex;

use super::keys::{self, Keys, LOOK_EVERY_MS, ROTATE_AFTER_MS, random_key};
use crate::{
    config::Secret,
    store::{AuditNote, Client, Store, StoreError},
};

/// Between two looks for a name that is not known.
const LOOK_AGAIN_MS: i64 = 2_000;

/// The keys, and when they were looked at.
pub(super) struct KeyRing {
    /// None where keys are derived from a secret, and never change.
    store: Option<Arc<dyn Store>>,
    known: RwLock<Arc<Keys>>,
    looked: Mutex<Timestamp>,
}

impl KeyRing {
    /// Derives the keys from the secret where there is one. Otherwise they are the store's, made by whichever instance
    /// starts first, because instances share nothing else.
    pub(super) async fn open(
        store: &Arc<dyn Store>,
        secret: Option<&Secret>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let (store, keys) = match secret {
            Some(secret) => (None, Keys::derived(secret)),
            None => (Some(Arc::clone(store)), load(&**store, now).await?),
        };
        Ok(Self { store, known: RwLock::new(Arc::new(keys)), looked: Mutex::new(now) })
    }

    /// The keys as they were last seen; asks nobody.
    pub(super) fn known(&self) -> Arc<Keys> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The keys as they were a minute ago at most, unless the store is away. One caller looks; the others go on.
    pub(super) async fn current(&self, now: Timestamp) -> Arc<Keys> {
        if let Some(store) = &self.store
            && let Ok(mut looked) = self.looked.try_lock()
            && now >= looked.plus_ms(LOOK_EVERY_MS)
        {
            *looked = now;
            self.look(&**store, now).await;
        }
        self.known()
    }

    /// The same, and as they are now if `kid` is not among them, unless that was just asked.
    pub(super) async fn naming(&self, kid: &str, now: Timestamp) -> Arc<Keys> {
        let keys = self.current(now).await;
        let Some(store) = self.store.as_deref().filter(|_| !keys.knows(kid)) else { return keys };
        let mut looked = self.looked.lock().await;
        if !self.known().knows(kid) && now >= looked.plus_ms(LOOK_AGAIN_MS) {
            *looked = now;
            self.look(store, now).await;
        }
        self.known()
    }

    async fn look(&self, store: &dyn Store, now: Timestamp) {
        match load(store, now).await {
            Ok(keys) => *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys),
            Err(error) => tracing::warn!(%error, "signing keys could not be looked at; the known ones stay in use"),
        }
    }
}

async fn load(store: &dyn Store, now: Timestamp) -> Result<Keys, StoreError> {
    let keys = of(store.signing_keys(random_key(now)).await?)?;
    if !keys.is_old(now) {
        return Ok(keys);
    }
    let keys = of(store.add_signing_key(random_key(now), now.plus_ms(-ROTATE_AFTER_MS), rotated()).await?)?;
    store.forget_signing_keys(keys::of_no_use_before(now)).await?;
    tracing::info!("the signing key was a month old; another one takes its place");
    Ok(keys)
}

/// Nobody did it: it was time, or somebody asked for it on the machine itself.
pub fn rotated() -> AuditNote {
    Client::default().note(AuditAction::KeysRotated, None, "")
}

fn of(stored: Vec<crate::store::SigningKey>) -> Result<Keys, StoreError> {
    Keys::of(stored).ok_or_else(|| StoreError::new("there is no signing key"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Accounts as _, memory::MemoryStore};

    const BORN: i64 = 1_800_000_000_000;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_unix_ms(BORN + ms)
    }

    async fn ring() -> (Arc<MemoryStore>, KeyRing) {
        let store = Arc::new(MemoryStore::new(1));
        let shared: Arc<dyn Store> = store.clone();
        let ring = KeyRing::open(&shared, None, at(0)).await.unwrap();
        (store, ring)
    }

    async fn kids(store: &MemoryStore) -> Vec<String> {
        let keys = store.signing_keys(random_key(at(0))).await.unwrap();
        keys.into_iter().map(|key| key.kid).collect()
    }

    /// Another instance, or a person at the machine, adds a key.
    async fn rotate(store: &MemoryStore, now: Timestamp) -> String {
        store.add_signing_key(random_key(now), now, rotated()).await.unwrap()[0].kid.clone()
    }

    #[tokio::test]
    async fn a_new_key_is_learnt_within_a_minute() {
        let (store, ring) = ring().await;
        let kid = rotate(&store, at(1)).await;
        assert!(!ring.current(at(LOOK_EVERY_MS - 1)).await.knows(&kid));
        assert!(ring.current(at(LOOK_EVERY_MS)).await.knows(&kid));
    }

    #[tokio::test]
    async fn an_unknown_name_is_looked_for_at_once_but_not_again_and_again() {
        let (store, ring) = ring().await;
        let kid = rotate(&store, at(1)).await;
        assert!(ring.naming(&kid, at(LOOK_AGAIN_MS)).await.knows(&kid));
        assert!(!ring.naming("foreign", at(2 * LOOK_AGAIN_MS)).await.knows("foreign"));
        let next = rotate(&store, at(2 * LOOK_AGAIN_MS)).await;
        assert!(!ring.naming(&next, at(3 * LOOK_AGAIN_MS - 1)).await.knows(&next), "just looked");
        assert!(ring.naming(&next, at(3 * LOOK_AGAIN_MS)).await.knows(&next));
    }

    #[tokio::test]
    async fn a_key_of_a_month_is_replaced_once_however_many_instances_notice() {
        let (store, one) = ring().await;
        let shared: Arc<dyn Store> = store.clone();
        let two = KeyRing::open(&shared, None, at(0)).await.unwrap();
        one.current(at(ROTATE_AFTER_MS - 1)).await;
        assert_eq!(kids(&store).await.len(), 1);
        one.current(at(ROTATE_AFTER_MS + LOOK_EVERY_MS)).await;
        two.current(at(ROTATE_AFTER_MS + LOOK_EVERY_MS)).await;
        assert_eq!(kids(&store).await.len(), 2);
        assert!(kids(&store).await.iter().all(|kid| one.known().knows(kid) && two.known().knows(kid)));
    }

    #[tokio::test]
    async fn keys_of_no_use_are_forgotten() {
        let (store, ring) = ring().await;
        let first = kids(&store).await.remove(0);
        for month in 1..=6 {
            ring.current(at(month * (ROTATE_AFTER_MS + 1))).await;
        }
        let kept = kids(&store).await;
        // Replaced within the last 91 days, and the one in force.
        assert_eq!(kept.len(), 5, "{kept:?}");
        assert!(!kept.contains(&first));
    }

    #[tokio::test]
    async fn keys_of_a_secret_never_change() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(1));
        let secret = Secret::parse("Jc1vT9mQx4sZb7Lw2Kp8Rf5Hd3Gn6YtA").unwrap();
        let ring = KeyRing::open(&store, Some(&secret), at(0)).await.unwrap();
        let kid = ring.known().signing(at(0)).0.to_owned();
        assert_eq!(ring.current(at(12 * ROTATE_AFTER_MS)).await.signing(at(12 * ROTATE_AFTER_MS)).0, kid);
        assert!(!ring.naming("foreign", at(13 * ROTATE_AFTER_MS)).await.knows("foreign"));
    }
}
