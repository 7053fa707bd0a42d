//! `/admin/…`: accounts, invitations, settings and the audit log, for admins.

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::{Stream, stream};
use push_system::{
    admin::{
        AuditPage, InviteList, NewInvite, NewPassword, ServerSettings, SessionList, SettingsChange, UserChange,
        UserInfo, UserPage,
    },
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
    ids::UserId,
};
use serde::Deserialize;

use super::{
    body::{self, Json},
    csv,
    fields::{Query, Segment},
    identity::AsAdmin,
    problem::Refusal,
    table::{Routes, delete, get, post},
};
use crate::{admin::Admin, state::AppState};

/// Records read at once for an export.
const EXPORTED_AT_ONCE: u32 = 500;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .route("/admin/users", get(users))
        .route("/admin/users/{id}", get(user).patch(change).delete(delete_user))
        .route("/admin/users/{id}/password", post(reset_password))
        .route("/admin/users/{id}/sessions", get(sessions).delete(end_sessions))
        .route("/admin/invites", get(invites).post(invite))
        .route("/admin/invites/{id}", delete(delete_invite))
        .route("/admin/settings", get(settings).patch(set_settings))
        .route("/admin/audit", get(audit))
        .route("/admin/audit.csv", get(export))
}

async fn users(
    State(state): State<AppState>,
    AsAdmin(_): AsAdmin,
    Query(fields): Query,
) -> Result<Json<UserPage>, Refusal> {
    let after = fields.number("after")?.map(UserId);
    Ok(Json(state.admin.users(after, fields.limit()?).await?))
}

async fn user(
    State(state): State<AppState>,
    AsAdmin(_): AsAdmin,
    Segment(id): Segment,
) -> Result<Json<UserInfo>, Refusal> {
    Ok(Json(state.admin.user(user_id(&id)?).await?))
}

async fn change(
    State(state): State<AppState>,
    AsAdmin(admin): AsAdmin,
    Segment(id): Segment,
    Json(change): Json<UserChange>,
) -> Result<Json<UserInfo>, Refusal> {
    Ok(Json(state.admin.change(&admin, user_id(&id)?, change).await?))
}

async fn delete_user(
    State(state): State<AppState>,
    AsAdmin(admin): AsAdmin,
    Segment(id): Segment,
) -> Result<StatusCode, Refusal> {
    state.admin.delete(&admin, user_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn reset_password(
    State(state): State<AppState>,
    AsAdmin(admin): AsAdmin,
    Segment(id): Segment,
) -> Result<Json<NewPassword>, Refusal> {
    Ok(Json(state.admin.reset_password(&admin, user_id(&id)?).await?))
}

async fn sessions(
    State(state): State<AppState>,
    AsAdmin(_): AsAdmin,
    Segment(id): Segment,
) -> Result<Json<SessionList>, Refusal> {
    Ok(Json(state.admin.sessions(user_id(&id)?).await?))
}

async fn end_sessions(
    State(state): State<AppState>,
    AsAdmin(admin): AsAdmin,
    Segment(id): Segment,
) -> Result<StatusCode, Refusal> {
    state.admin.end_sessions(&admin, user_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn invites(State(state): State<AppState>, AsAdmin(_): AsAdmin) -> Result<Json<InviteList>, Refusal> {
    Ok(Json(state.admin.invites().await?))
}

#[derive(Default, Deserialize)]
struct InviteRequest {
    #[serde(default)]
    days: Option<u32>,
}

/// The body may be missing: there is nothing in it that must be said.
async fn invite(
    State(state): State<AppState>,
    AsAdmin(admin): AsAdmin,
    body: Body,
) -> Result<Json<NewInvite>, Refusal> {
    let bytes = body::read(body).await?;
    let request: InviteRequest = if bytes.is_empty() { InviteRequest::default() } else { body::from_json(&bytes)? };
    Ok(Json(state.admin.invite(&admin, request.days).await?))
}

async fn delete_invite(
    State(state): State<AppState>,
    AsAdmin(admin): AsAdmin,
    Segment(id): Segment,
) -> Result<StatusCode, Refusal> {
    state.admin.delete_invite(&admin, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn settings(State(state): State<AppState>, AsAdmin(_): AsAdmin) -> Result<Json<ServerSettings>, Refusal> {
    Ok(Json(state.admin.settings().await?))
}

async fn set_settings(
    State(state): State<AppState>,
    AsAdmin(admin): AsAdmin,
    Json(change): Json<SettingsChange>,
) -> Result<Json<ServerSettings>, Refusal> {
    Ok(Json(state.admin.set_settings(&admin, change).await?))
}

async fn audit(
    State(state): State<AppState>,
    AsAdmin(_): AsAdmin,
    Query(fields): Query,
) -> Result<Json<AuditPage>, Refusal> {
    Ok(Json(state.admin.audit(fields.number("before")?, fields.limit()?).await?))
}

/// All of it, a page at a time. The first page is read before anything is answered, so that a database that is away is a
/// status; one that goes away later breaks the transfer off, and nobody takes a part for the whole.
async fn export(State(state): State<AppState>, AsAdmin(_): AsAdmin) -> Result<Response, Refusal> {
    let first = state.admin.audit(None, EXPORTED_AT_ONCE).await?;
    let mut response = Body::from_stream(lines(state.admin, first)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"audit.csv\""));
    Ok(response)
}

fn lines(admin: Admin, first: AuditPage) -> impl Stream<Item = Result<Bytes, Rejection>> {
    enum Next {
        Page(AuditPage),
        Before(Option<u64>),
    }
    let head = csv::row(&["id", "at", "action", "actor", "target", "address"]);
    stream::try_unfold((head, Next::Page(first)), move |(mut text, next)| {
        let admin = admin.clone();
        async move {
            let page = match next {
                Next::Page(page) => page,
                Next::Before(None) => return Ok(None),
                Next::Before(before) => admin.audit(before, EXPORTED_AT_ONCE).await?,
            };
            for record in &page.records {
                let (id, at) = (record.id.to_string(), record.at.to_string());
                let actor = record.actor.as_deref().unwrap_or_default();
                text.push_str(&csv::row(&[&id, &at, &record.action, actor, &record.target, &record.address]));
            }
            Ok(Some((Bytes::from(text), (String::new(), Next::Before(page.next)))))
        }
    })
}

/// The person whose number stands in an address. What is no number is nobody's.
pub(super) fn user_id(text: &str) -> Result<UserId, Rejection> {
    text.parse().map(UserId).map_err(|_| Rejection::new(ErrorCode::NotFound, Sentence::NoSuchUser))
}
