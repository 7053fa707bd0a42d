//! `/auth/sessions`: the logins of whoever asks, to be seen and ended.

use axum::{
    body::Body,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use push_system::{admin::SessionList, error::Rejection};
use serde::Deserialize;

use super::{
    accounts::without_cookies,
    body::{self, Json},
    credentials,
    fields::Segment,
    problem::Refusal,
    table::{Routes, delete, get, post},
};
use crate::{
    auth::{Identity, Typed},
    serve::ClientAddress,
    state::AppState,
};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .route("/auth/sessions", get(list).delete(end_all))
        .route("/auth/sessions/{id}", delete(end_one))
        .route("/auth/sessions/revoke-others", post(end_others))
}

async fn list(State(state): State<AppState>, identity: Identity) -> Result<Json<SessionList>, Refusal> {
    Ok(Json(state.auth.own_sessions(&identity).await?))
}

#[derive(Default, Deserialize)]
struct PasswordRequest {
    #[serde(default)]
    password: Typed,
}

/// The body may be missing where no password is needed: for the session that asks.
async fn end_one(
    State(state): State<AppState>,
    counted: ClientAddress,
    identity: Identity,
    Segment(id): Segment,
    body: Body,
) -> Result<Response, Refusal> {
    let request = optional(body).await?;
    if id == identity.session.to_string() {
        // Asks for no password, so there is nothing to count.
        state.auth.end_session(&identity, &id, &request.password).await?;
        return Ok(without_cookies(&state));
    }
    credentials::end_session(&state, counted, &identity, id, request.password).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn end_others(
    State(state): State<AppState>,
    counted: ClientAddress,
    identity: Identity,
    Json(request): Json<PasswordRequest>,
) -> Result<StatusCode, Refusal> {
    credentials::end_other_sessions(&state, counted, &identity, request.password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Signs out everywhere, here too. The body may be missing where this is the only session.
async fn end_all(
    State(state): State<AppState>,
    counted: ClientAddress,
    identity: Identity,
    body: Body,
) -> Result<Response, Refusal> {
    let request = optional(body).await?;
    credentials::log_out_everywhere(&state, counted, &identity, request.password).await?;
    Ok(without_cookies(&state))
}

async fn optional(body: Body) -> Result<PasswordRequest, Rejection> {
    let bytes = body::read(body).await?;
    if bytes.is_empty() { Ok(PasswordRequest::default()) } else { body::from_json(&bytes) }
}
