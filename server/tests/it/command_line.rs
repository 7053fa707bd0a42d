//! The binary as people and machines start it.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use serde_json::json;
use tempfile::TempDir;

use crate::http::{PASSWORD, Program};

pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_push-system"));
    // Only what a test says: the variables of whoever runs the tests are none of the binary's business.
    command.args(arguments).env_clear().current_dir(folder).stdin(Stdio::null());
    command
}

pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect("the binary runs")
}

pub fn run_with_input(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = command(folder, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends")
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A server process with its address.
pub struct Server {
    child: Child,
    pub url: String,
    // Kept open: a server must not die of a reader that went away.
    _output: BufReader<std::process::ChildStdout>,
}

impl Server {
    pub fn start(folder: &Path) -> Self {
        let mut command = command(folder, &["--listen", "127.0.0.1:0"]);
        // Limits have tests of their own.
        command.env("PUSH_RATE_LIMITS", "off");
        Self::started(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary runs"))
    }

    /// A process that serves, or is about to; its output is a pipe.
    pub fn started(mut child: Child) -> Self {
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        output.read_line(&mut line).expect("a line");
        let url = line.trim().rsplit(' ').next().expect("an address").to_owned();
        Self { child, url, _output: output }
    }

    fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    pub fn stop(mut self, signal: &str) -> Option<i32> {
        let process = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &process]).status().expect("kill runs");
        assert!(sent.success());
        self.child.wait().expect("it ends").code()
    }
}

pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[test]
fn config_prints_what_is_in_force_and_hides_secrets() {
    let folder = folder();
    let secret = "Jc1vT9mQx4sZb7Lw2Kp8Rf5Hd3Gn6YtA";
    let output = command(folder.path(), &["config", "--listen", "127.0.0.1:9"]).env("PUSH_SECRET", secret).output();
    let shown = text(&output.expect("the binary runs").stdout);
    assert!(shown.contains("listen = \"127.0.0.1:9\"") && shown.contains("# PUSH_LISTEN: flag"), "{shown}");
    assert!(!shown.contains(secret), "{shown}");
    assert!(!folder.path().join("data").exists(), "looking at settings makes no database");
}

#[test]
fn a_reader_that_has_read_enough_is_no_failure() {
    let folder = folder();
    let mut child = command(folder.path(), &["config"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    // Long before anything is printed: every write finds the pipe closed.
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
}

#[test]
fn a_database_that_cannot_be_made_names_its_place_and_the_setting() {
    let folder = folder();
    std::fs::write(folder.path().join("occupied"), "").expect("a file");
    let output = command(folder.path(), &["user", "list"]).env("PUSH_DATA_DIR", "occupied/data").output();
    let said = text(&output.expect("the binary runs").stderr);
    assert!(said.contains("occupied/data") && said.contains("PUSH_DATA_DIR"), "{said}");
}

#[test]
fn a_wrong_setting_ends_the_program_with_a_sentence_that_names_it() {
    let folder = folder();
    let output = command(folder.path(), &[]).env("PUSH_LISTNE", "x").output().expect("the binary runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("PUSH_LISTNE"), "{}", text(&output.stderr));
}

#[test]
fn help_and_version_need_nothing() {
    let folder = folder();
    let help = text(&run(folder.path(), &["--help"]).stdout);
    for word in ["serve", "healthcheck", "user", "--listen", "PUSH_LISTEN"] {
        assert!(help.contains(word), "{word}: {help}");
    }
    assert!(text(&run(folder.path(), &["--version"]).stdout).contains(env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn accounts_are_managed_beside_a_running_server() {
    let folder = folder();
    let server = Server::start(folder.path());

    let added = run_with_input(folder.path(), &["user", "add", "Ana", "--email", "ana@push.example"], PASSWORD);
    assert!(added.status.success(), "{}", text(&added.stderr));
    let again = run_with_input(folder.path(), &["user", "add", "ana"], PASSWORD);
    assert!(!again.status.success() && text(&again.stderr).contains("ana exists"), "{}", text(&again.stderr));
    let short = run_with_input(folder.path(), &["user", "add", "bob"], "short\n");
    assert!(!short.status.success() && text(&short.stderr).contains("8 characters"), "{}", text(&short.stderr));
    let reserved = run_with_input(folder.path(), &["user", "add", "everyone"], PASSWORD);
    assert!(!reserved.status.success() && text(&reserved.stderr).contains("all people"), "{}", text(&reserved.stderr));
    let listed = text(&run(folder.path(), &["user", "list"]).stdout);
    assert!(listed.lines().count() == 1 && listed.contains("\tana\tadmin\tactive\t"), "{listed}");

    let ana = Program::new(server.url.clone()).logged_in("ana").await;
    ana.get("/auth/me").await.is(200);
    let changed = run_with_input(folder.path(), &["user", "passwd", "ana"], "another password\n");
    assert!(changed.status.success(), "{}", text(&changed.stderr));
    revoked_within_two_seconds(&ana).await;
    let body = json!({ "username": "ana", "password": "another password" });
    Program::new(server.url.clone()).post("/auth/login", &body).await.is(200);
    assert_eq!(server.stop("-TERM"), Some(0));
}

#[tokio::test]
async fn people_are_administrated_beside_a_running_server() {
    let folder = folder();
    let server = Server::start(folder.path());
    let user = |arguments: &[&str]| run(folder.path(), &[&["user"], arguments].concat());
    let does = |arguments: &[&str], says: &str| {
        let output = user(arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains(says), "{}", text(&output.stdout));
    };
    let refused = |arguments: &[&str], why: &str| {
        let output = user(arguments);
        assert!(!output.status.success() && text(&output.stderr).contains(why), "{}", text(&output.stderr));
    };
    let ana = Program::new(server.url.clone()).registered("ana").await;
    let added = run_with_input(folder.path(), &["user", "add", "bob", "--admin"], PASSWORD);
    assert!(text(&added.stdout).contains("bob was added as admin"), "{}", text(&added.stderr));
    let bob = ana.logged_in("bob").await;
    bob.get("/admin/users").await.is(200);

    does(&["disable", "bob"], "bob is disabled");
    revoked_within_two_seconds(&bob).await;
    refused(&["delete", "ana"], "ana is the last admin");
    refused(&["role", "ana", "member"], "ana is the last admin");
    refused(&["disable", "nobody"], "there is no nobody");
    does(&["enable", "Bob"], "bob may log in again");
    bob.logged_in("bob").await;
    does(&["role", "bob", "member"], "bob is member now");
    does(&["delete", "bob"], "bob is deleted");
    assert!(text(&user(&["list"]).stdout).contains("\tbob\tmember\tdeleted\t"));
    refused(&["enable", "bob"], "there is no bob any more");
    let audit = ana.get("/admin/audit.csv").await.is(200).body;
    for action in ["account_made", "account_disabled", "account_enabled", "made_member", "account_deleted"] {
        assert!(audit.contains(&format!("\"{action}\",\"\",\"bob\",\"\"")), "{action}: {audit}");
    }
    assert_eq!(server.stop("-TERM"), Some(0));
}

/// The running server hears of it from its log, which it reads every second.
async fn revoked_within_two_seconds(person: &Program) {
    for _ in 0..40 {
        if person.get("/auth/me").await.status == 401 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    person.get("/auth/me").await.refuses(401, "revoked", None);
}

#[tokio::test]
async fn a_server_says_where_it_is_and_stops_at_a_signal() {
    let folder = folder();
    for signal in ["-TERM", "-INT"] {
        let server = Server::start(folder.path());
        let healthy = run(folder.path(), &["healthcheck", "--listen", server.address()]);
        assert!(healthy.status.success(), "{}", text(&healthy.stderr));
        let address = server.address().to_owned();
        assert_eq!(server.stop(signal), Some(0), "{signal}");
        assert_eq!(run(folder.path(), &["healthcheck", "--listen", &address]).status.code(), Some(1));
    }
}

#[tokio::test]
async fn a_login_survives_a_restart() {
    let folder = folder();
    let server = Server::start(folder.path());
    let ana = Program::new(server.url.clone()).registered("ana").await;
    ana.says("before").await;
    assert_eq!(server.stop("-KILL"), None);
    let server = Server::start(folder.path());
    let ana = Program { url: server.url.clone(), ..ana };
    assert_eq!(ana.texts("/message").await, ["before"]);
    assert_eq!(server.stop("-TERM"), Some(0));
}
