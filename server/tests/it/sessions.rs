//! A person's logins: seen, and ended one by one.

use std::time::Duration;

use push_system::{
    admin::{SessionInfo, SessionList},
    ids::UserId,
};
use reqwest::{Method, header};
use serde_json::json;
use tokio::time::timeout;

use crate::{
    app::TestApp,
    http::{PASSWORD, Program, send},
};

const MINUTE: i64 = 60;
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";

async fn sessions(program: &Program) -> Vec<SessionInfo> {
    program.get("/auth/sessions").await.json::<SessionList>().sessions
}

/// The id of the session that asks.
async fn own(program: &Program) -> String {
    sessions(program).await.into_iter().find(|session| session.current).expect("its own").id
}

async fn ends(program: &Program, id: &str, password: &str) -> crate::http::Answer {
    let request = program.request(Method::DELETE, &format!("/auth/sessions/{id}"));
    send(request.json(&json!({ "password": password }))).await
}

#[tokio::test]
async fn a_person_sees_their_sessions_with_device_and_address() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    app.person("bob").await;
    app.clock.advance(MINUTE);
    let login = app.anyone().request(Method::POST, "/auth/login").header(header::USER_AGENT, FIREFOX);
    send(login.json(&json!({ "username": "ana", "password": PASSWORD }))).await.is(200);
    let sessions = sessions(&ana).await;
    assert_eq!(sessions.len(), 2, "nobody else's");
    assert_eq!((sessions[0].device.as_str(), sessions[0].current), ("Firefox on Linux", false));
    assert_eq!((sessions[1].device.as_str(), sessions[1].current), ("", true));
    assert!(sessions.iter().all(|session| session.address == "127.0.0.1" && session.id.len() == 32));
    assert!(sessions[0].last_seen > sessions[1].last_seen, "the one seen last comes first");
    app.finish().await;
}

#[tokio::test]
async fn when_a_session_was_seen_is_written_before_the_server_goes() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let (user, began) = (UserId(ana.number().await), sessions(&ana).await.remove(0).created);
    app.clock.advance(5 * MINUTE);
    ana.get("/auth/me").await.is(200);
    app.stop();
    let written = async {
        loop {
            let session = app.store.sessions_of(user, began, 10).await.expect("a store").remove(0);
            if session.last_seen > began {
                return session;
            }
            tokio::task::yield_now().await;
        }
    };
    let session = timeout(Duration::from_secs(10), written).await.expect("in time");
    assert_eq!((session.last_seen.unix_ms() % 60_000, session.client.address.as_str()), (0, "127.0.0.1"));
    app.finish().await;
}

#[tokio::test]
async fn ending_another_session_needs_the_password() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let (other, third) = (ana.logged_in("ana").await, ana.logged_in("ana").await);
    let mut socket = other.socket().await;
    socket.live().await;
    let id = own(&other).await;
    ana.delete(&format!("/auth/sessions/{id}")).await.refuses(422, "empty", Some("password"));
    ends(&ana, &id, "not the password").await.refuses(401, "bad_credentials", Some("password"));
    other.get("/auth/me").await.is(200);
    ends(&ana, &id, PASSWORD).await.is(204);
    assert_eq!(socket.close_code().await, 4003);
    other.get("/auth/me").await.refuses(401, "revoked", None);
    for survivor in [&ana, &third] {
        survivor.get("/auth/me").await.is(200);
    }
    ends(&ana, &id, PASSWORD).await.refuses(404, "not_found", None);
    app.finish().await;
}

#[tokio::test]
async fn nobody_ends_the_session_of_somebody_else() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let id = own(&bob).await;
    let hyphenated = format!("{}-{}-{}-{}-{}", &id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]);
    for id in [id.as_str(), &id.to_uppercase(), &hyphenated, "0", "x"] {
        ends(&ana, id, PASSWORD).await.refuses(404, "not_found", None);
    }
    bob.get("/auth/me").await.is(200);
    app.finish().await;
}

#[tokio::test]
async fn ending_the_own_session_is_a_logout() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let answer = ana.delete(&format!("/auth/sessions/{}", own(&ana).await)).await.is(204);
    assert_eq!(answer.cookies().len(), 2, "the browser forgets it");
    ana.get("/auth/me").await.refuses(401, "revoked", None);
    app.finish().await;
}

#[tokio::test]
async fn revoking_the_others_spares_the_one_that_asks() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let other = ana.logged_in("ana").await;
    let revoke = |password: &str| json!({ "password": password });
    ana.post("/auth/sessions/revoke-others", &revoke("")).await.refuses(422, "empty", Some("password"));
    let wrong = ana.post("/auth/sessions/revoke-others", &revoke("not the password")).await;
    wrong.refuses(401, "bad_credentials", Some("password"));
    ana.post("/auth/sessions/revoke-others", &revoke(PASSWORD)).await.is(204);
    other.get("/auth/me").await.refuses(401, "revoked", None);
    assert_eq!(sessions(&ana).await.len(), 1);
    app.finish().await;
}
