//! Two servers on one database and one Redis are one system.
//!
//! Both share the store of the first in this process, as a file is for one process alone. Unless a test is about it, the
//! log is compared with the store once an hour: what arrives came by the bus.

use std::{sync::Arc, time::Duration};

use push_system::{api::Presence, event::EventBody, protocol::ServerFrame};
use reqwest::Method;
use serde_json::{Value, json};
use server::bus::{
    Bus, Roster,
    redis::{Redis, Settings},
};
use testbed::{Redis as RedisServer, or_report};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::{
    app::TestApp,
    http::{PASSWORD, Program, send},
    socket::{Socket, text},
};

const PATIENCE: Duration = Duration::from_mins(1);
const NEVER: Duration = Duration::from_hours(1);

struct Pair {
    one: TestApp,
    two: TestApp,
    system: String,
}

struct Times {
    check_every: Duration,
    leave_after: Duration,
}

const BY_THE_BUS: Times = Times { check_every: NEVER, leave_after: Duration::from_secs(15) };

async fn connect(server: &RedisServer, system: &str, lease: Duration) -> Arc<Redis> {
    let settings = Settings { lease, ping_every: Duration::from_millis(100), ..Settings::default() };
    Arc::new(Redis::connect(&server.url(), system, settings).await.expect("a connection"))
}

impl Pair {
    async fn start(server: &RedisServer, times: &Times) -> Self {
        let system = Uuid::new_v4().simple().to_string();
        let lease = Settings::default().lease;
        let (bus_one, bus_two) = (connect(server, &system, lease).await, connect(server, &system, lease).await);
        let settings = |parts: &mut server::serve::Parts, bus: Arc<Redis>| {
            (parts.bus, parts.roster) = (bus.clone() as Arc<dyn Bus>, bus as Arc<dyn Roster>);
            parts.push.check_every = times.check_every;
            parts.push.leave_after = times.leave_after;
            parts.push.presence_every = Duration::from_millis(50);
        };
        let one = TestApp::with(|parts| settings(parts, bus_one)).await;
        let two = TestApp::with(|parts| {
            parts.store = one.store.clone();
            settings(parts, bus_two);
        })
        .await;
        Self { one, two, system }
    }

    /// The same person with the same login at the second instance.
    fn at_two(&self, program: &Program) -> Program {
        Program { url: self.two.url(), ..program.clone() }
    }

    async fn finish(self) {
        self.two.finish().await;
        self.one.finish().await;
    }
}

async fn shared(test: &str) -> Option<&'static RedisServer> {
    or_report(RedisServer::shared().await, test)
}

async fn live(program: &Program) -> Socket {
    let mut socket = program.socket().await;
    socket.live().await;
    socket
}

fn nobody(online: &[&str]) -> bool {
    online.is_empty()
}

/// Waits until `/readyz`, which answers 200 throughout, says this of the bus.
async fn bus_becomes(app: &TestApp, up: bool) {
    let look = async {
        loop {
            let ready: Value = app.anyone().get("/readyz").await.json();
            let status = if ready["bus"] == json!(true) { "ready" } else { "degraded" };
            assert_eq!(ready["status"], json!(status));
            if ready["bus"] == json!(up) {
                return;
            }
        }
    };
    timeout(PATIENCE, look).await.expect("in time");
}

#[tokio::test]
async fn a_message_arrives_at_the_other_instance_by_the_bus() {
    let Some(server) = shared("messages between instances").await else { return };
    let pair = Pair::start(server, &BY_THE_BUS).await;
    let (ana, bob) = (pair.one.person("ana").await, pair.one.person("bob").await);
    let mut there = live(&pair.at_two(&bob)).await;
    let mut here = live(&ana).await;
    ana.says("to the other").await;
    assert_eq!(there.texts(1).await, ["to the other"]);
    pair.at_two(&bob).says("and back").await;
    assert_eq!(here.texts(2).await, ["to the other", "and back"]);
    ana.post("/message", &json!({"message": "for bob alone", "to": "@bob"})).await.is(200);
    assert_eq!(there.texts(2).await, ["and back", "for bob alone"]);
    drop((here, there));
    pair.finish().await;
}

#[tokio::test]
async fn what_is_deleted_here_is_not_sent_again_there() {
    let Some(server) = shared("a message deleted at the other instance").await else { return };
    let pair = Pair::start(server, &BY_THE_BUS).await;
    let (ana, bob) = (pair.one.person("ana").await, pair.one.person("bob").await);
    let start = bob.inbox().await.pos;
    let (mut there, mut here) = (live(&pair.at_two(&bob)).await, live(&bob).await);
    let id = ana.says("first words").await.id;
    assert_eq!(there.texts(1).await, ["first words"]);
    ana.patch(&format!("/message/{id}"), &json!({ "message": "second thoughts" })).await.is(200);
    pair.at_two(&ana).delete(&format!("/message/{id}")).await.is(204);
    let bodies: Vec<_> = there.events(2).await.into_iter().map(|event| event.body).collect();
    assert!(matches!(&bodies[..], [EventBody::MessageEdited { .. }, EventBody::MessageDeleted { .. }]), "{bodies:?}");
    // The deletion was made at the one and must have come to the other as well.
    here.events(3).await;
    for instance in [&bob, &pair.at_two(&bob)] {
        let told = format!("{:?}", instance.socket_since(start.as_str()).await.events(3).await);
        assert!(!told.contains("words") && !told.contains("thoughts"), "{told}");
    }
    drop((there, here));
    pair.finish().await;
}

#[tokio::test]
async fn both_instances_write_at_once_and_everyone_reads_one_order() {
    const EACH: usize = 60;
    let Some(server) = shared("two instances that write at once").await else { return };
    let pair = Pair::start(server, &BY_THE_BUS).await;
    let (ana, bob) = (pair.one.person("ana").await, pair.one.person("bob").await);
    let bob_at_two = pair.at_two(&bob);
    let mut readers = [live(&ana).await, live(&bob_at_two).await];
    let texts = |name: &str| (0..EACH).map(|n| format!("{name} {n}")).collect::<Vec<_>>();
    let (of_ana, of_bob) = (texts("ana"), texts("bob"));
    tokio::join!(ana.publishes_all(&of_ana), bob_at_two.publishes_all(&of_bob));
    let mut read = Vec::new();
    for reader in &mut readers {
        let events = reader.events(2 * EACH).await;
        let places: Vec<u64> = events.iter().map(|event| event.seq.0).collect();
        assert!(places.windows(2).all(|pair| pair[1] == pair[0] + 1), "{places:?}");
        read.push(events.into_iter().map(text).collect::<Vec<_>>());
    }
    assert_eq!(read[0], read[1]);
    drop(readers);
    pair.finish().await;
}

#[tokio::test]
async fn a_killed_redis_delays_messages_to_the_next_look_into_the_store_and_comes_back() {
    let Some(server) = or_report(RedisServer::start().await, "a Redis killed under two instances") else { return };
    let times = Times { check_every: Duration::from_millis(200), ..BY_THE_BUS };
    let pair = Pair::start(&server, &times).await;
    let (ana, bob) = (pair.one.person("ana").await, pair.one.person("bob").await);
    let mut there = live(&pair.at_two(&bob)).await;
    server.kill();
    ana.says("without it").await;
    assert_eq!(there.texts(1).await, ["without it"]);
    for app in [&pair.one, &pair.two] {
        bus_becomes(app, false).await;
    }
    ana.says("still without it").await;
    assert_eq!(there.texts(1).await, ["still without it"]);
    server.restart().await.unwrap();
    for app in [&pair.one, &pair.two] {
        bus_becomes(app, true).await;
    }
    ana.says("with it").await;
    assert_eq!(there.texts(1).await, ["with it"]);
    drop(there);
    pair.finish().await;
}

#[tokio::test]
async fn what_a_hanging_redis_kept_from_the_other_instance_arrives_when_it_is_given_up() {
    let Some(server) = or_report(RedisServer::start().await, "a Redis frozen under two instances") else { return };
    // Never by the clock: giving the connection up is what sends the follower to the store.
    let pair = Pair::start(&server, &BY_THE_BUS).await;
    let (ana, bob) = (pair.one.person("ana").await, pair.one.person("bob").await);
    let (mut here, mut there) = (live(&ana).await, live(&pair.at_two(&bob)).await);
    server.freeze();
    ana.says("meanwhile").await;
    assert_eq!(here.texts(1).await, ["meanwhile"], "the instance it was sent to needs no bus");
    assert_eq!(there.texts(1).await, ["meanwhile"]);
    server.thaw();
    drop((here, there));
    pair.finish().await;
}

/// What ends at one instance is over at the others within a second.
async fn is_closed_at_once(socket: &mut Socket) {
    let closed = timeout(Duration::from_secs(1), socket.close_code()).await;
    assert_eq!(closed.expect("within a second"), 4003);
}

#[tokio::test]
async fn a_session_that_ends_at_one_instance_is_closed_at_the_other() {
    let Some(server) = shared("revocation between instances").await else { return };
    let pair = Pair::start(server, &BY_THE_BUS).await;
    let ana = pair.one.person("ana").await;
    let logged_in = async || ana.logged_in("ana").await;
    let [logs_out, changes, elsewhere] = [logged_in().await, logged_in().await, logged_in().await];
    let mut sockets = Vec::new();
    for device in [&ana, &logs_out, &changes, &elsewhere] {
        let device = pair.at_two(device);
        device.get("/auth/me").await.is(200);
        sockets.push(live(&device).await);
    }
    let [mut of_ana, mut of_log_out, mut of_changes, mut of_elsewhere] = sockets.try_into().ok().expect("four");

    send(logs_out.request(Method::POST, "/auth/logout")).await.is(204);
    is_closed_at_once(&mut of_log_out).await;
    pair.at_two(&logs_out).get("/auth/me").await.refuses(401, "revoked", None);

    let change = json!({ "current": PASSWORD, "password": "a new password" });
    changes.post("/auth/password", &change).await.is(204);
    is_closed_at_once(&mut of_elsewhere).await;
    is_closed_at_once(&mut of_ana).await;
    pair.at_two(&changes).get("/auth/me").await.is(200);

    changes.delete("/auth/sessions").await.is(204);
    is_closed_at_once(&mut of_changes).await;
    pair.finish().await;
}

#[tokio::test]
async fn what_an_admin_does_at_one_instance_counts_at_the_other() {
    let Some(server) = shared("administration between instances").await else { return };
    let pair = Pair::start(server, &BY_THE_BUS).await;
    let (ana, bob) = (pair.one.person("ana").await, pair.one.person("bob").await);
    let (ana_there, bob_there) = (pair.at_two(&ana), pair.at_two(&bob));
    let bobs = format!("/admin/users/{}", bob.number().await);
    let mut socket = live(&bob_there).await;
    let status = async |wanted: u16| {
        let look = async { while bob_there.get("/admin/users").await.status != wanted {} };
        timeout(Duration::from_secs(1), look).await.expect("within a second");
    };

    status(403).await;
    ana.patch(&bobs, &json!({ "role": "admin" })).await.is(200);
    status(200).await;
    ana.patch(&bobs, &json!({ "role": "member" })).await.is(200);
    status(403).await;

    ana.patch(&bobs, &json!({ "disabled": true })).await.is(200);
    is_closed_at_once(&mut socket).await;
    status(401).await;
    assert!(ana_there.get("/admin/audit").await.is(200).body.contains("account_disabled"));
    pair.finish().await;
}

#[tokio::test]
async fn everyone_is_seen_on_every_instance_and_counted_once() {
    let Some(server) = or_report(RedisServer::start().await, "presence on two instances") else { return };
    let times = Times { leave_after: Duration::from_millis(500), ..BY_THE_BUS };
    let pair = Pair::start(&server, &times).await;
    let (ana, bob) = (pair.one.person("ana").await, pair.one.person("bob").await);
    let mut ana_at_one = live(&ana).await;
    let (ana_at_two, bob_at_two) = (live(&pair.at_two(&ana)).await, live(&pair.at_two(&bob)).await);
    for program in [&ana, &pair.at_two(&ana)] {
        program.sees_online(|online| online == ["ana", "bob"]).await;
        let presence: Presence = program.get("/presence").await.json();
        assert_eq!(presence.count, 2);
    }
    ana_at_one
        .until(|frame| {
            let ServerFrame::Presence { change: Some(change), .. } = frame else { return false };
            change.joined.iter().any(|person| person.name.as_str() == "bob")
        })
        .await;
    drop(bob_at_two);
    ana.sees_online(|online| online == ["ana"]).await;
    drop(ana_at_one);
    // Still at the other one; long enough after that a person who left would be gone.
    ana.sees_online(|online| online == ["ana"]).await;
    drop(ana_at_two);
    ana.sees_online(nobody).await;
    pair.finish().await;
}

#[tokio::test]
async fn a_redis_that_forgets_everything_hides_nobody() {
    let Some(server) = or_report(RedisServer::start().await, "a Redis that forgets under two instances") else {
        return;
    };
    let times = Times { leave_after: Duration::from_mins(1), ..BY_THE_BUS };
    let pair = Pair::start(&server, &times).await;
    let (ana, bob) = (pair.one.person("ana").await, pair.one.person("bob").await);
    let (ana_at_one, bob_at_two) = (live(&ana).await, live(&pair.at_two(&bob)).await);
    ana.sees_online(|online| online == ["ana", "bob"]).await;
    let before: Presence = ana.get("/presence").await.json();
    for _ in 0..3 {
        server.kill();
        server.restart().await.unwrap();
        bus_becomes(&pair.one, true).await;
    }
    // Someone who comes is a change; that there was none before it, the version says.
    let cem = pair.two.person("cem").await;
    let cem_at_two = live(&cem).await;
    ana.sees_online(|online| online == ["ana", "bob", "cem"]).await;
    let now: Presence = ana.get("/presence").await.json();
    assert_eq!(now.version, before.version + 1);
    drop((ana_at_one, bob_at_two, cem_at_two));
    pair.finish().await;
}

#[tokio::test]
async fn the_people_of_an_instance_that_was_killed_leave_when_its_lease_ends() {
    let Some(server) = shared("an instance that was killed").await else { return };
    let times = Times { leave_after: Duration::from_millis(200), ..BY_THE_BUS };
    let pair = Pair::start(server, &times).await;
    let ana = pair.one.person("ana").await;
    let lease = Duration::from_secs(3);
    let killed = connect(server, &pair.system, lease).await;
    let epoch = pair.one.store.head().await.unwrap().position.epoch;
    let note = json!({ "epoch": epoch.as_str(), "people": [{ "id": 7, "name": "ghost" }] });
    killed.exchange(note.to_string().into()).await.expect("a board");
    let left = Instant::now();
    drop(killed);
    for program in [&ana, &pair.at_two(&ana)] {
        program.sees_online(|online| online == ["ghost"]).await;
    }
    for program in [&ana, &pair.at_two(&ana)] {
        program.sees_online(nobody).await;
    }
    assert!(left.elapsed() >= lease / 2, "it left before its lease ended");
    pair.finish().await;
}

#[tokio::test]
async fn a_client_that_moves_to_the_other_instance_goes_on_where_it_was() {
    let Some(server) = shared("a client that moves").await else { return };
    let pair = Pair::start(server, &BY_THE_BUS).await;
    let (ana, bob) = (pair.one.person("ana").await, pair.one.person("bob").await);
    let mut here = live(&bob).await;
    ana.says("seen").await;
    let event = here.events(1).await.remove(0);
    drop(here);
    ana.says("missed").await;
    let mut there = pair.at_two(&bob).socket_since(event.pos.as_str()).await;
    let events = there.events(1).await;
    assert!(matches!(&events[0].body, EventBody::MessagePublished { message, .. } if message.message == "missed"));
    // Versions of presence are each instance's own: the new one is asked for the whole.
    there.send(json!({ "type": "presence" })).await;
    there.until(|frame| matches!(frame, ServerFrame::Presence { people: Some(_), .. })).await;
    drop(there);
    pair.finish().await;
}
