//! What machines ask.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{app::TestApp, http::send};

#[tokio::test]
async fn a_running_server_is_alive_ready_and_says_its_version() {
    let app = TestApp::start().await;
    let anyone = app.anyone();
    assert_eq!(anyone.get("/healthz").await.json::<Value>(), json!({ "status": "ok" }));
    let ready: Value = anyone.get("/readyz").await.json();
    assert_eq!(ready, json!({ "status": "ready", "store": true, "bus": true }));
    let version: Value = anyone.get("/version").await.json();
    assert_eq!((&version["name"], &version["version"]), (&json!("push-system"), &json!(env!("CARGO_PKG_VERSION"))));
    app.finish().await;
}

#[tokio::test]
async fn head_answers_without_a_body() {
    let app = TestApp::start().await;
    let answer = send(app.anyone().request(Method::HEAD, "/healthz")).await.is(200);
    assert!(answer.body.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn a_request_in_progress_is_answered_while_the_server_stops() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let body = r#"{"message":"in time"}"#;
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let head = format!(
        "POST /message HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        app.address,
        ana.tokens().access_token,
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // It is said when the handler waits for the body: the request is in progress.
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await.unwrap();
    assert_eq!(interim.as_slice(), b"HTTP/1.1 100 Continue\r\n\r\n");
    app.stop();
    let nobody_listens = async { while TcpStream::connect(app.address).await.is_ok() {} };
    timeout(Duration::from_secs(10), nobody_listens).await.expect("no more are taken");
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains("in time"), "{answer}");
    app.finish().await;
}

#[tokio::test]
async fn a_stopping_server_says_so_while_its_sockets_leave() {
    let app = TestApp::with(|parts| parts.config.drain = Duration::from_secs(4)).await;
    let ana = app.person("ana").await;
    let mut sockets = Vec::new();
    // Each leaves at a random moment of the first two seconds: that all twelve choose the first tenth happens never.
    for _ in 0..12 {
        sockets.push(ana.socket().await);
    }
    app.stop();
    let mut answer = app.anyone().get("/readyz").await;
    while answer.status == 200 {
        answer = app.anyone().get("/readyz").await;
    }
    assert_eq!(answer.header("retry-after"), "1");
    let problem = answer.refuses(503, "unavailable", None);
    assert!(problem.detail.contains("shutting down"), "{}", problem.detail);
    app.finish().await;
}

#[tokio::test]
async fn a_stopping_server_does_not_wait_for_idle_connections() {
    let app = TestApp::start().await;
    let anyone = app.anyone();
    anyone.get("/healthz").await.is(200);
    let start = std::time::Instant::now();
    app.finish().await;
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert!(anyone.request(Method::GET, "/healthz").send().await.is_err());
}
