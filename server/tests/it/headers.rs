//! What browsers are told beside every answer.

use push_system::limits;
use reqwest::Method;
use serde_json::json;
use server::config::BaseUrl;

use crate::{
    app::TestApp,
    http::{Answer, PASSWORD, send},
};

/// What every answer but a file of the site must say.
#[track_caller]
pub fn is_protected(answer: &Answer, what: &str) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{name} of {what}");
    }
    assert!(answer.header("permissions-policy").contains("camera=()"), "{what}");
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; "), "{what}: {policy}");
    for part in ["base-uri 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{what}: {policy}");
    }
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{what}: {policy}");
    assert!(!answer.headers.contains_key("strict-transport-security"), "{what} is not encrypted");
    assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control-")), "{what}");
}

fn nonce(policy: &str) -> &str {
    policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default()
}

#[tokio::test]
async fn a_page_runs_the_scripts_of_its_own_nonce_and_nothing_else() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.registers("ana").await;
    for path in ["/", "/history", "/settings", "/no/such/page"] {
        let (one, two) = (browser.opens(path).await, browser.opens(path).await);
        is_protected(&one, path);
        let policy = one.header("content-security-policy");
        let own = nonce(policy);
        assert!(own.len() >= 22, "128 random bits: {policy}");
        assert_ne!(own, nonce(two.header("content-security-policy")), "a nonce is used once");
        for part in
            ["object-src 'none'", "form-action 'self'", "require-trusted-types-for 'script'", "style-src 'self'"]
        {
            assert!(policy.contains(part), "{part}: {policy}");
        }
        assert!(!policy.contains('['), "browsers complain about IPv6 addresses: {policy}");
        let scripts = one.body.matches("<script").count();
        let with_nonce = one.body.matches(&format!("nonce=\"{own}\"")).count();
        // The script's preload has it as well.
        assert_eq!((scripts > 0, with_nonce), (true, scripts + 1), "{path}");
        assert!(!one.body.contains(" style=") && !one.body.contains("<style"), "{path} has a style of its own");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_page_may_open_sockets_to_its_own_server_alone() {
    let app = TestApp::start().await;
    let answer = app.browser().opens("/login").await;
    let policy = answer.header("content-security-policy");
    let connect = policy.split("; ").find(|part| part.starts_with("connect-src ")).unwrap();
    let port = app.address.port();
    assert_eq!(connect, format!("connect-src 'self' ws://127.0.0.1:{port} ws://localhost:{port}"));
    app.finish().await;

    let base_url = BaseUrl::parse("https://push.example").unwrap();
    let app = TestApp::with(|parts| parts.config.base_url = Some(base_url)).await;
    let answer = app.browser().opens("/login").await;
    assert!(answer.header("content-security-policy").contains(" wss://push.example"), "{answer:?}");
    app.finish().await;
}

#[tokio::test]
async fn what_goes_wrong_before_a_handler_is_protected_too() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    is_protected(&ana.get("/nothing").await, "an address that is not there");
    is_protected(&ana.delete("/message").await, "a method that is not taken");
    is_protected(&ana.post_raw("/message", "text/plain", "hi").await, "a wrong type");
    is_protected(&ana.post_raw("/message", "application/json", "x".repeat(limits::BODY_BYTES + 1)).await, "too large");
    let foreign = ana.request(Method::POST, "/message").header("origin", "https://evil.example");
    is_protected(&send(foreign).await, "a foreign origin");
    app.finish().await;
}

#[tokio::test]
async fn behind_https_browsers_are_told_to_insist_on_it() {
    let base_url = BaseUrl::parse("https://push.example").unwrap();
    let app = TestApp::with(|parts| parts.config.base_url = Some(base_url)).await;
    for path in ["/login", "/healthz", "/inbox"] {
        assert_eq!(app.anyone().get(path).await.header("strict-transport-security"), "max-age=31536000", "{path}");
    }
    let body = json!({ "username": "ana", "password": PASSWORD });
    let answer = app.anyone().post("/auth/register", &body).await.is(200);
    let cookies = answer.cookies();
    for (cookie, name) in cookies.iter().zip(["__Host-push_access=", "__Host-push_refresh="]) {
        // What browsers want of such a name: Secure, the root path and no domain.
        assert!(cookie.starts_with(name) && cookie.contains("; Secure") && cookie.contains("; Path=/"), "{cookie}");
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    let plain = format!("push_access={}", cookies[0].split(['=', ';']).nth(1).unwrap());
    let asked = |cookie: &str| send(app.anyone().request(Method::GET, "/inbox").header("cookie", cookie));
    asked(&plain).await.refuses(401, "unauthorized", None);
    asked(cookies[0].split(';').next().unwrap()).await.is(200);
    app.finish().await;
}
