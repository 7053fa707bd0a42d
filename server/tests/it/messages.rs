//! Publishing, and finding it again.

use push_system::{api::MessagePage, message::Message};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    http::{Answer, Program, send},
};

async fn publish_with_key(person: &Program, key: &str, text: &str) -> Answer {
    let request = person.request(Method::POST, "/message").header("Idempotency-Key", key);
    send(request.json(&json!({ "message": text }))).await
}

#[tokio::test]
async fn a_published_message_is_answered_and_found_by_others_in_gotifys_shape() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let body = json!({ "message": "disk full", "title": "db-1", "priority": 8, "to": "everyone", "tags": ["ops"],
                       "click": "https://push.example/x", "extras": { "a::b": { "c": [1, null] } } });
    let answer: Value = ana.post("/message", &body).await.json();
    for (field, value) in body.as_object().unwrap() {
        let expected = if field == "to" { json!(["everyone"]) } else { value.clone() };
        assert_eq!(answer[field], expected, "{field}");
    }
    assert_eq!((&answer["appid"], &answer["sender"]["name"]), (&json!(0), &json!("ana")));
    let page: Value = bob.get("/message").await.json();
    assert_eq!(page["messages"], json!([answer]));
    app.finish().await;
}

#[tokio::test]
async fn text_comes_back_byte_for_byte() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    for text in [
        "您好，𠮷野家 🎉👩‍👩‍👧",
        "مرحبا \u{202E}abc",
        "e\u{301} \u{1}\u{7f}\u{feff}",
        " \n\t x \r\n",
        "\u{10FFFF}</script>",
    ] {
        assert_eq!(ana.says(text).await.message, text);
        assert_eq!(bob.texts("/message?limit=1").await, [text]);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_key_used_again_gives_the_same_message_and_another_text_a_conflict() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let first: Message = publish_with_key(&ana, "k-1", "once").await.json();
    let again: Message = publish_with_key(&ana, "k-1", "once").await.json();
    assert_eq!(first, again);
    publish_with_key(&ana, "k-1", "other").await.refuses(409, "idempotency_conflict", None);
    let of_bob: Message = publish_with_key(&bob, "k-1", "other").await.json();
    assert_ne!(of_bob.id, first.id);
    assert_eq!(ana.texts("/message").await, ["other", "once"]);
    for key in ["with space", &"k".repeat(129)] {
        publish_with_key(&ana, key, "x").await.refuses(422, "invalid", Some("Idempotency-Key"));
    }
    app.finish().await;
}

#[tokio::test]
async fn ten_requests_with_one_key_at_once_make_one_message() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let ana = ana.clone();
        requests.spawn(async move { publish_with_key(&ana, "k-1", "once").await.json::<Message>().id });
    }
    let mut ids = requests.join_all().await;
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_eq!(ana.texts("/message").await, ["once"]);
    app.finish().await;
}

#[tokio::test]
async fn pages_follow_each_other_until_there_is_no_next() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    for n in 1..=5 {
        ana.says(&format!("n{n}")).await;
    }
    let page: MessagePage = ana.get("/message?limit=2").await.json();
    let paging = &page.paging;
    assert_eq!((paging.size, paging.limit, paging.since), (2, 2, page.messages[1].id));
    let mut next = paging.next.clone();
    let mut seen: Vec<_> = page.messages.into_iter().map(|message| message.message).collect();
    while let Some(address) = next {
        let path = address.strip_prefix(&app.url()).expect("an absolute address of this server");
        let page: MessagePage = ana.get(path).await.json();
        if page.paging.next.is_none() {
            assert_eq!((page.paging.size, page.paging.since.0), (1, 0));
        }
        seen.extend(page.messages.into_iter().map(|message| message.message));
        next = page.paging.next;
    }
    assert_eq!(seen, ["n5", "n4", "n3", "n2", "n1"]);
    app.finish().await;
}

#[tokio::test]
async fn since_0_is_the_newest_page_and_the_usual_limit_is_100() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    ana.says("one").await;
    let page: MessagePage = ana.get("/message?since=0").await.json();
    assert_eq!((page.paging.size, page.paging.limit), (1, 100));
    app.finish().await;
}

#[tokio::test]
async fn the_history_is_searched_and_filtered_and_its_pages_keep_the_question() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    ana.says("the disk is full").await;
    ana.says("會議改到三點").await;
    bob.says("the disk is fine").await;
    ana.post("/message", &json!({ "message": "only you, about the disk", "to": "@bob" })).await.is(200);

    assert_eq!(bob.texts("/message?q=DISK%20full").await, ["the disk is full"]);
    assert_eq!(bob.texts("/message?q=%E8%AD%B0").await, ["會議改到三點"]);
    assert_eq!(bob.texts("/message?filter=me").await, ["only you, about the disk"]);
    assert_eq!(bob.texts("/message?filter=sent").await, ["the disk is fine"]);
    assert_eq!(bob.texts("/message?filter=unread&q=disk").await.len(), 2);
    let page: MessagePage = bob.get("/message?q=disk&filter=all&limit=1").await.json();
    let next = page.paging.next.expect("a second page");
    assert!(next.contains("q=disk") && next.contains("limit=1"), "{next}");
    app.finish().await;
}

#[tokio::test]
async fn a_message_to_some_is_seen_by_them_and_its_sender_alone() {
    let app = TestApp::start().await;
    let (ana, bob, eve) = (app.person("ana").await, app.person("bob").await, app.person("eve").await);
    let body = json!({ "message": "secret", "to": ["@Bob", "bob"] });
    let message: Value = ana.post("/message", &body).await.json();
    assert_eq!(message["to"], json!(["@bob"]));
    for person in [&ana, &bob] {
        assert_eq!(person.texts("/message").await, ["secret"]);
        assert_eq!(person.inbox().await.messages.len(), 1);
    }
    for path in ["/message", "/message?q=secret", "/inbox", "/message?filter=unread"] {
        eve.get(path).await.is(200).hides("secret");
    }
    app.finish().await;
}

#[tokio::test]
async fn an_unknown_recipient_is_named_and_nothing_is_sent() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    for to in ["@nobody", "#ops", "@bob, @nobody"] {
        let problem = ana.post("/message", &json!({ "message": "x", "to": to })).await;
        let problem = problem.refuses(422, "unknown_recipient", Some("to"));
        assert!(problem.detail.contains(if to == "#ops" { "#ops" } else { "nobody" }), "{}", problem.detail);
    }
    assert!(bob.inbox().await.messages.is_empty());
    app.finish().await;
}
