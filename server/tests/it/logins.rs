//! How logins begin, go on, and end.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use push_system::api::TokenAnswer;
use reqwest::{Method, header};
use serde_json::json;

use crate::{
    app::TestApp,
    flaky::Flaky,
    http::{Answer, PASSWORD, Program, send},
};

const MINUTE: i64 = 60;

async fn log_in(app: &TestApp, name: &str, password: &str) -> Answer {
    app.anyone().post("/auth/login", &json!({ "username": name, "password": password })).await
}

#[tokio::test]
async fn nothing_is_readable_without_a_login() {
    let app = TestApp::start().await;
    for path in ["/message", "/inbox", "/presence", "/people", "/auth/me"] {
        app.anyone().get(path).await.refuses(401, "unauthorized", None);
    }
    for path in ["/message", "/read", "/auth/logout", "/auth/password"] {
        app.anyone().post(path, &json!({})).await.refuses(401, "unauthorized", None);
    }
    app.anyone().delete("/auth/sessions").await.refuses(401, "unauthorized", None);
    for (path, next) in
        [("/", "/login"), ("/settings", "/login?next=%2Fsettings"), ("/history?q=a", "/login?next=%2Fhistory%3Fq%3Da")]
    {
        app.browser().opens(path).await.leads(next).hides("ana");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_login_needs_both_fields() {
    let app = TestApp::start().await;
    log_in(&app, "", PASSWORD).await.refuses(422, "empty", Some("username"));
    log_in(&app, "ana", "").await.refuses(422, "empty", Some("password"));
    app.finish().await;
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_are_told_the_same() {
    let app = TestApp::start().await;
    app.person("ana").await;
    let wrong = log_in(&app, "ana", "not the password").await.refuses(401, "bad_credentials", None);
    let long = "x".repeat(300);
    for (name, password) in [("bob", PASSWORD), ("no name!", PASSWORD), ("ana", "short"), ("ana", long.as_str())] {
        assert_eq!(log_in(&app, name, password).await.refuses(401, "bad_credentials", None), wrong, "{name}");
    }
    log_in(&app, "Ana", PASSWORD).await.is(200);
    app.finish().await;
}

#[tokio::test]
async fn the_token_form_of_oauth_logs_in_without_cookies() {
    let app = TestApp::start().await;
    app.person("ana").await;
    let token = |body: String| {
        let anyone = app.anyone();
        async move { anyone.post_raw("/auth/token", "application/x-www-form-urlencoded", body).await }
    };
    let fields = "username=ana&password=correct+horse+battery";
    let answer = token(fields.to_owned()).await.is(200);
    assert!(answer.cookies().is_empty());
    let answer: TokenAnswer = token(format!("grant_type=password&{fields}")).await.json();
    assert_eq!(answer.user.name.as_str(), "ana");
    token(format!("grant_type=refresh_token&{fields}")).await.refuses(422, "invalid", Some("grant_type"));
    token("username=ana&password=wrong+password".to_owned()).await.refuses(401, "bad_credentials", None);
    app.anyone().post("/auth/token", &json!({})).await.refuses(415, "unsupported_media_type", None);
    app.finish().await;
}

#[tokio::test]
async fn an_access_token_is_over_after_a_quarter_of_an_hour_and_a_refresh_helps() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    app.clock.advance(14 * MINUTE);
    ana.get("/auth/me").await.is(200);
    app.clock.advance(2 * MINUTE);
    ana.get("/auth/me").await.refuses(401, "token_expired", None);
    ana.refreshed().await.get("/auth/me").await.is(200);
    app.finish().await;
}

#[tokio::test]
async fn what_is_no_token_of_ours_is_refused() {
    let app = TestApp::start().await;
    let other = TestApp::start().await;
    let stranger = other.person("ana").await;
    let ana = app.person("ana").await;
    let cut = ana.tokens().access_token.rsplit_once('.').unwrap().0.to_owned() + ".";
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"at+jwt"}"#);
    let unsigned = format!("{header}.{}.", ana.token().split('.').nth(1).unwrap());
    let long = "a".repeat(5_000);
    // The whole list of what a token can be, and is refused for, is beside `auth::token`.
    for token in ["", "x", "a.b.c", &cut, stranger.token(), &unsigned, &long, &ana.tokens().refresh_token] {
        let request = app.anyone().request(Method::GET, "/auth/me").bearer_auth(token);
        send(request).await.refuses(401, "unauthorized", None);
        let cookie =
            app.anyone().request(Method::GET, "/auth/me").header(header::COOKIE, format!("push_access={token}"));
        send(cookie).await.refuses(401, "unauthorized", None);
    }
    // A header of that size is given up before it is whole: the connection may be gone before its answer is read.
    let million = app.anyone().request(Method::GET, "/auth/me").bearer_auth("a".repeat(1_000_000)).send().await;
    assert!(million.is_err() || million.is_ok_and(|answer| answer.status() == 431));
    ana.get("/auth/me").await.is(200);
    let basic = app.anyone().request(Method::GET, "/auth/me").basic_auth("ana", Some(PASSWORD));
    send(basic).await.refuses(401, "unauthorized", None);
    for token in ["", "r1.AAAA", "nonsense"] {
        app.anyone().post("/auth/refresh", &json!({ "refresh_token": token })).await.refuses(401, "unauthorized", None);
    }
    app.finish().await;
    other.finish().await;
}

#[tokio::test]
async fn a_refresh_whose_answer_was_lost_gives_the_same_successor_again() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let first = ana.refreshed().await;
    app.clock.advance(24 * 60 * MINUTE);
    let again = ana.refreshed().await;
    assert_eq!(first.tokens().refresh_token, again.tokens().refresh_token);
    assert_ne!(first.tokens().refresh_token, ana.tokens().refresh_token);
    app.finish().await;
}

#[tokio::test]
async fn ten_tabs_that_refresh_at_once_get_one_successor() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let mut tabs = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let tab = ana.clone();
        tabs.spawn(async move { tab.refreshed().await.tokens().refresh_token.clone() });
    }
    let mut successors = tabs.join_all().await;
    successors.dedup();
    assert_eq!(successors.len(), 1);
    app.finish().await;
}

/// The successor is seen in use: by an access token issued with it, or by a refresh with it.
async fn used(app: &TestApp, ana: &Program) -> Program {
    let successor = ana.refreshed().await;
    successor.get("/auth/me").await.is(200);
    app.clock.advance(9);
    ana.refresh().await.is(200);
    app.clock.advance(2);
    successor
}

#[tokio::test]
async fn a_refresh_token_used_after_its_successor_was_in_use_ends_the_session() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let other_device = ana.logged_in("ana").await;
    let successor = used(&app, &ana).await;

    ana.refresh().await.refuses(401, "revoked", None);

    successor.get("/auth/me").await.refuses(401, "revoked", None);
    successor.refresh().await.refuses(401, "revoked", None);
    other_device.get("/auth/me").await.is(200);
    app.finish().await;
}

#[tokio::test]
async fn a_refresh_with_the_successor_shows_that_it_arrived_as_well() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let third = ana.refreshed().await.refreshed().await;
    app.clock.advance(11);
    ana.refresh().await.refuses(401, "revoked", None);
    third.get("/auth/me").await.refuses(401, "revoked", None);
    app.finish().await;
}

#[tokio::test]
async fn a_logout_ends_that_session_alone_at_once() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let other_device = ana.logged_in("ana").await;
    ana.get("/auth/me").await.is(200);
    send(ana.request(Method::POST, "/auth/logout")).await.is(204);
    ana.get("/auth/me").await.refuses(401, "revoked", None);
    ana.refresh().await.refuses(401, "revoked", None);
    other_device.get("/auth/me").await.is(200);
    app.finish().await;
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session_of_the_person() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let other_device = ana.logged_in("ana").await;
    let everywhere = async |password: &str| {
        let request = ana.request(Method::DELETE, "/auth/sessions");
        send(request.json(&json!({ "password": password }))).await
    };
    ana.delete("/auth/sessions").await.refuses(422, "empty", Some("password"));
    everywhere("not the password").await.refuses(401, "bad_credentials", Some("password"));
    other_device.get("/auth/me").await.is(200);
    everywhere(PASSWORD).await.is(204);
    for device in [&ana, &other_device] {
        device.get("/auth/me").await.refuses(401, "revoked", None);
    }
    // Whoever is logged in nowhere else takes nothing away from anybody.
    bob.delete("/auth/sessions").await.is(204);
    bob.get("/auth/me").await.refuses(401, "revoked", None);
    app.finish().await;
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let other_device = ana.logged_in("ana").await;
    let change = |current: &str, password: &str| json!({ "current": current, "password": password });

    let wrong = ana.post("/auth/password", &change("not the password", "a new password")).await;
    wrong.refuses(401, "bad_credentials", Some("current"));
    ana.post("/auth/password", &change(PASSWORD, "short")).await.refuses(422, "too_short", Some("password"));
    ana.post("/auth/password", &change(PASSWORD, "a new password")).await.is(204);

    ana.get("/auth/me").await.is(200);
    other_device.get("/auth/me").await.refuses(401, "revoked", None);
    log_in(&app, "ana", PASSWORD).await.refuses(401, "bad_credentials", None);
    log_in(&app, "ana", "a new password").await.is(200);
    app.finish().await;
}

#[tokio::test]
async fn a_browser_stays_logged_in_without_script() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.registers("ana").await;
    for _ in 0..3 {
        app.clock.advance(60 * MINUTE);
        let answer = browser.opens("/settings").await.is(200).shows("ana");
        assert_eq!(answer.cookies().len(), 2, "{:?}", answer.cookies());
        assert!(browser.opens("/settings").await.is(200).cookies().is_empty());
    }
    browser.fetches("/auth/me").await.is(200);
    app.finish().await;
}

#[tokio::test]
async fn a_page_whose_answer_was_lost_is_loaded_again_with_the_old_cookies() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let cookies = format!("push_access=over; push_refresh={}", ana.tokens().refresh_token);
    let load = async || send(app.anyone().request(Method::GET, "/settings").header(header::COOKIE, &cookies)).await;
    let lost = load().await.is(200);
    app.clock.advance(60 * MINUTE);
    let again = load().await.is(200);
    let refresh = |answer: &Answer| answer.cookies()[1].split(';').next().map(str::to_owned);
    assert_eq!(refresh(&lost), refresh(&again));
    app.finish().await;
}

#[tokio::test]
async fn a_browser_keeps_its_login_while_the_database_is_away() {
    let mut store = None;
    let app = TestApp::with(|parts| {
        let flaky = Flaky::around(parts.store.clone());
        parts.store = flaky.clone();
        store = Some(flaky);
    })
    .await;
    let (browser, store) = (app.browser(), store.expect("the server's store"));
    browser.registers("ana").await;
    app.clock.advance(60 * MINUTE);
    store.set_away(true);
    let answer = browser.opens("/settings").await.is(503);
    assert!(answer.header("content-type").starts_with("text/html") && answer.cookies().is_empty());
    browser.fetches("/auth/me").await.refuses(503, "unavailable", None);
    store.set_away(false);
    browser.opens("/settings").await.is(200).shows("ana");
    drop(store);
    app.finish().await;
}

#[tokio::test]
async fn a_browser_whose_session_was_ended_is_led_to_the_login_and_forgets_its_cookies() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.registers("ana").await;
    app.anyone().logged_in("ana").await.signs_out_everywhere().await.is(204);
    let answer = browser.opens("/").await.leads("/login?why=ended");
    assert!(answer.cookies().iter().all(|cookie| cookie.contains("Max-Age=0")), "{:?}", answer.cookies());
    browser.opens("/login").await.is(200);
    app.finish().await;
}

#[tokio::test]
async fn a_script_refreshes_with_the_cookie_and_gets_cookies() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.registers("ana").await;
    let answer = browser.sends("/auth/refresh", &[]).await.is(200);
    assert_eq!(answer.cookies().len(), 2);
    let program = app.anyone().logged_in("ana").await;
    assert!(program.refresh().await.is(200).cookies().is_empty());
    app.finish().await;
}

#[tokio::test]
async fn a_bearer_wins_over_cookies() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.registers("ana").await;
    let bob = app.person("bob").await;
    let request = browser.request(Method::GET, "/auth/me").bearer_auth(&bob.tokens().access_token);
    send(request).await.is(200).shows("bob");
    for unreadable in [&b"Bearer nonsense"[..], b"Bearer", b"Bearer ", b"bearer \xff\xfe"] {
        let value = header::HeaderValue::from_bytes(unreadable).unwrap();
        let request = browser.request(Method::GET, "/auth/me").header(header::AUTHORIZATION, value);
        send(request).await.refuses(401, "unauthorized", None);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_logout_button_ends_the_session_and_leads_to_the_login() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.registers("ana").await;
    browser.sends("/logout", &[]).await.leads("/login");
    browser.opens("/").await.leads("/login");
    browser.sends("/logout", &[]).await.leads("/login");
    app.finish().await;
}
