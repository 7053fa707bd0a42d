//! What the database does to us, and what people see of it.

use std::{sync::Arc, time::Duration};

use push_system::{catalogue::Sentence, error::ErrorCode, ids::MessageId, message::Message, protocol::ServerFrame};
use serde_json::json;
use server::{
    serve::{self, Parts},
    store::Store,
};
use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;
use tokio::{net::TcpListener, runtime::Runtime};

use crate::{
    app::{TestApp, config_in},
    changes,
    flaky::{Fault, Flaky},
    http::{Answer, Program, send},
    socket::Socket,
};

/// A server whose store can be told to fail.
async fn with_faults() -> (TestApp, Arc<Flaky>) {
    with_faults_and(|_, _| {}).await
}

async fn with_faults_and(prepare: impl FnOnce(&mut Parts, &Flaky)) -> (TestApp, Arc<Flaky>) {
    let mut store = None;
    let app = TestApp::with(|parts| {
        let flaky = Flaky::around(parts.store.clone());
        prepare(parts, &flaky);
        parts.store = flaky.clone() as Arc<dyn Store>;
        parts.push.check_every = Duration::from_millis(50);
        store = Some(flaky);
    })
    .await;
    (app, store.expect("the closure ran"))
}

/// A server on a runtime of its own, so that it can be ended at once, wherever it is.
struct Doomed {
    runtime: Runtime,
    url: String,
    folder: TempDir,
}

async fn doomed() -> (Doomed, Arc<Flaky>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = config_in(folder.path(), &[]);
    let runtime = Runtime::new().expect("a runtime");
    let started = runtime.spawn(async move {
        let store = Flaky::around(serve::open(&config).await.expect("a new database"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("its number"));
        let parts = Parts::new(config, store.clone());
        tokio::spawn(serve::launch(parts, listener, std::future::pending()));
        (url, store)
    });
    let (url, store) = started.await.expect("it starts");
    (Doomed { runtime, url, folder }, store)
}

impl Doomed {
    async fn person(&self, name: &str) -> Program {
        Program::new(self.url.clone()).registered(name).await
    }

    /// Ends it at once; what is left is its folder.
    fn kill(self) -> TempDir {
        self.runtime.shutdown_background();
        self.folder
    }
}

/// What a restored backup does to the log: everything after `last` is gone, under a running server.
async fn cut_back(app: &TestApp, last: MessageId) {
    let mut database = SqliteConnection::connect(&format!("sqlite://{}", app.database().display())).await.unwrap();
    let last = i64::try_from(last.0).unwrap();
    for statement in [
        "DELETE FROM audience WHERE seq > ?",
        "DELETE FROM event WHERE seq > ?",
        "DELETE FROM idempotency WHERE message_id > ?",
        "DELETE FROM message WHERE id > ?",
        "UPDATE head SET seq = ?",
    ] {
        sqlx::query(statement).bind(last).execute(&mut database).await.unwrap();
    }
    database.close().await.unwrap();
}

/// Waits until `/readyz` answers this status.
async fn ready_becomes(app: &TestApp, status: u16) {
    let look = async { while app.anyone().get("/readyz").await.status != status {} };
    tokio::time::timeout(Duration::from_secs(10), look).await.expect("in time");
}

async fn publish_with_key(program: &Program, key: &str, text: &str) -> Answer {
    let request = program.request(reqwest::Method::POST, "/message").header("idempotency-key", key);
    send(request.json(&json!({ "message": text }))).await
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_found_by_its_key_and_delivered() {
    let (app, store) = with_faults().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let mut socket = bob.socket().await;
    socket.live().await;
    store.set(Fault::AnswerLost);
    let message: Message = publish_with_key(&ana, "k1", "stored after all").await.json();
    assert_eq!(message.message, "stored after all");
    assert_eq!(socket.texts(1).await, ["stored after all"]);
    let again: Message = publish_with_key(&ana, "k1", "stored after all").await.json();
    assert_eq!(again, message);
    drop(socket);
    drop(store);
    app.finish().await;
}

#[tokio::test]
async fn a_commit_nobody_can_tell_about_is_said_so_and_safe_to_repeat() {
    let (app, store) = with_faults().await;
    let ana = app.person("ana").await;
    store.set(Fault::Vanished);
    publish_with_key(&ana, "k1", "again").await.refuses(503, "outcome_unknown", None);
    publish_with_key(&ana, "k1", "again").await.is(200);
    assert_eq!(ana.texts("/message").await, ["again"]);
    drop(store);
    app.finish().await;
}

#[tokio::test]
async fn one_commit_without_an_answer_does_not_keep_the_queue_waiting_for_each_look_up() {
    let (app, store) = with_faults().await;
    let ana = app.person("ana").await;
    store.set(Fault::Unanswered);
    let keys: Vec<String> = (0..20).map(|n| format!("k{n}")).collect();
    let requests = keys.iter().map(|key| publish_with_key(&ana, key, "anybody?"));
    for answer in futures::future::join_all(requests).await {
        answer.refuses(503, "outcome_unknown", None);
    }
    let looked_up = store.calls("find_key");
    assert!(looked_up < keys.len(), "{looked_up} look-ups of a store that answers none");
    store.set(Fault::None);
    publish_with_key(&ana, "k0", "anybody?").await.is(200);
    drop(store);
    app.finish().await;
}

#[tokio::test]
async fn look_ups_that_are_not_answered_keep_the_queue_for_a_while_and_no_longer() {
    let (app, store) = with_faults_and(|parts, _| parts.push.look_up_within = Duration::from_millis(300)).await;
    let ana = app.person("ana").await;
    store.set(Fault::Vanished);
    store.set_silent(Some("find_key"));
    publish_with_key(&ana, "k1", "anybody?").await.refuses(503, "outcome_unknown", None);
    assert_eq!(store.calls("find_key"), 1, "a call that hangs is not made again");
    publish_with_key(&ana, "k2", "next").await.is(200);
    store.set_silent(None);
    drop(store);
    app.finish().await;
}

/// A server that has each page read from a store which does not answer, and people who wait for one.
async fn waiting_for_pages(people: [&str; 3]) -> (TestApp, Arc<Flaky>, Vec<(Program, Socket)>) {
    let (app, store) = with_faults_and(|parts, _| parts.push.tail_bytes = 0).await;
    let ana = app.person("ana").await;
    let ServerFrame::Hello { pos, .. } = ana.socket().await.next().await.unwrap() else { panic!("no hello") };
    ana.says("missed").await;
    let mut waiting = Vec::new();
    for name in people {
        waiting.push(app.person(name).await);
    }
    store.set_silent(Some("entries_for"));
    let mut sockets = Vec::new();
    for (person, nth) in waiting.into_iter().zip(1..) {
        let mut socket = person.socket_since(pos.as_str()).await;
        assert!(matches!(socket.next().await, Ok(ServerFrame::Hello { .. })));
        store.called("entries_for", nth).await;
        sockets.push((person, socket));
    }
    (app, store, sockets)
}

/// What it is told next but for who is online.
async fn told(socket: &mut Socket) -> Result<ServerFrame, u16> {
    loop {
        let next = socket.next().await;
        if !matches!(next, Ok(ServerFrame::Presence { .. })) {
            return next;
        }
    }
}

#[tokio::test]
async fn who_must_go_while_a_page_is_read_is_out_at_once_and_does_not_get_it() {
    let (app, store, waiting) = waiting_for_pages(["bob", "carl", "dora"]).await;
    let [bob, carl, (_, mut dora)] = <[_; 3]>::try_from(waiting).ok().expect("three");
    for (person, mut socket) in [bob, carl] {
        person.post("/auth/logout", &json!({})).await.is(204);
        assert_eq!(told(&mut socket).await, Err(4003));
    }
    app.clock.advance(16 * 60);
    dora.send(json!({"type": "ping"})).await;
    assert_eq!(told(&mut dora).await, Ok(ServerFrame::Pong));
    assert!(matches!(told(&mut dora).await, Ok(ServerFrame::Error { code: ErrorCode::TokenExpired, .. })));
    assert_eq!(told(&mut dora).await, Err(4002));
    store.set_silent(None);
    // None of the reads that were given up keeps a place: there are no more than these three.
    let late = app.person("late").await;
    let ServerFrame::Hello { pos, .. } = late.socket().await.next().await.unwrap() else { panic!("no hello") };
    late.says("after").await;
    assert_eq!(late.socket_since(pos.as_str()).await.texts(1).await, ["after"]);
    drop(store);
    app.finish().await;
}

#[tokio::test]
async fn who_waits_for_a_page_is_told_that_the_server_goes() {
    let (app, store, waiting) = waiting_for_pages(["bob", "carl", "dora"]).await;
    app.stop();
    for (_, mut socket) in waiting {
        assert_eq!(told(&mut socket).await, Err(1012));
    }
    drop(store);
    app.finish().await;
}

#[tokio::test]
async fn what_cannot_be_forgotten_keeps_nothing_else_from_being() {
    let (app, store) = with_faults_and(|_, store| store.refuse("forget_keys")).await;
    for step in ["forget_keys", "forget_sessions", "forget_tickets", "forget_invites", "forget_audit", "trim"] {
        store.called(step, 1).await;
    }
    drop(store);
    app.finish().await;
}

#[tokio::test]
async fn a_bad_row_fails_alone() {
    let (app, store) = with_faults().await;
    let ana = app.person("ana").await;
    store.set(Fault::BadText("bad".into()));
    let requests = ["one", "bad", "two"].map(|text| publish_with_key(&ana, text, text));
    let answers = futures::future::join_all(requests).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 503, 200]);
    let mut texts = ana.texts("/message").await;
    texts.sort();
    assert_eq!(texts, ["one", "two"]);
    drop(store);
    app.finish().await;
}

#[tokio::test]
async fn killed_between_commit_and_fan_out_nothing_is_lost() {
    let (doomed, store) = doomed().await;
    let (ana, bob) = (doomed.person("ana").await, doomed.person("bob").await);
    let mut socket = bob.socket().await;
    let ServerFrame::Position { pos, .. } = socket.live().await else { panic!("no position") };
    store.set(Fault::HangAfterCommit);
    let publish = tokio::spawn({
        let ana = ana.clone();
        async move { ana.request(reqwest::Method::POST, "/message").json(&json!({"message": "committed"})).send().await }
    });
    store.committed().await;
    drop(store);
    let app = TestApp::in_folder(doomed.kill(), |_| {}).await;
    drop((publish, socket));
    let bob = Program { url: app.url(), ..bob };
    let mut socket = bob.socket_since(pos.as_str()).await;
    assert_eq!(socket.texts(1).await, ["committed"]);
    assert!(matches!(socket.live().await, ServerFrame::Position { n: 1, .. }));
    drop(socket);
    app.finish().await;
}

#[tokio::test]
async fn without_its_database_it_refuses_to_publish_says_so_and_comes_back() {
    let (app, store) = with_faults().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let mut socket = bob.socket().await;
    socket.live().await;
    store.set_away(true);
    let refused = ana.post("/message", &json!({"message": "lost?"})).await;
    assert!(!refused.header("retry-after").is_empty());
    refused.refuses(503, "unavailable", None);
    ready_becomes(&app, 503).await;
    store.set_away(false);
    ready_becomes(&app, 200).await;
    ana.says("found").await;
    assert_eq!(socket.texts(1).await, ["found"]);
    drop((socket, store));
    app.finish().await;
}

#[tokio::test]
async fn a_log_that_went_back_gets_a_new_epoch_and_every_client_is_told() {
    let (app, store) = with_faults().await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let kept = ana.says("kept").await;
    ana.says("lost with the backup").await;
    let mut socket = bob.socket().await;
    socket.live().await;
    cut_back(&app, kept.id).await;
    socket.until(|frame| matches!(frame, ServerFrame::Reset { .. })).await;
    let snapshot = bob.inbox().await;
    assert_eq!(snapshot.messages.len(), 1);
    socket.send(json!({"type": "resume", "since": snapshot.pos})).await;
    socket.live().await;
    ana.says("after the restore").await;
    assert_eq!(socket.texts(1).await, ["after the restore"]);
    drop((socket, store));
    app.finish().await;
}

#[tokio::test]
async fn a_search_beyond_an_index_that_is_being_made_says_so() {
    let (app, store) = with_faults_and(|_, flaky| flaky.set_silent(Some("index_step"))).await;
    let ana = app.person("ana").await;
    ana.says("rare").await;
    changes::many(&app, &ana, 2_300, "everyone").await;
    assert_eq!(ana.texts("/message?q=message&limit=3").await.len(), 3, "recent ones are found all the same");
    let refused = ana.get("/message?q=rare").await;
    assert_eq!(refused.header("retry-after"), "10");
    assert_eq!(refused.refuses(503, "unavailable", None).detail, Sentence::SearchIndexing.to_string());
    store.set_silent(None);
    assert_eq!(ana.texts("/message?q=rare").await, ["rare"]);
    drop(store);
    app.finish().await;
}
