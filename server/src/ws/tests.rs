//! What no client can bring about at will: a session that ends between the check of the request and the seat.

use axum::{
    Extension, Router,
    extract::{State, WebSocketUpgrade},
    response::Response,
    routing::get,
};
use futures::StreamExt as _;
use push_system::{error::ErrorCode, protocol::ServerFrame};
use tokio::net::TcpListener;
use tokio_tungstenite::{connect_async, tungstenite::Message};
use tokio_util::task::TaskTracker;

use super::socket::{self, Asked};
use crate::{
    auth::{Identity, Registration, Typed},
    config::{self, Flags},
    serve::{self, Parts, Peer},
    state::AppState,
    store::Client,
};

async fn revoke_then_seat(
    State(app): State<AppState>,
    Extension(identity): Extension<Identity>,
    upgrade: WebSocketUpgrade,
) -> Response {
    app.auth.log_out(&identity).await.unwrap();
    let peer = Peer::new("127.0.0.1:1".parse().unwrap());
    upgrade.on_upgrade(move |socket| socket::run(socket, app, peer, identity, Asked::default()))
}

#[tokio::test]
async fn a_session_that_ended_before_there_was_a_seat_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let flags = Flags { data_dir: Some(folder.path().to_string_lossy().into_owned()), ..Flags::default() };
    let config = config::load(&flags, [], folder.path()).unwrap().config;
    let store = serve::open(&config).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tasks = TaskTracker::new();
    let app = serve::assemble(Parts::new(config, store), &tasks).await.unwrap();
    let typed = Registration {
        username: "bob".to_owned(),
        password: Typed("correct horse battery".to_owned()),
        email: String::new(),
        invite: String::new(),
    };
    let login = app.auth.register(typed, &Client::default()).await.unwrap();
    let identity = app.auth.verify_bearer(&login.answer().access_token).await.unwrap();
    let router = Router::new().route("/ws", get(revoke_then_seat)).layer(Extension(identity)).with_state(app.clone());
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, router).await });

    let (mut client, _) = connect_async(format!("ws://{address}/ws")).await.unwrap();
    let Some(Ok(Message::Text(frame))) = client.next().await else { panic!("no frame") };
    let frame: ServerFrame = serde_json::from_str(&frame).unwrap();
    assert!(matches!(frame, ServerFrame::Error { code: ErrorCode::Revoked, .. }), "{frame:?}");
    let Some(Ok(Message::Close(Some(close)))) = client.next().await else { panic!("no close") };
    assert_eq!(u16::from(close.code), 4003);

    server.abort();
    app.drain.cancel();
    app.push.finish();
    tasks.close();
    tasks.wait().await;
}
