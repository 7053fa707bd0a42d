//! How people get accounts.

use push_system::{
    accounts::Role,
    api::{Me, TokenAnswer},
};
use serde_json::json;
use server::config::{BaseUrl, Registration};

use crate::{app::TestApp, http::PASSWORD};

#[tokio::test]
async fn the_first_account_is_the_admin_and_the_next_is_not() {
    let app = TestApp::start().await;
    let ana: Me = app.person("ana").await.get("/auth/me").await.json();
    let bob: Me = app.person("Bob").await.get("/auth/me").await.json();
    assert_eq!((ana.person.name.as_str(), ana.role), ("ana", Role::Admin));
    assert_eq!((bob.person.name.as_str(), bob.role), ("bob", Role::Member));
    app.finish().await;
}

#[tokio::test]
async fn registering_logs_in_and_says_who_and_for_how_long() {
    let app = TestApp::start().await;
    let body = json!({ "username": "ana", "password": PASSWORD, "email": "ana@push.example", "unknown": 1 });
    let answer: TokenAnswer = app.anyone().post("/auth/register", &body).await.json();
    assert_eq!((answer.token_type.as_str(), answer.expires_in, answer.user.name.as_str()), ("bearer", 900, "ana"));
    app.finish().await;
}

#[tokio::test]
async fn a_taken_name_is_refused_however_it_is_written() {
    let app = TestApp::start().await;
    app.person("ana").await;
    for name in ["ana", "ANA"] {
        let body = json!({ "username": name, "password": PASSWORD });
        app.anyone().post("/auth/register", &body).await.refuses(409, "taken", Some("username"));
    }
    app.finish().await;
}

#[tokio::test]
async fn each_rule_of_an_account_names_its_field() {
    let app = TestApp::start().await;
    for (name, password, email, code, field) in [
        ("a", PASSWORD, "", "too_short", "username"),
        ("", PASSWORD, "", "too_short", "username"),
        (&"a".repeat(33), PASSWORD, "", "too_long", "username"),
        ("_ana", PASSWORD, "", "invalid", "username"),
        ("Everyone", PASSWORD, "", "invalid", "username"),
        ("林怡君", PASSWORD, "", "invalid", "username"),
        ("ana", "seven77", "", "too_short", "password"),
        ("ana", "", "", "too_short", "password"),
        ("ana", &"x".repeat(257), "", "too_long", "password"),
        ("ana", PASSWORD, "nowhere", "invalid", "email"),
    ] {
        let body = json!({ "username": name, "password": password, "email": email });
        app.anyone().post("/auth/register", &body).await.refuses(422, code, Some(field));
    }
    app.anyone().post("/auth/register", &json!({ "username": 5 })).await.refuses(422, "invalid", Some("username"));
    assert!(server::store::Accounts::accounts(&*app.store).await.unwrap().is_empty());
    app.finish().await;
}

#[tokio::test]
async fn a_closed_server_takes_no_new_accounts() {
    let app = TestApp::with(|parts| parts.config.registration = Registration::Closed).await;
    let body = json!({ "username": "ana", "password": PASSWORD });
    app.anyone().post("/auth/register", &body).await.refuses(403, "registration_closed", None);
    app.browser().sends("/register", &[("username", "ana"), ("password", PASSWORD)]).await.is(403);
    app.finish().await;
}

#[tokio::test]
async fn two_that_register_the_same_name_at_once_get_one_account() {
    let app = TestApp::start().await;
    let body = json!({ "username": "ana", "password": PASSWORD });
    let (one, two) = (app.anyone(), app.anyone());
    let (one, two) = tokio::join!(one.post("/auth/register", &body), two.post("/auth/register", &body));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    app.finish().await;
}

#[tokio::test]
async fn the_cookies_of_a_login_are_out_of_reach_of_scripts_and_other_sites() {
    let app = TestApp::start().await;
    let answer = app.browser().registers("ana").await;
    let cookies = answer.cookies();
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    for (cookie, name) in cookies.iter().zip(["push_access=", "push_refresh=r1."]) {
        assert!(cookie.starts_with(name), "{cookie}");
        for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.split("; ").any(|found| found == part), "{part}: {cookie}");
        }
        // Ninety days, less the moment since.
        assert!(cookie.contains("; Max-Age=7776000") || cookie.contains("; Max-Age=77759"), "{cookie}");
        assert!(!cookie.contains("Secure"), "{cookie}");
    }
    app.finish().await;
}

#[tokio::test]
async fn behind_https_cookies_insist_on_it() {
    let base_url = BaseUrl::parse("https://push.example").unwrap();
    let app = TestApp::with(|parts| parts.config.base_url = Some(base_url)).await;
    let body = json!({ "username": "ana", "password": PASSWORD });
    let answer = app.anyone().post("/auth/register", &body).await.is(200);
    assert!(answer.cookies().iter().all(|cookie| cookie.contains("; Secure")), "{:?}", answer.cookies());
    app.finish().await;
}
