//! Topics: named streams that people join.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    accounts::Person,
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    ids::{TopicId, UserId},
    limits,
    timestamp::Timestamp,
};

/// What stands behind `#`: 1 to 32 letters and digits of any script, `_`, `.` and `-`, folded to lower case; the first one
/// is a letter or digit.
///
/// Folding happens here and nowhere else; databases compare the result byte for byte. A name does not change: messages
/// carry it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct TopicName(String);

impl TopicName {
    /// Folds and checks a text a person typed; the `#` may be there.
    ///
    /// # Errors
    /// `invalid` and `too_long`, of the field `name`.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        let name = text.trim();
        let folded = name.strip_prefix('#').unwrap_or(name).to_lowercase();
        let valid = folded.starts_with(char::is_alphanumeric)
            && folded.chars().all(|c| c.is_alphanumeric() || "_.-".contains(c) || is_sign(c));
        if !valid {
            return Err(Rejection::at(ErrorCode::Invalid, "name", Sentence::TopicNameCharacters));
        }
        if folded.chars().count() > limits::TOPIC_CHARS {
            return Err(Rejection::at(ErrorCode::TooLong, "name", Sentence::TopicNameTooLong));
        }
        Ok(Self(folded))
    }

    /// The folded name, without `#`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TopicName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|_| serde::de::Error::custom("this is no name of a topic"))
    }
}

/// Signs that words of many scripts are not spelt without, and that are no letters by themselves: accents, vowels, tones,
/// and what joins letters.
fn is_sign(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36F}'
        | '\u{591}'..='\u{5BD}'
        | '\u{64B}'..='\u{65F}'
        | '\u{900}'..='\u{963}'
        | '\u{966}'..='\u{DF3}'
        | '\u{E31}'..='\u{EDF}'
        | '\u{102B}'..='\u{109D}'
        | '\u{17B4}'..='\u{17D3}'
        | '\u{200C}'..='\u{200D}'
    )
}

/// A topic as a message names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TopicRef {
    /// Its number.
    pub id: TopicId,
    /// Its name. Names of private topics need not be unique; numbers are.
    pub name: TopicName,
}

/// A topic as those who may see it do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// Its number.
    pub id: TopicId,
    /// Its name.
    pub name: TopicName,
    /// What it is for; may be empty.
    pub description: String,
    /// Only its members know that it is there.
    pub private: bool,
    /// Nothing more can be sent to it.
    pub archived: bool,
}

impl Topic {
    /// What a message to it carries.
    pub fn reference(&self) -> TopicRef {
        TopicRef { id: self.id, name: self.name.clone() }
    }
}

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TopicRole {
    /// Reads, writes, leaves.
    Member,
    /// Also describes, archives, adds and removes.
    Owner,
}

/// A topic with what one person is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicInfo {
    /// The topic.
    pub topic: Topic,
    /// What the person who asks is in it; null when they are no member.
    pub role: Option<TopicRole>,
    /// How many members it has.
    pub members: u64,
    /// When it was created.
    pub created: Timestamp,
}

/// The answer of `GET /topic`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicList {
    /// All that the person may see, by name.
    pub topics: Vec<TopicInfo>,
}

/// One member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicMember {
    /// Who.
    #[serde(flatten)]
    pub person: Person,
    /// What they may do.
    pub role: TopicRole,
}

/// A page of `GET /topic/{id}/members?after=<id>&limit=1..200`, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicMembers {
    /// The members.
    pub members: Vec<TopicMember>,
    /// `after` of the next page; none when this is the last one.
    pub next: Option<UserId>,
}

/// The body of `POST /topic`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewTopic {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether only its members may know that it is there.
    #[serde(default)]
    pub private: bool,
}

/// The body of `PATCH /topic/{id}`; what is missing stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicChange {
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether nothing more can be sent to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
}

/// Checks a description.
pub fn description(text: String) -> Result<String, Rejection> {
    if text.chars().count() > limits::TOPIC_DESCRIPTION_CHARS {
        return Err(Rejection::at(ErrorCode::TooLong, "description", Sentence::TopicDescriptionTooLong));
    }
    if text.contains('\0') {
        return Err(Rejection::at(ErrorCode::Nul, "description", Sentence::Nul));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_letters_and_digits_of_any_script_folded() {
        for (typed, name) in
            [("#Ops", "ops"), ("值班", "值班"), ("Été-2", "été-2"), ("a.b_c", "a.b_c"), ("नमस्ते", "नमस्ते")]
        {
            assert_eq!(TopicName::parse(typed).map(|name| name.to_string()).ok().as_deref(), Some(name), "{typed}");
        }
        for typed in ["", "#", "-a", "a b", "a,b", "a#b", "@a", "a/b", "a\0"] {
            assert!(TopicName::parse(typed).is_err(), "{typed:?}");
        }
        assert!(TopicName::parse(&"題".repeat(32)).is_ok() && TopicName::parse(&"題".repeat(33)).is_err());
    }
}
