//! For machines that look after machines. No login: there is nothing of anybody's in it.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use push_system::{
    catalogue::Sentence,
    error::{ErrorCode, Problem, Rejection},
    protocol,
};
use serde::Serialize;

use super::{
    body::Json,
    language,
    problem::{self, document},
    table::{Routes, get},
};
use crate::{push::Readiness, state::AppState};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().route("/healthz", get(healthz)).route("/readyz", get(readyz)).route("/version", get(version))
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// The process serves requests.
async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

#[derive(Serialize)]
struct Parts {
    store: bool,
    bus: bool,
}

#[derive(Serialize)]
struct Ready {
    /// `degraded`: messages between instances are late, and none is lost.
    status: &'static str,
    #[serde(flatten)]
    parts: Parts,
}

#[derive(Serialize)]
struct NotReady {
    #[serde(flatten)]
    problem: Problem,
    #[serde(flatten)]
    parts: Parts,
}

/// Whether this instance should be sent people.
async fn readyz(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let Readiness { store, bus, draining } = state.push.is_ready().await;
    let parts = Parts { store, bus };
    if store && !draining {
        let status = if bus { "ready" } else { "degraded" };
        return Json(Ready { status, parts }).into_response();
    }
    let detail = if draining { Sentence::Draining } else { Sentence::Unavailable };
    let language = language::of(&headers);
    let problem = document(Rejection::new(ErrorCode::Unavailable, detail), language);
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, Json(NotReady { problem, parts })).into_response();
    problem::finish(&mut response);
    language::mark(&mut response, language);
    response
}

#[derive(Serialize)]
struct About {
    name: &'static str,
    version: &'static str,
    protocol: u32,
}

async fn version() -> Json<About> {
    Json(About { name: "push-system", version: env!("CARGO_PKG_VERSION"), protocol: protocol::VERSION })
}
