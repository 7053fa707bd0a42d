//! Settings: flags win over the environment, the environment over a TOML file, the file over defaults.
//!
//! Every value is text until [`Config`] parses it, so one table ([`SETTINGS`]) serves all four sources and what
//! `push-system config` prints. A name that is not in the table is an error: a setting that was mistyped must not
//! silently keep its default.

mod base_url;
mod rates;
mod redis_url;
mod sources;
mod trusted_proxies;
mod values;

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

pub use base_url::BaseUrl;
pub use rates::Rates;
pub use redis_url::RedisUrl;
pub use sources::{Flags, Source};
pub use trusted_proxies::TrustedProxies;
pub use values::{Database, Registration, Secret, Switch};

use sources::Texts;

/// Everything the server can be told, parsed.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where people reach it, if that is not the listener's own address.
    pub base_url: Option<BaseUrl>,
    /// Which database.
    pub database: Database,
    /// The Redis that several instances share; without one there is one instance.
    pub redis: Option<RedisUrl>,
    /// Open sockets one person may have.
    pub max_sockets_per_user: usize,
    /// Open sockets one address may have.
    pub max_sockets_per_address: usize,
    /// Proxies that are believed when they say where a request comes from.
    pub trusted_proxies: TrustedProxies,
    /// Whether requests are counted; the socket caps stay either way.
    pub rate_limits: Switch,
    /// What they are.
    pub rates: Rates,
    /// Whether new accounts are taken.
    pub registration: Registration,
    /// How long a stopping server waits for its connections.
    pub drain: Duration,
    /// What keys are derived from; they are made and kept in the database when there is none.
    pub secret: Option<Secret>,
    /// Which log lines are written, in the syntax of `tracing`'s `EnvFilter`.
    pub log: String,
}

impl Config {
    /// Where people reach this system: as configured, or at the listener's own address.
    pub fn base_url(&self) -> BaseUrl {
        self.base_url.clone().unwrap_or_else(|| BaseUrl::of_listener(self.listen))
    }
}

/// One row of the table of settings.
#[derive(Debug)]
pub struct Setting {
    /// The key in the TOML file; the flag is the same with dashes.
    pub key: &'static str,
    /// The environment variable.
    pub variable: &'static str,
    /// What holds when nobody says anything; empty for "not set".
    pub default: &'static str,
}

/// Every setting, in the order they are shown.
pub const SETTINGS: &[Setting] = &[
    Setting { key: "listen", variable: "PUSH_LISTEN", default: "127.0.0.1:8000" },
    Setting { key: "base_url", variable: "PUSH_BASE_URL", default: "" },
    Setting { key: "data_dir", variable: "PUSH_DATA_DIR", default: "./data" },
    Setting { key: "database_url", variable: "DATABASE_URL", default: "" },
    Setting { key: "redis_url", variable: "REDIS_URL", default: "" },
    Setting { key: "registration", variable: "PUSH_REGISTRATION", default: "open" },
    Setting { key: "secret", variable: "PUSH_SECRET", default: "" },
    Setting { key: "max_sockets_per_user", variable: "PUSH_MAX_SOCKETS_PER_USER", default: "50" },
    Setting { key: "max_sockets_per_address", variable: "PUSH_MAX_SOCKETS_PER_ADDRESS", default: "500" },
    Setting { key: "trusted_proxies", variable: "PUSH_TRUSTED_PROXIES", default: "" },
    Setting { key: "rate_limits", variable: "PUSH_RATE_LIMITS", default: "on" },
    Setting { key: "rate_failed_logins_per_minute", variable: "PUSH_RATE_FAILED_LOGINS_PER_MINUTE", default: "10" },
    Setting { key: "rate_failed_logins_per_address", variable: "PUSH_RATE_FAILED_LOGINS_PER_ADDRESS", default: "30" },
    Setting { key: "rate_registrations_per_hour", variable: "PUSH_RATE_REGISTRATIONS_PER_HOUR", default: "60" },
    Setting { key: "rate_publish_burst", variable: "PUSH_RATE_PUBLISH_BURST", default: "200" },
    Setting { key: "rate_publish_per_second", variable: "PUSH_RATE_PUBLISH_PER_SECOND", default: "20" },
    Setting { key: "rate_actions_per_second", variable: "PUSH_RATE_ACTIONS_PER_SECOND", default: "50" },
    Setting { key: "drain_seconds", variable: "PUSH_DRAIN_SECONDS", default: "5" },
    Setting { key: "log", variable: "PUSH_LOG", default: "info" },
];

/// The file that is read when none is named.
pub const DEFAULT_FILE: &str = "push-system.toml";

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A variable that looks like ours and is not.
    #[error("there is no setting {0}; `push-system config` lists them")]
    UnknownVariable(String),
    /// A key of the file that is no setting.
    #[error("{}: there is no setting `{key}`; `push-system config` lists them", file.display())]
    UnknownKey {
        /// The key.
        key: String,
        /// The file.
        file: PathBuf,
    },
    /// The file cannot be read, or is no TOML.
    #[error("{}: {why}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A value that does not fit its setting.
    #[error("{key} ({source_}): {why}")]
    Value {
        /// The setting.
        key: &'static str,
        /// Where the value came from.
        source_: Source,
        /// What is wrong with it; never the value of a secret.
        why: String,
    },
}

/// A configuration with the texts it was made from.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    texts: Texts,
}

/// Reads all sources. `variables` is the environment, `folder` the one the default file is looked for in.
pub fn load(
    flags: &Flags,
    variables: impl IntoIterator<Item = (String, String)>,
    folder: &std::path::Path,
) -> Result<Loaded, ConfigError> {
    let texts = Texts::gather(flags, variables, folder)?;
    let data_dir: PathBuf = texts.parse("data_dir", values::folder)?;
    let config = Config {
        listen: texts.parse("listen", values::listen)?,
        base_url: texts.parse_optional("base_url", BaseUrl::parse)?,
        database: texts
            .parse_optional("database_url", Database::parse)?
            .unwrap_or_else(|| Database::Sqlite(data_dir.join("push-system.db"))),
        redis: texts.parse_optional("redis_url", RedisUrl::parse)?,
        max_sockets_per_user: texts.parse("max_sockets_per_user", values::count)?,
        max_sockets_per_address: texts.parse("max_sockets_per_address", values::count)?,
        trusted_proxies: texts.parse_optional("trusted_proxies", TrustedProxies::parse)?.unwrap_or_default(),
        rate_limits: texts.parse("rate_limits", Switch::parse)?,
        rates: Rates::read(&texts)?,
        registration: texts.parse("registration", Registration::parse)?,
        drain: texts.parse("drain_seconds", values::seconds)?,
        secret: texts.parse_optional("secret", Secret::parse)?,
        log: texts.parse("log", values::filter)?,
    };
    Ok(Loaded { config, texts })
}

/// What is in force, as a TOML file with each value's source beside it; secrets are not shown.
impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for setting in SETTINGS {
            let (text, source) = self.texts.of(setting.key);
            let line = match (setting.key, text) {
                ("base_url", "") => format!("# base_url = \"{}\"", self.config.base_url()),
                ("database_url", "") => format!("# database_url = {:?}", self.config.database.to_string()),
                (key, "") => format!("# {key} is not set"),
                ("secret", _) => "# secret = (hidden)".to_owned(),
                ("database_url" | "redis_url", text) => {
                    format!("{} = {}", setting.key, toml::Value::from(values::without_password(text)))
                }
                (key, text) => format!("{key} = {}", toml::Value::from(text)),
            };
            writeln!(f, "{line:<50} # {}: {source}", setting.variable)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
