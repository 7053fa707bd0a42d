//! How a row of the log spells its audience, and what happened beyond its envelope: the same in every database.

use push_system::{
    event::EventKind,
    ids::{Seq, TopicId, UserId},
    marks::MarksChange,
    read_state::ReadState,
    topic::Topic,
};
use serde::{Deserialize, Serialize};

use super::{
    Audience, EntryBody, Revocation, StoreError, TopicEvent, TopicNews,
    rows::{damaged, json, session_id},
};

/// How the log spells what happened beyond the envelope; null where the message's row says it all.
pub(super) fn payload(body: &EntryBody) -> Option<String> {
    match body {
        EntryBody::Published { .. }
        | EntryBody::Edited { .. }
        | EntryBody::Deleted { .. }
        | EntryBody::Other { .. } => None,
        EntryBody::Read { state, unread, marks } => {
            let marks = marks.as_deref().cloned();
            Some(json(&ReadPayload { state: state.clone(), unread: *unread, marks }))
        }
        EntryBody::Topic(event) => Some(json(&TopicPayload::from(&**event))),
        EntryBody::Revoked(revocation) => Some(json(&RevokedPayload::from(revocation))),
    }
}

/// Of a changed read state.
#[derive(Serialize, Deserialize)]
pub(super) struct ReadPayload {
    #[serde(flatten)]
    pub(super) state: ReadState,
    pub(super) unread: u64,
    /// What else changed.
    #[serde(flatten)]
    pub(super) marks: Option<MarksChange>,
}

/// Of a topic, as it was then: whoever is told later is told the same.
#[derive(Serialize, Deserialize)]
pub(super) struct TopicPayload {
    topic: Topic,
    /// Who came or went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unread: Option<u64>,
}

impl From<&TopicEvent> for TopicPayload {
    fn from(event: &TopicEvent) -> Self {
        let (user, unread) = match event.what {
            TopicNews::Changed => (None, None),
            TopicNews::Created(user) | TopicNews::Joined(user) => (Some(user), None),
            TopicNews::Left { user, unread } => (Some(user), Some(unread)),
        };
        Self { topic: event.topic.clone(), user, unread }
    }
}

impl TopicPayload {
    pub(super) fn event(self, kind: EventKind) -> Result<TopicEvent, StoreError> {
        let what = match (kind, self.user, self.unread) {
            (EventKind::TopicChanged, ..) => TopicNews::Changed,
            (EventKind::TopicCreated, Some(user), _) => TopicNews::Created(user),
            (EventKind::TopicJoined, Some(user), _) => TopicNews::Joined(user),
            (EventKind::TopicLeft, Some(user), Some(unread)) => TopicNews::Left { user, unread },
            _ => return Err(damaged("payload", "of another kind of event")),
        };
        Ok(TopicEvent { topic: self.topic, what })
    }
}

/// Of sessions that ended.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum RevokedPayload {
    Session { session: String },
    Standing { standing_of: UserId },
    Person { user: UserId, keep: Option<String> },
}

impl From<&Revocation> for RevokedPayload {
    fn from(revocation: &Revocation) -> Self {
        match revocation {
            Revocation::Session(session) => Self::Session { session: session.to_string() },
            Revocation::Person { user, keep } => Self::Person { user: *user, keep: keep.map(|keep| keep.to_string()) },
            Revocation::Standing { user } => Self::Standing { standing_of: *user },
        }
    }
}

impl RevokedPayload {
    pub(super) fn revocation(self) -> Result<Revocation, StoreError> {
        match self {
            Self::Session { session } => session_id(&session).map(Revocation::Session),
            Self::Standing { standing_of: user } => Ok(Revocation::Standing { user }),
            Self::Person { user, keep } => {
                Ok(Revocation::Person { user, keep: keep.as_deref().map(session_id).transpose()? })
            }
        }
    }
}

/// An audience as the log spells it.
pub(super) fn audience_text(audience: &Audience) -> String {
    match audience {
        Audience::Everyone => "everyone".to_owned(),
        Audience::Servers => "servers".to_owned(),
        Audience::People(people) => listed(people.iter().map(ToString::to_string)),
        Audience::Topics { topics, people, at } => {
            let topics = topics.iter().map(|topic| format!("#{topic}"));
            format!("{}@{at}", listed(topics.chain(people.iter().map(ToString::to_string))))
        }
    }
}

/// What [`audience_text`] wrote.
pub(super) fn audience(text: &str) -> Option<Audience> {
    match text {
        "everyone" => Some(Audience::Everyone),
        "servers" => Some(Audience::Servers),
        list => match list.split_once('@') {
            None => numbers(list.split(',')).map(|people| Audience::People(people.into_iter().map(UserId).collect())),
            Some((list, at)) => {
                let (topics, people): (Vec<_>, Vec<_>) = list.split(',').partition(|item| item.starts_with('#'));
                Some(Audience::Topics {
                    topics: numbers(topics.into_iter().map(|item| &item[1..]))?.into_iter().map(TopicId).collect(),
                    people: numbers(people.into_iter())?.into_iter().map(UserId).collect(),
                    at: Seq(at.parse().ok()?),
                })
            }
        },
    }
}

fn listed(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(",")
}

fn numbers<'a>(mut items: impl Iterator<Item = &'a str>) -> Option<Vec<u64>> {
    items.try_fold(Vec::new(), |mut numbers, item| {
        numbers.push(item.parse().ok()?);
        Some(numbers)
    })
}
