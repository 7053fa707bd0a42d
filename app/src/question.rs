//! What an address asks for: the state of search and filters lives in the URL.

use push_system::{
    api::{Filter, HistoryQuery},
    ids::MessageId,
    limits,
    query::Search,
    timestamp::Timestamp,
};

use crate::text;

/// The query string of `/` and `/history`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// Words to find; empty finds all.
    pub words: String,
    /// Which kind of messages.
    pub filter: Filter,
    /// Only messages with a smaller id.
    pub before: Option<MessageId>,
    /// Whom a new message is for.
    pub to: String,
}

impl Question {
    /// Reads a query string, with or without its `?`. What it does not understand is left out.
    pub fn read(search: &str) -> Self {
        let mut question = Self::default();
        for (name, value) in search.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('=')) {
            let value = text::decode(value);
            match name {
                "q" => question.words = value.trim().chars().take(limits::QUERY_CHARS).collect(),
                "filter" => question.filter = Filter::parse(&value).unwrap_or_default(),
                "since" => question.before = value.parse().ok().map(MessageId),
                "to" => question.to = value,
                _ => {}
            }
        }
        question
    }

    /// The address under `path` that asks this.
    pub fn address(&self, path: &str) -> String {
        let pairs = [
            (!self.words.is_empty()).then(|| format!("q={}", text::encode(&self.words))),
            (self.filter != Filter::All).then(|| format!("filter={}", self.filter.as_str())),
            self.before.map(|id| format!("since={id}")),
        ];
        let query: Vec<String> = pairs.into_iter().flatten().collect();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
    }

    /// The same question as the store is asked it.
    ///
    /// It is asked `now`, by someone `offset_minutes` east of UTC.
    pub fn query(&self, now: Timestamp, offset_minutes: i32) -> HistoryQuery {
        HistoryQuery {
            before: self.before,
            limit: limits::SNAPSHOT_MESSAGES,
            words: Search::of(&self.words, now, offset_minutes),
            filter: self.filter,
        }
    }

    /// The same question with another filter, from its newest answer.
    #[must_use]
    pub fn with_filter(&self, filter: Filter) -> Self {
        Self { filter, before: None, ..self.clone() }
    }

    /// The same question for what is older than `id`.
    #[must_use]
    pub fn older_than(&self, id: MessageId) -> Self {
        Self { before: Some(id), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_comes_back() {
        let question = Question {
            words: "disk 會議".into(),
            filter: Filter::Unread,
            before: Some(MessageId(42)),
            to: String::new(),
        };
        let address = question.address("/history");
        assert_eq!(address, "/history?q=disk%20%E6%9C%83%E8%AD%B0&filter=unread&since=42");
        assert_eq!(Question::read(address.trim_start_matches("/history")), question);
        assert_eq!(Question::default().address("/"), "/");
    }

    #[test]
    fn what_is_not_understood_is_left_out() {
        let question = Question::read("?filter=none&since=x&utm=1&q=+a+&to=%40mei");
        assert_eq!(question, Question { words: "a".into(), to: "@mei".into(), ..Question::default() });
    }
}
