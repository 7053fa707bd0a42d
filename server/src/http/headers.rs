//! What browsers are told beside every answer.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use super::origin;
use crate::config::Config;

/// For every answer; a header that is there already stays. `same-origin`, not `no-referrer`: with that one Chromium
/// sends `Origin: null` with a form, which is refused as foreign.
const EVERYWHERE: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    // Everything is somebody's, unless it says otherwise.
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// The middleware.
pub async fn protect(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in EVERYWHERE {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

/// The policy of a page. Scripts run by its nonce alone; what they load themselves is trusted with them.
pub(crate) fn page_policy(nonce: &str, config: &Config) -> HeaderValue {
    // `'self'` covers WebSockets in new browsers only. An IPv6 address cannot be written in a policy.
    let origins = origin::own(config).into_iter().filter(|origin| !origin.contains('['));
    let sockets = origins.fold(String::new(), |all, origin| all + " " + &origin.replacen("http", "ws", 1));
    let policy = format!(
        "default-src 'self'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; object-src 'none'; \
         base-uri 'none'; frame-ancestors 'none'; form-action 'self'; connect-src 'self'{sockets}"
    );
    HeaderValue::from_str(&policy).expect("origins and nonces are plain ASCII")
}
