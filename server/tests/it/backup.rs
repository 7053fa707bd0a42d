//! Copies of the database, made and put back with real processes.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use push_system::{api::MessagePage, ids::MessageId, message::Message, protocol::ServerFrame};
use serde_json::json;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    command_line::{Server, folder, run, text},
    http::Program,
    socket::Socket,
};

/// Enough that a copy is made while much is written.
const WRITERS: usize = 4;
const BEFORE: usize = 300;

/// One answered publish.
#[derive(Clone, Copy, Debug)]
struct Acknowledged {
    id: MessageId,
    asked: Instant,
    answered: Instant,
}

/// People who write all the time.
struct Load {
    answers: Arc<Mutex<Vec<Acknowledged>>>,
    stop: CancellationToken,
    writers: Vec<JoinHandle<()>>,
}

impl Load {
    fn of(person: &Program) -> Self {
        let (answers, stop) = (Arc::new(Mutex::new(Vec::new())), CancellationToken::new());
        let writers = (0..WRITERS).map(|_| tokio::spawn(write(person.clone(), answers.clone(), stop.clone())));
        Self { writers: writers.collect(), answers, stop }
    }

    fn so_far(&self) -> Vec<Acknowledged> {
        self.answers.lock().unwrap().clone()
    }

    async fn reach(&self, count: usize) {
        let look = async {
            while self.so_far().len() < count {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), look).await.expect("the server keeps answering");
    }

    async fn end(self) -> Vec<Acknowledged> {
        self.stop.cancel();
        for writer in self.writers {
            writer.await.expect("a writer does not panic");
        }
        Arc::try_unwrap(self.answers).expect("nobody writes").into_inner().unwrap()
    }
}

async fn write(person: Program, answers: Arc<Mutex<Vec<Acknowledged>>>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let asked = Instant::now();
        let body = json!({ "message": "x".repeat(2_000) });
        let message: Message = person.post("/message", &body).await.json();
        answers.lock().unwrap().push(Acknowledged { id: message.id, asked, answered: Instant::now() });
    }
}

fn p99(answers: impl Iterator<Item = Acknowledged>) -> Duration {
    let mut took: Vec<_> = answers.map(|answer| answer.answered - answer.asked).collect();
    took.sort_unstable();
    took.get(took.len().saturating_sub(1) * 99 / 100).copied().unwrap_or_default()
}

/// Numbers of all messages.
async fn stored(person: &Program) -> BTreeSet<MessageId> {
    let (mut ids, mut since) = (BTreeSet::new(), String::new());
    loop {
        let page: MessagePage = person.get(&format!("/message?limit=200{since}")).await.json();
        ids.extend(page.messages.iter().map(|message| message.id));
        if page.paging.next.is_none() {
            return ids;
        }
        since = format!("&since={}", page.paging.since);
    }
}

async fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let (folder, arguments) = (folder.to_owned(), arguments.iter().map(ToString::to_string).collect::<Vec<_>>());
    let run = move || run(&folder, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let output = tokio::task::spawn_blocking(run).await.expect("it runs");
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// Where a new connection stands.
async fn position(person: &Program) -> String {
    let ServerFrame::Hello { pos, .. } = person.socket().await.next().await.unwrap() else { panic!("no hello") };
    pos.to_string()
}

/// Asks to go on from `since`, is told to begin anew, and does.
async fn is_reset(person: &Program, since: &str) {
    let mut socket = person.socket_since(since).await;
    socket.until(|frame| matches!(frame, ServerFrame::Reset { .. })).await;
    resume(person, &mut socket).await;
}

async fn resume(person: &Program, socket: &mut Socket) {
    let snapshot = person.inbox().await;
    socket.send(json!({ "type": "resume", "since": snapshot.pos })).await;
    socket.live().await;
    person.says("after the restore").await;
    assert_eq!(socket.texts(1).await, ["after the restore"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_under_load_holds_all_that_was_acknowledged_and_begins_a_new_epoch() {
    let (home, second) = (folder(), folder());
    let server = Server::start(home.path());
    let ana = Program::new(server.url.clone()).registered("ana").await;
    let load = Load::of(&ana);
    load.reach(BEFORE).await;
    let before = position(&ana).await;

    let (acknowledged, began) = (load.so_far(), Instant::now());
    let copy = home.path().join("copy.db");
    let said = succeeds(home.path(), &["backup", "copy.db"]).await;
    let ended = Instant::now();
    assert!(said.contains("holds the log up to") && said.contains("bytes"), "{said}");
    load.reach(load.so_far().len() + WRITERS).await;
    let after = position(&ana).await;
    let all = load.end().await;
    let meanwhile = all.iter().filter(|answer| answer.answered >= began && answer.asked <= ended);
    println!(
        "publish p99 {:?}, {:?} while {} bytes were copied in {:?}",
        p99(acknowledged.iter().copied()),
        p99(meanwhile.copied()),
        fs::metadata(&copy).unwrap().len(),
        ended - began
    );

    let said = succeeds(second.path(), &["restore", &copy.to_string_lossy()]).await;
    assert!(said.contains("is restored"), "{said}");
    let restored = Server::start(second.path());
    let there = Program { url: restored.url.clone(), ..ana };
    let ids = stored(&there).await;
    let missing: Vec<_> = acknowledged.iter().filter(|answer| !ids.contains(&answer.id)).collect();
    assert!(missing.is_empty(), "acknowledged before the copy was begun: {missing:?}");
    is_reset(&there, &after).await;
    is_reset(&there, &before).await;
    assert_eq!((server.stop("-TERM"), restored.stop("-TERM")), (Some(0), Some(0)));
}

#[tokio::test]
async fn a_server_keeps_others_from_restoring_over_it() {
    let home = folder();
    let server = Server::start(home.path());
    succeeds(home.path(), &["backup", "copy.db"]).await;
    let refused = run(home.path(), &["restore", "copy.db"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("in use by another push-system server"), "{}", text(&refused.stderr));
    let again = run(home.path(), &["backup", "copy.db"]);
    assert!(text(&again.stderr).contains("--force"), "{}", text(&again.stderr));
    succeeds(home.path(), &["backup", "--force", "copy.db"]).await;
    assert_eq!(server.stop("-TERM"), Some(0));
}

#[tokio::test]
async fn a_new_epoch_tells_every_client_under_a_running_server() {
    let home = folder();
    let server = Server::start(home.path());
    let ana = Program::new(server.url.clone()).registered("ana").await;
    ana.says("before").await;
    let mut socket = ana.socket().await;
    socket.live().await;
    succeeds(home.path(), &["epoch", "renew"]).await;
    socket.until(|frame| matches!(frame, ServerFrame::Reset { .. })).await;
    resume(&ana, &mut socket).await;
    assert_eq!(server.stop("-TERM"), Some(0));
}

/// A server that goes on with a file that was taken from under it would acknowledge what nobody finds again.
#[tokio::test]
async fn a_file_put_over_a_running_database_stops_publishing_and_a_restart_tells_every_client() {
    for signal in ["-TERM", "-KILL"] {
        let home = folder();
        let server = Server::start(home.path());
        let ana = Program::new(server.url.clone()).registered("ana").await;
        let kept = ana.says("kept").await;
        succeeds(home.path(), &["backup", "copy.db"]).await;
        ana.says("lost with the restore").await;
        let ahead = position(&ana).await;
        fs::rename(home.path().join("copy.db"), home.path().join("data").join("push-system.db")).unwrap();
        ana.post("/message", &json!({ "message": "too late" })).await.refuses(503, "unavailable", None);
        ana.get("/healthz").await.is(200);
        server.stop(signal);

        let server = Server::start(home.path());
        let ana = Program { url: server.url.clone(), ..ana };
        assert_eq!(stored(&ana).await, BTreeSet::from([kept.id]), "{signal}");
        is_reset(&ana, &ahead).await;
        assert_eq!(server.stop("-TERM"), Some(0));
    }
}
