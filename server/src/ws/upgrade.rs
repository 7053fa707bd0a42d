//! The request that becomes a connection.

use axum::{
    Extension,
    extract::{
        FromRequestParts as _, Request, State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket},
    },
    http::{HeaderMap, header},
    response::Response,
};
use futures::SinkExt as _;
use push_system::{
    catalogue::EN,
    error::{ErrorCode, Rejection},
    limits,
    protocol::{CloseCode, ServerFrame},
};

use super::socket;
use crate::{
    auth::AuthFailure,
    http::{client, origin::OriginCheck, problem::problem},
    serve::Peer,
    state::AppState,
};

/// Bytes read at once. tungstenite's default costs every idle connection 128 KiB.
const READ_BUFFER: usize = 1024;
/// Bytes gathered before tungstenite writes by itself.
const WRITE_BUFFER: usize = 16 * 1024;
/// Bytes that may wait unwritten: a page from the store, and the frames of the time until the peer is called stalled.
const WRITE_BUFFER_MAX: usize = 512 * 1024;
/// What a refused client should wait when the server, not the login, is at fault.
const RETRY_MS: u64 = 2_000;

/// `GET /ws?since=<pos>`. A foreign origin is refused before the upgrade; any other failure is told in a frame and a
/// close code, because a browser cannot read a refused handshake.
pub async fn upgrade(State(app): State<AppState>, Extension(peer): Extension<Peer>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    let bearer = bearer(&parts.headers).map(str::to_owned).or(query.token);
    if !origin_is_allowed(&app, &parts.headers, bearer.is_some()) {
        return problem(Rejection::new(ErrorCode::ForeignOrigin, EN.foreign_origin));
    }
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &app).await {
        Ok(upgrade) => upgrade,
        Err(error) => return problem(Rejection::new(ErrorCode::Invalid, error.body_text())),
    };
    let identity = match bearer {
        Some(token) => app.auth.verify_bearer(&token).await,
        None => app.auth.verify_cookies(&parts.headers).await,
    };
    let identity = identity.map(|identity| app.auth.saw(identity, client::of(&parts)));
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(WRITE_BUFFER_MAX)
        .max_message_size(limits::BODY_BYTES)
        .max_frame_size(limits::BODY_BYTES);
    // Tracked from here on, so that a stopping server knows when the last connection is gone.
    let (tracker, token) = (app.sockets.clone(), app.sockets.token());
    upgrade.on_upgrade(async move |socket| {
        // A task of its own: the one this runs in keeps room for the handshake as long as it lives.
        match identity {
            Ok(identity) => tracker.spawn(socket::run(socket, app, peer, identity, query.since)),
            Err(failure) => tracker.spawn(refuse(socket, failure)),
        };
        drop(token);
    })
}

fn origin_is_allowed(app: &AppState, headers: &HeaderMap, has_token: bool) -> bool {
    match crate::http::origin::is_allowed(headers, &app.config) {
        OriginCheck::Own => true,
        OriginCheck::Foreign => false,
        // No browser: fine for whoever brings a token, but a cookie alone could be anyone's page. Who brings neither is
        // told so, in a frame.
        OriginCheck::None => has_token || !headers.contains_key(header::COOKIE),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The parameters of the address. Read leniently: whatever `since` holds, the answer is a frame.
#[derive(Default)]
struct Query {
    since: Option<String>,
    token: Option<String>,
}

impl Query {
    fn parse(text: &str) -> Self {
        let mut query = Self::default();
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            match &*name {
                "since" => query.since = Some(value.into_owned()),
                "token" => query.token = Some(value.into_owned()),
                _ => {}
            }
        }
        query
    }
}

async fn refuse(mut socket: WebSocket, failure: AuthFailure) {
    let (code, message, close, retry_ms) = match failure {
        AuthFailure::Missing | AuthFailure::Invalid => {
            (ErrorCode::Unauthorized, EN.unauthorized, CloseCode::UNAUTHORIZED, 0)
        }
        AuthFailure::Expired => (ErrorCode::TokenExpired, EN.token_expired, CloseCode::TOKEN_EXPIRED, 0),
        AuthFailure::Revoked => (ErrorCode::Revoked, EN.revoked, CloseCode::REVOKED, 0),
        AuthFailure::Unavailable => (ErrorCode::Unavailable, EN.unavailable, CloseCode::TRY_LATER, RETRY_MS),
    };
    let frame = ServerFrame::Error { code, message: message.to_owned(), retry_ms };
    let text = socket::encode(&frame);
    // A peer that went away meanwhile has nothing to be told.
    let _ = socket.feed(Message::Text(text)).await;
    let _ = socket.send(Message::Close(Some(CloseFrame { code: close.0, reason: code.as_str().into() }))).await;
}
