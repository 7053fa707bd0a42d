//! Signing keys change, and nobody is logged out.

use push_system::ports::Clock as _;
use server::auth::{random_key, rotated};

use crate::{
    app::TestApp,
    command_line::{Server, folder, run, text},
    http::Program,
};

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;

/// Two instances on one store, with one clock. No bus: what they share is the database.
async fn pair() -> (TestApp, TestApp) {
    let one = TestApp::start().await;
    let two = TestApp::with(|parts| {
        parts.store = one.store.clone();
        parts.clock = one.clock.clone();
    })
    .await;
    (one, two)
}

async fn add_key(app: &TestApp) {
    let now = app.clock.now();
    app.store.add_signing_key(random_key(now), now, rotated()).await.unwrap();
}

async fn keys(app: &TestApp) -> Vec<String> {
    let keys = app.store.signing_keys(random_key(app.clock.now())).await.unwrap();
    keys.into_iter().map(|key| key.kid).collect()
}

fn at(app: &TestApp, program: &Program) -> Program {
    Program { url: app.url(), ..program.clone() }
}

/// The name in the header of a program's access token.
fn signed_by(program: &Program) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let header = program.token().split('.').next().unwrap();
    let header: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_new_key_signs_after_three_minutes_and_the_old_one_verifies_to_the_end_of_its_tokens() {
    let (one, two) = pair().await;
    let ana = one.person("ana").await;
    let old = signed_by(&ana);
    add_key(&one).await;
    let new = keys(&one).await.remove(0);

    one.clock.advance(MINUTE);
    assert_eq!(signed_by(&ana.logged_in("ana").await), old, "nobody else may know the new one yet");
    one.clock.advance(2 * MINUTE);
    let last = at(&two, &ana).logged_in("ana").await;
    assert_eq!(signed_by(&last), new);
    for device in [&ana, &last] {
        at(&one, device).get("/auth/me").await.is(200);
        at(&two, device).get("/auth/me").await.is(200);
    }

    one.clock.advance(20 * MINUTE);
    ana.get("/auth/me").await.refuses(401, "unauthorized", None);
    let refreshed = ana.refreshed().await;
    refreshed.get("/auth/me").await.is(200);
    at(&two, &refreshed).get("/auth/me").await.is(200);
    two.finish().await;
    one.finish().await;
}

#[tokio::test]
async fn a_key_that_an_instance_has_not_seen_is_looked_for_at_its_first_token() {
    let (one, two) = pair().await;
    let ana = one.person("ana").await;
    one.clock.advance(10 * MINUTE);
    ana.refreshed().await.get("/auth/me").await.is(200);
    // The first instance has just looked; a key comes that is old enough to sign, as if the instances' clocks differed.
    let created = one.clock.now().plus_ms(-4 * MINUTE * 1_000);
    one.store.add_signing_key(random_key(created), one.clock.now(), rotated()).await.unwrap();
    one.clock.advance(3);
    let from_two = at(&two, &ana).logged_in("ana").await;
    assert_ne!(signed_by(&from_two), signed_by(&ana));
    at(&one, &from_two).get("/auth/me").await.is(200);
    two.finish().await;
    one.finish().await;
}

#[tokio::test]
async fn a_lost_answer_is_given_again_with_the_same_successor_also_after_another_key_signs() {
    let (one, two) = pair().await;
    let ana = one.person("ana").await;
    let before = ana.refreshed().await;
    add_key(&one).await;
    for _ in 0..3 {
        one.clock.advance(31 * DAY / 4);
        for app in [&one, &two] {
            let again = at(app, &ana).refreshed().await;
            assert_eq!(again.tokens().refresh_token, before.tokens().refresh_token);
        }
    }
    let next = before.refreshed().await;
    assert_ne!(signed_by(&next), signed_by(&ana));
    next.get("/auth/me").await.is(200);
    one.clock.advance(11);
    ana.refresh().await.refuses(401, "revoked", None);
    two.finish().await;
    one.finish().await;
}

#[tokio::test]
async fn a_month_old_key_is_replaced_by_whoever_notices_and_a_browser_stays_logged_in() {
    let (one, two) = pair().await;
    let browser = one.browser();
    browser.registers("ana").await;
    let elsewhere = Program::new(two.url());
    for months in 2..=3 {
        one.clock.advance(30 * DAY - 600);
        browser.opens("/settings").await.is(200).shows("ana");
        one.clock.advance(600);
        let (here, there) = tokio::join!(browser.opens("/settings"), elsewhere.logged_in("ana"));
        here.is(200).shows("ana");
        there.get("/auth/me").await.is(200);
        assert_eq!(keys(&one).await.len(), months);
    }
    two.finish().await;
    one.finish().await;
}

#[tokio::test]
async fn a_person_at_the_machine_adds_a_key_beside_a_running_server() {
    let folder = folder();
    let server = Server::start(folder.path());
    let ana = Program::new(server.url.clone()).registered("ana").await;
    let output = run(folder.path(), &["keys", "rotate"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("signs from three minutes from now on"), "{}", text(&output.stdout));
    ana.get("/auth/me").await.is(200);
    ana.refreshed().await.get("/auth/me").await.is(200);
    assert_eq!(server.stop("-TERM"), Some(0));
}

#[test]
fn keys_of_a_secret_are_not_rotated_here() {
    let folder = folder();
    let mut command = crate::command_line::command(folder.path(), &["keys", "rotate"]);
    let output = command.env("PUSH_SECRET", "Jc1vT9mQx4sZb7Lw2Kp8Rf5Hd3Gn6YtA").output().expect("the binary runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("PUSH_SECRET"), "{}", text(&output.stderr));
}
