//! What a person's page keeps in step with: the inbox, what is read, who is there.

use axum::{
    Router,
    extract::{FromRequest, Request, State},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use push_system::{
    accounts::Person,
    api::Presence,
    catalogue::EN,
    error::{ErrorCode, Rejection},
    ids::MessageId,
    inbox::Snapshot,
    read_state::ReadChange,
};

use super::{
    body::{Form, Json, is_form},
    fields::{Fields, Query},
    next_page,
    problem::Refusal,
};
use crate::{auth::Identity, state::AppState};

/// The routes.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/inbox", get(inbox))
        .route("/read", post(read))
        .route("/people", get(people))
        .route("/presence", get(presence))
}

async fn inbox(State(state): State<AppState>, identity: Identity) -> Result<Json<Snapshot>, Refusal> {
    Ok(Json(state.backend.snapshot(identity.person.id).await?))
}

async fn people(
    State(state): State<AppState>,
    _: Identity,
    Query(fields): Query,
) -> Result<Json<Vec<Person>>, Refusal> {
    Ok(Json(state.backend.people(fields.get("prefix").unwrap_or_default()).await?))
}

async fn presence(State(state): State<AppState>, _: Identity) -> Json<Presence> {
    Json(state.push.presence())
}

/// Changes what is read: JSON from scripts, one field from a button without script, which is led back to its page.
async fn read(State(state): State<AppState>, identity: Identity, request: Request) -> Result<Response, Refusal> {
    let user = identity.person.id;
    if is_form(request.headers()) {
        let Form(fields) = Form::from_request(request, &state).await?;
        state.push.change_read(user, clicked(&fields)?).await?;
        return Ok(Redirect::to(&next_page(fields.get("next"))).into_response());
    }
    let Json(change) = Json::<ReadChange>::from_request(request, &state).await?;
    Ok(Json(state.push.change_read(user, change).await?).into_response())
}

fn clicked(fields: &Fields) -> Result<ReadChange, Rejection> {
    let id = |name| Ok::<_, Rejection>(fields.number(name)?.map(MessageId));
    let read = id("read")?.map(ReadChange::read);
    let unread = id("unread")?.map(ReadChange::unread);
    let upto = id("read_upto")?.map(ReadChange::read_all);
    read.or(unread).or(upto).ok_or_else(|| Rejection::at(ErrorCode::Empty, "read", EN.required))
}
