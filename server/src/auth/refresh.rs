//! Refresh tokens: opaque to clients, stored as a hash, replaced at each use.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::keys::keyed_hash;
use crate::store::TokenHash;

/// Says which rules a token follows, so that they can change.
const PREFIX: &str = "r1.";

/// 32 bytes nobody can guess. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct RefreshToken([u8; 32]);

impl RefreshToken {
    /// The first of a session.
    pub(super) fn random() -> Self {
        Self(rand::random())
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// Derived, not drawn: whoever presents the same token again, because the answer was lost or because ten tabs
    /// were restored at once, gets the same successor.
    pub(super) fn successor(&self, key: &[u8; 32]) -> Self {
        Self(keyed_hash(key, &self.0))
    }

    /// A plain hash is enough: there is nothing to guess in 256 random bits.
    pub(super) fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0).into())
    }

    pub(super) fn expose(&self) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_from_its_text() {
        let token = RefreshToken::random();
        assert!(RefreshToken::parse(&token.expose()) == Some(token));
    }

    #[test]
    fn the_successor_is_the_same_each_time_and_another_token() {
        let (token, key) = (RefreshToken::random(), [7; 32]);
        assert!(token.successor(&key) == token.successor(&key));
        assert!(token.successor(&key) != token);
        assert!(token.successor(&key) != token.successor(&[8; 32]));
    }

    #[test]
    fn other_texts_are_no_tokens() {
        for text in ["", "r1.", "r2.AAAA", "r1.AAAA", "r1.!"] {
            assert!(RefreshToken::parse(text).is_none(), "{text}");
        }
    }
}
