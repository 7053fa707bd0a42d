//! Behind a proxy: who a request is counted against.

use server::{config::TrustedProxies, serve::Parts};

use crate::{app::TestApp, http::Program, socket::Socket};

const LOOPBACK: &str = "127.0.0.1";

async fn with_two_sockets_an_address(trusted: &'static str) -> TestApp {
    TestApp::with(move |parts: &mut Parts| {
        parts.push.sockets_per_address = 2;
        parts.config.trusted_proxies = TrustedProxies::parse(trusted).unwrap();
    })
    .await
}

/// A socket of somebody for whom the test stands as a proxy.
async fn socket_for(app: &TestApp, person: &Program, client: &str) -> Socket {
    let bearer = format!("Bearer {}", person.token());
    let headers = [("authorization", bearer.as_str()), ("x-forwarded-for", client)];
    let mut socket = Socket::open(&app.socket_url(""), &headers).await.expect("an upgrade");
    socket.live().await;
    socket
}

#[tokio::test]
async fn people_behind_a_trusted_proxy_have_addresses_of_their_own() {
    let app = with_two_sockets_an_address(LOOPBACK).await;
    let ana = app.person("ana").await;
    let mut crowd = Vec::new();
    for client in ["203.0.113.1", "203.0.113.1", "203.0.113.2", "2001:db8::1", "2001:db8::2"] {
        crowd.push(socket_for(&app, &ana, client).await);
    }
    let mut fifth = socket_for(&app, &ana, "2001:db8::3").await;
    assert_eq!(crowd[3].close_code().await, 4009, "one network of 64 bits is one address");
    ana.says("to the others").await;
    for socket in [0, 1, 2, 4] {
        assert_eq!(crowd[socket].texts(1).await, ["to the others"]);
    }
    assert_eq!(fifth.texts(1).await, ["to the others"]);
    drop((crowd, fifth));
    app.finish().await;
}

#[tokio::test]
async fn nobody_else_may_say_who_he_is() {
    let app = with_two_sockets_an_address("").await;
    let ana = app.person("ana").await;
    let mut first = socket_for(&app, &ana, "203.0.113.1").await;
    let others = [socket_for(&app, &ana, "203.0.113.2").await, socket_for(&app, &ana, "203.0.113.3").await];
    assert_eq!(first.close_code().await, 4009);
    drop((first, others));
    app.finish().await;
}
