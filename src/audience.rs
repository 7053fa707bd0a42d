//! Whom a message is for, as people write it: `everyone`, `@bob`, `#ops`, `#ops:12`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    accounts::Username,
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    ids::TopicId,
    limits,
    topic::{TopicName, TopicRef},
};

/// One addressee.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Recipient {
    /// All people of this server, including those who register later.
    Everyone,
    /// One person, written `@name`.
    Person(Username),
    /// The members of a topic, written `#name`: of the only one of that name that the sender can see.
    Topic(TopicName),
    /// The same, written `#name:number`, where there are several of that name.
    ExactTopic(TopicRef),
}

impl Recipient {
    /// Reads one addressee; the `@` may be missing. Nobody can be called `everyone`, so `@everyone` means all people too.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        let text = text.trim();
        let unknown = || Rejection::at(ErrorCode::UnknownRecipient, "to", Sentence::UnknownRecipient(text.to_owned()));
        if text.starts_with('#') {
            return topic(text).ok_or_else(unknown);
        }
        let name = text.strip_prefix('@').unwrap_or(text);
        if name.eq_ignore_ascii_case("everyone") {
            return Ok(Self::Everyone);
        }
        Username::parse(name).map(Self::Person).map_err(|_| unknown())
    }
}

/// `:` cannot stand in a name.
fn topic(text: &str) -> Option<Recipient> {
    let Some((name, number)) = text.split_once(':') else { return TopicName::parse(text).ok().map(Recipient::Topic) };
    let number = Some(number).filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some(Recipient::ExactTopic(TopicRef { id: TopicId(number.parse().ok()?), name: TopicName::parse(name).ok()? }))
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("everyone"),
            Self::Person(name) => write!(f, "@{name}"),
            Self::Topic(name) => write!(f, "#{name}"),
            Self::ExactTopic(topic) => write!(f, "#{}:{}", topic.name, topic.id),
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
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|_| serde::de::Error::custom("this is no recipient"))
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
                return Err(Rejection::at(ErrorCode::TooLong, "to", Sentence::TooManyRecipients));
            }
        }
        if list.is_empty() {
            return Err(Rejection::at(ErrorCode::Empty, "to", Sentence::NoRecipient));
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
            Recipient::Person(name) => Some(name),
            Recipient::Everyone | Recipient::Topic(_) | Recipient::ExactTopic(_) => None,
        })
    }

    /// The topics named, with their numbers where those are written.
    pub fn topics(&self) -> impl Iterator<Item = (&TopicName, Option<TopicId>)> {
        self.0.iter().filter_map(|recipient| match recipient {
            Recipient::Topic(name) => Some((name, None)),
            Recipient::ExactTopic(topic) => Some((&topic.name, Some(topic.id))),
            Recipient::Everyone | Recipient::Person(_) => None,
        })
    }

    /// As a message shows them: topics by name. Their numbers stand in the message by themselves.
    #[must_use]
    pub fn shown(&self) -> Self {
        let mut shown = Vec::with_capacity(self.0.len());
        for recipient in &self.0 {
            let recipient = match recipient {
                Recipient::ExactTopic(topic) => Recipient::Topic(topic.name.clone()),
                other => other.clone(),
            };
            if !shown.contains(&recipient) {
                shown.push(recipient);
            }
        }
        Self(shown)
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
        for text in ["#", "#a!", "#a:", "#a:b", "#a:+1", "#a:1:2", "#:1", "@", "@a b!", "@林"] {
            let refusal = Recipients::parse([text]).unwrap_err();
            assert_eq!(refusal.field.as_deref(), Some("to"), "{text}");
        }
    }

    #[test]
    fn a_topic_may_be_named_with_its_number_and_is_shown_without() {
        let to = Recipients::parse(["#Ops:12 #ops @bob #ops:7"]).unwrap();
        assert_eq!(serde_json::to_string(&to).unwrap(), r##"["#ops:12","#ops","@bob","#ops:7"]"##);
        let numbers: Vec<_> = to.topics().map(|(name, id)| (name.as_str(), id)).collect();
        assert_eq!(numbers, [("ops", Some(TopicId(12))), ("ops", None), ("ops", Some(TopicId(7)))]);
        assert_eq!(serde_json::to_string(&to.shown()).unwrap(), r##"["#ops","@bob"]"##);
    }

    #[test]
    fn at_most_fifty_are_named() {
        let names: Vec<String> = (0..51).map(|n| format!("@user{n}")).collect();
        let refusal = Recipients::parse(names.iter().map(String::as_str)).unwrap_err();
        assert_eq!(refusal.code, ErrorCode::TooLong);
    }
}
