//! How the binary joins other instances over Redis: at once, late, encrypted, or not at all.

use std::{
    fs::{self, Permissions},
    io::{BufRead as _, BufReader},
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use testbed::{Redis, StartError, or_report};

use crate::{
    command_line::{Server, command, folder, text},
    http::Program,
};

fn serving(folder: &Path, redis: &str) -> Command {
    let mut command = command(folder, &["--listen", "127.0.0.1:0"]);
    command.env("REDIS_URL", redis).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn is_ready_with_its_bus(server: &Server) {
    let ready: Value = Program::new(server.url.clone()).get("/readyz").await.json();
    assert_eq!(ready, json!({ "status": "ready", "store": true, "bus": true }));
}

#[tokio::test]
async fn a_redis_that_is_not_there_yet_is_waited_for_with_a_line_each_time() {
    let Some(redis) = or_report(Redis::start().await, "a Redis that comes late") else { return };
    redis.kill();
    let folder = folder();
    let url = redis.url().replace("redis://", "redis://:sesame@");
    let mut child = serving(folder.path(), &url).spawn().expect("the binary runs");
    let mut log = BufReader::new(child.stderr.take().expect("its log"));
    let mut lines = String::new();
    while lines.matches("redis cannot be reached yet").count() < 2 {
        assert!(log.read_line(&mut lines).expect("a line") > 0, "it ended: {lines}");
    }
    // A password stands in no line.
    assert!(!lines.contains("sesame"), "{lines}");
    child.kill().expect("it runs");
    child.wait().expect("it ends");

    let mut child = serving(folder.path(), &redis.url()).spawn().expect("the binary runs");
    let mut log = BufReader::new(child.stderr.take().expect("its log"));
    let mut line = String::new();
    while !line.contains("redis cannot be reached yet") {
        line.clear();
        assert!(log.read_line(&mut line).expect("a line") > 0, "it ended");
    }
    redis.restart().await.unwrap();
    let server = Server::started(child);
    is_ready_with_its_bus(&server).await;
    assert_eq!(server.stop("-TERM"), Some(0));
}

#[tokio::test]
async fn a_redis_that_refuses_the_login_ends_the_program_with_a_sentence() {
    let locked = Redis::start_with(&["--requirepass", "open sesame"]).await;
    let Some(redis) = or_report(locked, "a Redis that refuses us") else { return };
    let folder = folder();
    let url = redis.url().replace("redis://", "redis://:simsim@");
    let output = serving(folder.path(), &url).output().expect("the binary runs");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("Redis refuses the login") && !said.contains("simsim"), "{said}");
}

#[test]
fn an_address_that_is_no_redis_ends_the_program_at_once() {
    let folder = folder();
    let output = serving(folder.path(), "http://:simsim@127.0.0.1/").output().expect("the binary runs");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("redis_url") && said.contains("redis://host:port") && !said.contains("simsim"), "{said}");
}

/// A certificate for this address with its key, readable by the user that Redis runs as.
struct Certificate {
    folder: TempDir,
}

impl Certificate {
    fn issue() -> Result<Self, StartError> {
        let folder = tempfile::tempdir()?;
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        let own = Self { folder };
        let status = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
            .args(["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
            .arg(own.key())
            .arg("-out")
            .arg(own.path())
            .stderr(Stdio::null())
            .status()
            .map_err(|_| StartError::Missing("openssl"))?;
        assert!(status.success(), "openssl: {status}");
        fs::set_permissions(own.key(), Permissions::from_mode(0o644))?;
        Ok(own)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }
}

#[tokio::test]
async fn an_encrypted_redis_with_a_password_works_if_its_certificate_is_trusted() {
    let Some(certificate) = or_report(Certificate::issue(), "an encrypted Redis") else { return };
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    let (path, key) = (certificate.path(), certificate.key());
    let (path, key) = (path.to_str().expect("a plain path"), key.to_str().expect("a plain path"));
    let port_text = port.to_string();
    let encrypted = ["--tls-port", &port_text, "--tls-cert-file", path, "--tls-key-file", key];
    let arguments = [&encrypted[..], &["--tls-auth-clients", "no", "--requirepass", "sesame"]].concat();
    let Some(redis) = or_report(Redis::start_with(&arguments).await, "an encrypted Redis") else { return };
    let (folder, url) = (folder(), format!("rediss://:sesame@127.0.0.1:{port}"));

    let trusting = serving(folder.path(), &url).env("SSL_CERT_FILE", path).stderr(Stdio::null()).spawn();
    let server = Server::started(trusting.expect("the binary runs"));
    is_ready_with_its_bus(&server).await;
    assert_eq!(server.stop("-TERM"), Some(0));

    let mut child = serving(folder.path(), &url).spawn().expect("the binary runs");
    let mut log = BufReader::new(child.stderr.take().expect("its log"));
    let mut line = String::new();
    while !line.contains("redis cannot be reached yet") {
        line.clear();
        assert!(log.read_line(&mut line).expect("a line") > 0, "it ended");
    }
    assert!(line.to_lowercase().contains("certificate"), "{line}");
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    drop(redis);
}
