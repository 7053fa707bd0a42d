//! Nothing that opens a door stands in a log, however much is logged (OWASP Logging Cheat Sheet, "Data to exclude").

use std::{collections::BTreeMap, fs, process::Stdio};

use push_system::{
    admin::{NewInvite, NewPassword, Ticket},
    api::TokenAnswer,
};
use reqwest::Method;
use serde_json::json;

use crate::{
    command_line::{Server, command, folder},
    http::{Browser, PASSWORD, Program, send},
    socket::Socket,
};

const NEW_PASSWORD: &str = "another horse battery";
const WRONG_PASSWORD: &str = "horse of nobody";
const PUSH_SECRET: &str = "Jc1vT9mQx4sZb7Lw2Kp8Rf5Hd3Gn6YtA";
/// Goes in an address as a token that is none.
const BAD_TOKEN: &str = "bad-token-in-an-address";

/// What was said to the server and by it that must stay between the two, by what it is.
#[derive(Default)]
struct Secrets(BTreeMap<String, String>);

impl Secrets {
    fn keep(&mut self, what: &str, secret: &str) {
        self.0.insert(format!("{what} {}", self.0.len()), secret.to_owned());
    }

    fn keep_login(&mut self, what: &str, login: &TokenAnswer) {
        self.keep(what, &login.access_token);
        self.keep(what, &login.refresh_token);
    }

    fn assert_none_in(&self, log: &str) {
        for (what, secret) in &self.0 {
            // A JWT's signature, or the end of whatever else it is, gives away as much as all of it.
            let tail = secret.rsplit('.').next().unwrap_or(secret);
            for form in [secret.clone(), tail.to_owned(), secret.replace(' ', "+"), secret.replace(' ', "%20")] {
                assert!(!log.contains(&form), "{what} is in the log: {form}");
            }
        }
    }
}

/// As a program does it: every door, with good and with bad keys.
async fn use_the_api(url: &str, secrets: &mut Secrets) {
    let ana = Program::new(url.to_owned()).registered("ana").await;
    secrets.keep_login("register", ana.tokens());
    let body = json!({ "username": "ana", "password": WRONG_PASSWORD });
    Program::new(url.to_owned()).post("/auth/login", &body).await.refuses(401, "bad_credentials", None);
    let form = format!("username=ana&password={}", PASSWORD.replace(' ', "+"));
    let token = Program::new(url.to_owned()).post_raw("/auth/token", "application/x-www-form-urlencoded", form).await;
    secrets.keep_login("token", &token.json());
    let refreshed = ana.refreshed().await;
    secrets.keep_login("refresh", refreshed.tokens());
    refreshed.get("/auth/me").await.is(200);
    let ticket: Ticket = refreshed.post("/auth/ticket", &json!({})).await.json();
    secrets.keep("ticket", &ticket.ticket);
    for query in [
        format!("token={}", refreshed.token()),
        format!("ticket={}", ticket.ticket),
        format!("ticket={}", ticket.ticket),
        format!("token={BAD_TOKEN}"),
        format!("ticket={BAD_TOKEN}"),
    ] {
        let url = format!("{url}/ws?{query}");
        let mut socket = Socket::open(&url, &[]).await.expect("an upgrade");
        drop(socket.next().await);
        // Not an upgrade at all, and a path that is not there: the same address in other hands.
        send(refreshed.client.get(&url)).await;
        send(refreshed.client.get(url.replace("/ws", "/nowhere"))).await;
    }
    let mut socket = refreshed.socket().await;
    socket.live().await;
    let change = json!({ "current": PASSWORD, "password": NEW_PASSWORD });
    refreshed.post("/auth/password", &change).await.is(204);
    let invite: NewInvite = refreshed.post("/admin/invites", &json!({})).await.json();
    let (_, secret) = invite.url.split_once("invite=").expect("a secret");
    secrets.keep("invitation", secret);
    send(refreshed.client.get(&invite.url)).await.is(200);
    let invited = json!({ "username": "dan", "password": PASSWORD, "invite": secret });
    let dan: TokenAnswer = Program::new(url.to_owned()).post("/auth/register", &invited).await.json();
    secrets.keep_login("invited", &dan);
    let reset = refreshed.post(&format!("/admin/users/{}/password", dan.user.id), &json!({})).await;
    secrets.keep("password that an admin set", &reset.json::<NewPassword>().password);
    let bad = Program::new(url.to_owned()).request(Method::GET, "/auth/me").bearer_auth(BAD_TOKEN);
    send(bad).await.refuses(401, "unauthorized", None);
}

/// As a browser does it: forms and cookies.
async fn use_the_pages(url: &str, secrets: &mut Secrets) {
    let browser = Browser::new(url.to_owned());
    let mut lines = Vec::new();
    lines.extend(browser.registers("bob").await.cookies().into_iter().map(str::to_owned));
    browser.opens("/settings").await.is(200);
    lines.extend(browser.sends("/auth/refresh", &[]).await.is(200).cookies().into_iter().map(str::to_owned));
    let ticket: Ticket = browser.sends("/auth/ticket", &[]).await.json();
    secrets.keep("ticket", &ticket.ticket);
    browser.sends("/login", &[("username", "bob"), ("password", WRONG_PASSWORD)]).await.is(401);
    browser.sends("/logout", &[]).await.leads("/login");
    let answer = browser.sends("/login", &[("username", "bob"), ("password", PASSWORD)]).await.leads("/");
    lines.extend(answer.cookies().into_iter().map(str::to_owned));
    for line in lines {
        let value = line.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie").1;
        secrets.keep("cookie", value);
    }
}

#[tokio::test]
async fn no_password_token_ticket_or_cookie_is_ever_logged() {
    let folder = folder();
    let log = folder.path().join("log.txt");
    let mut command = command(folder.path(), &["--listen", "127.0.0.1:0"]);
    command.env("PUSH_LOG", "trace").env("PUSH_SECRET", PUSH_SECRET).env("PUSH_RATE_LIMITS", "off");
    let output = fs::File::create(&log).expect("a file");
    let server = Server::started(command.stdout(Stdio::piped()).stderr(output).spawn().expect("the binary runs"));
    let mut secrets = Secrets::default();
    for (what, secret) in [("password", PASSWORD), ("new password", NEW_PASSWORD), ("wrong password", WRONG_PASSWORD)] {
        secrets.keep(what, secret);
    }
    secrets.keep("PUSH_SECRET", PUSH_SECRET);
    secrets.keep("bad token", BAD_TOKEN);

    use_the_api(&server.url, &mut secrets).await;
    use_the_pages(&server.url, &mut secrets).await;

    assert_eq!(server.stop("-TERM"), Some(0));
    let log = fs::read_to_string(&log).expect("a log");
    let lines = log.lines().count();
    assert!(log.contains("/auth/ticket") && log.contains("\"TRACE\"") && lines > 200, "{lines} lines");
    assert!(secrets.0.len() >= 15, "{}", secrets.0.len());
    secrets.assert_none_in(&log);
}
