//! The keys that sign access tokens and derive refresh tokens.
//!
//! One signs, several verify: a new key signs only once every instance had time to see it in the store, and the one
//! before it verifies until the last token it signed is over (RFC 8725, 3.1 and 3.8: keys are ours, chosen by `kid`, for
//! one algorithm). Refresh tokens are derived by whichever key derived their successor first, so nobody notices a
//! rotation. [`super::key_ring`] keeps them up to date.

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{DecodingKey, EncodingKey};
use push_system::timestamp::Timestamp;
use sha2::Sha256;

use super::{ACCESS_SECONDS, RefreshToken, SESSION_DAYS};
use crate::{config::Secret, store::SigningKey};

const MINUTE_MS: i64 = 60 * 1_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// How old the newest key becomes before another takes its place.
pub(super) const ROTATE_AFTER_MS: i64 = 30 * DAY_MS;
/// How long instances may not have looked: see [`super::key_ring`].
pub(super) const LOOK_EVERY_MS: i64 = MINUTE_MS;
/// From when on a new key signs: all instances have looked by then, though one look failed and clocks differ.
const SIGNS_AFTER_MS: i64 = 3 * LOOK_EVERY_MS;
/// How long an instance that could not look goes on signing with the key before.
const LATE_MS: i64 = 5 * MINUTE_MS;
/// How long a replaced key is kept: as long as a session that it derived a token of may live.
const KEEP_MS: i64 = (SESSION_DAYS + 1) * DAY_MS;

/// The keys in force, as of one look into the store.
pub(super) struct Keys {
    /// Newest first; never empty.
    keys: Vec<Key>,
}

struct Key {
    stored: SigningKey,
    encoding: EncodingKey,
    decoding: DecodingKey,
    /// When the next newer one begins to sign.
    replaced: Option<Timestamp>,
}

impl Keys {
    /// Of what the store holds, newest first; none of nothing.
    pub(super) fn of(stored: Vec<SigningKey>) -> Option<Self> {
        let mut newer: Option<Timestamp> = None;
        let mut keys = Vec::with_capacity(stored.len());
        for stored in stored {
            let replaced = newer.replace(stored.created).map(|created| created.plus_ms(SIGNS_AFTER_MS));
            let encoding = EncodingKey::from_secret(&stored.access);
            let decoding = DecodingKey::from_secret(&stored.access);
            keys.push(Key { stored, encoding, decoding, replaced });
        }
        (!keys.is_empty()).then_some(Self { keys })
    }

    /// The one key of a secret, the same on every instance: it has no age.
    pub(super) fn derived(secret: &Secret) -> Self {
        Self::of(vec![derived(secret)]).unwrap_or_else(|| unreachable!("one key"))
    }

    /// Whether it is time for another key.
    pub(super) fn is_old(&self, now: Timestamp) -> bool {
        self.keys[0].stored.created.plus_ms(ROTATE_AFTER_MS) < now
    }

    /// The key that signs: the newest that every instance knows, or the first one there was.
    fn signer(&self, now: Timestamp) -> &Key {
        let known = |key: &&Key| key.stored.created.plus_ms(SIGNS_AFTER_MS) <= now;
        self.keys.iter().find(known).unwrap_or(&self.keys[self.keys.len() - 1])
    }

    pub(super) fn signing(&self, now: Timestamp) -> (&str, &EncodingKey) {
        let key = self.signer(now);
        (&key.stored.kid, &key.encoding)
    }

    pub(super) fn knows(&self, kid: &str) -> bool {
        self.keys.iter().any(|key| key.stored.kid == kid)
    }

    /// The key of that name, unless every token it signed is over.
    pub(super) fn verifying(&self, kid: &str, now: Timestamp) -> Option<&DecodingKey> {
        let key = self.keys.iter().find(|key| key.stored.kid == kid)?;
        let over = key.replaced.map(|at| at.plus_ms(i64::from(ACCESS_SECONDS) * 1_000 + LATE_MS));
        over.is_none_or(|over| now < over).then_some(&key.decoding)
    }

    /// What may be the successor of a refresh token: first what it becomes if it has none yet, then what it became if
    /// another key signed at that time.
    pub(super) fn successors(&self, token: &RefreshToken, now: Timestamp) -> Vec<RefreshToken> {
        let signer = self.signer(now);
        let others = self.keys.iter().filter(|key| key.stored.kid != signer.stored.kid);
        std::iter::once(signer).chain(others).map(|key| token.successor(&key.stored.refresh)).collect()
    }
}

/// Before when a key must have been replaced to be of no use any more.
pub(super) fn of_no_use_before(now: Timestamp) -> Timestamp {
    now.plus_ms(-KEEP_MS)
}

/// A new key.
pub fn random_key(now: Timestamp) -> SigningKey {
    SigningKey { kid: hex(&rand::random::<[u8; 8]>()), access: rand::random(), refresh: rand::random(), created: now }
}

/// One key per purpose, so that knowing a signature tells nothing about refresh tokens (NIST SP 800-108, HMAC as PRF).
fn derived(secret: &Secret) -> SigningKey {
    let purpose = |name: &[u8]| keyed_hash(secret.expose(), name);
    let kid = hex(&purpose(b"push-system key name")[..8]);
    SigningKey {
        kid,
        access: purpose(b"push-system access tokens"),
        refresh: purpose(b"push-system refresh tokens"),
        created: Timestamp::default(),
    }
}

/// HMAC-SHA-256.
pub(super) fn keyed_hash(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes what is written to it");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BORN: i64 = 1_800_000_000_000;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_unix_ms(BORN + ms)
    }

    fn two() -> Keys {
        let key = |kid: &str, created| SigningKey { kid: kid.to_owned(), ..random_key(at(created)) };
        Keys::of(vec![key("new", ROTATE_AFTER_MS), key("old", 0)]).unwrap()
    }

    #[test]
    fn keys_of_a_secret_are_the_same_everywhere_and_differ_by_purpose() {
        let secret = Secret::parse("Jc1vT9mQx4sZb7Lw2Kp8Rf5Hd3Gn6YtA").expect("a good secret");
        let (one, two) = (derived(&secret), derived(&secret));
        assert_eq!((&one.kid, one.access, one.refresh), (&two.kid, two.access, two.refresh));
        assert_ne!(one.access, one.refresh);
    }

    #[test]
    fn random_keys_differ() {
        assert_ne!(random_key(at(0)).access, random_key(at(0)).access);
    }

    #[test]
    fn a_new_key_signs_when_every_instance_knows_it() {
        let keys = two();
        assert_eq!(keys.signing(at(0)).0, "old", "the first key signs at once");
        assert_eq!(keys.signing(at(ROTATE_AFTER_MS + SIGNS_AFTER_MS - 1)).0, "old");
        assert_eq!(keys.signing(at(ROTATE_AFTER_MS + SIGNS_AFTER_MS)).0, "new");
        assert!(keys.verifying("new", at(ROTATE_AFTER_MS)).is_some(), "it verifies at once");
    }

    #[test]
    fn a_replaced_key_verifies_until_its_last_token_is_over() {
        let keys = two();
        let last = ROTATE_AFTER_MS + SIGNS_AFTER_MS + LATE_MS + i64::from(ACCESS_SECONDS) * 1_000;
        assert!(keys.verifying("old", at(last - 1)).is_some());
        assert!(keys.verifying("old", at(last)).is_none());
        assert!(keys.verifying("new", at(last * 100)).is_some());
        assert!(keys.verifying("another", at(0)).is_none());
    }

    #[test]
    fn a_key_is_old_after_a_month() {
        assert!(!two().is_old(at(2 * ROTATE_AFTER_MS)));
        assert!(two().is_old(at(2 * ROTATE_AFTER_MS + 1)));
    }

    #[test]
    fn successors_are_derived_by_the_key_that_signs_and_then_by_the_others() {
        let (keys, token) = (two(), RefreshToken::random());
        let by = |key: &Key| token.successor(&key.stored.refresh);
        let before = keys.successors(&token, at(ROTATE_AFTER_MS));
        assert!(before == [by(&keys.keys[1]), by(&keys.keys[0])]);
        let after = keys.successors(&token, at(2 * ROTATE_AFTER_MS));
        assert!(after == [by(&keys.keys[0]), by(&keys.keys[1])]);
    }
}
