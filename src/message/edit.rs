//! Changing a message that was published.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Message, click, extras, priority, tags, text, title};
use crate::{error::Rejection, timestamp::Timestamp};

/// The body of `PATCH /message/{id}`, before its rules are checked. What is missing stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditRequest {
    /// The text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// A line above it; empty for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// 0 to 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i64>,
    /// Words to group by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// A link it opens; empty for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub click: Option<String>,
    /// Whatever the sender's programs agreed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extras: Option<Map<String, Value>>,
}

/// An edit that may be made: its rules hold. Whom a message is for never changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    message: Option<String>,
    title: Option<String>,
    priority: Option<u8>,
    tags: Option<Vec<String>>,
    #[expect(clippy::option_option, reason = "a field that is missing and one that is null say different things")]
    click: Option<Option<String>>,
    extras: Option<Map<String, Value>>,
}

impl Edit {
    /// Checks every rule that needs no look-up. Errors name the field to blame.
    pub fn parse(request: EditRequest) -> Result<Self, Rejection> {
        Ok(Self {
            message: request.message.map(text).transpose()?,
            title: request.title.map(title).transpose()?,
            priority: request.priority.map(|wanted| priority(Some(wanted))).transpose()?,
            tags: request.tags.map(tags).transpose()?,
            click: request.click.map(|link| click(Some(link))).transpose()?,
            extras: request.extras.map(extras).transpose()?,
        })
    }

    /// The message after it; none if that is the message as it is.
    pub fn apply(&self, message: &Message, at: Timestamp) -> Option<Message> {
        let mut edited = message.clone();
        set(&mut edited.message, self.message.as_ref());
        set(&mut edited.title, self.title.as_ref());
        set(&mut edited.priority, self.priority.as_ref());
        set(&mut edited.tags, self.tags.as_ref());
        set(&mut edited.click, self.click.as_ref());
        set(&mut edited.extras, self.extras.as_ref());
        (edited != *message).then_some(Message { edited: Some(at), ..edited })
    }
}

fn set<T: Clone>(field: &mut T, to: Option<&T>) {
    if let Some(to) = to {
        field.clone_from(to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        accounts::{Person, Username},
        audience::Recipients,
        error::ErrorCode,
        ids::{MessageId, UserId},
    };

    fn edit(json: &str) -> Result<Edit, Rejection> {
        Edit::parse(serde_json::from_str(json).unwrap())
    }

    fn message() -> Message {
        Message {
            id: MessageId(3),
            appid: 0,
            title: "title".into(),
            message: "text".into(),
            priority: 5,
            date: Timestamp::default(),
            extras: Map::new(),
            sender: Person { id: UserId(1), name: Username::parse("ana").unwrap() },
            to: Recipients::default(),
            tags: vec!["ops".into()],
            click: Some("https://x".into()),
            topics: Vec::new(),
            edited: None,
            deleted: None,
        }
    }

    #[test]
    fn what_is_not_named_stays() {
        let at = Timestamp::from_unix_ms(7);
        let edited = edit(r#"{"message":"other","click":"","tags":[]}"#).unwrap().apply(&message(), at).unwrap();
        let expected = Message { message: "other".into(), click: None, tags: vec![], edited: Some(at), ..message() };
        assert_eq!(edited, expected);
    }

    #[test]
    fn an_edit_that_changes_nothing_is_none() {
        for nothing in ["{}", r#"{"message":"text"}"#, r#"{"title":"title","priority":5,"click":null}"#] {
            assert_eq!(edit(nothing).unwrap().apply(&message(), Timestamp::default()), None, "{nothing}");
        }
    }

    #[test]
    fn the_rules_of_publishing_hold() {
        let refusal = |json| edit(json).map_err(|rejection| (rejection.code, rejection.field.unwrap())).unwrap_err();
        assert_eq!(refusal(r#"{"message":" "}"#), (ErrorCode::Empty, "message".into()));
        assert_eq!(refusal(r#"{"priority":11}"#), (ErrorCode::Invalid, "priority".into()));
        assert_eq!(refusal(r#"{"click":"javascript:x"}"#), (ErrorCode::Invalid, "click".into()));
        assert_eq!(refusal(r#"{"tags":[""]}"#), (ErrorCode::TooLong, "tags".into()));
    }
}
