//! Topics as programs use them, and messages to them by the addresses of their own.

use push_system::{
    admin::AuditPage,
    api::MessagePage,
    error::ErrorCode,
    ids::MessageId,
    limits,
    message::Message,
    protocol::ServerFrame,
    topic::{TopicInfo, TopicMembers},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    http::{Answer, Program, send},
};

fn at(id: MessageId) -> String {
    format!("/message/{id}")
}

async fn topic(owner: &Program, name: &str, private: bool) -> u64 {
    let made: TopicInfo = owner.post("/topic", &json!({ "name": name, "private": private })).await.is(200).json();
    made.topic.id.0
}

async fn admit(owner: &Program, topic: u64, whom: &Program) -> Answer {
    let path = format!("/topic/{topic}/members/{}", whom.number().await);
    send(owner.request(Method::PUT, &path).json(&json!({}))).await
}

async fn join(who: &Program, topic: u64) -> Answer {
    who.post(&format!("/topic/{topic}/join"), &json!({})).await
}

async fn leave(who: &Program, topic: u64) -> Answer {
    who.post(&format!("/topic/{topic}/leave"), &json!({})).await
}

async fn write(who: &Program, key: &str, to: &str) -> Answer {
    let body = json!({ "message": "hello", "to": to });
    send(who.request(Method::POST, "/message").header("Idempotency-Key", key).json(&body)).await
}

#[tokio::test]
async fn who_came_as_often_as_anybody_can_comes_no_more() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let ops = topic(&ana, "ops", false).await;
    for _ in 0..limits::STAYS_PER_TOPIC {
        join(&bob, ops).await.is(200);
        leave(&bob, ops).await.is(204);
    }
    join(&bob, ops).await.refuses(409, "too_many", None);
    admit(&ana, ops, &bob).await.refuses(409, "too_many", None);
    app.finish().await;
}

#[tokio::test]
async fn a_retry_is_answered_whatever_became_of_the_topic() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let (ops, secret) = (topic(&ana, "ops", false).await, topic(&ana, "secret", true).await);
    admit(&ana, secret, &bob).await.is(204);
    let sent: [Message; 2] =
        [write(&bob, "k1", "#ops").await.is(200).json(), write(&bob, "k2", "#secret").await.is(200).json()];
    ana.patch(&format!("/topic/{ops}"), &json!({ "archived": true })).await.is(200);
    leave(&bob, secret).await.is(204);
    for again in 0..2 {
        for (key, to, sent) in [("k1", "#ops", &sent[0]), ("k2", "#secret", &sent[1])] {
            assert_eq!(&write(&bob, key, to).await.is(200).json::<Message>(), sent, "{again}");
        }
        write(&bob, "k1", "#secret").await.refuses(409, "idempotency_conflict", None);
        if again == 0 {
            // Another one of that name, and the name means that one from here on.
            topic(&ana, "secret", false).await;
        }
    }
    write(&bob, "k3", "#ops").await.refuses(422, "topic_archived", Some("to"));
    app.finish().await;
}

#[tokio::test]
async fn a_name_of_several_topics_is_refused_and_a_number_says_which_is_meant() {
    let app = TestApp::start().await;
    let (ana, bob, mallory) = (app.person("ana").await, app.person("bob").await, app.person("mallory").await);
    let (public, private) = (topic(&ana, "ops", false).await, topic(&mallory, "ops", true).await);
    let sent: Message = write(&bob, "k1", "#ops").await.is(200).json();
    assert_eq!(sent.topics[0].id.0, public, "nobody else's private topic counts");
    admit(&mallory, private, &bob).await.is(204);
    let refusal = write(&bob, "k2", "#ops").await.refuses(422, "ambiguous_recipient", Some("to"));
    assert!(refusal.detail.contains("#ops:12"), "{}", refusal.detail);
    assert_eq!(write(&bob, "k1", "#ops").await.is(200).json::<Message>(), sent);
    for id in [public, private] {
        let to = format!("#ops:{id}");
        let sent: Message = write(&bob, &to, &to).await.is(200).json();
        assert_eq!((sent.topics[0].id.0, json!(sent.to)), (id, json!(["#ops"])));
        write(&bob, &to, "#ops:99").await.refuses(409, "idempotency_conflict", None);
    }
    for to in [format!("#ops:{private}"), format!("#dev:{public}")] {
        write(&ana, "k3", &to).await.refuses(422, "unknown_recipient", Some("to"));
    }
    let both = format!("#ops:{public}, #ops:{private}");
    write(&bob, "k4", &both).await.refuses(422, "mixed_audience", Some("to"));
    app.finish().await;
}

#[tokio::test]
async fn a_socket_takes_numbers_of_topics_too() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let (first, second) = (topic(&ana, "ops", false).await, topic(&ana, "ops", true).await);
    let mut socket = ana.socket().await;
    socket.live().await;
    for (key, to) in [("k1", format!("#ops:{first}")), ("k2", format!("#ops:{second}")), ("k3", "#ops".to_owned())] {
        let user = ana.number().await;
        socket.send(json!({"type": "publish", "client_id": key, "user_id": user, "message": "hi", "to": to})).await;
        let answered =
            |frame: &ServerFrame| matches!(frame, ServerFrame::Published { .. } | ServerFrame::Rejected { .. });
        match socket.until(answered).await {
            ServerFrame::Rejected { code, .. } => assert_eq!((key, code), ("k3", ErrorCode::AmbiguousRecipient)),
            _ => assert_ne!(key, "k3"),
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn members_come_in_pages() {
    let app = TestApp::start().await;
    let (ana, bob, cleo) = (app.person("ana").await, app.person("bob").await, app.person("cleo").await);
    let ops = topic(&ana, "ops", false).await;
    for who in [&bob, &cleo] {
        join(who, ops).await.is(200);
    }
    let first: TopicMembers = ana.get(&format!("/topic/{ops}/members?limit=2")).await.is(200).json();
    let names: Vec<_> = first.members.iter().map(|member| member.person.name.as_str()).collect();
    assert_eq!((names, first.next), (vec!["ana", "bob"], Some(bob.me().id)));
    let path = format!("/topic/{ops}/members?limit=2&after={}", bob.me().id);
    let last: TopicMembers = ana.get(&path).await.is(200).json();
    assert_eq!((last.members[0].person.id, last.members.len(), last.next), (cleo.me().id, 1, None));
    ana.get(&format!("/topic/{ops}/members?limit=201")).await.refuses(422, "invalid", Some("limit"));
    app.finish().await;
}

#[tokio::test]
async fn what_was_said_in_a_public_topic_before_one_came_is_read_at_its_own_address() {
    let app = TestApp::start().await;
    let (admin, ana, bob) = (app.person("admin").await, app.person("ana").await, app.person("bob").await);
    let (cleo, browser) = (app.person("cleo").await, app.browser());
    browser.registers("dan").await;
    let (ops, den) = (topic(&ana, "ops", false).await, topic(&ana, "den", true).await);
    let early = ana.publishes(json!({ "message": "early", "to": "#ops" })).await;
    let hush = ana.publishes(json!({ "message": "hush", "to": "#den" })).await;
    bob.post(&format!("/topic/{ops}/join"), &json!({})).await.is(200);
    ana.request(reqwest::Method::PUT, &format!("/topic/{den}/members/{}", bob.me().id))
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    for who in [&bob, &cleo, &admin] {
        assert_eq!(who.get(&at(early)).await.json::<Message>().message, "early");
        let page: MessagePage = who.get(&format!("/topic/{ops}/messages")).await.json();
        assert_eq!(page.messages.iter().map(|message| message.id).collect::<Vec<_>>(), [early]);
        who.get(&at(hush)).await.refuses(404, "not_found", None);
        assert!(who.texts("/message").await.is_empty() && who.texts("/message?q=early").await.is_empty());
        assert_eq!(who.inbox().await.counters.unread, 0);
    }
    browser.opens(&format!("/m/{early}")).await.is(200).shows("early");
    browser.opens(&format!("/m/{hush}")).await.is(404).hides("hush");
    for who in [&bob, &cleo] {
        who.patch(&at(early), &json!({ "message": "mine" })).await.refuses(403, "forbidden", None);
        who.delete(&at(early)).await.refuses(403, "forbidden", None);
        who.delete(&at(hush)).await.refuses(404, "not_found", None);
    }
    admin.patch(&at(early), &json!({ "message": "by an admin" })).await.is(200);
    admin.delete(&at(hush)).await.refuses(404, "not_found", None);
    assert_eq!(cleo.get(&at(early)).await.json::<Message>().message, "by an admin");
    ana.delete(&at(early)).await.is(204);
    assert!(cleo.get(&at(early)).await.json::<Message>().deleted.is_some());
    let audit: AuditPage = admin.get("/admin/audit").await.json();
    assert_eq!(audit.records.iter().filter(|record| record.action.starts_with("message_")).count(), 1);
    app.finish().await;
}

#[tokio::test]
async fn what_is_not_in_the_inbox_is_neither_saved_nor_archived() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let ops = topic(&ana, "ops", false).await;
    let early = ana.publishes(json!({ "message": "early", "to": "#ops" })).await;
    let hidden = ana.publishes(json!({ "message": "hidden", "to": "@ana" })).await;
    bob.post(&format!("/topic/{ops}/join"), &json!({})).await.is(200);
    let mine = ana.publishes(json!({ "message": "mine", "to": "#ops" })).await;
    let head = app.store.head().await.unwrap().position;
    let nothing = json!({ "add": [], "remove": [] });
    for id in [early.0, hidden.0, ops] {
        for change in [json!({ "save": [[id, id]] }), json!({ "archive": [[id, id]] })] {
            let answer: Value = bob.post("/state", &change).await.json();
            assert_eq!((&answer["saved"], &answer["archived"]), (&nothing, &nothing), "{change}");
        }
    }
    assert_eq!(app.store.head().await.unwrap().position, head, "what changes nothing writes nothing");
    let all = json!({ "save": [[1, mine]], "archive": [[mine, mine]] });
    let answer: Value = bob.post("/state", &all).await.json();
    assert_eq!(answer["archived"]["add"], json!([[mine, mine]]));
    assert_eq!(bob.texts("/message?filter=saved").await, ["mine"]);
    assert_eq!(bob.texts("/message?filter=archived").await, ["mine"]);
    app.finish().await;
}
