//! What happens to who tries too often. How often that is, is tested beside the limits themselves.

use std::{sync::Arc, time::Duration};

use push_system::{admin::SessionList, error::ErrorCode, protocol::ServerFrame};
use reqwest::Method;
use serde_json::{Value, json};
use server::{
    bus::{
        counters::Counters,
        redis::{Redis, Settings},
    },
    config::{Switch, TrustedProxies},
    serve::Parts,
};
use testbed::{Redis as RedisServer, or_report};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::{
    app::TestApp,
    http::{Answer, Browser, PASSWORD, Program, send},
};

const PATIENCE: Duration = Duration::from_mins(1);
const FORM: &str = "application/x-www-form-urlencoded";

fn limited(parts: &mut Parts) {
    parts.config.rate_limits = Switch::On;
    parts.config.trusted_proxies = TrustedProxies::parse("127.0.0.1").unwrap();
}

/// A server whose time stands still: how long a test takes must not refill anything.
async fn with_limits(change: impl FnOnce(&mut Parts)) -> TestApp {
    let app = TestApp::with(|parts| {
        limited(parts);
        change(parts);
    })
    .await;
    app.clock.stop();
    app
}

fn waits(answer: Answer, seconds: &str) {
    assert_eq!(answer.header("retry-after"), seconds, "{}", answer.body);
    let problem = answer.refuses(429, "rate_limited", None);
    assert!(problem.detail.contains("Try again in"), "{}", problem.detail);
}

fn wrong(name: &str) -> Value {
    json!({ "username": name, "password": "not the password" })
}

/// A program at another address.
async fn from(app: &TestApp, address: &str, path: &str, body: &Value) -> Answer {
    let request = app.anyone().request(reqwest::Method::POST, path).header("x-forwarded-for", address);
    send(request.json(body)).await
}

#[tokio::test]
async fn every_way_to_try_a_password_uses_up_the_same_allowance() {
    let app = with_limits(|_| {}).await;
    let ana = app.person("ana").await;
    let (browser, stranger) = (app.browser(), app.browser());
    browser.sends("/login", &[("username", "ana"), ("password", PASSWORD)]).await.leads("/");
    let sessions: SessionList = ana.get("/auth/sessions").await.json();
    let other = sessions.sessions.iter().find(|session| !session.current).expect("the browser's").id.clone();
    let change = json!({ "current": "not the password", "password": "another password" });
    let again = json!({ "password": "not the password" });
    let deletes = async |path: &str| send(ana.request(Method::DELETE, path).json(&again)).await;

    app.anyone().post("/auth/login", &wrong("ana")).await.refuses(401, "bad_credentials", None);
    let token = app.anyone().post_raw("/auth/token", FORM, "username=Ana&password=not+the+password").await;
    token.refuses(401, "bad_credentials", None);
    ana.post("/auth/password", &change).await.refuses(401, "bad_credentials", Some("current"));
    let refused = ana.post("/auth/sessions/revoke-others", &again).await;
    refused.refuses(401, "bad_credentials", Some("password"));
    for path in ["/auth/sessions".to_owned(), format!("/auth/sessions/{other}")] {
        deletes(&path).await.refuses(401, "bad_credentials", Some("password"));
    }
    stranger.sends("/login", &[("username", "ana"), ("password", "not the password")]).await.is(401);
    let passwords = [("current", "not the password"), ("password", "another password")];
    browser.sends("/settings/password", &passwords).await.is(401);
    let mine = sessions.sessions.iter().find(|session| session.current).expect("the program's").id.clone();
    let one = [("session", mine.as_str()), ("password", "not the password")];
    browser.sends("/settings/sessions", &one).await.is(401);
    browser.sends("/settings/sign-out-everywhere", &one[1..]).await.is(401);

    waits(app.anyone().post("/auth/login", &wrong("ana")).await, "12");
    waits(app.anyone().post_raw("/auth/token", FORM, format!("username=ana&password={PASSWORD}")).await, "24");
    waits(deletes("/auth/sessions").await, "48");
    let page = stranger.sends("/login", &[("username", "ana"), ("password", PASSWORD)]).await.is(429);
    assert_eq!(page.header("retry-after"), "96");
    page.shows("Try again in 96 seconds").shows("ana").hides(PASSWORD);

    ana.says("who is in stays in").await;
    ana.refreshed().await;
    app.clock.advance(96);
    ana.logged_in("ana").await;
    app.finish().await;
}

#[tokio::test]
async fn whoever_fails_elsewhere_locks_out_strangers_and_not_the_person() {
    let app = with_limits(|_| {}).await;
    let ana = app.person("ana").await;
    for n in 0..10 {
        from(&app, &format!("203.0.113.{n}"), "/auth/login", &wrong("ana")).await.refuses(401, "bad_credentials", None);
    }
    let right = json!({ "username": "ana", "password": PASSWORD });
    waits(from(&app, "203.0.113.77", "/auth/login", &right).await, "12");
    ana.logged_in("ana").await;
    app.finish().await;
}

#[tokio::test]
async fn refresh_tokens_are_not_guessed_at_leisure_and_a_good_one_is_never_refused() {
    let app = with_limits(|_| {}).await;
    let ana = app.person("ana").await;
    let bad = json!({ "refresh_token": "r1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" });
    for _ in 0..30 {
        app.anyone().post("/auth/refresh", &bad).await.refuses(401, "unauthorized", None);
    }
    waits(app.anyone().post("/auth/refresh", &bad).await, "2");
    waits(app.anyone().post("/auth/login", &wrong("bob")).await, "2");
    ana.refreshed().await;
    from(&app, "203.0.113.1", "/auth/refresh", &bad).await.refuses(401, "unauthorized", None);
    app.finish().await;
}

#[tokio::test]
async fn accounts_are_not_made_by_the_hundred() {
    let app = with_limits(|parts| parts.config.rates.registrations_per_hour = 2.try_into().unwrap()).await;
    app.person("ana").await;
    app.browser().registers("bob").await;
    let account = json!({ "username": "eve", "password": PASSWORD });
    waits(app.anyone().post("/auth/register", &account).await, "1800");
    let eve = [("username", "eve"), ("password", PASSWORD), ("email", "")];
    app.browser().sends("/register", &eve).await.is(429);
    from(&app, "203.0.113.1", "/auth/register", &account).await.is(200);
    app.finish().await;
}

#[tokio::test]
async fn publishing_is_one_quota_for_the_api_the_form_and_the_sockets() {
    let app = with_limits(|parts| {
        parts.config.rates.publish_burst = 3.try_into().unwrap();
        parts.config.rates.publish_per_second = 1.try_into().unwrap();
    })
    .await;
    let browser: Browser = app.browser();
    browser.registers("ana").await;
    let ana = app.anyone().logged_in("ana").await;
    let bob = app.person("bob").await;
    let mut socket = ana.socket().await;
    socket.live().await;
    ana.says("one").await;
    browser.sends("/", &[("message", "two")]).await.leads("/");
    let publish = |id: &str| json!({"type": "publish", "client_id": id, "user_id": ana.me().id, "message": id});
    socket.send(publish("three")).await;
    socket.until(|frame| matches!(frame, ServerFrame::Published { .. })).await;

    socket.send(publish("four")).await;
    let rejected = |frame: &ServerFrame| matches!(frame, ServerFrame::Rejected { code: ErrorCode::RateLimited, .. });
    socket.until(rejected).await;
    waits(ana.post("/message", &json!({ "message": "four" })).await, "1");
    let page = browser.sends("/", &[("message", "what was written")]).await.is(429);
    assert_eq!(page.header("retry-after"), "1");
    page.shows("what was written");
    bob.says("another person is not concerned").await;

    app.clock.advance(1);
    ana.says("four").await;
    assert_eq!(ana.texts("/message").await, ["four", "another person is not concerned", "three", "two", "one"]);
    drop(socket);
    app.finish().await;
}

#[tokio::test]
async fn marks_of_what_is_read_are_bounded_as_well() {
    let app = with_limits(|parts| parts.config.rates.actions_per_second = 1.try_into().unwrap()).await;
    let ana = app.person("ana").await;
    for _ in 0..10 {
        ana.post("/read", &json!({ "read_upto": 0 })).await.is(200);
    }
    waits(ana.post("/read", &json!({ "read_upto": 0 })).await, "1");
    app.finish().await;
}

#[tokio::test]
async fn a_socket_that_says_too_much_is_read_more_slowly_and_loses_nothing() {
    let app = TestApp::with(|parts| {
        limited(parts);
        parts.config.rates.actions_per_second = 20.try_into().unwrap();
    })
    .await;
    let (ana, bob) = (app.person("ana").await, app.person("bob").await);
    let mut witness = bob.socket().await;
    let mut socket = ana.socket().await;
    socket.live().await;
    witness.live().await;
    let begun = Instant::now();
    for _ in 0..220 {
        socket.send(json!({"type": "ping"})).await;
    }
    bob.says("meanwhile").await;
    assert_eq!(witness.texts(1).await, ["meanwhile"]);
    for _ in 0..220 {
        socket.until(|frame| *frame == ServerFrame::Pong).await;
    }
    // Two hundred at once, and twenty a second after that.
    assert!(begun.elapsed() > Duration::from_millis(900), "{:?}", begun.elapsed());
    drop((socket, witness));
    app.finish().await;
}

struct Pair {
    one: TestApp,
    two: TestApp,
}

async fn pair(server: &RedisServer, counted_within: Duration) -> Pair {
    let system = Uuid::new_v4().simple().to_string();
    let connect = || async {
        let settings = Settings { ping_every: Duration::from_hours(1), counted_within, ..Settings::default() };
        Arc::new(Redis::connect(&server.url(), &system, settings).await.expect("a connection")) as Arc<dyn Counters>
    };
    let (here, there) = (connect().await, connect().await);
    // Redis' clock cannot be stopped: slow enough a rate stands still as well.
    let few = |parts: &mut Parts| parts.config.rates.failed_logins = 2.try_into().unwrap();
    let one = with_limits(|parts| {
        few(parts);
        parts.counters = Some(here);
    })
    .await;
    let two = with_limits(|parts| {
        few(parts);
        parts.store = one.store.clone();
        parts.counters = Some(there);
    })
    .await;
    Pair { one, two }
}

impl Pair {
    async fn finish(self) {
        self.two.finish().await;
        self.one.finish().await;
    }
}

#[tokio::test]
async fn two_instances_count_together() {
    let Some(server) = or_report(RedisServer::shared().await, "limits of two instances") else { return };
    let Pair { one, two } = pair(server, PATIENCE).await;
    for app in [&one, &two] {
        from(app, "203.0.113.1", "/auth/login", &wrong("ana")).await.refuses(401, "bad_credentials", None);
    }
    for app in [&two, &one] {
        from(app, "203.0.113.9", "/auth/login", &wrong("ana")).await.refuses(429, "rate_limited", None);
    }
    // Where a person proved himself at one, the other knows him.
    let ana = one.person("ana").await;
    Program { url: two.url(), ..ana.clone() }.logged_in("ana").await;
    Pair { one, two }.finish().await;
}

#[tokio::test]
async fn a_redis_that_hangs_or_is_gone_keeps_nobody_waiting() {
    let Some(server) = or_report(RedisServer::start().await, "limits without redis") else { return };
    let Pair { one, two } = pair(&server, Settings::default().counted_within).await;
    let ana = one.person("ana").await;
    server.freeze();
    let begun = Instant::now();
    for n in 0..20 {
        ana.says(&n.to_string()).await;
    }
    let hung = begun.elapsed();
    // A second each would be the usual patience with Redis.
    assert!(hung < Duration::from_secs(5), "twenty requests took {hung:?}");
    server.kill();
    let local = async {
        for _ in 0..2 {
            one.anyone().post("/auth/login", &wrong("bob")).await.refuses(401, "bad_credentials", None);
        }
        one.anyone().post("/auth/login", &wrong("bob")).await.refuses(429, "rate_limited", None);
    };
    timeout(PATIENCE, local).await.expect("the instance counts for itself");
    Pair { one, two }.finish().await;
}
