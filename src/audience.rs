//! Whom a message is for, as people write it: `everyone`, `@bob`. Topics (`#ops`) are read as such and refused until they exist.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    accounts::Username,
    catalogue::EN,
    error::{ErrorCode, Rejection},
    limits,
};

/// One addressee.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Recipient {
    /// All people of this server, including those who register later.
    Everyone,
    /// One person, written `@name`.
    Person(Username),
}

impl Recipient {
    /// Reads one addressee; the `@` may be missing. Nobody can be called `everyone`, so `@everyone` means all people too.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        let text = text.trim();
        let unknown = || Rejection::at(ErrorCode::UnknownRecipient, "to", (EN.unknown_recipient)(text));
        let name = text.strip_prefix('@').unwrap_or(text);
        if name.eq_ignore_ascii_case("everyone") {
            return Ok(Self::Everyone);
        }
        Username::parse(name).map(Self::Person).map_err(|_| unknown())
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("everyone"),
            Self::Person(name) => write!(f, "@{name}"),
        }
    }
}

impl Serialize for Recipient {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Recipient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// At least one and at most [`limits::RECIPIENTS`] addressees, in the order written, none twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Recipients(Vec<Recipient>);

impl Default for Recipients {
    fn default() -> Self {
        Self(vec![Recipient::Everyone])
    }
}

impl Recipients {
    /// Reads what people write: items may themselves hold several names separated by commas or spaces. Nobody at all is an error: a program whose list came out empty must not tell everyone.
    pub fn parse<'a>(items: impl IntoIterator<Item = &'a str>) -> Result<Self, Rejection> {
        let mut list = Vec::new();
        let words = items.into_iter().flat_map(|item| item.split([',', ' ']));
        for word in words.map(str::trim).filter(|word| !word.is_empty()) {
            let recipient = Recipient::parse(word)?;
            if !list.contains(&recipient) {
                list.push(recipient);
            }
            if list.len() > limits::RECIPIENTS {
                return Err(Rejection::at(ErrorCode::TooLong, "to", EN.too_many_recipients));
            }
        }
        if list.is_empty() {
            return Err(Rejection::at(ErrorCode::Empty, "to", EN.no_recipient));
        }
        Ok(Self(list))
    }

    /// The addressees as written.
    pub fn iter(&self) -> impl Iterator<Item = &Recipient> {
        self.0.iter()
    }

    /// Whether all people are among them.
    pub fn has_everyone(&self) -> bool {
        self.0.contains(&Recipient::Everyone)
    }

    /// The people named.
    pub fn people(&self) -> impl Iterator<Item = &Username> {
        self.0.iter().filter_map(|recipient| match recipient {
            Recipient::Everyone => None,
            Recipient::Person(name) => Some(name),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipients_are_read_as_people_write_them() {
        let to = Recipients::parse(["everyone, @Bob bob", "@ana"]).unwrap();
        assert_eq!(serde_json::to_string(&to).unwrap(), r#"["everyone","@bob","@ana"]"#);
        assert!(to.has_everyone());
        assert_eq!(Recipients::parse([" ", ","]).unwrap_err().code, ErrorCode::Empty);
    }

    #[test]
    fn everyone_is_meant_with_an_at_sign_too() {
        for text in ["everyone", "@everyone", "@Everyone"] {
            assert_eq!(Recipient::parse(text).unwrap(), Recipient::Everyone, "{text}");
        }
        assert!(matches!(Recipient::parse("@everyone.else").unwrap(), Recipient::Person(_)));
    }

    #[test]
    fn a_name_nobody_can_have_is_an_unknown_recipient() {
        for text in ["#ops", "@", "@a b!", "@林"] {
            let refusal = Recipients::parse([text]).unwrap_err();
            assert_eq!(refusal.field.as_deref(), Some("to"), "{text}");
        }
    }

    #[test]
    fn at_most_fifty_are_named() {
        let names: Vec<String> = (0..51).map(|n| format!("@user{n}")).collect();
        let refusal = Recipients::parse(names.iter().map(String::as_str)).unwrap_err();
        assert_eq!(refusal.code, ErrorCode::TooLong);
    }
}
