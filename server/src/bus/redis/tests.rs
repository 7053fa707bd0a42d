//! The contract on a real Redis, and what Redis does to us.

use testbed::{Redis as Server, or_report};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::*;
use crate::bus::{
    Hint,
    contract::{self, Fixture, heard},
};

/// How long what must happen may take; everybody builds on this machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Faster than usual, so that a test need not wait for a server that hangs.
fn settings() -> Settings {
    Settings {
        answer_within: Duration::from_millis(500),
        ping_every: Duration::from_millis(100),
        ..Settings::default()
    }
}

fn system() -> String {
    Uuid::new_v4().simple().to_string()
}

async fn connect(server: &Server, system: &str) -> Redis {
    Redis::connect(&server.url(), system, settings()).await.expect("a connection")
}

fn hint(text: &str) -> Bytes {
    Bytes::from(text.to_owned())
}

/// Publishes until it is heard: the first hints after a fault may be lost.
async fn hears_again(bus: &Redis, subscription: &mut dyn Subscription, text: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        bus.publish(hint(text));
        while let Ok(Some(next)) = timeout(Duration::from_millis(200), subscription.next()).await {
            if next == Hint::Events(hint(text)) {
                return;
            }
        }
        assert!(Instant::now() < deadline, "“{text}” is not heard");
    }
}

async fn hears_of_a_gap(subscription: &mut dyn Subscription) {
    while heard(subscription).await != Hint::Gap {}
}

async fn becomes(bus: &Redis, up: bool) {
    let deadline = Instant::now() + PATIENCE;
    while bus.is_up().await != up {
        assert!(Instant::now() < deadline, "not in time: up = {up}");
        sleep(Duration::from_millis(5)).await;
    }
}

/// What an administrator types.
async fn command(server: &Server, words: &[&str]) {
    let client = Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    ::redis::cmd(words[0]).arg(&words[1..]).query_async::<()>(&mut connection).await.unwrap();
}

struct Shared {
    server: &'static Server,
    system: String,
    bus: Redis,
    lease: Duration,
}

impl Fixture for Shared {
    type Bus = Redis;
    type Roster = Redis;

    async fn start(lease: Duration) -> Option<Self> {
        let server = or_report(Server::shared().await, "the contract of buses on Redis")?;
        let system = system();
        let bus = connect(server, &system).await;
        Some(Self { server, system, bus, lease })
    }

    fn bus(&self) -> &Redis {
        &self.bus
    }

    async fn instance(&self, _: usize) -> Redis {
        let settings = Settings { lease: self.lease, ..settings() };
        Redis::connect(&self.server.url(), &self.system, settings).await.expect("a connection")
    }
}

contract::suite!(Shared);

#[tokio::test]
async fn one_instance_hears_another_and_not_another_system() {
    let Some(server) = or_report(Server::shared().await, "two instances on one Redis") else { return };
    let system_id = system();
    let (here, there) = (connect(server, &system_id).await, connect(server, &system_id).await);
    let stranger = connect(server, &system()).await;
    let mut subscription = here.subscribe().await;
    stranger.publish(hint("of another system"));
    stranger.exchange(hint("a stranger")).await;
    there.publish(hint("hello"));
    // The other one announced itself, perhaps only now.
    let first = async {
        loop {
            if let Hint::Events(bytes) = heard(&mut *subscription).await {
                return bytes;
            }
        }
    };
    assert_eq!(first.await, "hello");
    assert_eq!(here.exchange(hint("")).await, Some(vec![]));
}

#[tokio::test]
async fn killed_and_started_again_it_announces_the_gap_and_goes_on() {
    let Some(server) = or_report(Server::start().await, "a Redis that is killed") else { return };
    let bus = connect(&server, &system()).await;
    let mut subscription = bus.subscribe().await;
    server.kill();
    hears_of_a_gap(&mut *subscription).await;
    becomes(&bus, false).await;
    bus.publish(hint("lost"));
    assert_eq!(bus.exchange(hint("ana")).await, None);
    server.restart().await.unwrap();
    hears_of_a_gap(&mut *subscription).await;
    becomes(&bus, true).await;
    hears_again(&bus, &mut *subscription, "back").await;
    assert_eq!(bus.exchange(hint("ana")).await, Some(vec![]));
}

#[tokio::test]
async fn a_flush_costs_the_bus_nothing_and_the_roster_one_exchange() {
    let Some(server) = or_report(Server::start().await, "a Redis that is flushed") else { return };
    let system = system();
    let (one, two) = (connect(&server, &system).await, connect(&server, &system).await);
    one.exchange(hint("ana")).await;
    command(&server, &["FLUSHALL"]).await;
    assert_eq!(two.exchange(hint("bob")).await, Some(vec![]));
    assert_eq!(one.exchange(hint("ana")).await, Some(vec![hint("bob")]));
    assert_eq!(two.exchange(hint("bob")).await, Some(vec![hint("ana")]));
    let mut subscription = one.subscribe().await;
    two.publish(hint("still here"));
    assert_eq!(heard(&mut *subscription).await, Hint::Events(hint("still here")));
}

#[tokio::test]
async fn an_instance_that_comes_back_while_it_is_forgotten_stays_on_the_roster() {
    let Some(server) = or_report(Server::shared().await, "a roster that forgets") else { return };
    let system = system();
    let (one, two) = (connect(server, &system).await, connect(server, &system).await);
    one.exchange(hint("ana")).await;
    two.exchange(hint("bob")).await;
    let session = one.link.session().expect("a connection");
    // As one saw it before the other came back, and as it would be.
    let (back, dead) = (two.board.own().to_owned(), "long dead".to_owned());
    one.board.forget_dead(&session, &[back, dead], &[None, None]).await.expect("an answer");
    assert_eq!(one.exchange(hint("ana")).await, Some(vec![hint("bob")]));
}

#[tokio::test]
async fn a_connection_that_is_killed_comes_back() {
    let Some(server) = or_report(Server::start().await, "a connection that is killed") else { return };
    let bus = connect(&server, &system()).await;
    let mut subscription = bus.subscribe().await;
    command(&server, &["CLIENT", "KILL", "TYPE", "pubsub"]).await;
    // Once when it ended, once when it is subscribed again.
    hears_of_a_gap(&mut *subscription).await;
    hears_of_a_gap(&mut *subscription).await;
    hears_again(&bus, &mut *subscription, "back").await;
}

#[tokio::test]
async fn a_server_that_hangs_is_noticed_and_publishing_does_not_wait_for_it() {
    let Some(server) = or_report(Server::start().await, "a Redis that hangs") else { return };
    let bus = connect(&server, &system()).await;
    let mut subscription = bus.subscribe().await;
    server.freeze();
    let started = Instant::now();
    for n in 0..100_000 {
        bus.publish(hint(&n.to_string()));
    }
    assert!(started.elapsed() < PATIENCE / 2, "{:?}", started.elapsed());
    hears_of_a_gap(&mut *subscription).await;
    becomes(&bus, false).await;
    assert_eq!(bus.exchange(hint("ana")).await, None);
    server.thaw();
    hears_of_a_gap(&mut *subscription).await;
    becomes(&bus, true).await;
    hears_again(&bus, &mut *subscription, "back").await;
}

#[tokio::test]
async fn a_server_that_hangs_is_noticed_when_nobody_says_anything() {
    let Some(server) = or_report(Server::start().await, "a Redis that hangs in silence") else { return };
    let bus = connect(&server, &system()).await;
    let mut subscription = bus.subscribe().await;
    server.freeze();
    hears_of_a_gap(&mut *subscription).await;
    becomes(&bus, false).await;
    server.thaw();
    becomes(&bus, true).await;
}

#[tokio::test]
async fn a_subscriber_the_server_throws_out_for_being_slow_hears_of_the_gap() {
    let small = ["--client-output-buffer-limit", "pubsub 64kb 32kb 1"];
    let Some(server) = or_report(Server::start_with(&small).await, "a tiny output buffer") else { return };
    let system = system();
    let (reader, writer) = (connect(&server, &system).await, connect(&server, &system).await);
    let mut subscription = reader.subscribe().await;
    let large = Bytes::from(vec![b'x'; 200_000]);
    // One hint larger than the buffer: the server ends both connections that are to hear it.
    writer.publish(large.clone());
    hears_of_a_gap(&mut *subscription).await;
    hears_again(&writer, &mut *subscription, "small").await;
}

#[tokio::test]
async fn a_wrong_password_is_refused_at_once_and_the_right_one_works() {
    let locked = Server::start_with(&["--requirepass", "open sesame"]).await;
    let Some(server) = or_report(locked, "a Redis with a password") else { return };
    let url = |login: &str| server.url().replace("redis://", &format!("redis://{login}"));
    for login in ["", ":opensesame@"] {
        let refused = Redis::connect(&url(login), &system(), settings()).await.err().expect("a refusal");
        assert!(matches!(refused, ConnectError::Refused(_)), "{refused:?}");
        assert!(!refused.to_string().contains("sesame"), "{refused}");
    }
    let bus = Redis::connect(&url(":open%20sesame@"), &system(), settings()).await.expect("a connection");
    let mut subscription = bus.subscribe().await;
    bus.publish(hint("let in"));
    assert_eq!(heard(&mut *subscription).await, Hint::Events(hint("let in")));
}

#[tokio::test]
async fn nobody_there_and_nobody_who_answers_are_told_apart_from_a_refusal() {
    let Some(server) = or_report(Server::start().await, "a Redis that is not there") else { return };
    server.freeze();
    let hangs = Redis::connect(&server.url(), &system(), settings()).await.err().expect("nobody answers");
    server.thaw();
    server.kill();
    let away = Redis::connect(&server.url(), &system(), settings()).await.err().expect("nobody is there");
    for error in [hangs, away] {
        assert!(matches!(error, ConnectError::Unreachable(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_full_server_keeps_the_bus_and_only_presence_is_not_shared() {
    let Some(server) = or_report(Server::start().await, "a Redis without memory") else { return };
    let bus = connect(&server, &system()).await;
    let mut subscription = bus.subscribe().await;
    command(&server, &["CONFIG", "SET", "maxmemory", "1"]).await;
    assert_eq!(bus.exchange(hint("ana")).await, None);
    bus.publish(hint("heard"));
    assert_eq!(heard(&mut *subscription).await, Hint::Events(hint("heard")));
    command(&server, &["CONFIG", "SET", "maxmemory", "0"]).await;
    assert_eq!(bus.exchange(hint("ana")).await, Some(vec![]));
}
