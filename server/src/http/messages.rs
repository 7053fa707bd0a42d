//! `/message`: publish, and page through what a person may see. Names and shapes are Gotify's.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName},
};
use push_system::{
    api::{Filter, HistoryPage, HistoryQuery, MessagePage, Paging},
    catalogue::EN,
    error::{ErrorCode, Rejection},
    ids::MessageId,
    limits,
    message::{ClientId, Draft, Message, PublishRequest},
};
use url::form_urlencoded;

use super::{
    body::Json,
    fields::{Fields, Query},
    problem::Refusal,
    table::{Routes, get},
};
use crate::{auth::Identity, config::Config, state::AppState};

/// Makes a repeated publish the same one; also the field that is blamed when it is no key.
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// The routes.
pub fn routes() -> Routes {
    Routes::new().route("/message", get(list).post(publish))
}

async fn publish(
    State(state): State<AppState>,
    identity: Identity,
    headers: HeaderMap,
    Json(request): Json<PublishRequest>,
) -> Result<Json<Message>, Refusal> {
    let key = key(&headers)?;
    let draft = Draft::parse(request)?;
    state.limits.publish(identity.person.id).await?;
    Ok(Json(state.push.publish(&identity.person, key, draft).await?))
}

fn key(headers: &HeaderMap) -> Result<Option<ClientId>, Rejection> {
    let Some(value) = headers.get(HeaderName::from_static("idempotency-key")) else { return Ok(None) };
    // Bytes that are no text cannot be visible ASCII either.
    ClientId::parse(value.to_str().unwrap_or_default(), IDEMPOTENCY_KEY).map(Some)
}

async fn list(
    State(state): State<AppState>,
    identity: Identity,
    Query(fields): Query,
) -> Result<Json<MessagePage>, Refusal> {
    let query = question(&fields)?;
    let page = state.backend.history(identity.person.id, query.clone()).await?;
    Ok(Json(answer(page, &query, &state.config)))
}

/// Reads `limit`, `since`, `q` and `filter`.
pub fn question(fields: &Fields) -> Result<HistoryQuery, Rejection> {
    let limit = fields.limit()?;
    let words = fields.get("q").map(str::trim).filter(|words| !words.is_empty());
    if words.is_some_and(|words| words.chars().count() > limits::QUERY_CHARS) {
        return Err(Rejection::at(ErrorCode::TooLong, "q", EN.query_too_long));
    }
    let unknown = || Rejection::at(ErrorCode::Invalid, "filter", EN.filter_unknown);
    Ok(HistoryQuery {
        // Gotify's clients say 0 for "from the newest".
        before: fields.number("since")?.filter(|since| *since > 0).map(MessageId),
        limit,
        words: words.map(str::to_owned),
        filter: fields.get("filter").map_or(Ok(Filter::All), |text| Filter::parse(text).ok_or_else(unknown))?,
    })
}

fn answer(page: HistoryPage, query: &HistoryQuery, config: &Config) -> MessagePage {
    let last = page.messages.last().map(|message| message.id).filter(|_| page.has_more);
    let paging = Paging {
        size: page.messages.len(),
        limit: query.limit,
        since: last.unwrap_or_default(),
        next: last.map(|last| next(last, query, config)),
    };
    MessagePage { messages: page.messages, paging }
}

fn next(last: MessageId, query: &HistoryQuery, config: &Config) -> String {
    let mut fields = form_urlencoded::Serializer::new(String::new());
    fields.append_pair("limit", &query.limit.to_string()).append_pair("since", &last.to_string());
    if let Some(words) = &query.words {
        fields.append_pair("q", words);
    }
    if query.filter != Filter::All {
        fields.append_pair("filter", query.filter.as_str());
    }
    format!("{}/message?{}", config.base_url(), fields.finish())
}
