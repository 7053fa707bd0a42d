//! What of all messages a person may see: the only place where a search asks that.

use push_system::topic::TopicRef;

use crate::store::{
    StoreError,
    rows::{from_json, int},
    statements::{Candidate, Span, Statements},
    stretches::{Order, Reader},
};

/// Among which of the messages that a person may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Among {
    All,
    Others,
    Own,
}

/// The newest of them in a span, newest first.
pub(super) async fn newest(
    connection: &mut impl Statements,
    reader: &Reader,
    among: Among,
    span: Span,
    limit: u32,
) -> Result<Vec<i64>, StoreError> {
    let not_from = (among == Among::Others).then_some(reader.user);
    match among {
        Among::Own => connection.sent(reader, span, limit).await,
        Among::All | Among::Others => {
            connection.places(&reader.messages(span), Order::Descending, not_from, limit).await
        }
    }
}

/// Of these messages, the ones that the person may see, each with its sender, newest first.
pub(super) async fn visible(
    connection: &mut impl Statements,
    reader: &Reader,
    ids: &[i64],
) -> Result<Vec<(i64, i64)>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut visible = Vec::new();
    for candidate in connection.candidates(reader.user, ids).await? {
        if sees(reader, &candidate)? {
            visible.push((candidate.id, candidate.sender_id));
        }
    }
    Ok(visible)
}

fn sees(reader: &Reader, candidate: &Candidate) -> Result<bool, StoreError> {
    let topics: Vec<TopicRef> = match &candidate.topics {
        Some(topics) if !candidate.reached => from_json("topics", topics)?,
        _ => Vec::new(),
    };
    Ok(candidate.reached || topics.iter().any(|topic| reader.sees(int(topic.id.0), candidate.id)))
}
