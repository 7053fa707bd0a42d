//! Refreshes a browser's login before its request is handled, so that a person without script stays logged in, and a
//! page that was open for a day goes on.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};
use axum_extra::extract::cookie::CookieJar;

use super::cookies;
use crate::{
    auth::{ACCESS_COOKIE, AuthFailure, REFRESH_COOKIE},
    state::AppState,
};

/// The middleware. A request with a bearer, or with an access token that is not over, passes untouched.
pub async fn keep_login(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let Some(token) = token_to_refresh(&state, request.headers()) else { return next.run(request).await };
    let (login, lines) = match state.auth.refresh(&token).await {
        Ok(login) => {
            let lines = cookies::of_login(&login, &state.config, state.clock.now());
            (Some(login), lines)
        }
        // The cookies stay: they may be as good as ever once the store answers again.
        Err(AuthFailure::Unavailable) => return next.run(request).await,
        Err(_) => (None, cookies::of_logout(&state.config)),
    };
    cookies::replace(request.headers_mut(), login.as_ref());
    let mut response = next.run(request).await;
    // A handler that logs in or out has the last word.
    if !response.headers().contains_key(header::SET_COOKIE) {
        cookies::add(&mut response, lines);
    }
    response
}

fn token_to_refresh(state: &AppState, headers: &HeaderMap) -> Option<String> {
    if headers.contains_key(header::AUTHORIZATION) || !headers.contains_key(header::COOKIE) {
        return None;
    }
    let jar = CookieJar::from_headers(headers);
    let fresh = jar.get(ACCESS_COOKIE).is_some_and(|cookie| state.auth.is_fresh(cookie.value()));
    if fresh { None } else { jar.get(REFRESH_COOKIE).map(|cookie| cookie.value().to_owned()) }
}
