use super::*;

#[tokio::test]
async fn signing_out_ends_the_sessions_sockets_and_only_these() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let elsewhere = bob.logged_in("bob").await;
    let (mut here, mut there) = (bob.socket().await, elsewhere.socket().await);
    here.live().await;
    there.live().await;
    bob.post("/auth/logout", &json!({})).await.is(204);
    assert_eq!(here.close_code().await, 4003);
    app.person("ana").await.publishes(json!({"message": "hi"})).await;
    assert_eq!(there.texts(1).await, ["hi"]);
    let mut refused = Socket::open(&app.socket_url(&format!("?token={}", bob.token())), &[]).await.unwrap();
    assert_eq!(refused.close_code().await, 4003);
    app.finish().await;
}

/// A socket wakes at its heartbeats in these tests: the clock that is moved is not the one it sleeps by.
async fn with_quick_heartbeats() -> TestApp {
    TestApp::with(|parts| parts.ws.heartbeat = Duration::from_secs(1)).await
}

#[tokio::test]
async fn a_bearers_socket_ends_with_its_token() {
    let app = with_quick_heartbeats().await;
    let bob = app.person("bob").await;
    let mut socket = bob.socket().await;
    socket.live().await;
    app.clock.advance(14 * 60);
    bob.says("a minute before").await;
    assert_eq!(socket.texts(1).await, ["a minute before"]);
    app.clock.advance(2 * 60);
    assert_eq!(socket.close_code().await, 4002);
    let mut late = Socket::open(&app.socket_url(&format!("?token={}", bob.token())), &[]).await.unwrap();
    assert!(matches!(late.next().await, Ok(ServerFrame::Error { code: ErrorCode::TokenExpired, .. })));
    assert_eq!(late.close_code().await, 4002);
    app.finish().await;
}

#[tokio::test]
async fn a_cookies_socket_outlives_its_token_and_ends_with_its_session() {
    let app = with_quick_heartbeats().await;
    let bob = app.person("bob").await;
    let (cookie, origin) = (format!("push_access={}", bob.token()), app.url());
    let headers = [("cookie", &*cookie), ("origin", &*origin)];
    let mut socket = Socket::open(&app.socket_url(""), &headers).await.unwrap();
    socket.live().await;
    app.clock.advance(60 * 60);
    socket.until(|frame| matches!(frame, ServerFrame::Position { .. })).await;
    // Read while waiting: a socket that answers no ping is let go for that.
    let signs_out = async { bob.refreshed().await.delete("/auth/sessions").await.is(204) };
    let (_, code) = tokio::join!(signs_out, socket.close_code());
    assert_eq!(code, 4003);
    app.finish().await;
}

/// Which no event says, however the socket was opened.
#[tokio::test]
async fn a_cookies_socket_ends_when_its_session_runs_out() {
    let app = with_quick_heartbeats().await;
    let bob = app.person("bob").await;
    let (cookie, origin) = (format!("push_access={}", bob.token()), app.url());
    let headers = [("cookie", &*cookie), ("origin", &*origin)];
    let mut socket = Socket::open(&app.socket_url(""), &headers).await.unwrap();
    socket.live().await;
    app.clock.advance(89 * 24 * 60 * 60);
    socket.until(|frame| matches!(frame, ServerFrame::Position { .. })).await;
    app.clock.advance(2 * 24 * 60 * 60);
    assert_eq!(socket.close_code().await, 4003);
    app.finish().await;
}

#[tokio::test]
async fn whoever_brings_a_bad_token_is_nobody_whatever_the_cookies_say() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let (cookie, origin) = (format!("push_access={}", bob.token()), app.url());
    for (query, bearer) in [("", Some("Bearer nonsense")), ("", Some("Bearer")), ("?token=", None), ("?token=x", None)]
    {
        let mut headers = vec![("cookie", &*cookie), ("origin", &*origin)];
        headers.extend(bearer.map(|bearer| ("authorization", bearer)));
        let mut socket = Socket::open(&app.socket_url(query), &headers).await.unwrap();
        assert_eq!(socket.close_code().await, 4001, "{query} {bearer:?}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_stopping_server_sends_everyone_away_with_1012() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let mut sockets = [bob.socket().await, bob.socket().await, bob.socket().await];
    for socket in &mut sockets {
        socket.live().await;
    }
    app.stop();
    for socket in &mut sockets {
        assert_eq!(socket.close_code().await, 1012);
    }
    app.finish().await;
}

#[tokio::test]
async fn heartbeats_tell_the_cursor_even_when_everything_is_for_others() {
    let app = TestApp::with(|parts| parts.ws.heartbeat = Duration::from_millis(100)).await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let mut socket = bob.socket().await;
    socket.live().await;
    let MessageId(id) = ana.publishes(json!({"message": "to herself", "to": "@ana"})).await;
    let moved = |frame: &ServerFrame| matches!(frame, ServerFrame::Position { seq, .. } if seq.0 >= id);
    assert!(matches!(socket.until(moved).await, ServerFrame::Position { n: 0, live: true, .. }));
    app.finish().await;
}

#[tokio::test]
async fn a_peer_that_answers_no_ping_is_let_go() {
    let app = TestApp::with(|parts| {
        parts.ws.heartbeat = Duration::from_millis(50);
        parts.push.presence_every = Duration::from_millis(20);
        parts.push.leave_after = Duration::ZERO;
    })
    .await;
    let bob = app.person("bob").await;
    // Connected and then never read: neither pings are answered nor anything sent.
    let _silent = bob.socket().await;
    bob.sees_online(|names| names == ["bob"]).await;
    bob.sees_online(|names| names.is_empty()).await;
    app.finish().await;
}
