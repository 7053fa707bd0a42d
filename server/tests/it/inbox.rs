//! The inbox, what is read in it, and who is there.

use push_system::api::Presence;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{app::TestApp, http::send};

#[tokio::test]
async fn a_new_person_has_nothing_unread_and_own_messages_never_are() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    ana.says("before bob").await;
    let bob = app.person("bob").await;
    assert_eq!(bob.inbox().await.counters.unread, 0);
    ana.says("after").await;
    let inbox = bob.inbox().await;
    assert_eq!((inbox.counters.unread, inbox.user.name.as_str(), inbox.messages.len()), (1, "bob", 2));
    assert_eq!(ana.inbox().await.counters.unread, 0);
    app.finish().await;
}

#[tokio::test]
async fn reading_one_reading_all_and_undoing_are_seen_in_the_inbox() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let (one, two, three) = (ana.says("1").await.id.0, ana.says("2").await.id.0, ana.says("3").await.id.0);

    let answer: Value = bob.post("/read", &json!({ "read": [[two, two]] })).await.json();
    assert_eq!(answer["unread"], 2);
    let answer: Value = bob.post("/read", &json!({ "read": [[1, three]] })).await.json();
    assert_eq!((&answer["unread"], &answer["exceptions"]), (&json!(0), &json!([])));
    let answer: Value = bob.post("/read", &json!({ "unread": [[one, one]] })).await.json();
    assert_eq!(answer["unread"], 1);

    let inbox = bob.inbox().await;
    assert_eq!(inbox.counters.unread, 1);
    assert!(inbox.messages.iter().all(|message| inbox.read.is_read(message.id) == (message.id.0 != one)));
    bob.post("/read", &json!({ "read": "all" })).await.refuses(422, "invalid", Some("read"));
    app.finish().await;
}

#[tokio::test]
async fn read_buttons_work_without_script_and_lead_back() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.registers("bob").await;
    let ana = app.person("ana").await;
    let (one, two) = (ana.says("1").await.id, ana.says("2").await.id);
    let bob = app.anyone().logged_in("bob").await;

    browser.sends("/read", &[("read", &one.to_string()), ("next", "/history?q=a")]).await.leads("/history?q=a");
    assert_eq!(bob.inbox().await.counters.unread, 1);
    browser.sends("/read", &[("unread", &one.to_string()), ("next", "https://evil.example")]).await.leads("/");
    assert_eq!(bob.inbox().await.counters.unread, 2);
    browser.sends("/read", &[("read_upto", &two.to_string())]).await.leads("/");
    assert_eq!(bob.inbox().await.counters.unread, 0);
    browser.sends("/read", &[]).await.refuses(422, "empty", Some("read"));
    browser.sends("/read", &[("read", "x")]).await.refuses(422, "invalid", Some("read"));
    app.finish().await;
}

#[tokio::test]
async fn people_are_offered_by_how_their_names_begin() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    app.person("anders").await;
    app.person("bob").await;
    let names = async |path: &str| -> Vec<String> {
        let people: Vec<Value> = ana.get(path).await.json();
        people.into_iter().map(|person| person["name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(names("/people?prefix=an").await, ["ana", "anders"]);
    assert_eq!(names("/people?prefix=%40AN").await, ["ana", "anders"]);
    assert_eq!(names("/people").await, ["ana", "anders", "bob"]);
    assert!(names("/people?prefix=%25").await.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn nobody_without_a_socket_is_present() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let presence: Presence = ana.get("/presence").await.json();
    assert_eq!((presence.count, presence.people.len()), (0, 0));
    app.finish().await;
}

#[tokio::test]
async fn answers_with_somebodys_data_are_not_kept() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    for path in ["/inbox", "/message", "/auth/me", "/people"] {
        let answer = send(ana.request(Method::GET, path)).await.is(200);
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
    app.finish().await;
}
