//! What browsers are told beside every answer.
//!
//! The choice follows OWASP's HTTP headers and Content Security Policy cheat sheets.

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use super::origin;
use crate::{config::Config, state::AppState};

/// For every answer; a header that is there already stays.
const EVERYWHERE: [(HeaderName, HeaderValue); 8] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    // Not `no-referrer`: with that one Chromium sends `Origin: null` with a form, which is refused as foreign.
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    // Everything is somebody's, unless it says otherwise.
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    // Nothing but a page has a use for anything.
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    ),
    // No window that opened ours, or that ours opened, reaches into it; no other site embeds what is here.
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("permissions-policy"), HeaderValue::from_static(PERMISSIONS)),
];

/// What a page may ask a device for: to write to the clipboard, for the button that copies. Only names that browsers
/// know, because they complain about others.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), clipboard-read=(), \
    clipboard-write=(self), display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), \
    hid=(), idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), \
    picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), \
    xr-spatial-tracking=()";

/// A year, for this host alone: its neighbours are not ours to decide about (RFC 6797, 6.1.2).
const ONLY_ENCRYPTED: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The middleware.
pub async fn protect(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in EVERYWHERE {
        headers.entry(name).or_insert(value);
    }
    if state.config.base_url().is_https() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, ONLY_ENCRYPTED);
    }
    response
}

/// The policy of a page. Scripts run by its nonce alone; what they load themselves is trusted with them. Text becomes a
/// script nowhere, and markup only through the one policy for trusted types that the page itself makes.
pub(crate) fn page_policy(nonce: &str, config: &Config) -> HeaderValue {
    // `'self'` covers WebSockets in new browsers only (not in Safari before 15.4). An IPv6 address cannot be written in
    // a policy.
    let origins = origin::own(config).into_iter().filter(|origin| !origin.contains('['));
    let sockets = origins.fold(String::new(), |all, origin| all + " " + &origin.replacen("http", "ws", 1));
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self'; manifest-src 'self'; connect-src 'self'{sockets}; object-src 'none'; base-uri 'none'; \
         frame-ancestors 'none'; form-action 'self'; require-trusted-types-for 'script'; trusted-types default"
    );
    HeaderValue::from_str(&policy).expect("origins and nonces are plain ASCII")
}
