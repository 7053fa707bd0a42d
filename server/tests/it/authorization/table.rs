//! The table: for each route what is asked, and what each of the six is told.

use reqwest::{Method, RequestBuilder, header};
use serde_json::{Value, json};

use super::cast::{Actor, Cast};
use crate::http::{PASSWORD, Program};

/// For anonymous, member, owner, admin, disabled, revoked.
type Told = [&'static str; 6];

/// What is sent.
pub enum Sent {
    Nothing,
    Json(Value),
    Form(Vec<(&'static str, String)>),
}

/// Where an actor asks, and with what.
type Ask = dyn Fn(&Cast, Actor) -> (String, Sent);

/// One route.
pub struct Row {
    pub method: Method,
    /// As the router has it.
    pub path: &'static str,
    pub expected: Told,
    ask: Box<Ask>,
}

impl Row {
    /// Asked with both kinds of login that this actor has: a bearer and the browser's cookie.
    pub fn request(&self, cast: &Cast, actor: Actor) -> RequestBuilder {
        let (path, sent) = (self.ask)(cast, actor);
        asked(cast.program(actor), self.method.clone(), &path, sent)
    }
}

/// A request with both kinds of login.
pub fn asked(program: &Program, method: Method, path: &str, sent: Sent) -> RequestBuilder {
    let request = program.request(method, path);
    let request = match &program.login {
        Some(login) => request.header(header::COOKIE, format!("push_access={}", login.access_token)),
        None => request,
    };
    match sent {
        Sent::Nothing => request,
        Sent::Json(body) => request.json(&body),
        Sent::Form(fields) => request.form(&fields),
    }
}

/// Everybody is told the same.
fn everybody(told: &'static str) -> Told {
    [told; 6]
}

/// Part of the API that needs a login.
fn logged_in(told: &'static str) -> Told {
    ["401 unauthorized", told, told, told, "401 revoked", "401 revoked"]
}

/// Part of the API that is for admins.
fn admins(told: &'static str) -> Told {
    ["401 unauthorized", "403 forbidden", "403 forbidden", told, "401 revoked", "401 revoked"]
}

/// A page that needs one.
fn inside(told: &'static str) -> Told {
    ["303 /login", told, told, told, "303 /login", "303 /login"]
}

/// A page for those who have none.
fn outside(told: &'static str) -> Told {
    [told, "303 /", "303 /", "303 /", told, told]
}

/// Whoever knows the name and the password of an account that is in use, logged in or not.
fn with_a_password(told: &'static str, refused: &'static str) -> Told {
    [refused, told, told, told, refused, told]
}

fn row(method: Method, path: &'static str, expected: Told, ask: impl Fn(&Cast, Actor) -> Sent + 'static) -> Row {
    row_at(method, path, expected, move |cast, actor| (path.to_owned(), ask(cast, actor)))
}

/// A row whose address names something of the owner's.
fn row_at(
    method: Method,
    path: &'static str,
    expected: Told,
    ask: impl Fn(&Cast, Actor) -> (String, Sent) + 'static,
) -> Row {
    Row { method, path, expected, ask: Box::new(ask) }
}

fn get(path: &'static str, expected: Told) -> Row {
    row(Method::GET, path, expected, |_, _| Sent::Nothing)
}

fn post(path: &'static str, expected: Told, ask: impl Fn(&Cast, Actor) -> Sent + 'static) -> Row {
    row(Method::POST, path, expected, ask)
}

pub fn form(fields: &[(&'static str, &str)]) -> Sent {
    Sent::Form(fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())
}

fn own_credentials(actor: Actor) -> [(&'static str, &'static str); 2] {
    [("username", Cast::name(actor)), ("password", PASSWORD)]
}

/// Every route of the server.
pub fn rows() -> Vec<Row> {
    [machines(), logins(), sessions(), messages(), topics(), administration(), pages(), forms(), desk()]
        .into_iter()
        .flatten()
        .collect()
}

fn machines() -> Vec<Row> {
    vec![
        get("/healthz", everybody("200")),
        get("/readyz", everybody("200")),
        get("/version", everybody("200")),
        // Without an upgrade; with one, see the frames.
        get("/ws", everybody("426 upgrade_required")),
    ]
}

fn logins() -> Vec<Row> {
    let credentials = |actor| Sent::Json(json!({ "username": Cast::name(actor), "password": PASSWORD }));
    let tokens = |cast: &Cast, actor| {
        let token = cast.program(actor).login.as_ref().map(|login| login.refresh_token.clone());
        Sent::Json(json!({ "refresh_token": token }))
    };
    let in_force = ["401 unauthorized", "200", "200", "200", "401 revoked", "401 revoked"];
    vec![
        post("/auth/register", everybody("200"), |cast, _| {
            Sent::Json(json!({ "username": cast.new_name(), "password": PASSWORD }))
        }),
        post("/auth/login", with_a_password("200", "401 bad_credentials"), move |_, actor| credentials(actor)),
        post("/auth/token", with_a_password("200", "401 bad_credentials"), |_, actor| form(&own_credentials(actor))),
        post("/auth/refresh", in_force, move |cast, actor| tokens(cast, actor)),
        post("/auth/logout", logged_in("204"), |_, _| Sent::Nothing),
        get("/auth/me", logged_in("200")),
        post("/auth/password", logged_in("204"), |_, _| {
            Sent::Json(json!({ "current": PASSWORD, "password": "another good one" }))
        }),
        post("/auth/ticket", logged_in("200"), |_, _| Sent::Nothing),
    ]
}

fn sessions() -> Vec<Row> {
    let password = || Sent::Json(json!({ "password": PASSWORD }));
    // Others are not told that there is such a session.
    let owners = ["401 unauthorized", "404 not_found", "204", "404 not_found", "401 revoked", "401 revoked"];
    vec![
        get("/auth/sessions", logged_in("200")),
        row(Method::DELETE, "/auth/sessions", logged_in("204"), move |_, _| password()),
        row_at(Method::DELETE, "/auth/sessions/{id}", owners, move |cast, _| {
            (format!("/auth/sessions/{}", cast.session), password())
        }),
        post("/auth/sessions/revoke-others", logged_in("204"), move |_, _| password()),
    ]
}

/// About the owner's account, so that owning it is seen to be no reason.
fn administration() -> Vec<Row> {
    let about = |method: Method, path: &'static str, told, body: fn() -> Sent| {
        row_at(method, path, admins(told), move |cast, _| {
            (path.replace("{id}", &cast.owner.me().id.to_string()), body())
        })
    };
    let nothing = || Sent::Nothing;
    vec![
        get("/admin/users", admins("200")),
        about(Method::GET, "/admin/users/{id}", "200", nothing),
        about(Method::PATCH, "/admin/users/{id}", "200", || Sent::Json(json!({ "role": "admin" }))),
        about(Method::DELETE, "/admin/users/{id}", "204", nothing),
        about(Method::POST, "/admin/users/{id}/password", "200", nothing),
        about(Method::GET, "/admin/users/{id}/sessions", "200", nothing),
        about(Method::DELETE, "/admin/users/{id}/sessions", "204", nothing),
        get("/admin/invites", admins("200")),
        post("/admin/invites", admins("200"), |_, _| Sent::Nothing),
        row_at(Method::DELETE, "/admin/invites/{id}", admins("204"), |cast, _| {
            (format!("/admin/invites/{}", cast.invite), Sent::Nothing)
        }),
        get("/admin/settings", admins("200")),
        row(Method::PATCH, "/admin/settings", admins("200"), |_, _| Sent::Json(json!({ "registration_open": false }))),
        get("/admin/audit", admins("200")),
        get("/admin/audit.csv", admins("200")),
    ]
}

fn messages() -> Vec<Row> {
    // Of a message that only the owner has: for the others, admins as well, there is none of that number.
    let owners = |told| ["401 unauthorized", "404 not_found", told, "404 not_found", "401 revoked", "401 revoked"];
    let message = |cast: &Cast| format!("/message/{}", cast.message);
    vec![
        get("/message", logged_in("200")),
        post("/message", logged_in("200"), |_, _| Sent::Json(json!({ "message": "hi" }))),
        row_at(Method::GET, "/message/{id}", owners("200"), move |cast, _| (message(cast), Sent::Nothing)),
        row_at(Method::PATCH, "/message/{id}", owners("200"), move |cast, _| {
            (message(cast), Sent::Json(json!({ "message": "hi" })))
        }),
        row_at(Method::DELETE, "/message/{id}", owners("204"), move |cast, _| (message(cast), Sent::Nothing)),
        get("/inbox", logged_in("200")),
        // Of a message that only the owner has: for the others it changes nothing, and says nothing.
        post("/read", logged_in("200"), |cast, _| Sent::Json(json!({ "read": [[cast.message, cast.message]] }))),
        post("/state", logged_in("200"), |cast, _| Sent::Json(json!({ "save": [[cast.message, cast.message]] }))),
        get("/people", logged_in("200")),
        get("/presence", logged_in("200")),
    ]
}

/// About a private topic of the owner's: to the others, admins as well, there is none of that number.
fn topics() -> Vec<Row> {
    let owners = |told| ["401 unauthorized", "404 not_found", told, "404 not_found", "401 revoked", "401 revoked"];
    let about = |method: Method, path: &'static str, told, body: fn() -> Sent| {
        row_at(method, path, owners(told), move |cast, _| {
            let user = cast.owner.me().id.to_string();
            (path.replace("{id}", &cast.topic.to_string()).replace("{user}", &user), body())
        })
    };
    let nothing = || Sent::Nothing;
    vec![
        get("/topic", logged_in("200")),
        post("/topic", logged_in("200"), |_, _| Sent::Json(json!({ "name": "mine", "private": true }))),
        about(Method::GET, "/topic/{id}", "200", nothing),
        about(Method::PATCH, "/topic/{id}", "200", || Sent::Json(json!({ "archived": true }))),
        about(Method::GET, "/topic/{id}/members", "200", nothing),
        about(Method::PUT, "/topic/{id}/members/{user}", "204", || Sent::Json(json!({}))),
        about(Method::DELETE, "/topic/{id}/members/{user}", "204", nothing),
        about(Method::POST, "/topic/{id}/join", "200", nothing),
        about(Method::POST, "/topic/{id}/leave", "204", nothing),
        about(Method::GET, "/topic/{id}/messages", "200", nothing),
    ]
}

fn pages() -> Vec<Row> {
    // Of what is the owner's alone.
    let owners = |told| ["303 /login", "404", told, "404", "303 /login", "303 /login"];
    vec![
        get("/", inside("200")),
        get("/history", inside("200")),
        get("/settings", inside("200")),
        get("/topics", inside("200")),
        get("/unread/first", inside("303 /")),
        post("/topics", inside("422"), |_, _| form(&[("name", "")])),
        row_at(Method::GET, "/topics/{id}", owners("200"), |cast, _| {
            (format!("/topics/{}", cast.topic), Sent::Nothing)
        }),
        row_at(Method::POST, "/topics/{id}", inside("404"), |_, _| {
            ("/topics/999999".to_owned(), form(&[("action", "join")]))
        }),
        row_at(Method::GET, "/m/{id}", owners("200"), |cast, _| (format!("/m/{}", cast.message), Sent::Nothing)),
        row_at(Method::POST, "/m/{id}", owners("422"), |cast, _| {
            (format!("/m/{}", cast.message), form(&[("act", "nothing")]))
        }),
        get("/login", outside("200")),
        get("/register", outside("200")),
    ]
}

fn forms() -> Vec<Row> {
    let passwords = [("current", PASSWORD), ("password", "another good one")];
    vec![
        post("/", inside("303 /"), |_, _| form(&[("message", "hi")])),
        post("/login", with_a_password("303 /", "401"), |_, actor| form(&own_credentials(actor))),
        post("/register", everybody("303 /"), |cast, _| {
            form(&[("username", &cast.new_name()), ("password", PASSWORD)])
        }),
        // Who is out already is where they wanted to be.
        post("/logout", everybody("303 /login"), |_, _| form(&[])),
        post("/settings/density", everybody("303 /settings"), |_, _| form(&[("density", "compact")])),
        post("/settings/theme", everybody("303 /settings"), |_, _| form(&[("theme", "dark")])),
        post("/settings/language", everybody("303 /settings"), |_, _| form(&[("language", "zh-Hant")])),
        post("/settings/password", inside("200"), move |_, _| form(&passwords)),
        get("/settings/sign-out-everywhere", everybody("303 /settings/sessions")),
        post("/settings/sign-out-everywhere", everybody("303 /login"), |_, _| form(&[("password", PASSWORD)])),
    ]
}

/// A page for admins; others are shown that it is not theirs.
fn admin_page(told: &'static str) -> Told {
    ["303 /login", "403", "403", told, "303 /login", "303 /login"]
}

/// Pages that the server alone renders.
fn desk() -> Vec<Row> {
    // For anybody but the owner there is no such session.
    let owners = ["303 /login", "404", "303 /settings/sessions", "404", "303 /login", "303 /login"];
    let person = |cast: &Cast| format!("/admin/people/{}", cast.owner.me().id);
    vec![
        get("/settings/sessions", inside("200")),
        post("/settings/sessions", owners, |cast, _| form(&[("session", &cast.session), ("password", PASSWORD)])),
        get("/admin", admin_page("200")),
        row_at(Method::GET, "/admin/people/{id}", admin_page("200"), move |cast, _| (person(cast), Sent::Nothing)),
        // The owner is the third account.
        row_at(Method::POST, "/admin/people/{id}", admin_page("303 /admin/people/3"), move |cast, _| {
            (person(cast), form(&[("act", "disable")]))
        }),
        get("/admin/invitations", admin_page("200")),
        post("/admin/invitations", admin_page("303 /admin/invitations"), |cast, _| form(&[("delete", &cast.invite)])),
        get("/admin/log", admin_page("200")),
        get("/admin/server", admin_page("200")),
        post("/admin/server", admin_page("303 /admin/server"), |_, _| form(&[("registration", "closed")])),
    ]
}
