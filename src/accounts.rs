//! Who people are.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    audience::Recipient,
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    ids::UserId,
    limits,
};

/// A login name: 2 to 32 of `[a-z0-9_.-]`, folded to lower case, starting with a letter or digit.
///
/// Folding happens here and nowhere else; databases compare the result byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Username(String);

/// Why a text is no [`Username`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    /// Fewer than 2 characters.
    #[error("a username has at least 2 characters")]
    TooShort,
    /// More than 32 characters.
    #[error("a username has at most 32 characters")]
    TooLong,
    /// A character outside `[a-z0-9_.-]`, or a first one that is neither letter nor digit.
    #[error("a username is made of a-z, 0-9, '_', '.' and '-', and starts with a letter or digit")]
    Character,
    /// A word that means somebody else where a message is addressed.
    #[error("this name means all people; choose another one")]
    Reserved,
}

impl Username {
    /// Folds and checks a text a person typed.
    pub fn parse(text: &str) -> Result<Self, UsernameError> {
        let chars = text.chars().count();
        if chars < *limits::USERNAME_CHARS.start() {
            return Err(UsernameError::TooShort);
        }
        if chars > *limits::USERNAME_CHARS.end() {
            return Err(UsernameError::TooLong);
        }
        let folded = text.to_ascii_lowercase();
        let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let valid = folded.starts_with(word) && folded.chars().all(|c| word(c) || "_.-".contains(c));
        if valid { Ok(Self(folded)) } else { Err(UsernameError::Character) }
    }

    /// Checks a name for a new account, which a message must be able to name. Names that exist are left alone.
    pub fn parse_new(text: &str) -> Result<Self, UsernameError> {
        let name = Self::parse(text)?;
        match Recipient::parse(name.as_str()) {
            Ok(Recipient::Person(_)) => Ok(name),
            _ => Err(UsernameError::Reserved),
        }
    }

    /// The folded name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Username {
    type Err = UsernameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl<'de> Deserialize<'de> for Username {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl UsernameError {
    /// The refusal a form or an API client gets.
    pub fn reject(self, field: &'static str) -> Rejection {
        match self {
            Self::TooShort => Rejection::at(ErrorCode::TooShort, field, Sentence::UsernameTooShort),
            Self::TooLong => Rejection::at(ErrorCode::TooLong, field, Sentence::UsernameTooLong),
            Self::Character => Rejection::at(ErrorCode::Invalid, field, Sentence::UsernameCharacters),
            Self::Reserved => Rejection::at(ErrorCode::Invalid, field, Sentence::UsernameReserved),
        }
    }
}

/// An address to reach a person at. Checked for shape only: whether it works, only mail can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Something, `@`, something; no spaces or controls.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        let refuse = || Rejection::at(ErrorCode::Invalid, "email", Sentence::EmailInvalid);
        let (local, domain) = text.rsplit_once('@').ok_or_else(refuse)?;
        let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
        if local.is_empty() || domain.is_empty() || !plain || text.len() > limits::EMAIL_BYTES {
            return Err(refuse());
        }
        Ok(Self(text.to_owned()))
    }

    /// The address as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The first account, and whoever an admin appoints.
    Admin,
    /// Everyone else.
    Member,
}

impl Role {
    /// The word stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }
}

/// A person as others see them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Person {
    /// Their number.
    pub id: UserId,
    /// Their username.
    pub name: Username,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_username_is_folded() {
        assert_eq!(Username::parse("Mei.Chen").unwrap().as_str(), "mei.chen");
    }

    #[test]
    fn a_username_outside_its_rules_is_refused_with_the_reason() {
        assert_eq!(Username::parse("a"), Err(UsernameError::TooShort));
        assert_eq!(Username::parse(&"a".repeat(33)), Err(UsernameError::TooLong));
        for text in ["_ab", ".ab", "a b", "林怡君", "ＡＢ", "a\0b", "Ünal"] {
            assert_eq!(Username::parse(text), Err(UsernameError::Character), "{text}");
        }
    }

    #[test]
    fn a_new_account_is_not_called_what_means_all_people() {
        for text in ["everyone", "Everyone"] {
            assert_eq!(Username::parse_new(text), Err(UsernameError::Reserved), "{text}");
        }
        assert_eq!(Username::parse_new("Everyone.else").unwrap().as_str(), "everyone.else");
        assert!(Username::parse("everyone").is_ok(), "an account of before is still read");
    }

    #[test]
    fn an_email_has_two_sides() {
        assert!(Email::parse("a@b").is_ok());
        for text in ["", "@", "a@", "@b", "a b@c", "a@b\n"] {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
    }
}
