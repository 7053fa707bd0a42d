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
    catalogue::{Language, Sentence},
    error::{ErrorCode, Rejection},
    limits,
    protocol::{CloseCode, ServerFrame},
};

use super::socket::{self, Asked};
use crate::{
    auth::{AuthFailure, bearer},
    http::{client, language, origin::OriginCheck, problem::problem},
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
    let mut query = Query::parse(parts.uri.query().unwrap_or_default());
    let asked = Asked { since: query.since.take(), language: language::of(&parts.headers) };
    let login = Presented::by(&parts.headers, query);
    if !origin_is_allowed(&app, &parts.headers, &login) {
        return problem(Rejection::new(ErrorCode::ForeignOrigin, Sentence::ForeignOrigin));
    }
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut parts, &app).await else {
        return problem(Rejection::new(ErrorCode::UpgradeRequired, Sentence::UpgradeRequired));
    };
    let identity = match &login {
        Presented::Bearer(token) => app.auth.verify_bearer(token).await,
        Presented::Ticket(ticket) => app.auth.redeem_ticket(ticket).await,
        Presented::Cookies => app.auth.verify_cookies(&parts.headers).await,
    };
    let limited = match (&login, &identity) {
        (Presented::Ticket(_), Err(AuthFailure::Invalid)) => app.limits.secret_failed(peer.client).await.err(),
        _ => None,
    };
    let identity = identity.map(|identity| app.auth.saw(identity, client::of(&parts.headers, &parts.extensions)));
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
            Ok(identity) => tracker.spawn(socket::run(socket, app, peer, identity, asked)),
            Err(failure) => tracker.spawn(refuse(socket, failure, limited, asked.language)),
        };
        drop(token);
    })
}

fn origin_is_allowed(app: &AppState, headers: &HeaderMap, login: &Presented) -> bool {
    match crate::http::origin::is_allowed(headers, &app.config) {
        OriginCheck::Own => true,
        OriginCheck::Foreign => false,
        // No browser: fine for whoever brings a token or a ticket, but a cookie alone could be anyone's page. Who brings neither is
        // told so, in a frame.
        OriginCheck::None => !matches!(login, Presented::Cookies) || !headers.contains_key(header::COOKIE),
    }
}

/// What a request brings to say who is asking. The first of these counts, good or bad: nobody who brought a bad token is
/// taken for whoever the cookies name.
enum Presented {
    /// `Authorization: Bearer`, or `?token=` from simple clients.
    Bearer(String),
    /// `?ticket=`
    Ticket(String),
    /// Cookies, or nothing.
    Cookies,
}

impl Presented {
    fn by(headers: &HeaderMap, query: Query) -> Self {
        let bearer = bearer(headers).map(str::to_owned).or(query.token).map(Self::Bearer);
        bearer.or(query.ticket.map(Self::Ticket)).unwrap_or(Self::Cookies)
    }
}

/// The parameters of the address. Never logged: they hold tokens (RFC 9700, 4.3.2). Read leniently: whatever `since` holds, the answer is a frame.
#[derive(Default)]
struct Query {
    since: Option<String>,
    token: Option<String>,
    ticket: Option<String>,
}

impl Query {
    fn parse(text: &str) -> Self {
        let mut query = Self::default();
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            match &*name {
                "since" => query.since = Some(value.into_owned()),
                "token" => query.token = Some(value.into_owned()),
                "ticket" => query.ticket = Some(value.into_owned()),
                _ => {}
            }
        }
        query
    }
}

/// Whoever presents too many tickets that never were any is told to wait instead.
async fn refuse(socket: WebSocket, failure: AuthFailure, limited: Option<Rejection>, language: Language) {
    if let Some(Rejection { detail, retry_after_s, .. }) = limited {
        let retry_ms = retry_after_s.unwrap_or_default().saturating_mul(1_000);
        let frame = ServerFrame::error(ErrorCode::RateLimited, &detail, retry_ms, language);
        return say_goodbye(socket, frame, ErrorCode::RateLimited, CloseCode::TRY_LATER).await;
    }
    let (code, why, close, retry_ms) = match failure {
        AuthFailure::Missing | AuthFailure::Invalid => {
            (ErrorCode::Unauthorized, Sentence::Unauthorized, CloseCode::UNAUTHORIZED, 0)
        }
        AuthFailure::Expired => (ErrorCode::TokenExpired, Sentence::TokenExpired, CloseCode::TOKEN_EXPIRED, 0),
        AuthFailure::Revoked => (ErrorCode::Revoked, Sentence::Revoked, CloseCode::REVOKED, 0),
        AuthFailure::Unavailable => (ErrorCode::Unavailable, Sentence::Unavailable, CloseCode::TRY_LATER, RETRY_MS),
    };
    let frame = ServerFrame::error(code, &why, retry_ms, language);
    say_goodbye(socket, frame, code, close).await;
}

async fn say_goodbye(mut socket: WebSocket, frame: ServerFrame, code: ErrorCode, close: CloseCode) {
    let text = socket::encode(&frame);
    // A peer that went away meanwhile has nothing to be told.
    let _ = socket.feed(Message::Text(text)).await;
    let _ = socket.send(Message::Close(Some(CloseFrame { code: close.0, reason: code.as_str().into() }))).await;
}
