//! What people send. The shapes follow Gotify's published `/message` so that its clients work.

mod edit;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value};

use crate::{
    accounts::Person,
    audience::Recipients,
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    ids::{MessageId, TopicId},
    limits,
    timestamp::Timestamp,
    topic::TopicRef,
};

pub use edit::{Edit, EditRequest};

/// A message as stored and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its number, which is the `seq` of the event that published it.
    pub id: MessageId,
    /// Gotify's application number; 0, as people are not applications.
    pub appid: u64,
    /// A line above the text; empty when none was given.
    pub title: String,
    /// The text, byte for byte as sent.
    pub message: String,
    /// 0 to 10; from [`limits::PRIORITY_URGENT`] on it is called urgent.
    pub priority: u8,
    /// When the server accepted it.
    pub date: Timestamp,
    /// Whatever the sender's programs agreed on.
    pub extras: Map<String, Value>,
    /// Who sent it.
    pub sender: Person,
    /// For whom, as written.
    pub to: Recipients,
    /// Words to group by.
    pub tags: Vec<String>,
    /// A link it opens.
    pub click: Option<String>,
    /// The topics that `to` names, with their numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<TopicRef>,
    /// When its text was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited: Option<Timestamp>,
    /// When it was taken back. What is left has no title, text, tags, link or extras.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Timestamp>,
}

impl Message {
    /// What is left of it when it is taken back.
    #[must_use]
    pub fn tombstone(&self, at: Timestamp) -> Self {
        Self {
            title: String::new(),
            message: String::new(),
            priority: 0,
            extras: Map::new(),
            tags: Vec::new(),
            click: None,
            deleted: Some(at),
            ..self.clone()
        }
    }

    /// Whether it went to that topic.
    pub fn is_in(&self, topic: TopicId) -> bool {
        self.topics.iter().any(|named| named.id == topic)
    }

    /// Whether the list calls it urgent.
    pub fn is_urgent(&self) -> bool {
        self.priority >= limits::PRIORITY_URGENT
    }
}

/// One string or a list of them: how `to` may be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// `"everyone"`
    One(String),
    /// `["@bob", "@ana"]`
    Many(Vec<String>),
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = match Value::deserialize(deserializer)? {
            Value::String(item) => Ok(Self::One(item)),
            other => serde_json::from_value(other).map(Self::Many),
        };
        read.map_err(|_| D::Error::custom(Self::EXPECTED))
    }
}

impl OneOrMany {
    /// What the parser says of anything else.
    pub const EXPECTED: &'static str = "neither a string nor a list of strings";

    fn items(&self) -> Vec<&str> {
        match self {
            Self::One(item) => vec![item],
            Self::Many(items) => items.iter().map(String::as_str).collect(),
        }
    }
}

/// The body of `POST /message` and of a `publish` frame, before its rules are checked: every field of the right type, nothing more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishRequest {
    /// The text.
    #[serde(default)]
    pub message: String,
    /// A line above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// 0 to 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i64>,
    /// Everyone when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<OneOrMany>,
    /// Words to group by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// A link it opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub click: Option<String>,
    /// Whatever the sender's programs agreed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extras: Option<Map<String, Value>>,
}

/// A message that may be published: its rules hold. Serialized, it is what an idempotency key is compared by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// See [`Message::title`].
    pub title: String,
    /// See [`Message::message`].
    pub message: String,
    /// See [`Message::priority`].
    pub priority: u8,
    /// See [`Message::to`].
    pub to: Recipients,
    /// See [`Message::tags`].
    pub tags: Vec<String>,
    /// See [`Message::click`].
    pub click: Option<String>,
    /// See [`Message::extras`].
    pub extras: Map<String, Value>,
}

impl Draft {
    /// Checks every rule that needs no look-up. Errors name the field to blame.
    pub fn parse(request: PublishRequest) -> Result<Self, Rejection> {
        Ok(Self {
            message: text(request.message)?,
            title: title(request.title.unwrap_or_default())?,
            priority: priority(request.priority)?,
            to: request.to.map_or_else(|| Ok(Recipients::default()), |to| Recipients::parse(to.items()))?,
            tags: tags(request.tags.unwrap_or_default())?,
            click: click(request.click)?,
            extras: extras(request.extras.unwrap_or_default())?,
        })
    }
}

fn text(text: String) -> Result<String, Rejection> {
    if text.trim().is_empty() {
        return Err(Rejection::at(ErrorCode::Empty, "message", Sentence::MessageEmpty));
    }
    if text.len() > limits::TEXT_BYTES {
        return Err(Rejection::at(ErrorCode::TooLarge, "message", Sentence::MessageTooLarge));
    }
    without_nul(text, "message")
}

fn title(title: String) -> Result<String, Rejection> {
    if title.chars().count() > limits::TITLE_CHARS {
        return Err(Rejection::at(ErrorCode::TooLong, "title", Sentence::TitleTooLong));
    }
    without_nul(title, "title")
}

fn priority(priority: Option<i64>) -> Result<u8, Rejection> {
    u8::try_from(priority.unwrap_or(0))
        .ok()
        .filter(|p| *p <= limits::PRIORITY_MAX)
        .ok_or_else(|| Rejection::at(ErrorCode::Invalid, "priority", Sentence::PriorityRange))
}

fn tags(tags: Vec<String>) -> Result<Vec<String>, Rejection> {
    let fits = |tag: &String| (1..=limits::TAG_CHARS).contains(&tag.chars().count());
    if tags.len() > limits::TAGS || !tags.iter().all(fits) {
        return Err(Rejection::at(ErrorCode::TooLong, "tags", Sentence::TagsLimits));
    }
    tags.into_iter().map(|tag| without_nul(tag, "tags")).collect()
}

/// Only http and https: a `javascript:` link in a list of other people's messages would run as the reader.
fn click(click: Option<String>) -> Result<Option<String>, Rejection> {
    let Some(link) = click.filter(|link| !link.is_empty()) else { return Ok(None) };
    let web = ["http://", "https://"].iter().any(|scheme| {
        link.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)) && link.len() > scheme.len()
    });
    if !web || link.len() > limits::CLICK_BYTES || link.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(Rejection::at(ErrorCode::Invalid, "click", Sentence::ClickInvalid));
    }
    Ok(Some(link))
}

fn extras(extras: Map<String, Value>) -> Result<Map<String, Value>, Rejection> {
    fn holds_nul(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains('\0'),
            Value::Array(items) => items.iter().any(holds_nul),
            Value::Object(fields) => fields.iter().any(|(key, value)| key.contains('\0') || holds_nul(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
    if extras.iter().any(|(key, value)| key.contains('\0') || holds_nul(value)) {
        return Err(Rejection::at(ErrorCode::Nul, "extras", Sentence::Nul));
    }
    Ok(extras)
}

fn without_nul(text: String, field: &'static str) -> Result<String, Rejection> {
    if text.contains('\0') {
        return Err(Rejection::at(ErrorCode::Nul, field, Sentence::Nul));
    }
    Ok(text)
}

/// What makes a repeated publish the same one: 1 to 128 visible ASCII characters, compared byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(String);

impl ClientId {
    /// Reads an `Idempotency-Key` header or a `client_id`.
    pub fn parse(text: &str, field: &'static str) -> Result<Self, Rejection> {
        let visible = text.bytes().all(|b| b.is_ascii_graphic());
        if text.is_empty() || text.len() > limits::KEY_BYTES || !visible {
            return Err(Rejection::at(ErrorCode::Invalid, field, Sentence::KeyInvalid));
        }
        Ok(Self(text.to_owned()))
    }

    /// The key as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(json: &str) -> Result<Draft, Rejection> {
        Draft::parse(serde_json::from_str(json).unwrap())
    }

    fn refusal(json: &str) -> (ErrorCode, String) {
        let rejection = draft(json).unwrap_err();
        (rejection.code, rejection.field.unwrap_or_default().into_owned())
    }

    #[test]
    fn text_is_kept_byte_for_byte() {
        for text in ["您好 🎉\u{1F468}\u{200D}\u{1F469}", "مرحبا\u{202E}", "e\u{301} \n\t ", "𠮷野家"] {
            let json = serde_json::json!({ "message": text }).to_string();
            assert_eq!(draft(&json).unwrap().message, text);
        }
    }

    #[test]
    fn each_rule_names_its_field() {
        use ErrorCode::{Empty, Invalid, Nul, TooLarge, TooLong};
        assert_eq!(refusal("{}"), (Empty, "message".into()));
        assert_eq!(refusal(r#"{"message":" \n"}"#), (Empty, "message".into()));
        assert_eq!(refusal(r#"{"message":"a\u0000b"}"#), (Nul, "message".into()));
        let long = serde_json::json!({ "message": "é".repeat(8 * 1024 + 1) }).to_string();
        assert_eq!(refusal(&long), (TooLarge, "message".into()));
        let title = serde_json::json!({ "message": "x", "title": "題".repeat(201) }).to_string();
        assert_eq!(refusal(&title), (TooLong, "title".into()));
        assert_eq!(refusal(r#"{"message":"x","priority":11}"#), (Invalid, "priority".into()));
        assert_eq!(refusal(r#"{"message":"x","priority":-1}"#), (Invalid, "priority".into()));
        assert_eq!(refusal(r#"{"message":"x","click":"javascript:alert(1)"}"#), (Invalid, "click".into()));
        assert_eq!(refusal(r#"{"message":"x","tags":[""]}"#), (TooLong, "tags".into()));
        assert_eq!(refusal(r#"{"message":"x","extras":{"a":["\u0000"]}}"#), (Nul, "extras".into()));
    }

    #[test]
    fn the_largest_text_and_title_pass() {
        let json = serde_json::json!({ "message": "x".repeat(16 * 1024), "title": "題".repeat(200) }).to_string();
        assert!(draft(&json).is_ok());
    }

    #[test]
    fn an_empty_link_means_none() {
        assert_eq!(draft(r#"{"message":"x","click":""}"#).unwrap().click, None);
    }

    #[test]
    fn a_key_is_visible_ascii() {
        assert!(ClientId::parse("a b", "client_id").is_err());
        assert!(ClientId::parse("", "client_id").is_err());
        assert!(ClientId::parse(&"k".repeat(129), "client_id").is_err());
        assert!(ClientId::parse(&"k".repeat(128), "client_id").is_ok());
    }
}
