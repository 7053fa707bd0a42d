//! Where in the log a reader stands.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{ids::Seq, limits};

/// The life of a log: a random word beside its head, changed when a backup is restored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Epoch(String);

impl Epoch {
    /// Letters and digits, up to 40.
    pub fn parse(text: &str) -> Option<Self> {
        let word = (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        word.then(|| Self(text.to_owned()))
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A place in one life of the log. `tag` is a random number stored with the event at `seq`, so that a log
/// that was cut back and grew again is told from the one the reader saw.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// Which life.
    pub epoch: Epoch,
    /// Everything up to and including this event was seen.
    pub seq: Seq,
    /// The event's own random number.
    pub tag: u32,
}

/// A text that is no position of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a position")]
pub struct NotAPosition;

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{:08x}", self.epoch.as_str(), self.seq, self.tag)
    }
}

impl FromStr for Position {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('.');
        let (Some(epoch), Some(seq), Some(tag), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(NotAPosition);
        };
        let position = Self {
            epoch: Epoch::parse(epoch).ok_or(NotAPosition)?,
            seq: Seq(seq.parse().map_err(|_| NotAPosition)?),
            tag: u32::from_str_radix(tag, 16).map_err(|_| NotAPosition)?,
        };
        // One spelling each: `+7` or `007` would parse as well, and is not ours.
        if position.to_string() == text { Ok(position) } else { Err(NotAPosition) }
    }
}

impl From<&Position> for Pos {
    fn from(position: &Position) -> Self {
        Self(position.to_string())
    }
}

/// A [`Position`] as clients hold it: opaque, at most 128 of `[A-Za-z0-9._-]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pos(String);

impl Pos {
    /// Checks the alphabet alone; what it means, only the server knows.
    pub fn parse(text: &str) -> Result<Self, NotAPosition> {
        let url_safe = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        let valid = (1..=limits::POS_BYTES).contains(&text.len()) && text.bytes().all(url_safe);
        if valid { Ok(Self(text.to_owned())) } else { Err(NotAPosition) }
    }

    /// The text for a URL or a frame.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Pos {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Pos {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position() -> Position {
        Position { epoch: Epoch::parse("e0ff").unwrap(), seq: Seq(7), tag: 0xbeef }
    }

    #[test]
    fn a_position_is_url_safe_and_comes_back() {
        let text = position().to_string();
        assert_eq!(text, "e0ff.7.0000beef");
        assert!(Pos::parse(&text).is_ok());
        assert_eq!(text.parse(), Ok(position()));
    }

    #[test]
    fn other_spellings_and_garbage_are_no_position() {
        for text in
            ["", "e0ff.7", "e0ff.+7.0000beef", "e0ff.07.0000beef", "e0ff.7.beef", "e0ff.7.0000beef.", "é.1.00000000"]
        {
            assert_eq!(text.parse::<Position>(), Err(NotAPosition), "{text}");
        }
    }
}
