//! Pages as they come without script: forms, redirects, statuses.

use push_system::limits;
use reqwest::{Method, header};

use crate::{
    app::TestApp,
    http::{PASSWORD, send},
};

#[tokio::test]
async fn someone_without_script_registers_sends_and_reads() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.browser(), app.browser());
    ana.registers("ana").await;
    bob.registers("bob").await;
    ana.sends("/", &[("title", ""), ("message", "您好 🎉"), ("to", "everyone"), ("priority", "")]).await.leads("/");
    bob.opens("/").await.is(200).shows("您好 🎉").shows("bob");
    bob.opens("/history?q=%E6%82%A8").await.is(200).shows("您好 🎉");
    app.finish().await;
}

#[tokio::test]
async fn a_failed_login_shows_the_form_again_with_the_name_and_never_the_password() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let answer = browser.sends("/login", &[("username", "ana"), ("password", "not the password")]).await.is(401);
    assert!(answer.cookies().is_empty());
    let answer = answer.shows("ana").shows("The username or the password is wrong.").hides("not the password");
    assert!(answer.header("content-type").starts_with("text/html"));
    app.finish().await;
}

#[tokio::test]
async fn a_failed_registration_shows_the_form_again_with_its_status() {
    let app = TestApp::start().await;
    app.person("ana").await;
    let browser = app.browser();
    let fields = [("username", "ana"), ("password", PASSWORD), ("email", "a@b")];
    browser.sends("/register", &fields).await.is(409).shows("That username is taken").shows("a@b").hides(PASSWORD);
    let fields = [("username", "bob"), ("password", "short77"), ("email", "")];
    browser.sends("/register", &fields).await.is(422).shows("Use at least 8 characters").hides("short77");
    app.finish().await;
}

#[tokio::test]
async fn a_refused_message_is_kept_in_the_form() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.registers("ana").await;
    let fields = [("title", "a title"), ("message", "a text"), ("to", "@nobody")];
    let answer = browser.sends("/", &fields).await.is(422);
    answer.shows("There is no recipient “@nobody”").shows("a title").shows("a text");
    browser.sends("/", &[("message", "")]).await.is(422).shows("Write a message first.");
    browser.sends("/", &[("message", "x"), ("priority", "high")]).await.is(422).shows("Priority is a number");
    let long = "x".repeat(limits::TEXT_BYTES + 1);
    browser.sends("/", &[("message", &long)]).await.is(422).shows("The message is too long");
    app.finish().await;
}

#[tokio::test]
async fn a_form_is_read_as_browsers_and_frameworks_write_it() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.registers("ana").await;
    let ana = app.anyone().logged_in("ana").await;
    let key = ("idempotency_key", "k-1");
    browser.sends("/", &[("message", "one\r\ntwo"), key]).await.leads("/");
    browser.sends("/", &[("message", "one\r\ntwo"), key]).await.leads("/");
    browser.sends("/", &[("message", "other"), key]).await.is(409);
    browser
        .sends("/", &[("draft[message]", "bracketed"), ("draft[title]", "t"), ("draft[priority]", "8")])
        .await
        .leads("/");
    let messages = ana.inbox().await.messages;
    let texts: Vec<_> = messages.iter().map(|message| message.message.as_str()).collect();
    assert_eq!(texts, ["bracketed", "one\ntwo"]);
    assert_eq!((messages[0].title.as_str(), messages[0].priority), ("t", 8));
    app.finish().await;
}

#[tokio::test]
async fn a_login_leads_back_to_the_page_that_was_asked_for_and_never_away() {
    let app = TestApp::start().await;
    app.person("ana").await;
    for (next, leads) in
        [("/history?q=a", "/history?q=a"), ("//evil.example", "/"), ("https://evil.example", "/"), ("/\\evil", "/")]
    {
        let browser = app.browser();
        let fields = [("username", "ana"), ("password", PASSWORD), ("next", next)];
        browser.sends("/login", &fields).await.leads(leads);
        browser.opens("/login").await.leads("/");
    }
    let browser = app.browser();
    browser.sends("/login?next=%2Fsettings", &[("username", "ana"), ("password", PASSWORD)]).await.leads("/settings");
    app.finish().await;
}

#[tokio::test]
async fn a_password_is_changed_without_script() {
    let app = TestApp::start().await;
    let (browser, other) = (app.browser(), app.browser());
    browser.registers("ana").await;
    other.sends("/login", &[("username", "ana"), ("password", PASSWORD)]).await.leads("/");
    let wrong =
        browser.sends("/settings/password", &[("current", "not the one"), ("password", "a new password")]).await;
    wrong.is(401).shows("That is not your current password.").hides("not the one").hides("a new password");
    let done = browser.sends("/settings/password", &[("current", PASSWORD), ("password", "a new password")]).await;
    done.is(200).hides("a new password");
    browser.opens("/settings").await.is(200);
    other.opens("/settings").await.leads("/login?next=%2Fsettings&why=ended");
    app.finish().await;
}

#[tokio::test]
async fn signing_out_everywhere_leads_to_the_login() {
    let app = TestApp::start().await;
    let (browser, other) = (app.browser(), app.browser());
    browser.registers("ana").await;
    other.sends("/login", &[("username", "ana"), ("password", PASSWORD)]).await.leads("/");
    let asked = browser.sends("/settings/sign-out-everywhere", &[]).await.is(422);
    asked.shows("Sign out all other devices").shows("password-others");
    let wrong = browser.sends("/settings/sign-out-everywhere", &[("password", "not the password")]).await.is(401);
    wrong.hides("not the password");
    other.opens("/").await.is(200);
    browser.sends("/settings/sign-out-everywhere", &[("password", PASSWORD)]).await.leads("/login");
    browser.opens("/").await.leads("/login");
    other.opens("/").await.leads("/login?why=ended");
    app.finish().await;
}

#[tokio::test]
async fn a_theme_is_remembered_for_people_without_a_login_too() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let answer = browser.sends("/settings/theme", &[("theme", "dark"), ("next", "/login")]).await.leads("/login");
    assert!(answer.cookies()[0].starts_with("push_theme=dark;"), "{:?}", answer.cookies());
    browser.opens("/login").await.is(200).shows("dark");
    browser.sends("/settings/theme", &[("theme", "pink")]).await.refuses(422, "invalid", Some("theme"));
    app.finish().await;
}

#[tokio::test]
async fn an_address_that_is_not_there_is_a_page_for_people() {
    let app = TestApp::start().await;
    let answer = app.browser().opens("/nothing").await.is(404);
    assert!(answer.header("content-type").starts_with("text/html"));
    let answer = app.browser().opens("/logout").await.is(405);
    assert_eq!((answer.header("allow"), &answer.header("content-type")[..9]), ("POST", "text/html"));
    app.finish().await;
}

#[tokio::test]
async fn pages_are_compressed_for_those_who_can_read_it() {
    let app = TestApp::start().await;
    let request = app.browser().request(Method::GET, "/login").header(header::ACCEPT_ENCODING, "gzip");
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
    assert!(send(app.browser().request(Method::GET, "/login")).await.header("content-encoding").is_empty());
    app.finish().await;
}
