//! One line per request. Paths only: queries can carry tokens, and bodies are nobody's business.

use std::time::Instant;

use axum::{
    extract::Request,
    http::{Method, StatusCode},
    middleware::Next,
    response::Response,
};

use crate::serve::Peer;

/// The middleware.
pub async fn log(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let peer = request.extensions().get::<Peer>().map(|peer| peer.client.to_string()).unwrap_or_default();
    let response = next.run(request).await;
    write(&method, &path, &peer, response.status(), start);
    response
}

fn write(method: &Method, path: &str, peer: &str, status: StatusCode, start: Instant) {
    let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    let status = status.as_u16();
    if is_routine(path) && status < 400 {
        tracing::debug!(http.method = %method, http.path = path, http.status = status, http.peer = peer, duration_us = micros, "request");
    } else {
        tracing::info!(http.method = %method, http.path = path, http.status = status, http.peer = peer, duration_us = micros, "request");
    }
}

/// What is asked for all day by machines, or a dozen times per page.
fn is_routine(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | "/favicon.ico" | "/icons.svg" | "/robots.txt") || path.starts_with("/pkg/")
}
