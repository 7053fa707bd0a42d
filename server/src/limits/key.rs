//! What something is counted by.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// A name, an address, or both, as a hash: of one length whatever was typed, the same on all instances, and not for
/// reading. 128 bits do not meet by chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key(u128);

impl Key {
    pub(super) fn of(kind: &str, text: &str) -> Self {
        let hash = Sha256::new().chain_update(kind).chain_update([0]).chain_update(text).finalize();
        let (half, _) = hash.split_first_chunk().expect("SHA-256 has 32 bytes");
        Self(u128::from_be_bytes(*half))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}
