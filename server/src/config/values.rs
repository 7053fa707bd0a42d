//! How the text of each setting is read. Errors are sentences that say what would be right.

use std::{collections::BTreeSet, fmt, net::SocketAddr, path::PathBuf, time::Duration};

use tracing_subscriber::EnvFilter;

use crate::store::ServerUrl;

/// Characters of a secret: 32 random ones are more than the 128 bits HMAC-SHA-256 keys want at least.
const SECRET_CHARS: usize = 32;
/// Different characters a secret must have; sixteen random hex digits have more in all but one case of a million.
const SECRET_VARIETY: usize = 8;
/// Parts of secrets that stand in documentation and example files, this project's and others'.
const SAMPLES: &[&str] = &[
    "0123456789abcdef",
    "abcdefghijklmnop",
    "at-least-256-bits",
    "at-least-32",
    "change-me",
    "change_me",
    "changeme",
    "example",
    "placeholder",
    "replace-me",
    "replace-with",
    "your-256-bit-secret",
    "your-secret",
    "your_secret",
];
/// A minute is longer than any platform waits between SIGTERM and SIGKILL.
const DRAIN_SECONDS_MAX: u64 = 60;

/// Whether something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// It does.
    On,
    /// It does not.
    Off,
}

impl Switch {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            _ => Err(format!("“{text}” is neither on nor off")),
        }
    }
}

/// Whether people can make their own accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// They can.
    Open,
    /// An admin adds them.
    Closed,
}

impl Registration {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "open" => Ok(Self::Open),
            "closed" => Ok(Self::Closed),
            _ => Err(format!("“{text}” is neither open nor closed")),
        }
    }
}

/// Which database. Prints without passwords.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// A file of its own.
    Sqlite(PathBuf),
    /// A `PostgreSQL` server.
    Postgres(ServerUrl),
    /// A `MySQL` or `MariaDB` server.
    MySql(ServerUrl),
}

impl Database {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once(':').unwrap_or((text, ""));
        match scheme {
            "sqlite" => sqlite_file(rest).map(Self::Sqlite),
            "postgres" | "postgresql" => ServerUrl::parse(text).map(Self::Postgres),
            "mysql" | "mariadb" => ServerUrl::parse(text).map(Self::MySql),
            _ => Err(
                "give a database as sqlite://path, or postgres://, mysql:// or mariadb://user:password@host/database"
                    .into(),
            ),
        }
    }
}

fn sqlite_file(rest: &str) -> Result<PathBuf, String> {
    let path = rest.trim_start_matches("//").split('?').next().unwrap_or_default();
    let path = if rest.starts_with("///") { format!("/{}", path.trim_start_matches('/')) } else { path.to_owned() };
    let file = !path.is_empty() && path != ":memory:";
    if file { Ok(path.into()) } else { Err("sqlite://path must name a file".to_owned()) }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) | Self::MySql(url) => url.fmt(f),
        }
    }
}

/// What all keys are derived from, where the database is not to hold them. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Refuses what is short, known or monotonous.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() < SECRET_CHARS {
            return Err(format!("a secret has at least {SECRET_CHARS} characters; `openssl rand -hex 32` makes one"));
        }
        let folded = text.to_ascii_lowercase();
        let sample = SAMPLES.iter().any(|sample| folded.contains(sample));
        let variety = text.chars().collect::<BTreeSet<_>>().len();
        if sample || variety < SECRET_VARIETY {
            return Err(
                "this secret is a known sample or easy to guess; `openssl rand -hex 32` makes a good one".to_owned()
            );
        }
        Ok(Self(text.to_owned()))
    }

    /// The bytes to derive keys from.
    pub fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

pub(super) fn listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("“{text}” is not an address and a port like 127.0.0.1:8000"))
}

pub(super) fn folder(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("give a folder".to_owned()) } else { Ok(text.into()) }
}

pub(super) fn count(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| *count > 0).ok_or_else(|| format!("“{text}” is not a number above 0"))
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .filter(|seconds| *seconds <= DRAIN_SECONDS_MAX)
        .map(Duration::from_secs)
        .ok_or_else(|| format!("“{text}” is not a number of seconds from 0 to {DRAIN_SECONDS_MAX}"))
}

pub(super) fn filter(text: &str) -> Result<String, String> {
    let parsed = EnvFilter::builder().parse(text);
    parsed.map(|_| text.to_owned()).map_err(|error| format!("“{text}” is no filter of log lines: {error}"))
}

/// A URL as it may be shown.
pub(super) fn without_password(text: &str) -> String {
    let Ok(mut url) = url::Url::parse(text) else { return text.to_owned() };
    if url.password().is_none() || url.set_password(Some("hidden")).is_err() {
        return text.to_owned();
    }
    url.into()
}
