//! Tickets for those who can send no header with a WebSocket's request.

use std::time::Duration;

use push_system::{admin::Ticket, error::ErrorCode, protocol::ServerFrame};
use reqwest::{Method, header};
use serde_json::json;
use server::config::Switch;
use tokio::task::JoinSet;

use crate::{
    app::TestApp,
    http::{Program, send},
    socket::Socket,
};

impl Program {
    async fn ticket(&self) -> String {
        let ticket: Ticket = self.post("/auth/ticket", &json!({})).await.json();
        assert_eq!(ticket.expires_in, 30);
        ticket.ticket
    }
}

async fn enter(app: &TestApp, ticket: &str) -> Socket {
    Socket::open(&app.socket_url(&format!("?ticket={ticket}")), &[]).await.expect("an upgrade")
}

async fn is_refused(app: &TestApp, ticket: &str) {
    let mut socket = enter(app, ticket).await;
    let frame = socket.next().await.unwrap();
    assert!(matches!(frame, ServerFrame::Error { code: ErrorCode::Unauthorized, .. }), "{frame:?}");
    assert_eq!(socket.close_code().await, 4001);
}

#[tokio::test]
async fn a_ticket_opens_one_socket_for_the_person_who_asked() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let ticket = bob.ticket().await;
    let mut socket = enter(&app, &ticket).await;
    let hello = socket.next().await.unwrap();
    assert!(matches!(&hello, ServerFrame::Hello { user, .. } if user.name.as_str() == "bob"), "{hello:?}");
    is_refused(&app, &ticket).await;
    bob.says("still there").await;
    assert_eq!(socket.texts(1).await, ["still there"]);
    app.finish().await;
}

#[tokio::test]
async fn of_many_that_come_with_one_ticket_to_two_instances_one_enters() {
    let one = TestApp::start().await;
    let two = TestApp::with(|parts| parts.store = one.store.clone()).await;
    let bob = one.person("bob").await;
    let ticket = bob.ticket().await;
    let mut doors = JoinSet::new();
    for n in 0..20 {
        let url = [&one, &two][n % 2].socket_url(&format!("?ticket={ticket}"));
        doors.spawn(async move {
            let mut socket = Socket::open(&url, &[]).await.unwrap();
            matches!(socket.next().await, Ok(ServerFrame::Hello { .. }))
        });
    }
    let entered = doors.join_all().await.into_iter().filter(|entered| *entered).count();
    assert_eq!(entered, 1);
    two.finish().await;
    one.finish().await;
}

#[tokio::test]
async fn a_ticket_is_over_after_half_a_minute() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let (used, late) = (bob.ticket().await, bob.ticket().await);
    app.clock.advance(29);
    let mut socket = enter(&app, &used).await;
    assert!(matches!(socket.next().await, Ok(ServerFrame::Hello { .. })));
    app.clock.advance(2);
    is_refused(&app, &late).await;
    app.finish().await;
}

#[tokio::test]
async fn what_is_no_ticket_opens_nothing_whatever_else_is_brought() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    for ticket in ["", "t1.", "nonsense", bob.token(), &bob.tokens().refresh_token, &format!("t1.{}", "A".repeat(43))] {
        is_refused(&app, ticket).await;
    }
    let cookie = format!("push_access={}", bob.token());
    let headers = [("cookie", &*cookie), ("origin", &*app.url())];
    let mut socket = Socket::open(&app.socket_url("?ticket=t1.none"), &headers).await.unwrap();
    assert_eq!(socket.close_code().await, 4001, "good cookies do not make up for a bad ticket");
    let ticket = bob.ticket().await;
    let bearer = app.anyone().request(Method::GET, "/auth/me").bearer_auth(&ticket);
    send(bearer).await.refuses(401, "unauthorized", None);
    app.finish().await;
}

#[tokio::test]
async fn tickets_are_not_guessed_at_leisure_and_a_good_one_is_never_refused() {
    let app = TestApp::with(|parts| parts.config.rate_limits = Switch::On).await;
    app.clock.stop();
    let bob = app.person("bob").await;
    let guess = format!("t1.{}", "A".repeat(43));
    for _ in 0..30 {
        is_refused(&app, &guess).await;
    }
    let mut limited = enter(&app, &guess).await;
    let frame = limited.next().await.unwrap();
    assert!(matches!(frame, ServerFrame::Error { code: ErrorCode::RateLimited, retry_ms: 2_000, .. }), "{frame:?}");
    assert_eq!(limited.close_code().await, 1013);
    let mut socket = enter(&app, &bob.ticket().await).await;
    assert!(matches!(socket.next().await, Ok(ServerFrame::Hello { .. })));
    app.finish().await;
}

#[tokio::test]
async fn tickets_are_for_those_who_are_logged_in_and_never_for_foreign_pages() {
    let app = TestApp::start().await;
    app.anyone().post("/auth/ticket", &json!({})).await.refuses(401, "unauthorized", None);
    let bob = app.person("bob").await;
    let foreign = bob.request(Method::POST, "/auth/ticket").header(header::ORIGIN, "https://evil.example");
    send(foreign).await.refuses(403, "foreign_origin", None);
    let ticket = bob.ticket().await;
    let url = app.socket_url(&format!("?ticket={ticket}"));
    assert_eq!(Socket::open(&url, &[("origin", "https://evil.example")]).await.err(), Some(403));
    bob.delete("/auth/sessions").await.is(204);
    let mut late = Socket::open(&url, &[]).await.unwrap();
    assert_eq!(late.close_code().await, 4003, "the session that asked has ended");
    app.finish().await;
}

#[tokio::test]
async fn a_tickets_socket_ends_with_the_login_that_asked() {
    let app = TestApp::with(|parts| parts.ws.heartbeat = Duration::from_secs(1)).await;
    let bob = app.person("bob").await;
    let elsewhere = bob.logged_in("bob").await;
    let mut socket = enter(&app, &bob.ticket().await).await;
    socket.live().await;
    let mut of_elsewhere = enter(&app, &elsewhere.ticket().await).await;
    of_elsewhere.live().await;
    // Read while waiting: a socket that answers no ping is let go for that.
    let logout = json!({});
    let (ended, code) = tokio::join!(bob.post("/auth/logout", &logout), socket.close_code());
    assert_eq!((ended.status, code), (204, 4003));

    app.clock.advance(14 * 60);
    elsewhere.says("a minute before").await;
    assert_eq!(of_elsewhere.texts(1).await, ["a minute before"]);
    app.clock.advance(2 * 60);
    assert_eq!(of_elsewhere.close_code().await, 4002, "a ticket gives no more than the token it was asked for with");
    app.finish().await;
}

#[tokio::test]
async fn a_browsers_ticket_outlives_its_token_and_not_its_session() {
    let app = TestApp::with(|parts| parts.ws.heartbeat = Duration::from_secs(1)).await;
    let browser = app.browser();
    browser.registers("ana").await;
    let ticket: Ticket = browser.sends("/auth/ticket", &[]).await.json();
    let mut socket = enter(&app, &ticket.ticket).await;
    socket.live().await;
    app.clock.advance(60 * 60);
    // A heartbeat after that it is still there.
    socket.until(|frame| matches!(frame, ServerFrame::Position { .. })).await;
    let signs_out = async { app.anyone().logged_in("ana").await.signs_out_everywhere().await.is(204) };
    let (_, code) = tokio::join!(signs_out, socket.close_code());
    assert_eq!(code, 4003);
    app.finish().await;
}
