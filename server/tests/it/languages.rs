//! Everybody is answered in the language they read: pages, forms, problems and frames.

use push_system::{error::ErrorCode, protocol::ServerFrame};
use reqwest::{Method, header};
use serde_json::json;

use crate::{
    app::TestApp,
    http::{Answer, Browser, Program, send},
    socket::Socket,
};

/// What Chromium sends in Taiwan.
const TAIWAN: &str = "zh-TW,zh;q=0.9,en-US;q=0.8,en;q=0.7";

/// Expects an answer that says it is in this language, and what that depends on.
#[track_caller]
fn is_in(answer: Answer, language: &str) -> Answer {
    assert_eq!(answer.header("content-language"), language, "{:.500}", answer.body);
    let depends: Vec<_> = answer.headers.get_all(header::VARY).iter().map(|line| line.to_str().unwrap()).collect();
    assert!(depends.join(", ").contains("cookie, accept-language"), "{depends:?}");
    answer
}

#[tokio::test]
async fn a_page_is_in_the_language_that_the_browser_prefers() {
    let app = TestApp::start().await;
    for (accept, language, words) in [
        ("", "en", "Your messages are waiting."),
        ("de,fr;q=0.5", "en", "Your messages are waiting."),
        (TAIWAN, "zh-Hant", "您的訊息正在等您。"),
        ("en;q=0.4,zh-HK", "zh-Hant", "您的訊息正在等您。"),
    ] {
        let page = Browser::reading(app.url(), accept).opens("/login").await.is(200);
        is_in(page, language).shows(&format!("<html lang=\"{language}\"")).shows(words);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_language_that_was_chosen_stays_with_and_without_a_login() {
    let app = TestApp::start().await;
    let browser = Browser::reading(app.url(), TAIWAN);
    let chosen = browser.sends("/settings/language", &[("language", "en"), ("next", "/login?next=%2Fhistory")]).await;
    let chosen = chosen.leads("/login?next=%2Fhistory");
    assert_eq!(chosen.cookies(), ["push_lang=en; Path=/; SameSite=Lax; Max-Age=31536000; HttpOnly"]);
    is_in(browser.opens("/login").await.is(200), "en").shows("Your messages are waiting.");
    browser.registers("ana").await;
    is_in(browser.opens("/").await.is(200), "en").shows("Nothing here yet");
    browser.sends("/settings/language", &[("language", "zh-Hant")]).await.leads("/settings");
    is_in(browser.opens("/").await.is(200), "zh-Hant").shows("還沒有任何訊息").hides("Nothing here yet");
    for nonsense in ["", "zh", "de", "<b>"] {
        let refused = browser.sends("/settings/language", &[("language", nonsense)]).await;
        let problem = is_in(refused, "zh-Hant").refuses(422, "invalid", Some("language"));
        assert_eq!(problem.detail, "語言必須是 en 或 zh-Hant。");
    }
    browser.sends("/settings/language", &[("language", "en"), ("next", "//evil.example")]).await.leads("/");
    app.finish().await;
}

#[tokio::test]
async fn a_page_carries_the_words_of_its_language_alone() {
    let app = TestApp::start().await;
    let browser = Browser::reading(app.url(), TAIWAN);
    // Before the login there is no program to read them.
    browser.opens("/login").await.is(200).hides("id=\"words\"");
    browser.registers("ana").await;
    let page = browser.opens("/").await.is(200);
    page.shows("id=\"words\"").shows("伺服器已結束這個連線").hides("The server ended this connection");
    browser.opens("/settings/sessions").await.is(200).hides("id=\"words\"");
    app.finish().await;
}

#[tokio::test]
async fn a_form_is_refused_in_the_language_of_its_page() {
    let app = TestApp::start().await;
    let browser = Browser::reading(app.url(), TAIWAN);
    browser
        .sends("/login", &[("username", "ana"), ("password", "wrong")])
        .await
        .is(401)
        .shows("使用者名稱或密碼錯誤。");
    browser.registers("ana").await;
    browser.sends("/", &[("message", "")]).await.is(422).shows("請先輸入訊息內容。");
    browser.sends("/", &[("message", "x"), ("to", "@nobody")]).await.is(422).shows("找不到收件者「@nobody」");
    let fields = [("current", "wrong"), ("password", "a better horse battery")];
    browser.sends("/settings/password", &fields).await.is(401).shows("這不是您目前的密碼。");
    is_in(browser.opens("/nowhere").await.is(404), "zh-Hant").shows("這裡沒有任何內容");
    app.finish().await;
}

#[tokio::test]
async fn a_problem_is_told_in_the_language_of_whoever_asked_and_is_the_same_problem() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let reader = Program { login: ana.login.clone(), ..Program::reading(app.url(), "zh-TW") };
    let nobody = Program::reading(app.url(), "zh-TW");
    let foreign = reader.request(Method::POST, "/message").header("origin", "https://evil.example");
    for (answer, status, code, field, detail) in [
        (nobody.get("/message").await, 401, "unauthorized", None, "請先登入。"),
        (reader.get("/nothing").await, 404, "not_found", None, "這個網址沒有任何內容。"),
        (reader.delete("/message").await, 405, "method_not_allowed", None, "這個網址不接受這種要求方法。"),
        (
            reader.post_raw("/message", "text/plain", "x").await,
            415,
            "unsupported_media_type",
            None,
            "請以 application/json 格式傳送內容。",
        ),
        (reader.post("/message", &json!({ "message": "" })).await, 422, "empty", Some("message"), "請先輸入訊息內容。"),
        (reader.post("/message", &json!({ "message": 5 })).await, 422, "invalid", Some("message"), "這裡必須是文字。"),
        (
            reader.post("/message", &json!({ "message": "x", "to": 5 })).await,
            422,
            "invalid",
            Some("to"),
            "這裡必須是文字或文字清單。",
        ),
        (
            reader.post("/message", &json!({ "message": "x", "to": "@eve" })).await,
            422,
            "unknown_recipient",
            Some("to"),
            "找不到收件者「@eve」。請使用 everyone、@名稱或 #主題。",
        ),
        (reader.get("/message?limit=0").await, 422, "invalid", Some("limit"), "筆數是 1 到 200 的數字。"),
        (reader.get("/admin/users/99").await, 404, "not_found", None, "找不到這個帳號。"),
        (send(foreign).await, 403, "foreign_origin", None, "這個要求來自其他網站，因此不予接受。"),
    ] {
        let problem = is_in(answer, "zh-Hant").refuses(status, code, field);
        assert_eq!(problem.detail, detail);
        assert!(problem.title.is_ascii(), "{}", problem.title);
    }
    let problem = is_in(ana.get("/nothing").await, "en").refuses(404, "not_found", None);
    assert_eq!(problem.detail, "There is nothing at this address.");
    let chosen = send(ana.request(Method::GET, "/nothing").header("cookie", "push_lang=zh-Hant")).await;
    assert_eq!(is_in(chosen, "zh-Hant").refuses(404, "not_found", None).detail, "這個網址沒有任何內容。");
    app.finish().await;
}

#[tokio::test]
async fn a_socket_is_told_what_is_wrong_in_the_language_of_its_request() {
    let app = TestApp::start().await;
    let reads = [("accept-language", TAIWAN)];
    let mut socket = Socket::open(&app.socket_url("?token=nonsense"), &reads).await.unwrap();
    let ServerFrame::Error { code: ErrorCode::Unauthorized, message, .. } = socket.next().await.unwrap() else {
        panic!("no error")
    };
    assert_eq!(message, "請先登入。");
    let ana = app.person("ana").await;
    let mut socket = Socket::open(&app.socket_url(&format!("?token={}", ana.token())), &reads).await.unwrap();
    socket.live().await;
    socket.send_text("{").await;
    let ServerFrame::Error { message, .. } = socket.until(|frame| matches!(frame, ServerFrame::Error { .. })).await
    else {
        panic!("no error")
    };
    assert_eq!(message, "這個訊框不是 JSON。");
    app.finish().await;
}
