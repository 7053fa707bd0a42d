//! `/topic`: topics, their members and their messages. What a person may not know of is `not_found`.

use axum::{extract::State, http::StatusCode};
use push_system::{
    api::{HistoryQuery, MessagePage},
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    ids::{TopicId, UserId},
    topic::{NewTopic, TopicChange, TopicInfo, TopicList, TopicMembers, TopicRole},
};
use serde::Deserialize;

use super::{
    admin::user_id,
    body::Json,
    fields::{Query, Segment, Segments},
    messages,
    problem::Refusal,
    table::{Routes, get, post, put},
};
use crate::{auth::Identity, state::AppState};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .route("/topic", get(list).post(create))
        .route("/topic/{id}", get(topic).patch(change))
        .route("/topic/{id}/members", get(members))
        .route("/topic/{id}/members/{user}", put(admit).delete(remove))
        .route("/topic/{id}/join", post(join))
        .route("/topic/{id}/leave", post(leave))
        .route("/topic/{id}/messages", get(messages_of))
}

async fn list(State(state): State<AppState>, identity: Identity) -> Result<Json<TopicList>, Refusal> {
    Ok(Json(TopicList { topics: state.push.topics(identity.person.id).await? }))
}

async fn create(
    State(state): State<AppState>,
    identity: Identity,
    Json(request): Json<NewTopic>,
) -> Result<Json<TopicInfo>, Refusal> {
    state.limits.publish(identity.person.id).await?;
    Ok(Json(state.push.create_topic(&identity.person, request).await?))
}

async fn topic(
    State(state): State<AppState>,
    identity: Identity,
    Segment(id): Segment,
) -> Result<Json<TopicInfo>, Refusal> {
    Ok(Json(state.push.topic(identity.person.id, topic_id(&id)?).await?))
}

async fn change(
    State(state): State<AppState>,
    identity: Identity,
    Segment(id): Segment,
    Json(change): Json<TopicChange>,
) -> Result<Json<TopicInfo>, Refusal> {
    state.limits.publish(identity.person.id).await?;
    Ok(Json(state.push.change_topic(identity.person.id, topic_id(&id)?, change).await?))
}

async fn members(
    State(state): State<AppState>,
    identity: Identity,
    Segment(id): Segment,
    Query(fields): Query,
) -> Result<Json<TopicMembers>, Refusal> {
    let (id, after) = (topic_id(&id)?, fields.number("after")?.map(UserId));
    Ok(Json(state.push.topic_members(identity.person.id, id, after, fields.limit()?).await?))
}

/// The body of `PUT /topic/{id}/members/{user}`.
#[derive(Deserialize)]
struct Admission {
    #[serde(default)]
    role: Option<TopicRole>,
}

async fn admit(
    State(state): State<AppState>,
    identity: Identity,
    Segments(id, user): Segments,
    Json(Admission { role }): Json<Admission>,
) -> Result<StatusCode, Refusal> {
    let (actor, id) = (identity.person.id, topic_id(&id)?);
    state.limits.publish(actor).await?;
    state.push.join_topic(actor, id, user_id(&user)?, role).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove(
    State(state): State<AppState>,
    identity: Identity,
    Segments(id, user): Segments,
) -> Result<StatusCode, Refusal> {
    let (actor, id) = (identity.person.id, topic_id(&id)?);
    state.limits.publish(actor).await?;
    state.push.leave_topic(actor, id, user_id(&user)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn join(
    State(state): State<AppState>,
    identity: Identity,
    Segment(id): Segment,
) -> Result<Json<TopicInfo>, Refusal> {
    let (user, id) = (identity.person.id, topic_id(&id)?);
    state.limits.publish(user).await?;
    state.push.join_topic(user, id, user, None).await?;
    Ok(Json(state.push.topic(user, id).await?))
}

async fn leave(State(state): State<AppState>, identity: Identity, Segment(id): Segment) -> Result<StatusCode, Refusal> {
    let (user, id) = (identity.person.id, topic_id(&id)?);
    state.limits.publish(user).await?;
    state.push.leave_topic(user, id, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn messages_of(
    State(state): State<AppState>,
    identity: Identity,
    Segment(id): Segment,
    Query(fields): Query,
) -> Result<Json<MessagePage>, Refusal> {
    let id = topic_id(&id)?;
    let query = HistoryQuery { words: None, ..messages::question(&fields, state.clock.now(), 0)? };
    let page = state.push.topic_messages(identity.person.id, id, query.before, query.limit).await?;
    Ok(Json(messages::answer(page, &format!("/topic/{id}/messages"), &query, &state.config)))
}

/// A topic's number in an address; what is none is nobody's.
pub(super) fn topic_id(text: &str) -> Result<TopicId, Rejection> {
    text.parse().map(TopicId).map_err(|_| Rejection::new(ErrorCode::NotFound, Sentence::NoSuchTopic))
}
