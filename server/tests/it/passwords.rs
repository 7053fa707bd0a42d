//! What passwords may be, and how they are kept.

use std::{collections::BTreeMap, thread};

use push_system::accounts::Username;
use serde_json::json;
use server::store::Store;
use tokio::task::JoinSet;

use crate::{
    app::TestApp,
    http::{Answer, PASSWORD},
};

/// argon2id of [`PASSWORD`] with half of today's memory and one pass.
const WEAK: &str = "$argon2id$v=19$m=9728,t=1,p=1$cHVzaC1zeXN0ZW0gc2FsdA$Z2I7Nslp2pJRY30fPOibV8J75evkx83OmfWyGCDiSdo";

async fn log_in(app: &TestApp, name: &str, password: &str) -> Answer {
    app.anyone().post("/auth/login", &json!({ "username": name, "password": password })).await
}

async fn hash_of(store: &dyn Store, name: &str) -> String {
    store.account_named(&Username::parse(name).unwrap()).await.unwrap().unwrap().password_hash
}

#[tokio::test]
async fn what_others_would_guess_first_is_refused_wherever_a_password_is_set() {
    let app = TestApp::start().await;
    for password in ["password", "Iloveyou", "mei.chen2026", "push-system!", "abcdefgh", "123123123123"] {
        let body = json!({ "username": "mei.chen", "password": password });
        app.anyone().post("/auth/register", &body).await.refuses(422, "too_common", Some("password"));
        let fields = [("username", "mei.chen"), ("password", password)];
        app.browser().sends("/register", &fields).await.is(422).shows("easy to guess");
    }
    let mei = app.person("mei.chen").await;
    let change = json!({ "current": PASSWORD, "password": "sunshine" });
    mei.post("/auth/password", &change).await.refuses(422, "too_common", Some("password"));
    app.finish().await;
}

#[tokio::test]
async fn a_password_is_the_same_on_every_keyboard() {
    let app = TestApp::start().await;
    let (composed, decomposed) = ("cañón-büro", "can\u{303}o\u{301}n-bu\u{308}ro");
    app.anyone().post("/auth/register", &json!({ "username": "ana", "password": decomposed })).await.is(200);
    log_in(&app, "ana", composed).await.is(200);
    log_in(&app, "ana", decomposed).await.is(200);
    log_in(&app, "ana", "canon-buro").await.refuses(401, "bad_credentials", None);
    app.finish().await;
}

#[tokio::test]
async fn a_weak_hash_is_made_anew_at_the_next_login_and_no_session_ends() {
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let strong = hash_of(&*app.store, "ana").await;
    assert!(app.store.renew_hash(ana.me().id, &strong, WEAK).await.unwrap());
    log_in(&app, "ana", "not the password").await.refuses(401, "bad_credentials", None);
    assert_eq!(hash_of(&*app.store, "ana").await, WEAK, "only who proves the password changes its hash");

    // All prove the old hash; one makes it anew under the others, which must not take that for another password.
    let mut logins = JoinSet::new();
    for _ in 0..8 {
        let program = app.anyone();
        let body = json!({ "username": "ana", "password": PASSWORD });
        logins.spawn(async move { program.post("/auth/login", &body).await.is(200) });
    }
    logins.join_all().await;

    let renewed = hash_of(&*app.store, "ana").await;
    assert!(renewed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && renewed != strong, "{renewed}");
    ana.get("/auth/me").await.is(200);
    log_in(&app, "ana", PASSWORD).await.is(200);
    assert_eq!(hash_of(&*app.store, "ana").await, renewed, "a strong one stays");
    app.finish().await;
}

#[tokio::test]
async fn more_logins_than_can_wait_are_told_when_to_come_back() {
    let app = TestApp::start().await;
    app.person("ana").await;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut logins = JoinSet::new();
    // Places for 25 a core, worked at one by one.
    for n in 0..cores * 25 * 3 {
        let program = app.anyone();
        logins.spawn(async move {
            let body = json!({ "username": format!("nobody.{n}"), "password": "not the password" });
            let answer = program.post("/auth/login", &body).await;
            if answer.status == 503 {
                assert_eq!(answer.header("retry-after"), "1");
                answer.refuses(503, "unavailable", None).status
            } else {
                answer.status
            }
        });
    }
    let mut statuses = BTreeMap::<u16, usize>::new();
    while let Some(status) = logins.join_next().await {
        *statuses.entry(status.unwrap()).or_default() += 1;
    }
    assert_eq!(statuses.keys().collect::<Vec<_>>(), [&401, &503], "{statuses:?}");
    assert!(statuses[&401] >= cores, "{statuses:?}");
    log_in(&app, "ana", PASSWORD).await.is(200);
    app.finish().await;
}
