//! The keys that sign access tokens and derive refresh tokens.

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{DecodingKey, EncodingKey};
use push_system::timestamp::Timestamp;
use sha2::Sha256;

use crate::{
    config::Secret,
    store::{SigningKey, Store, StoreError},
};

/// The keys in force. The newest signs; all of them verify.
pub(super) struct Keys {
    newest: SigningKey,
    encoding: EncodingKey,
    decoding: Vec<(String, DecodingKey)>,
}

impl Keys {
    /// Derives them from the secret where there is one. Otherwise they are the store's, made by whichever instance
    /// starts first, because instances share nothing else.
    pub(super) async fn load(store: &dyn Store, secret: Option<&Secret>, now: Timestamp) -> Result<Self, StoreError> {
        let keys = match secret {
            Some(secret) => vec![derived(secret, now)],
            None => store.signing_keys(random(now)).await?,
        };
        Self::of(&keys).ok_or_else(|| StoreError::new("there is no signing key"))
    }

    fn of(keys: &[SigningKey]) -> Option<Self> {
        let newest = keys.first()?.clone();
        let decoding = keys.iter().map(|key| (key.kid.clone(), DecodingKey::from_secret(&key.access))).collect();
        Some(Self { encoding: EncodingKey::from_secret(&newest.access), newest, decoding })
    }

    #[cfg(test)]
    pub(super) fn for_tests(kid: &str, access: &[u8; 32]) -> Self {
        let key = SigningKey { kid: kid.to_owned(), access: *access, ..random(Timestamp::default()) };
        Self::of(&[key]).expect("one key")
    }

    pub(super) fn kid(&self) -> &str {
        &self.newest.kid
    }

    pub(super) fn signing(&self) -> &EncodingKey {
        &self.encoding
    }

    pub(super) fn verifying(&self, kid: &str) -> Option<&DecodingKey> {
        self.decoding.iter().find(|(name, _)| name == kid).map(|(_, key)| key)
    }

    pub(super) fn refresh(&self) -> &[u8; 32] {
        &self.newest.refresh
    }
}

fn random(now: Timestamp) -> SigningKey {
    SigningKey { kid: hex(&rand::random::<[u8; 8]>()), access: rand::random(), refresh: rand::random(), created: now }
}

/// One key per purpose, so that knowing a signature tells nothing about refresh tokens (NIST SP 800-108, HMAC as PRF).
fn derived(secret: &Secret, now: Timestamp) -> SigningKey {
    let purpose = |name: &[u8]| keyed_hash(secret.expose(), name);
    let kid = hex(&purpose(b"push-system key name")[..8]);
    SigningKey {
        kid,
        access: purpose(b"push-system access tokens"),
        refresh: purpose(b"push-system refresh tokens"),
        created: now,
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

    #[test]
    fn keys_of_a_secret_are_the_same_everywhere_and_differ_by_purpose() {
        let secret = Secret::parse("Jc1vT9mQx4sZb7Lw2Kp8Rf5Hd3Gn6YtA").expect("a good secret");
        let (one, two) = (derived(&secret, Timestamp::default()), derived(&secret, Timestamp::from_unix_ms(9)));
        assert_eq!((&one.kid, one.access, one.refresh), (&two.kid, two.access, two.refresh));
        assert_ne!(one.access, one.refresh);
    }

    #[test]
    fn random_keys_differ() {
        assert_ne!(random(Timestamp::default()).access, random(Timestamp::default()).access);
    }
}
