//! Messages that are edited and deleted, and what people put away, keep and see.

use push_system::{
    admin::AuditPage,
    api::MessagePage,
    event::EventBody,
    ids::MessageId,
    inbox::{Inbox, Snapshot},
    limits,
    message::{ClientId, Draft, Message, PublishRequest},
    protocol::ServerFrame,
    timestamp::Timestamp,
};
use serde_json::{Value, json};
use server::{
    config::Switch,
    store::{Authority, Change, Publish, Write},
};

use crate::{
    app::TestApp,
    http::{Answer, Program},
    socket::Socket,
};

fn at(id: MessageId) -> String {
    format!("/message/{id}")
}

async fn live(program: &Program) -> Socket {
    let mut socket = program.socket().await;
    socket.live().await;
    socket
}

/// A page that was open all the time.
struct Device {
    socket: Socket,
    inbox: Inbox,
}

impl Device {
    async fn of(program: &Program) -> Self {
        let snapshot = program.inbox().await;
        let socket = program.socket_since(snapshot.pos.as_str()).await;
        Self { socket, inbox: Inbox::from(snapshot) }
    }

    /// Folds what comes until it stands where `there` does, and says what it shows then.
    async fn shows_by(mut self, there: &Snapshot) -> Snapshot {
        while self.inbox.seq() < there.seq {
            match self.socket.next().await.expect("an open socket") {
                ServerFrame::Event(event) => {
                    self.inbox.apply(&event);
                }
                ServerFrame::Events { events } => {
                    for event in &events {
                        self.inbox.apply(event);
                    }
                }
                ServerFrame::Position { pos, seq, .. } => self.inbox.advance(seq, &pos),
                _ => {}
            }
        }
        self.inbox.snapshot(limits::SNAPSHOT_MESSAGES as usize)
    }
}

#[tokio::test]
async fn an_edit_is_seen_by_all_whom_the_message_reached() {
    let app = TestApp::start().await;
    let (ana, bob, eve) = (app.person("ana").await, app.person("bob").await, app.person("eve").await);
    let id = ana.publishes(json!({ "message": "at noon", "title": "Lunch", "to": "@bob", "click": "https://x" })).await;
    let (mut bobs, mut eves) = (live(&bob).await, live(&eve).await);
    let edited: Message = ana.patch(&at(id), &json!({ "message": "at one", "click": "" })).await.json();
    assert_eq!((edited.message.as_str(), edited.title.as_str(), edited.click.as_ref()), ("at one", "Lunch", None));
    assert!(edited.edited.is_some());
    let event = bobs.events(1).await.remove(0);
    assert_eq!(event.body, EventBody::MessageEdited { message: edited.clone() });
    assert_eq!(bob.get(&at(id)).await.json::<Message>(), edited);
    assert_eq!(bob.texts("/message").await, ["at one"]);
    assert_eq!(bob.texts("/message?q=one").await, ["at one"]);
    assert!(bob.texts("/message?q=noon").await.is_empty());
    ana.says("to all").await;
    assert_eq!(eves.texts(1).await, ["to all"], "nothing of the edit came before it");
    app.finish().await;
}

#[tokio::test]
async fn an_edit_keeps_the_rules_of_publishing() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let message = ana.says("hello").await;
    for (body, code, field) in [
        (json!({ "message": " " }), "empty", "message"),
        (json!({ "message": "a\u{0}b" }), "nul", "message"),
        (json!({ "priority": 11 }), "invalid", "priority"),
        (json!({ "title": "x".repeat(201) }), "too_long", "title"),
        (json!({ "click": "javascript:alert(1)" }), "invalid", "click"),
        (json!({ "tags": "ops" }), "invalid", "tags"),
        (json!({ "extras": { "a": "x".repeat(limits::EDITED_BYTES) } }), "too_large", "message"),
    ] {
        ana.patch(&at(message.id), &body).await.refuses(422, code, Some(field));
    }
    let head = app.store.head().await.unwrap().position;
    assert_eq!(ana.patch(&at(message.id), &json!({ "message": "hello" })).await.json::<Message>(), message);
    assert_eq!(app.store.head().await.unwrap().position, head, "what changes nothing writes nothing");
    app.finish().await;
}

#[tokio::test]
async fn what_is_deleted_is_gone_from_every_page_and_replay() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let start = bob.inbox().await;
    let id = ana.publishes(json!({ "message": "secret", "title": "secret", "tags": ["secret"] })).await;
    ana.patch(&at(id), &json!({ "message": "secret too" })).await.is(200);
    let mut open = live(&bob).await;
    for _ in 0..2 {
        ana.delete(&at(id)).await.is(204);
    }
    let event = open.events(1).await.remove(0);
    let EventBody::MessageDeleted { message: left } = event.body else { panic!("{event:?}") };
    assert_eq!((left.id, left.deleted.is_some(), left.sender.name.as_str()), (id, true, "ana"));
    assert_eq!(bob.get(&at(id)).await.json::<Message>(), left);
    ana.patch(&at(id), &json!({ "message": "back" })).await.refuses(404, "not_found", None);
    // From memory, as nothing of it was dropped.
    let mut replay = bob.socket_since(start.pos.as_str()).await;
    let mut told = String::new();
    for event in replay.events(3).await {
        told += &serde_json::to_string(&event).unwrap();
    }
    told += &bob.get("/message").await.body;
    told += &bob.get("/inbox").await.body;
    told += &bob.get("/message?q=secret").await.json::<MessagePage>().messages.len().to_string();
    assert!(!told.contains("secret"), "{told}");
    assert_eq!(bob.inbox().await.counters.unread, 0);
    app.finish().await;
}

#[tokio::test]
async fn a_message_is_changed_by_its_sender_or_an_admin_and_for_others_there_is_none() {
    let app = TestApp::start().await;
    let (admin, ana, bob) = (app.person("admin").await, app.person("ana").await, app.person("bob").await);
    let open = ana.says("to all").await.id;
    let private = ana.publishes(json!({ "message": "for herself", "to": "@ana" })).await;
    let text = json!({ "message": "mine now" });
    bob.patch(&at(open), &text).await.refuses(403, "forbidden", None);
    bob.delete(&at(open)).await.refuses(403, "forbidden", None);
    let without_address = |answer: Answer, address: &str| answer.body.replace(address, "");
    for who in [&bob, &admin] {
        for missing in ["/message/999", "/message/0", "/message/x", "/message/99999999999999999999"] {
            let hidden = at(private);
            let answers = [who.get(&hidden).await, who.get(missing).await];
            let [one, other] = answers.map(|answer| (answer.status, without_address(answer, &hidden)));
            assert_eq!(one, other, "GET {missing}");
            let answers = [who.patch(&hidden, &text).await, who.patch(missing, &text).await];
            let [one, other] = answers.map(|answer| (answer.status, without_address(answer, &hidden)));
            assert_eq!(one, other, "PATCH {missing}");
            let answers = [who.delete(&hidden).await, who.delete(missing).await];
            let [one, other] = answers.map(|answer| (answer.status, without_address(answer, &hidden)));
            assert_eq!(one, other, "DELETE {missing}");
            assert_eq!(one.0, 404);
        }
    }
    admin.patch(&at(open), &json!({ "message": "by an admin" })).await.is(200);
    admin.delete(&at(open)).await.is(204);
    let own = admin.says("an admin's own").await.id;
    admin.delete(&at(own)).await.is(204);
    let audit: AuditPage = admin.get("/admin/audit").await.json();
    let about = audit.records.iter().filter(|record| record.action.starts_with("message_"));
    let about: Vec<_> = about.map(|record| (record.action.as_str(), record.target.clone())).collect();
    let target = format!("ana {open}");
    assert_eq!(about, [("message_deleted", target.clone()), ("message_edited", target)]);
    app.finish().await;
}

#[tokio::test]
async fn edits_are_paced_like_messages() {
    let app = TestApp::with(|parts| {
        parts.config.rate_limits = Switch::On;
        parts.config.rates.publish_burst = 3.try_into().unwrap();
        parts.config.rates.publish_per_second = 1.try_into().unwrap();
    })
    .await;
    app.clock.stop();
    let ana = app.person("ana").await;
    let id = ana.says("hello").await.id;
    ana.patch(&at(id), &json!({ "message": "goodbye" })).await.is(200);
    ana.delete(&at(id)).await.is(204);
    ana.delete(&at(id)).await.refuses(429, "rate_limited", None);
    ana.patch(&at(id), &json!({ "message": "one more" })).await.refuses(429, "rate_limited", None);
    app.finish().await;
}

#[tokio::test]
async fn two_devices_and_one_that_was_away_agree_on_everything() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let ids: Vec<u64> = [ana.says("1").await, ana.says("2").await, ana.says("3").await, ana.says("4").await]
        .map(|message| message.id.0)
        .into();
    let (phone, laptop, away) = (Device::of(&bob).await, Device::of(&bob).await, bob.inbox().await);
    let answer: Value = bob
        .post("/state", &json!({ "archive": [[ids[0], ids[1]]], "save": [[ids[1], ids[1]]], "seen_upto": ids[3] }))
        .await
        .json();
    let expected = json!({
        "read_upto": ids[1], "exceptions": [], "unread": 2, "seen_upto": ids[3],
        "archived": { "add": [[ids[0], ids[1]]], "remove": [] },
        "saved": { "add": [[ids[1], ids[1]]], "remove": [] },
    });
    assert_eq!(answer, expected);
    ana.patch(&format!("/message/{}", ids[2]), &json!({ "message": "three" })).await.is(200);
    ana.delete(&format!("/message/{}", ids[3])).await.is(204);
    bob.post("/state", &json!({ "unarchive": [[ids[0], ids[0]]], "unread": [[ids[0], ids[0]]] })).await.is(200);
    let there = bob.inbox().await;
    assert_eq!((there.counters.unread, there.marks.seen_upto.0), (2, ids[3]));
    assert_eq!(phone.shows_by(&there).await, there);
    assert_eq!(laptop.shows_by(&there).await, there);
    let socket = bob.socket_since(away.pos.as_str()).await;
    assert_eq!(Device { socket, inbox: Inbox::from(away) }.shows_by(&there).await, there);
    let shown = async |filter: &str| bob.texts(&format!("/message?filter={filter}")).await;
    assert_eq!(shown("inbox").await, ["", "three", "1"]);
    assert_eq!(shown("archived").await, ["2"]);
    assert_eq!(shown("saved").await, ["2"]);
    assert_eq!(shown("unread").await, ["three", "1"]);
    assert_eq!(bob.texts("/message?filter=saved&q=2").await, ["2"]);
    assert!(bob.texts("/message?filter=inbox&q=2").await.is_empty());
    app.finish().await;
}

#[tokio::test]
async fn a_state_that_is_so_already_is_no_event_and_nothing_beyond_the_head_is_kept() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let id = ana.says("hello").await.id.0;
    bob.post("/state", &json!({ "save": [[1, 900]], "seen_upto": 900 })).await.is(200);
    let marks = bob.inbox().await.marks;
    assert_eq!(
        (marks.seen_upto.0, marks.is_saved(MessageId(id)), marks.is_saved(MessageId(id + 1))),
        (id, true, false)
    );
    let head = app.store.head().await.unwrap().position;
    bob.post("/state", &json!({ "save": [[id, id]], "seen_upto": 1, "unarchive": [[id, id]] })).await.is(200);
    bob.post("/state", &json!({})).await.is(200);
    assert_eq!(app.store.head().await.unwrap().position, head);
    let many: Vec<_> = (0..=limits::READ_RANGES as u64).map(|n| [n * 2 + 1, n * 2 + 1]).collect();
    bob.post("/state", &json!({ "archive": many })).await.refuses(422, "too_long", Some("read"));
    bob.post("/state", &json!({ "archive": "all" })).await.refuses(422, "invalid", Some("archive"));
    app.finish().await;
}

/// So many messages at once, every second one for Ana alone.
pub async fn many(app: &TestApp, ana: &Program, count: usize, all_to: &str) {
    let writes: Vec<_> = (0..count).map(|n| write(ana, n, if n % 2 == 0 { "everyone" } else { all_to })).collect();
    for batch in writes.chunks(500) {
        app.store.commit(batch).await.unwrap();
    }
}

fn write(ana: &Program, n: usize, to: &str) -> Write {
    let request = json!({ "message": format!("message {n}"), "to": to });
    let draft = Draft::parse(serde_json::from_value::<PublishRequest>(request).unwrap()).unwrap();
    let key = ClientId::parse(&format!("k{n}"), "client_id").unwrap();
    let named = if to == "everyone" { Vec::new() } else { vec![ana.me().id] };
    let publish = Publish { sender: ana.me(), key, request_hash: [0; 32], draft, named, topics: Vec::new() };
    let (at, by) = (Timestamp::default(), Authority::System);
    Write { at, tag: 7, by, change: Change::Publish(publish), notes: Vec::new() }
}

/// Marks every second message from the first on, as many as one change may name.
fn every_second(first: u64) -> Vec<[u64; 2]> {
    (0..limits::READ_RANGES as u64).map(|n| [first + n * 2; 2]).collect()
}

#[tokio::test]
async fn gaps_that_hold_nothing_for_a_person_are_closed() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    many(&app, &ana, 2 * limits::READ_RANGES, "@ana").await;
    for who in [&ana, &bob] {
        who.post("/state", &json!({ "archive": every_second(1), "save": every_second(1) })).await.is(200);
    }
    let (anas, bobs) = (ana.inbox().await.marks, bob.inbox().await.marks);
    assert_eq!((anas.archived.len(), bobs.archived.len(), bobs.saved.len()), (limits::READ_RANGES, 1, 1));
    app.finish().await;
}

#[tokio::test]
async fn marks_have_a_limit_that_says_what_to_do() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    many(&app, &ana, 2 * (limits::MARK_RANGES + limits::READ_RANGES), "everyone").await;
    let step = 2 * limits::READ_RANGES as u64;
    let steps = (limits::MARK_RANGES / limits::READ_RANGES) as u64;
    for n in 0..steps {
        bob.post("/state", &json!({ "save": every_second(1 + n * step) })).await.is(200);
    }
    let one_more = json!({ "save": every_second(1 + steps * step) });
    bob.post("/state", &one_more).await.refuses(422, "too_long", Some("save"));
    bob.post("/state", &json!({ "save": [[1, 2 * steps * step]] })).await.is(200);
    assert_eq!(bob.inbox().await.marks.saved.len(), 1);
    bob.post("/state", &one_more).await.is(200);
    app.finish().await;
}
