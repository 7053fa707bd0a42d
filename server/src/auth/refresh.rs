//! Refresh tokens: opaque to clients, stored as a hash, replaced at each use (RFC 9700, 4.14.2).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::keys::keyed_hash;
use crate::store::TokenHash;

/// Says which rules a token follows, so that they can change.
const PREFIX: &str = "r1.";
/// 32 bytes as base64url; another length is refused before it is decoded.
const TEXT_BYTES: usize = PREFIX.len() + 43;

/// 32 bytes nobody can guess. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct RefreshToken([u8; 32]);

impl RefreshToken {
    /// The first of a session.
    pub(super) fn random() -> Self {
        Self(rand::random())
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = Some(text).filter(|text| text.len() == TEXT_BYTES)?.strip_prefix(PREFIX)?;
        Some(Self(URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?))
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
        let text = RefreshToken::random().expose();
        let long = format!("r1.{}", "A".repeat(1_000_000));
        for text in ["", "r1.", "r2.AAAA", "r1.AAAA", "r1.!", &text[3..], &format!("{text}A"), &long] {
            assert!(RefreshToken::parse(text).is_none(), "{text:.80}");
        }
    }
}
