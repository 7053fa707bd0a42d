//! What a person's page keeps in step with: the inbox, what is read, who is there.

use axum::{
    extract::{FromRequest, FromRequestParts, Request, State},
    http::Uri,
    response::{IntoResponse, Redirect, Response},
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
    identity::Visitor,
    next_page, pages,
    problem::Refusal,
    table::{Routes, get, post},
};
use crate::{
    auth::{AuthFailure, Identity},
    state::AppState,
};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
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
async fn read(State(state): State<AppState>, Visitor(visitor): Visitor, request: Request) -> Result<Response, Refusal> {
    if is_form(request.headers()) {
        return Ok(read_by_form(&state, visitor, request).await);
    }
    let (mut parts, body) = request.into_parts();
    let identity = Identity::from_request_parts(&mut parts, &state).await?;
    let Json(change) = Json::<ReadChange>::from_request(Request::from_parts(parts, body), &state).await?;
    state.limits.act(identity.person.id)?;
    Ok(Json(state.push.change_read(identity.person.id, change).await?).into_response())
}

/// People get pages, also when it fails.
async fn read_by_form(state: &AppState, visitor: Result<Identity, AuthFailure>, request: Request) -> Response {
    let (headers, home) = (request.headers().clone(), Uri::from_static("/"));
    let identity = match visitor {
        Ok(identity) => identity,
        Err(failure) => return pages::turn_away(state, failure, &home, &headers).await,
    };
    let fields = match Form::from_request(request, state).await {
        Ok(Form(fields)) => fields,
        Err(refusal) => return refusal.into_response(),
    };
    let change = match clicked(&fields) {
        Ok(change) => change,
        // No button of ours sends that.
        Err(rejection) => return Refusal::from(rejection).into_response(),
    };
    let changed = match state.limits.act(identity.person.id) {
        Ok(()) => state.push.change_read(identity.person.id, change).await,
        Err(rejection) => Err(rejection),
    };
    match changed {
        Ok(_) => Redirect::to(&next_page(fields.get("next"))).into_response(),
        Err(rejection) => pages::fail(state, &home, &headers, Some(&identity), rejection.code).await,
    }
}

fn clicked(fields: &Fields) -> Result<ReadChange, Rejection> {
    let id = |name| Ok::<_, Rejection>(fields.number(name)?.map(MessageId));
    let read = id("read")?.map(ReadChange::read);
    let unread = id("unread")?.map(ReadChange::unread);
    let upto = id("read_upto")?.map(ReadChange::read_all);
    read.or(unread).or(upto).ok_or_else(|| Rejection::at(ErrorCode::Empty, "read", EN.required))
}
