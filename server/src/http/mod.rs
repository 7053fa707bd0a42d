//! HTTP: one file per group of addresses, and what they share.
//!
//! A handler takes its request apart with the extractors of [`body`], [`fields`] and [`identity`], asks
//! [`crate::auth`], [`crate::push`] or the backend, and returns a value or a [`problem::Refusal`]. Statuses stand in
//! [`problem`] alone.

mod accounts;
mod admin;
pub mod body;
pub mod client;
pub mod cookies;
pub mod credentials;
mod csv;
mod desk;
mod device;
pub mod fields;
mod forms;
pub mod headers;
mod health;
mod host;
pub mod identity;
mod inbox;
mod keep_login;
pub mod language;
mod messages;
pub mod origin;
mod pages;
pub mod problem;
mod request_log;
mod sessions;
pub mod table;
mod topics;

use std::any::Any;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use push_system::{catalogue::Sentence, error::ErrorCode};
use tower_http::{
    catch_panic::CatchPanicLayer,
    csrf::{ConfigError, CsrfLayer, ProtectionError},
};

use crate::{site, state::AppState, ws};
use problem::Refusal;
use table::{Route, Routes, get};

/// Where the WebSocket is.
const SOCKET: &str = "/ws";

/// What an address that is otherwise well-formed may still hold, coming out of a form; letters beyond ASCII always are.
const BEYOND_ASCII: &AsciiSet = &CONTROLS.add(b' ');

/// Every way to ask this server, but for the files of the site, which are everybody's.
pub fn table() -> Vec<Route> {
    routes_that_keep_logins().merge(other_routes()).table().to_vec()
}

/// Where a browser's login is refreshed before its request is handled.
fn routes_that_keep_logins() -> Routes {
    Routes::new()
        .merge(accounts::login_routes())
        .merge(sessions::routes())
        .merge(admin::routes())
        .merge(messages::routes())
        .merge(inbox::routes())
        .merge(topics::routes())
        .merge(pages::routes())
        .merge(desk::routes())
        .route(SOCKET, get(ws::upgrade))
}

fn other_routes() -> Routes {
    Routes::new().merge(accounts::routes()).merge(health::routes())
}

/// Everything this server answers.
///
/// # Errors
/// The base URL is no origin a browser could send.
pub fn router(state: AppState) -> Result<Router, ConfigError> {
    let mut csrf = CsrfLayer::new();
    for origin in origin::own(&state.config) {
        csrf = csrf.add_trusted_origin(origin)?;
    }
    let keep_login = from_fn_with_state(state.clone(), keep_login::keep_login);
    let router = routes_that_keep_logins()
        .wrap(|routes| routes.layer(keep_login).layer(from_fn(body::first)))
        .merge(other_routes())
        .into_router()
        .merge(site::router())
        .fallback(pages::not_found)
        .method_not_allowed_fallback(pages::method_not_allowed)
        .layer(csrf.with_rejection_response(foreign))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(state.clone(), host::guard))
        .layer(from_fn(problem::say))
        .layer(from_fn_with_state(state.clone(), headers::protect))
        .layer(from_fn(request_log::log))
        .with_state(state);
    Ok(router)
}

fn foreign(_: ProtectionError) -> Response {
    Refusal::new(ErrorCode::ForeignOrigin, Sentence::ForeignOrigin).into_response()
}

#[expect(clippy::needless_pass_by_value, reason = "the layer's signature")]
fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let text = cause.downcast_ref::<String>().map(String::as_str).or(cause.downcast_ref::<&str>().copied());
    tracing::error!(panic.message = text.unwrap_or("?"), "a handler panicked");
    Refusal::new(ErrorCode::Internal, Sentence::Internal).into_response()
}

/// Where to go next: a path of this site, whatever was asked for. Browsers drop tabs and newlines from addresses and
/// read `\` as `/`, so `/\t/evil.example` would lead away. The result is what a `Location` can hold.
pub(crate) fn next_page(wanted: Option<&str>) -> String {
    let own = |path: &&str| {
        path.starts_with('/') && !path.starts_with("//") && !path.chars().any(|c| c == '\\' || c.is_control())
    };
    let path = wanted.filter(own).unwrap_or("/");
    utf8_percent_encode(path, BEYOND_ASCII).to_string()
}

#[cfg(test)]
mod tests {
    use super::next_page;

    #[test]
    fn the_next_page_is_one_of_ours() {
        assert_eq!(next_page(Some("/history?q=a%20b")), "/history?q=a%20b");
        for foreign in ["", "https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "history"]
        {
            assert_eq!(next_page(Some(foreign)), "/", "{foreign}");
        }
        assert_eq!(next_page(None), "/");
        assert_eq!(next_page(Some("/history?q=會 議")), "/history?q=%E6%9C%83%20%E8%AD%B0");
    }
}
