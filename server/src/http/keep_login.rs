//! Refreshes a browser's login before its request is handled, so that a person without script stays logged in, and a
//! page that was open for a day goes on.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};
use axum_extra::extract::cookie::CookieJar;

use super::{SOCKET, client, cookies, pages};
use crate::{
    auth::{AuthFailure, CookieNames},
    serve::Peer,
    state::AppState,
};

/// The middleware. A request with a bearer, or with an access token that is not over, passes untouched.
pub async fn keep_login(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let Some(token) = token_to_refresh(&state, request.headers()) else { return next.run(request).await };
    let from = client::of(request.headers(), request.extensions());
    let client = request.extensions().get::<Peer>().map(|peer| peer.client);
    let (access, lines) = match state.auth.refresh(&token, &from).await {
        Ok(login) => {
            if let Some(client) = client {
                state.limits.refreshed(client, &login.person.name).await;
            }
            let lines = cookies::of_login(&login, &state.config, state.clock.now());
            (Some(state.auth.for_this_request(&login)), lines)
        }
        // A socket tells its client in its own way.
        Err(AuthFailure::Unavailable) if request.uri().path() == SOCKET => return next.run(request).await,
        // The cookies stay: they will be as good as ever once the store answers again.
        Err(failure @ AuthFailure::Unavailable) => {
            return pages::refuse(&state, request.uri(), request.headers(), None, failure.into()).await;
        }
        Err(failure) => {
            if failure == AuthFailure::Invalid
                && let Some(client) = client
            {
                // Counted, and nothing more: the cookies go in any case.
                drop(state.limits.secret_failed(client).await);
            }
            (None, cookies::of_logout(&state.config))
        }
    };
    let names = CookieNames::of(&state.config);
    cookies::replace(request.headers_mut(), names, access.as_deref());
    let mut response = next.run(request).await;
    if !decides_about_login(&response, names) {
        cookies::add(&mut response, lines);
    }
    response
}

/// A handler that logs in or out has the last word.
fn decides_about_login(response: &Response, names: CookieNames) -> bool {
    let lines = response.headers().get_all(header::SET_COOKIE);
    lines.iter().any(|line| line.as_bytes().starts_with(names.access.as_bytes()))
}

fn token_to_refresh(state: &AppState, headers: &HeaderMap) -> Option<String> {
    if headers.contains_key(header::AUTHORIZATION) || !headers.contains_key(header::COOKIE) {
        return None;
    }
    let (jar, names) = (CookieJar::from_headers(headers), CookieNames::of(&state.config));
    let fresh = jar.get(names.access).is_some_and(|cookie| state.auth.is_fresh(cookie.value()));
    if fresh { None } else { jar.get(names.refresh).map(|cookie| cookie.value().to_owned()) }
}
