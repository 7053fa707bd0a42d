//! What admins do, and who else may not.

use push_system::{
    accounts::{Role, Username},
    admin::{AuditAction, AuditPage, InviteList, NewInvite, NewPassword, ServerSettings, Standing, UserInfo, UserPage},
    api::Me,
    timestamp::Timestamp,
};
use reqwest::Method;
use serde_json::{Value, json};
use server::{
    auth::{Password, Passwords, Typed},
    config::Registration,
    store::{Client, NewAccount},
};
use sqlx::{Connection as _, SqliteConnection};

use crate::{
    app::TestApp,
    http::{Answer, PASSWORD, Program, send},
};

impl Program {
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::PATCH, path).json(body)).await
    }

    /// The number of this program's person.
    pub async fn number(&self) -> u64 {
        self.get("/auth/me").await.json::<Me>().person.id.0
    }

    async fn registers_with(&self, name: &str, invite: &str) -> Answer {
        self.post("/auth/register", &json!({ "username": name, "password": PASSWORD, "invite": invite })).await
    }

    async fn audit(&self) -> Vec<(String, Option<String>, String)> {
        let page: AuditPage = self.get("/admin/audit").await.json();
        page.records.into_iter().rev().map(|record| (record.action, record.actor, record.target)).collect()
    }
}

/// An admin and a member.
async fn two(app: &TestApp) -> (Program, Program) {
    (app.person("ana").await, app.person("bob").await)
}

fn of(user: u64) -> String {
    format!("/admin/users/{user}")
}

async fn secret_of_an_invitation(admin: &Program) -> String {
    let made: NewInvite = admin.post("/admin/invites", &json!({})).await.json();
    let (address, secret) = made.url.rsplit_once("/register?invite=").expect("an address");
    assert_eq!(address, admin.url);
    secret.to_owned()
}

#[tokio::test]
async fn only_admins_are_let_in() {
    let app = TestApp::start().await;
    let (_ana, bob) = two(&app).await;
    for path in [
        "/admin/users",
        "/admin/users/1",
        "/admin/users/1/sessions",
        "/admin/invites",
        "/admin/settings",
        "/admin/audit",
        "/admin/audit.csv",
    ] {
        bob.get(path).await.refuses(403, "forbidden", None);
        app.anyone().get(path).await.refuses(401, "unauthorized", None);
    }
    for path in ["/admin/users/1/password", "/admin/invites"] {
        bob.post(path, &json!({})).await.refuses(403, "forbidden", None);
    }
    for path in ["/admin/users/1", "/admin/users/1/sessions", "/admin/invites/1"] {
        bob.delete(path).await.refuses(403, "forbidden", None);
    }
    for path in ["/admin/users/1", "/admin/settings"] {
        bob.patch(path, &json!({})).await.refuses(403, "forbidden", None);
    }
    app.finish().await;
}

#[tokio::test]
async fn accounts_come_in_pages() {
    let app = TestApp::start().await;
    let (ana, bob) = two(&app).await;
    bob.logged_in("bob").await;
    app.person("cem").await;
    let first: UserPage = ana.get("/admin/users?limit=2").await.json();
    let next = first.next.expect("another page");
    let rest: UserPage = ana.get(&format!("/admin/users?limit=2&after={next}")).await.json();
    let names: Vec<_> = first.users.iter().chain(&rest.users).map(|user| user.name.as_str()).collect();
    assert_eq!((names, rest.next), (vec!["ana", "bob", "cem"], None));
    let bob = &first.users[1];
    assert_eq!((bob.role, bob.standing, bob.sessions), (Role::Member, Standing::Active, 2));
    assert!(bob.last_seen.is_some());
    ana.get("/admin/users?limit=0").await.refuses(422, "invalid", Some("limit"));
    ana.get("/admin/users?after=x").await.refuses(422, "invalid", Some("after"));
    for nobody in ["0", "77", "x", "-1", "%ff", "18446744073709551615"] {
        ana.get(&format!("/admin/users/{nobody}")).await.refuses(404, "not_found", None);
    }
    app.finish().await;
}

#[tokio::test]
async fn who_is_disabled_is_out_and_may_come_back() {
    let app = TestApp::start().await;
    let (ana, bob) = two(&app).await;
    let (number, mut socket) = (bob.number().await, bob.socket().await);
    socket.live().await;
    let changed: UserInfo = ana.patch(&of(number), &json!({ "disabled": true })).await.json();
    assert_eq!((changed.standing, changed.sessions), (Standing::Disabled, 0));
    assert_eq!(socket.close_code().await, 4003);
    bob.get("/auth/me").await.refuses(401, "revoked", None);
    bob.refresh().await.refuses(401, "revoked", None);
    let body = json!({ "username": "bob", "password": PASSWORD });
    let wrong = json!({ "username": "bob", "password": "not the password" });
    let refused = app.anyone().post("/auth/login", &body).await.refuses(401, "bad_credentials", None);
    assert_eq!(app.anyone().post("/auth/login", &wrong).await.refuses(401, "bad_credentials", None), refused);
    ana.patch(&of(number), &json!({ "disabled": false })).await.is(200);
    bob.logged_in("bob").await.get("/auth/me").await.is(200);
    app.finish().await;
}

#[tokio::test]
async fn who_is_deleted_is_gone_but_for_their_name() {
    let app = TestApp::start().await;
    let (ana, bob) = two(&app).await;
    let number = bob.number().await;
    bob.says("still here").await;
    ana.delete(&of(number)).await.is(204);
    bob.get("/auth/me").await.refuses(401, "revoked", None);
    let body = json!({ "username": "bob", "password": PASSWORD });
    app.anyone().post("/auth/login", &body).await.refuses(401, "bad_credentials", None);
    app.anyone().post("/auth/register", &body).await.refuses(409, "taken", Some("username"));
    let to_bob = json!({ "message": "hello", "to": "@bob" });
    ana.post("/message", &to_bob).await.refuses(422, "unknown_recipient", Some("to"));
    ana.get("/people?q=b").await.hides("bob");
    let inbox = ana.inbox().await;
    assert_eq!(inbox.messages[0].sender.name.as_str(), "bob");
    let left: UserInfo = ana.get(&of(number)).await.json();
    assert_eq!((left.standing, left.email), (Standing::Deleted, None));
    for answer in [ana.delete(&of(number)).await, ana.patch(&of(number), &json!({ "disabled": false })).await] {
        answer.refuses(404, "not_found", None);
    }
    app.finish().await;
}

#[tokio::test]
async fn the_last_admin_stays_one() {
    let app = TestApp::start().await;
    let (ana, bob) = two(&app).await;
    let (first, second) = (ana.number().await, bob.number().await);
    let demote = json!({ "role": "member" });
    ana.patch(&of(first), &demote).await.refuses(409, "last_admin", None);
    ana.patch(&of(first), &json!({ "disabled": true })).await.refuses(409, "last_admin", None);
    ana.delete(&of(first)).await.refuses(409, "last_admin", None);
    ana.patch(&of(second), &json!({ "role": "admin" })).await.is(200);
    assert_eq!(bob.get("/auth/me").await.json::<Me>().role, Role::Admin, "at the next request");
    let (of_first, of_second) = (of(first), of(second));
    let (one, other) = tokio::join!(bob.patch(&of_first, &demote), ana.patch(&of_second, &demote));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    // Whoever came second was no admin any more, or the last one.
    assert!(statuses[0] == 200 && [403, 409].contains(&statuses[1]), "{statuses:?}");
    app.finish().await;
}

#[tokio::test]
async fn a_changed_role_counts_at_the_next_request() {
    let app = TestApp::start().await;
    let (ana, bob) = two(&app).await;
    let number = bob.number().await;
    for (role, status) in [("admin", 200), ("member", 403), ("admin", 200)] {
        ana.patch(&of(number), &json!({ "role": role })).await.is(200);
        bob.get("/admin/users").await.is(status);
    }
    ana.patch(&of(number), &json!({ "role": "owner" })).await.refuses(422, "invalid", Some("role"));
    ana.patch(&of(number), &json!({ "disabled": "yes" })).await.refuses(422, "invalid", Some("disabled"));
    app.finish().await;
}

#[tokio::test]
async fn a_password_that_was_reset_is_shown_once_and_ends_every_session() {
    let app = TestApp::start().await;
    let (ana, bob) = two(&app).await;
    let number = bob.number().await;
    let new: NewPassword = ana.post(&format!("{}/password", of(number)), &json!({})).await.json();
    bob.get("/auth/me").await.refuses(401, "revoked", None);
    let login = |password: &str| json!({ "username": "bob", "password": password });
    app.anyone().post("/auth/login", &login(PASSWORD)).await.refuses(401, "bad_credentials", None);
    app.anyone().post("/auth/login", &login(&new.password)).await.is(200);
    ana.post("/admin/users/77/password", &json!({})).await.refuses(404, "not_found", None);
    assert!(!ana.get("/admin/audit.csv").await.body.contains(&new.password));
    app.finish().await;
}

#[tokio::test]
async fn an_admins_own_password_is_replaced_by_whoever_knows_it_alone() {
    let app = TestApp::start().await;
    let (ana, bob) = two(&app).await;
    let own = of(ana.number().await);
    ana.post(&format!("{own}/password"), &json!({})).await.refuses(403, "forbidden", None);
    ana.patch(&of(bob.number().await), &json!({ "role": "admin" })).await.is(200);
    ana.post(&format!("{own}/password"), &json!({})).await.refuses(403, "forbidden", None);
    ana.get("/auth/me").await.is(200);
    ana.logged_in("ana").await.get("/auth/me").await.is(200);
    bob.post(&format!("{own}/password"), &json!({})).await.is(200);
    app.finish().await;
}

#[tokio::test]
async fn there_are_a_thousand_open_invitations_and_no_more() {
    const THOUSAND: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) \
        INSERT INTO invite (id, secret, by_id, created, expires) \
        SELECT printf('%016x', i), CAST(printf('%032d', i) AS BLOB), 1, 0, 9000000000000000 FROM n";
    let app = TestApp::start().await;
    let (ana, _bob) = two(&app).await;
    let mut database = SqliteConnection::connect(&format!("sqlite://{}", app.database().display())).await.unwrap();
    sqlx::query(THOUSAND).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
    ana.post("/admin/invites", &json!({})).await.refuses(409, "too_many", None);
    ana.delete("/admin/invites/0000000000000001").await.is(204);
    ana.post("/admin/invites", &json!({})).await.is(200);
    app.finish().await;
}

#[tokio::test]
async fn an_invitation_admits_one_of_two_that_come_at_once() {
    let app = TestApp::start().await;
    let (ana, _bob) = two(&app).await;
    ana.patch("/admin/settings", &json!({ "registration_open": false })).await.is(200);
    let body = json!({ "username": "cem", "password": PASSWORD });
    app.anyone().post("/auth/register", &body).await.refuses(403, "registration_closed", None);
    let secret = secret_of_an_invitation(&ana).await;
    let (one, two) = (app.anyone(), app.anyone());
    let (one, two) = tokio::join!(one.registers_with("cem", &secret), two.registers_with("dan", &secret));
    let (admitted, refused) = if one.status == 200 { (one, two) } else { (two, one) };
    admitted.is(200);
    refused.refuses(422, "invalid", Some("invite"));
    app.anyone().registers_with("eve", &secret).await.refuses(422, "invalid", Some("invite"));
    app.anyone().registers_with("eve", "nonsense").await.refuses(422, "invalid", Some("invite"));
    let listed: InviteList = ana.get("/admin/invites").await.json();
    assert!(listed.invites[0].used_by.is_some());
    assert!(!ana.get("/admin/invites").await.body.contains(&secret));
    app.finish().await;
}

#[tokio::test]
async fn an_invitation_is_over_after_its_days_or_when_it_is_taken_back() {
    let app = TestApp::start().await;
    let (ana, _bob) = two(&app).await;
    for days in [json!(0), json!(31)] {
        ana.post("/admin/invites", &json!({ "days": days })).await.refuses(422, "invalid", Some("days"));
    }
    let made: NewInvite = ana.post("/admin/invites", &json!({ "days": 1 })).await.json();
    ana.delete(&format!("/admin/invites/{}", made.id)).await.is(204);
    ana.delete(&format!("/admin/invites/{}", made.id)).await.refuses(404, "not_found", None);
    let secret = made.url.rsplit_once('=').expect("a secret").1;
    app.anyone().registers_with("cem", secret).await.refuses(422, "invalid", Some("invite"));
    let secret = secret_of_an_invitation(&ana).await;
    app.clock.advance(8 * 24 * 60 * 60);
    app.anyone().registers_with("cem", &secret).await.refuses(422, "invalid", Some("invite"));
    app.finish().await;
}

#[tokio::test]
async fn what_the_configuration_closes_no_admin_opens() {
    let app = TestApp::with(|parts| parts.config.registration = Registration::Closed).await;
    let password_hash = Passwords::default().hash(password("ana")).await.expect("a hash");
    let (name, notes) = (Username::parse("ana").expect("a name"), Vec::new());
    let at = Timestamp::from_unix_ms(0);
    let account = NewAccount { name, email: None, password_hash, role: Role::Member, at, notes };
    app.store.register(account).await.expect("a store").expect("a new name");
    let ana = app.anyone().logged_in("ana").await;
    let settings: ServerSettings = ana.get("/admin/settings").await.json();
    assert!(!settings.registration_open);
    let open = json!({ "registration_open": true });
    ana.patch("/admin/settings", &open).await.refuses(403, "registration_closed", Some("registration_open"));
    let secret = secret_of_an_invitation(&ana).await;
    app.anyone().registers_with("bob", &secret).await.is(200);
    app.finish().await;
}

fn password(name: &str) -> Password {
    let name = Username::parse(name).expect("a name");
    Password::parse_new(&Typed(PASSWORD.to_owned()), &name, "password").expect("a password")
}

#[tokio::test]
async fn what_was_done_by_whom_is_told_and_exported() {
    let app = TestApp::start().await;
    let (ana, bob) = two(&app).await;
    let number = bob.number().await;
    for password in ["not the password", "nor this one", "nor that one"] {
        app.anyone().post("/auth/login", &json!({ "username": "bob", "password": password })).await.is(401);
    }
    app.anyone().post("/auth/login", &json!({ "username": "=cmd()", "password": PASSWORD })).await.is(401);
    ana.patch(&of(number), &json!({ "role": "admin", "disabled": true })).await.is(200);
    ana.patch(&of(number), &json!({ "role": "admin", "disabled": true })).await.is(200);
    ana.patch("/admin/settings", &json!({ "registration_open": false })).await.is(200);
    ana.patch("/admin/settings", &json!({})).await.is(200);
    ana.delete(&of(number)).await.is(204);
    send(ana.logged_in("ana").await.request(Method::POST, "/auth/logout")).await.is(204);
    let by_ana = |action: &str, target: &str| (action.to_owned(), Some("ana".to_owned()), target.to_owned());
    let by_nobody = |action: &str, target: &str| (action.to_owned(), None, target.to_owned());
    let expected = [
        by_nobody("account_made", "ana"),
        by_ana("login", ""),
        by_nobody("account_made", "bob"),
        ("login".to_owned(), Some("bob".to_owned()), String::new()),
        by_nobody("login_failed", "bob"),
        by_nobody("login_failed", ""),
        by_ana("account_disabled", "bob"),
        by_ana("made_admin", "bob"),
        by_ana("registration_closed", ""),
        by_ana("account_deleted", "bob"),
        by_ana("login", ""),
        by_ana("logout", ""),
    ];
    assert_eq!(ana.audit().await, expected);
    let first: AuditPage = ana.get("/admin/audit?limit=5").await.json();
    assert!(first.records.iter().all(|record| record.address == "127.0.0.1"));
    let next = first.next.expect("more");
    let rest: AuditPage = ana.get(&format!("/admin/audit?limit=200&before={next}")).await.json();
    assert_eq!((first.records.len() + rest.records.len(), rest.next), (expected.len(), None));

    let csv = ana.get("/admin/audit.csv").await.is(200);
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(csv.header("content-disposition"), "attachment; filename=\"audit.csv\"");
    let lines: Vec<_> = csv.body.lines().collect();
    assert_eq!((lines.len(), lines[0]), (expected.len() + 1, r#""id","at","action","actor","target","address""#));
    assert!(lines[1].ends_with(r#""logout","ana","","127.0.0.1""#), "{}", lines[1]);
    app.finish().await;
}

#[tokio::test]
async fn an_export_is_whole_however_long_it_is() {
    const RECORDS: usize = 1_203;
    let app = TestApp::start().await;
    let ana = app.person("ana").await;
    let at = Timestamp::from_unix_ms(0);
    let before = ana.audit().await.len();
    for n in before..RECORDS {
        let note = Client::default().note(AuditAction::LoginFailed, None, format!("=name{n}"));
        app.store.add_audit(at, note).await.expect("a record");
    }
    let csv = ana.get("/admin/audit.csv").await.is(200);
    assert_eq!(csv.body.lines().count(), RECORDS + 1);
    assert!(csv.body.contains(r#","'=name77","#) && !csv.body.contains(r#","=name77","#));
    app.finish().await;
}

#[tokio::test]
async fn settings_say_what_is_in_force() {
    let app = TestApp::start().await;
    let (ana, _bob) = two(&app).await;
    assert!(ana.get("/admin/settings").await.json::<ServerSettings>().registration_open);
    let closed: ServerSettings = ana.patch("/admin/settings", &json!({ "registration_open": false })).await.json();
    assert!(!closed.registration_open);
    app.browser().sends("/register", &[("username", "cem"), ("password", PASSWORD)]).await.is(403);
    let opened: ServerSettings = ana.patch("/admin/settings", &json!({ "registration_open": true })).await.json();
    assert!(opened.registration_open);
    app.person("cem").await;
    ana.patch("/admin/settings", &json!({ "registration_open": 1 })).await.refuses(
        422,
        "invalid",
        Some("registration_open"),
    );
    app.finish().await;
}
