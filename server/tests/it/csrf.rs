//! Other sites cannot make a browser do things here.

use reqwest::{Method, header};
use serde_json::json;
use server::config::BaseUrl;
use tokio::net::TcpListener;

use crate::{
    app::TestApp,
    http::{Answer, PASSWORD, Program, send},
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

/// What a browser sends for a page whose name was made to lead here (DNS rebinding): to it, all of it is one site.
#[tokio::test]
async fn a_page_whose_name_leads_here_is_not_taken_for_ours() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let (name, page) = ("evil.example:8000", "http://evil.example:8000");
    let account = json!({ "username": "eve", "password": PASSWORD });
    let register = app.anyone().request(Method::POST, "/auth/register").json(&account);
    let marked = register.header(header::HOST, name).header(header::ORIGIN, page);
    send(marked.header("sec-fetch-site", "same-origin")).await.refuses(403, "foreign_origin", None);
    for path in ["/", "/login", "/message", "/ws", "/nowhere"] {
        send(ana.request(Method::GET, path).header(header::HOST, name)).await.refuses(403, "foreign_origin", None);
    }
    assert_eq!(app.store.accounts().await.unwrap().len(), 1);
    for path in ["/healthz", "/readyz", "/version"] {
        send(app.anyone().request(Method::GET, path).header(header::HOST, "10.1.2.3:8000")).await.is(200);
    }
    send(ana.request(Method::GET, "/message").header(header::HOST, "localhost:9000")).await.is(200);
    app.finish().await;
}

/// Where an address is configured, a page under any other, also a number of this very server, is foreign.
#[tokio::test]
async fn a_configured_address_is_the_only_origin() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], listener.local_addr().unwrap().port()));
    let app = TestApp::on_listener(listener, |parts| {
        parts.config.base_url = Some(BaseUrl::parse("https://push.example").unwrap());
    })
    .await;
    let ana = Program::new(format!("http://{address}")).registered("ana").await;
    let by_number = format!("http://{address}");
    publish(&ana, &[("origin", &by_number), ("sec-fetch-site", "same-origin")]).await.refuses(
        403,
        "foreign_origin",
        None,
    );
    publish(&ana, &[("origin", "https://push.example"), ("host", "push.example")]).await.is(200);
    publish(&ana, &[]).await.is(200);
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
