//! Refresh tokens that are presented more than once: by tabs, by bad connections, and by thieves (RFC 9700, 4.14.2).

use std::collections::HashSet;

use serde_json::json;
use tokio::{io::AsyncWriteExt as _, net::TcpStream, task::JoinSet};

use crate::{
    app::TestApp,
    http::{Program, send},
};

/// Presents the token so many times at once; the successors that came back.
async fn redeem_at_once(program: &Program, times: usize) -> HashSet<String> {
    let mut redeeming = JoinSet::new();
    for _ in 0..times {
        let program = program.clone();
        redeeming.spawn(async move { program.refreshed().await.tokens().refresh_token.clone() });
    }
    redeeming.join_all().await.into_iter().collect()
}

#[tokio::test]
async fn fifty_that_redeem_one_token_at_once_get_one_and_the_same_successor() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let successors = redeem_at_once(&ana, 50).await;
    assert_eq!(successors.len(), 1);
    let next = Program { login: ana.login.clone(), ..ana.clone() }.refreshed().await;
    assert!(successors.contains(&next.tokens().refresh_token));
    next.get("/auth/me").await.is(200);
    next.refreshed().await.get("/auth/me").await.is(200);
    app.finish().await;
}

/// Every tab brings the cookies of before the browser was closed; the last answer wins.
#[tokio::test]
async fn ten_restored_tabs_log_nobody_out() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    for _ in 0..3 {
        app.clock.advance(24 * 60 * 60);
        let cookies = format!("push_access=over; push_refresh={}", ana.tokens().refresh_token);
        let mut tabs = JoinSet::new();
        for _ in 0..10 {
            let request = app.anyone().request(reqwest::Method::GET, "/settings");
            let request = request.header("cookie", &cookies).header("sec-fetch-site", "same-origin");
            tabs.spawn(async move { send(request).await.is(200).shows("ana").cookies()[1].to_owned() });
        }
        let refreshed: HashSet<_> = tabs.join_all().await.iter().map(|line| token_of(line)).collect();
        assert_eq!(refreshed.len(), 1);
    }
    app.finish().await;
}

fn token_of(set_cookie: &str) -> String {
    set_cookie.split(';').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn clients_that_leave_before_the_answer_lose_nothing() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let body = json!({ "refresh_token": ana.tokens().refresh_token }).to_string();
    let head = format!(
        "POST /auth/refresh HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        app.address,
        body.len()
    );
    for _ in 0..20 {
        let mut stream = TcpStream::connect(app.address).await.unwrap();
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        drop(stream);
    }
    app.clock.advance(24 * 60 * 60);
    let next = ana.refreshed().await;
    next.get("/auth/me").await.is(200);
    next.refreshed().await.get("/auth/me").await.is(200);
    app.finish().await;
}

#[tokio::test]
async fn a_stolen_token_ends_the_session_for_thief_and_owner_at_once() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let stolen = ana.clone();
    let owner = ana.refreshed().await;
    let mut socket = owner.socket().await;
    socket.live().await;
    app.clock.advance(11);
    let revoked = std::time::Instant::now();
    stolen.refresh().await.refuses(401, "revoked", None);
    assert_eq!(socket.close_code().await, 4003);
    assert!(revoked.elapsed() < std::time::Duration::from_secs(1), "{:?}", revoked.elapsed());
    owner.get("/auth/me").await.refuses(401, "revoked", None);
    owner.refresh().await.refuses(401, "revoked", None);
    app.finish().await;
}

/// The thief was first: it is the owner's token that is used again.
#[tokio::test]
async fn a_thief_who_was_first_is_thrown_out_when_the_owner_comes() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let thief = ana.refreshed().await;
    thief.get("/auth/me").await.is(200);
    app.clock.advance(11);
    ana.refresh().await.refuses(401, "revoked", None);
    thief.get("/auth/me").await.refuses(401, "revoked", None);
    thief.refresh().await.refuses(401, "revoked", None);
    app.finish().await;
}
