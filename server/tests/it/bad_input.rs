//! Every limit has an answer, and what is over it is not stored.

use bytes::Bytes;
use push_system::{api::Filter, limits};
use reqwest::{Body, Method};
use serde_json::json;

use crate::{
    app::TestApp,
    http::{Program, send},
};

const JSON: &str = "application/json";

async fn nothing_was_stored(person: &Program) {
    let inbox = person.inbox().await;
    assert!(inbox.messages.is_empty(), "{:?}", inbox.messages);
    assert_eq!(inbox.seq.0, 0);
}

#[tokio::test]
async fn each_rule_of_a_message_names_its_field_and_nothing_is_stored() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let names: Vec<String> = (0..51).map(|n| format!("@user{n}")).collect();
    for (body, code, field) in [
        (json!({}), "empty", "message"),
        (json!({ "message": "" }), "empty", "message"),
        (json!({ "message": " \n" }), "empty", "message"),
        (json!({ "message": "a\u{0}b" }), "nul", "message"),
        (json!({ "message": "é".repeat(limits::TEXT_BYTES / 2 + 1) }), "too_large", "message"),
        (json!({ "message": 5 }), "invalid", "message"),
        (json!({ "message": null }), "invalid", "message"),
        (json!({ "message": "x", "title": "題".repeat(limits::TITLE_CHARS + 1) }), "too_long", "title"),
        (json!({ "message": "x", "title": "a\u{0}" }), "nul", "title"),
        (json!({ "message": "x", "title": [] }), "invalid", "title"),
        (json!({ "message": "x", "priority": 11 }), "invalid", "priority"),
        (json!({ "message": "x", "priority": -1 }), "invalid", "priority"),
        (json!({ "message": "x", "priority": "high" }), "invalid", "priority"),
        (json!({ "message": "x", "priority": 1.5 }), "invalid", "priority"),
        (json!({ "message": "x", "to": 5 }), "invalid", "to"),
        (json!({ "message": "x", "to": names }), "too_long", "to"),
        (json!({ "message": "x", "tags": vec!["a"; limits::TAGS + 1] }), "too_long", "tags"),
        (json!({ "message": "x", "tags": [1] }), "invalid", "tags[0]"),
        (json!({ "message": "x", "click": "javascript:alert(1)" }), "invalid", "click"),
        (json!({ "message": "x", "extras": { "a": ["\u{0}"] } }), "nul", "extras"),
        (json!({ "message": "x", "extras": "a" }), "invalid", "extras"),
        (json!({ "message": "x", "extras": { "a": "\u{1}".repeat(10_400) } }), "too_large", "message"),
    ] {
        ana.post("/message", &body).await.refuses(422, code, Some(field));
    }
    nothing_was_stored(&ana).await;
    app.finish().await;
}

#[tokio::test]
async fn the_largest_of_everything_passes() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let text = "x".repeat(limits::TEXT_BYTES);
    let body = json!({ "message": text, "title": "題".repeat(limits::TITLE_CHARS), "priority": 10 });
    ana.post("/message", &body).await.is(200);
    app.finish().await;
}

#[tokio::test]
async fn what_is_no_json_is_malformed() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    for body in [&b""[..], b"{", b"{\"message\":\"x\"} x", b"message=x", b"{\"message\":\"\xff\"}", b"{\"message\":5,"]
    {
        ana.post_raw("/message", JSON, body.to_vec()).await.refuses(400, "malformed_json", None);
    }
    for body in ["[]", r#"["x"]"#, "5", "null"] {
        ana.post_raw("/message", JSON, body).await.refuses(422, "invalid", None);
    }
    nothing_was_stored(&ana).await;
    app.finish().await;
}

#[tokio::test]
async fn another_content_type_is_not_read() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let body = r#"{"message":"x"}"#;
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
        ana.post_raw("/message", media_type, body).await.refuses(415, "unsupported_media_type", None);
    }
    let request = ana.request(Method::POST, "/message").body(body);
    send(request).await.refuses(415, "unsupported_media_type", None);
    nothing_was_stored(&ana).await;
    ana.post_raw("/message", "Application/JSON; charset=utf-8", body).await.is(200);
    app.finish().await;
}

fn padded(bytes: usize) -> Vec<u8> {
    let mut body = br#"{"message":"x"}"#.to_vec();
    body.resize(bytes, b' ');
    body
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_with_and_without_a_length() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    for bytes in [limits::BODY_BYTES + 1, 10 * limits::BODY_BYTES] {
        ana.post_raw("/message", JSON, padded(bytes)).await.refuses(413, "body_too_large", None);
        let pieces: Vec<_> = padded(bytes).chunks(1_000).map(Bytes::copy_from_slice).collect();
        let chunked = Body::wrap_stream(futures::stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>)));
        ana.post_raw("/message", JSON, chunked).await.refuses(413, "body_too_large", None);
    }
    nothing_was_stored(&ana).await;
    ana.post_raw("/message", JSON, padded(limits::BODY_BYTES)).await.is(200);
    app.finish().await;
}

#[tokio::test]
async fn forms_and_logins_have_the_same_limit() {
    let app = TestApp::start().await;
    let large = "x".repeat(limits::BODY_BYTES);
    app.anyone().post("/auth/login", &json!({ "username": large })).await.refuses(413, "body_too_large", None);
    app.browser().sends("/login", &[("username", &large)]).await.refuses(413, "body_too_large", None);
    app.anyone().post("/auth/refresh", &json!({ "refresh_token": large })).await.refuses(413, "body_too_large", None);
    app.finish().await;
}

#[tokio::test]
async fn a_question_to_the_history_must_make_sense() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let long = format!("q={}", "x".repeat(limits::QUERY_CHARS + 1));
    for (query, code, field) in [
        ("limit=0", "invalid", "limit"),
        ("limit=201", "invalid", "limit"),
        ("limit=-1", "invalid", "limit"),
        ("limit=ten", "invalid", "limit"),
        ("limit=99999999999", "invalid", "limit"),
        ("since=x", "invalid", "since"),
        ("since=-5", "invalid", "since"),
        ("since=1.5", "invalid", "since"),
        ("filter=other", "invalid", "filter"),
        (long.as_str(), "too_long", "q"),
    ] {
        ana.get(&format!("/message?{query}")).await.refuses(422, code, Some(field));
    }
    let sentence = ana.get("/message?filter=other").await.refuses(422, "invalid", Some("filter")).detail;
    assert!(Filter::ALL.iter().all(|filter| sentence.contains(filter.as_str())), "{sentence}");
    for query in ["limit=1", "limit=200", "since=18446744073709551615", "q=%00%ff'%22*%29"] {
        ana.get(&format!("/message?{query}")).await.is(200);
    }
    app.finish().await;
}

#[tokio::test]
async fn an_address_that_is_not_there_and_a_method_it_does_not_take_are_problems() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    ana.get("/nothing").await.refuses(404, "not_found", None);
    ana.get("/auth/nothing").await.refuses(404, "not_found", None);
    let answer = ana.delete("/message").await;
    let allowed = answer.header("allow").to_owned();
    answer.refuses(405, "method_not_allowed", None);
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
    app.browser().opens("/auth/login").await.refuses(405, "method_not_allowed", None);
    app.finish().await;
}
