//! The pages, and the forms on them: who may see which, and where they lead.

use app::context::WHY_ENDED;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header::ACCEPT},
    response::{IntoResponse, Redirect, Response},
};
use push_system::{
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
};
use tower_http::compression::CompressionLayer;
use url::form_urlencoded;

use super::{
    cookies,
    fields::Query,
    forms,
    identity::Visitor,
    next_page,
    problem::{self, Refusal},
    table::{Routes, get, post},
};
use crate::{
    auth::{AuthFailure, Identity},
    state::AppState,
    ui::{self, Instead, Page},
};

/// Paths that speak JSON, whoever asks.
const API: &[&str] = &[
    "/auth/",
    "/admin/users",
    "/admin/invites",
    "/admin/settings",
    "/admin/audit",
    "/message",
    "/inbox",
    "/people",
    "/presence",
    "/healthz",
    "/readyz",
    "/version",
    "/ws",
];

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .route("/", get(private).post(forms::compose))
        .route("/history", get(private))
        .route("/settings", get(private))
        .route("/login", get(entrance).post(forms::log_in))
        .route("/register", get(entrance).post(forms::register))
        .route("/logout", post(forms::log_out))
        .route("/settings/theme", post(forms::choose_theme))
        .route("/settings/density", post(forms::choose_density))
        .route("/settings/language", post(forms::choose_language))
        .route("/settings/password", post(forms::change_password))
        .wrap(|pages| pages.layer(CompressionLayer::new()))
}

/// A page for people who are logged in.
async fn private(State(state): State<AppState>, Visitor(visitor): Visitor, uri: Uri, headers: HeaderMap) -> Response {
    match visitor {
        Ok(identity) => show(&state, &uri, &headers, Some(&identity)).await,
        Err(failure) => turn_away(&state, failure, &uri, &headers).await,
    }
}

/// A page for people who are not logged in yet.
async fn entrance(
    State(state): State<AppState>,
    Visitor(visitor): Visitor,
    Query(fields): Query,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    match visitor {
        Ok(_) => Redirect::to(&next_page(fields.get("next"))).into_response(),
        Err(_) => show(&state, &uri, &headers, None).await,
    }
}

/// To the login and back. What cannot be checked right now is no reason to ask for a password.
pub(super) async fn turn_away(state: &AppState, failure: AuthFailure, uri: &Uri, headers: &HeaderMap) -> Response {
    if failure == AuthFailure::Unavailable {
        return fail(state, uri, headers, None, ErrorCode::Unavailable).await;
    }
    let wanted = uri.path_and_query().map_or("/", |address| address.as_str());
    let mut address = address_with_next("/login", wanted);
    if failure == AuthFailure::Revoked {
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str("why=");
        address.push_str(WHY_ENDED);
    }
    let mut response = Redirect::to(&address).into_response();
    if failure != AuthFailure::Missing {
        cookies::add(&mut response, cookies::of_logout(&state.config));
    }
    response
}

/// A page of the entrance that leads on to `wanted`.
pub(super) fn address_with_next(path: &str, wanted: &str) -> String {
    if wanted == "/" {
        return path.to_owned();
    }
    format!("{path}?{}", form_urlencoded::Serializer::new(String::new()).append_pair("next", wanted).finish())
}

async fn show(state: &AppState, address: &Uri, headers: &HeaderMap, viewer: Option<&Identity>) -> Response {
    let page =
        Page { address, status: StatusCode::OK, instead: Instead::Nothing, headers, viewer, form: None, desk: None };
    ui::render(state, page).await
}

/// An error page.
pub(super) async fn fail(
    state: &AppState,
    address: &Uri,
    headers: &HeaderMap,
    viewer: Option<&Identity>,
    code: ErrorCode,
) -> Response {
    let status = problem::status(code);
    ui::render(state, Page { address, status, instead: Instead::ErrorPage, headers, viewer, form: None, desk: None })
        .await
}

/// An error in the way its reader can use: a page for people, a problem for programs.
pub(super) async fn refuse(
    state: &AppState,
    address: &Uri,
    headers: &HeaderMap,
    viewer: Option<&Identity>,
    rejection: Rejection,
) -> Response {
    if is_for_people(address, headers) {
        return fail(state, address, headers, viewer, rejection.code).await;
    }
    Refusal(rejection).into_response()
}

/// Where there is nothing.
pub(super) async fn not_found(
    State(state): State<AppState>,
    Visitor(visitor): Visitor,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let rejection = Rejection::new(ErrorCode::NotFound, Sentence::NotFound);
    refuse(&state, &uri, &headers, visitor.ok().as_ref(), rejection).await
}

/// Where there is something for other methods; the router adds `Allow`.
pub(super) async fn method_not_allowed(State(state): State<AppState>, uri: Uri, headers: HeaderMap) -> Response {
    let rejection = Rejection::new(ErrorCode::MethodNotAllowed, Sentence::MethodNotAllowed);
    refuse(&state, &uri, &headers, None, rejection).await
}

/// Whether a person looks at the answer: a browser says `text/html` when it goes somewhere.
fn is_for_people(uri: &Uri, headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("text/html") && !API.iter().any(|path| uri.path().starts_with(path))
}
