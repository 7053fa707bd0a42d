//! Other sites cannot make a browser do things here.

use reqwest::{Method, header};
use serde_json::json;
use server::config::BaseUrl;

use crate::{
    app::TestApp,
    http::{Answer, Program, send},
};

async fn publish(person: &Program, headers: &[(&str, &str)]) -> Answer {
    let request = person.request(Method::POST, "/message").json(&json!({ "message": "hi" }));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    send(request).await
}

#[tokio::test]
async fn what_a_browser_marks_as_foreign_is_refused_even_with_a_bearer() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    for headers in [
        [("origin", "https://evil.example"), ("accept", "*/*")],
        [("origin", "null"), ("accept", "*/*")],
        [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
        [("sec-fetch-site", "cross-site"), ("accept", "*/*")],
        [("sec-fetch-site", "same-site"), ("accept", "*/*")],
    ] {
        publish(&ana, &headers).await.refuses(403, "foreign_origin", None);
    }
    assert!(ana.inbox().await.messages.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn own_pages_and_programs_pass() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let (own, localhost) = (app.url(), format!("http://localhost:{}", app.address.port()));
    publish(&ana, &[]).await.is(200);
    publish(&ana, &[("origin", &own)]).await.is(200);
    publish(&ana, &[("origin", &localhost)]).await.is(200);
    publish(&ana, &[("origin", &own), ("sec-fetch-site", "same-origin")]).await.is(200);
    app.finish().await;
}

#[tokio::test]
async fn the_base_url_is_an_own_origin() {
    let base_url = BaseUrl::parse("https://push.example").unwrap();
    let app = TestApp::with(|parts| parts.config.base_url = Some(base_url)).await;
    let ana = app.person("ana").await;
    publish(&ana, &[("origin", "https://push.example")]).await.is(200);
    publish(&ana, &[("origin", "https://other.example")]).await.refuses(403, "foreign_origin", None);
    app.finish().await;
}

#[tokio::test]
async fn no_answer_invites_other_sites() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let request = ana.request(Method::OPTIONS, "/message").header(header::ORIGIN, "https://evil.example");
    let answer = send(request.header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")).await;
    assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")), "{answer:?}");
    app.finish().await;
}
