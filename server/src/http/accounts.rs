//! `/auth/…`: accounts and logins for programs and for the page's scripts.

use axum::{
    body::Body,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::CookieJar;
use push_system::{
    admin::Ticket,
    api::Me,
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
};
use serde::Deserialize;

use super::{
    body::{self, Form, Json},
    cookies,
    credentials::{self, Caller},
    problem::Refusal,
    table::{Routes, get, post},
};
use crate::{
    auth::{AuthFailure, CookieNames, Credentials, Identity, Login, Registration, Typed},
    serve::ClientAddress,
    state::AppState,
};

/// The routes that keep a login alive by themselves, or need none.
pub fn routes() -> Routes {
    Routes::new()
        .route("/auth/register", post(register))
        .route("/auth/login", post(log_in))
        .route("/auth/token", post(token))
        .route("/auth/refresh", post(refresh))
}

/// The routes of a login.
pub fn login_routes() -> Routes {
    Routes::new()
        .route("/auth/logout", post(log_out))
        .route("/auth/me", get(me))
        .route("/auth/ticket", post(ticket))
        .route("/auth/password", post(change_password))
}

#[derive(Deserialize)]
struct RegisterRequest {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: Typed,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    invite: Option<String>,
}

async fn register(
    State(state): State<AppState>,
    caller: Caller,
    Json(request): Json<RegisterRequest>,
) -> Result<Response, Refusal> {
    let RegisterRequest { username, password, email, invite } = request;
    let (email, invite) = (email.unwrap_or_default(), invite.unwrap_or_default());
    let typed = Registration { username, password, email, invite };
    Ok(with_cookies(&state, credentials::register(&state, caller, typed).await?))
}

#[derive(Deserialize)]
struct LoginRequest {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: Typed,
}

async fn log_in(
    State(state): State<AppState>,
    caller: Caller,
    Json(request): Json<LoginRequest>,
) -> Result<Response, Refusal> {
    let typed = Credentials { username: request.username, password: request.password };
    Ok(with_cookies(&state, credentials::log_in(&state, caller, typed).await?))
}

/// The password grant of OAuth 2 (RFC 6749, 4.3), for clients that know nothing else. Programs keep no cookies.
async fn token(State(state): State<AppState>, caller: Caller, Form(fields): Form) -> Result<Response, Refusal> {
    if fields.get("grant_type").is_some_and(|grant| grant != "password") {
        return Err(Rejection::at(ErrorCode::Invalid, "grant_type", Sentence::GrantType).into());
    }
    let typed = Credentials { username: fields.text("username"), password: Typed(fields.text("password")) };
    Ok(Json(credentials::log_in(&state, caller, typed).await?.answer()).into_response())
}

#[derive(Default, Deserialize)]
struct RefreshRequest {
    #[serde(default)]
    refresh_token: Option<Typed>,
}

/// Takes the token from the body, or, when there is none, from the cookie. Cookies are answered with cookies.
async fn refresh(
    State(state): State<AppState>,
    (counted, client): Caller,
    jar: CookieJar,
    body: Body,
) -> Result<Response, Refusal> {
    let bytes = body::read(body).await?;
    let request: RefreshRequest = if bytes.is_empty() { RefreshRequest::default() } else { body::from_json(&bytes)? };
    let cookie = jar.get(CookieNames::of(&state.config).refresh).map(|cookie| cookie.value().to_owned());
    let given = request.refresh_token.map(|token| token.0).filter(|token| !token.is_empty());
    let from_cookie = given.is_none() || given == cookie;
    let presented = given.or(cookie).ok_or_else(|| Refusal::new(ErrorCode::Unauthorized, Sentence::Unauthorized))?;
    let refreshed = state.auth.refresh(&presented, &client).await;
    match &refreshed {
        Ok(login) => state.limits.refreshed(counted, &login.person.name).await,
        Err(AuthFailure::Invalid) => state.limits.secret_failed(counted).await?,
        Err(_) => {}
    }
    match refreshed {
        Ok(login) if from_cookie => Ok(with_cookies(&state, login)),
        Ok(login) => Ok(Json(login.answer()).into_response()),
        Err(failure) if from_cookie && failure != AuthFailure::Unavailable => {
            let mut response = Refusal::from(failure).into_response();
            cookies::add(&mut response, cookies::of_logout(&state.config));
            Ok(response)
        }
        Err(failure) => Err(failure.into()),
    }
}

fn with_cookies(state: &AppState, login: Login) -> Response {
    let lines = cookies::of_login(&login, &state.config, state.clock.now());
    let mut response = Json(login.answer()).into_response();
    cookies::add(&mut response, lines);
    response
}

async fn log_out(State(state): State<AppState>, identity: Identity) -> Result<Response, Refusal> {
    state.auth.log_out(&identity).await?;
    Ok(without_cookies(&state))
}

async fn me(identity: Identity) -> Json<Me> {
    Json(Me { person: identity.person, role: identity.role })
}

/// For browsers and tools that can send no header with a WebSocket's request.
async fn ticket(State(state): State<AppState>, identity: Identity) -> Result<Json<Ticket>, Refusal> {
    Ok(Json(state.auth.ticket(&identity).await?))
}

#[derive(Deserialize)]
struct PasswordRequest {
    #[serde(default)]
    current: Typed,
    #[serde(default)]
    password: Typed,
}

async fn change_password(
    State(state): State<AppState>,
    client: ClientAddress,
    identity: Identity,
    Json(request): Json<PasswordRequest>,
) -> Result<StatusCode, Refusal> {
    credentials::change_password(&state, client, &identity, request.current, request.password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tells a browser to forget its login.
pub(super) fn without_cookies(state: &AppState) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    cookies::add(&mut response, cookies::of_logout(&state.config));
    response
}
