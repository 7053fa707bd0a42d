use super::*;

#[tokio::test]
async fn hello_comes_first_then_the_position_that_ends_replay() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let mut socket = bob.socket().await;
    let ServerFrame::Hello { protocol: 1, user, heartbeat_s: 25, pos } = socket.next().await.unwrap() else {
        panic!("no hello")
    };
    assert_eq!(user.name.as_str(), "bob");
    assert!(matches!(socket.next().await, Ok(ServerFrame::Position { pos: p, n: 0, live: true, .. }) if p == pos));
    app.finish().await;
}

#[tokio::test]
async fn no_login_and_a_bad_one_are_told_in_a_frame_and_a_close_code() {
    let app = TestApp::start().await;
    for query in ["?token=nonsense", "?since=x&token=", ""] {
        let mut socket = Socket::open(&app.socket_url(query), &[]).await.unwrap();
        let frame = socket.next().await.unwrap();
        assert!(matches!(frame, ServerFrame::Error { code: ErrorCode::Unauthorized, .. }), "{frame:?}");
        assert_eq!(socket.close_code().await, 4001);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_request_for_no_upgrade_is_told_what_to_ask_for() {
    let app = TestApp::start().await;
    let answer = app.anyone().get("/ws").await;
    assert_eq!([answer.header("upgrade"), answer.header("sec-websocket-version")], ["websocket", "13"]);
    answer.refuses(426, "upgrade_required", None);
    app.finish().await;
}

#[tokio::test]
async fn a_foreign_origin_is_refused_before_the_upgrade() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let bearer = format!("Bearer {}", bob.token());
    let own = app.url();
    for (origin, expected) in [("https://evil.example", Some(403)), ("null", Some(403)), (&*own, None)] {
        let opened = Socket::open(&app.socket_url(""), &[("authorization", &bearer), ("origin", origin)]).await;
        assert_eq!(opened.err(), expected, "{origin}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_cookie_needs_an_origin_and_a_token_needs_none() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let cookie = format!("push_access={}", bob.token());
    assert_eq!(Socket::open(&app.socket_url(""), &[("cookie", &cookie)]).await.err(), Some(403));
    let mut socket = Socket::open(&app.socket_url(""), &[("cookie", &cookie), ("origin", &app.url())]).await.unwrap();
    socket.live().await;
    let mut socket = Socket::open(&app.socket_url(&format!("?token={}", bob.token())), &[]).await.unwrap();
    socket.live().await;
    app.finish().await;
}

#[tokio::test]
async fn one_socket_too_many_closes_the_longest_silent() {
    let app = TestApp::with(|parts| parts.push.sockets_per_user = 2).await;
    let bob = app.person("bob").await;
    let mut first = bob.socket().await;
    first.live().await;
    let mut second = bob.socket().await;
    second.live().await;
    let mut third = bob.socket().await;
    third.live().await;
    assert_eq!(first.close_code().await, 4009);
    second.send(json!({"type": "ping"})).await;
    second.until(|frame| *frame == ServerFrame::Pong).await;
    app.finish().await;
}
