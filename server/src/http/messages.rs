//! `/message`: publish, and page through what a person may see. Names and shapes are Gotify's.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode},
};
use push_system::{
    admin::AuditAction,
    api::{Filter, HistoryPage, HistoryQuery, MessagePage, Paging},
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    ids::MessageId,
    limits,
    message::{ClientId, Draft, Edit, EditRequest, Message, PublishRequest},
    query::Search,
    timestamp::Timestamp,
};
use url::form_urlencoded;

use super::{
    body::Json,
    cookies,
    fields::{Fields, Query, Segment},
    problem::Refusal,
    table::{Routes, get},
};
use crate::{auth::Identity, config::Config, state::AppState, store::AuditNote};

/// Makes a repeated publish the same one; also the field that is blamed when it is no key.
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// The routes.
pub fn routes() -> Routes {
    Routes::new().route("/message", get(list).post(publish)).route("/message/{id}", get(one).patch(edit).delete(delete))
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
    headers: HeaderMap,
    Query(fields): Query,
) -> Result<Json<MessagePage>, Refusal> {
    let query = question(&fields, state.clock.now(), cookies::offset_minutes(&headers))?;
    let page = state.backend.history(identity.person.id, query.clone()).await?;
    Ok(Json(answer(page, "/message", &query, &state.config)))
}

async fn one(
    State(state): State<AppState>,
    identity: Identity,
    Segment(id): Segment,
) -> Result<Json<Message>, Refusal> {
    Ok(Json(state.push.message(identity.person.id, message_id(&id)?).await?))
}

async fn edit(
    State(state): State<AppState>,
    identity: Identity,
    Segment(id): Segment,
    Json(request): Json<EditRequest>,
) -> Result<Json<Message>, Refusal> {
    let (id, edit) = (message_id(&id)?, Edit::parse(request)?);
    state.limits.publish(identity.person.id).await?;
    let notes = notes(&state, &identity, id, AuditAction::MessageEdited).await?;
    Ok(Json(state.push.edit(&identity.person, id, edit, notes).await?))
}

async fn delete(
    State(state): State<AppState>,
    identity: Identity,
    Segment(id): Segment,
) -> Result<StatusCode, Refusal> {
    let id = message_id(&id)?;
    state.limits.publish(identity.person.id).await?;
    let notes = notes(&state, &identity, id, AuditAction::MessageDeleted).await?;
    state.push.delete(&identity.person, id, notes).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A number that no message can have is one that no message has.
pub(super) fn message_id(text: &str) -> Result<MessageId, Rejection> {
    text.parse().map(MessageId).map_err(|_| Rejection::new(ErrorCode::NotFound, Sentence::NoSuchMessage))
}

/// What the audit log is to say: something where the message is somebody else's.
pub(super) async fn notes(
    state: &AppState,
    identity: &Identity,
    id: MessageId,
    action: AuditAction,
) -> Result<Vec<AuditNote>, Rejection> {
    let message = state.push.message(identity.person.id, id).await?;
    if message.sender.id == identity.person.id {
        return Ok(Vec::new());
    }
    Ok(vec![identity.note(action, format!("{} {id}", message.sender.name))])
}

/// Reads `limit`, `since`, `q` and `filter`, asked `now` by someone `offset_minutes` east of UTC.
pub(super) fn question(fields: &Fields, now: Timestamp, offset_minutes: i32) -> Result<HistoryQuery, Rejection> {
    let limit = fields.limit()?;
    let words = fields.get("q").map(str::trim).filter(|words| !words.is_empty());
    if words.is_some_and(|words| words.chars().count() > limits::QUERY_CHARS) {
        return Err(Rejection::at(ErrorCode::TooLong, "q", Sentence::QueryTooLong));
    }
    let unknown = || Rejection::at(ErrorCode::Invalid, "filter", Sentence::FilterUnknown(Filter::names()));
    Ok(HistoryQuery {
        // Gotify's clients say 0 for "from the newest".
        before: fields.number("since")?.filter(|since| *since > 0).map(MessageId),
        limit,
        words: words.and_then(|words| Search::of(words, now, offset_minutes)),
        filter: fields.get("filter").map_or(Ok(Filter::All), |text| Filter::parse(text).ok_or_else(unknown))?,
    })
}

/// A page of the messages at `path`, with the address of the next one.
pub(super) fn answer(page: HistoryPage, path: &str, query: &HistoryQuery, config: &Config) -> MessagePage {
    let last = page.messages.last().map(|message| message.id).filter(|_| page.has_more);
    let paging = Paging {
        size: page.messages.len(),
        limit: query.limit,
        since: last.unwrap_or_default(),
        next: last.map(|last| next(last, path, query, config)),
    };
    MessagePage { messages: page.messages, paging, search: page.search }
}

fn next(last: MessageId, path: &str, query: &HistoryQuery, config: &Config) -> String {
    let mut fields = form_urlencoded::Serializer::new(String::new());
    fields.append_pair("limit", &query.limit.to_string()).append_pair("since", &last.to_string());
    if let Some(search) = &query.words {
        fields.append_pair("q", &search.query.to_string());
    }
    if query.filter != Filter::All {
        fields.append_pair("filter", query.filter.as_str());
    }
    format!("{}{path}?{}", config.base_url(), fields.finish())
}
