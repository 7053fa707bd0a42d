//! Where the text of a setting comes from.

use std::{
    collections::BTreeMap,
    fmt, io,
    path::{Path, PathBuf},
};

use super::{ConfigError, DEFAULT_FILE, SETTINGS};

/// The settings as flags. A secret has none: command lines are seen by everyone on the machine.
#[expect(clippy::doc_markdown, reason = "these comments are the help text, printed as they are")]
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Settings")]
pub struct Flags {
    /// TOML file with settings [env: PUSH_CONFIG] [default: ./push-system.toml if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<String>,
    /// Address and port to listen on [env: PUSH_LISTEN] [default: 127.0.0.1:8000]
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// Where people reach it, when that is not the listener [env: PUSH_BASE_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub base_url: Option<String>,
    /// Folder of the database [env: PUSH_DATA_DIR] [default: ./data]
    #[arg(long, global = true, value_name = "FOLDER")]
    pub data_dir: Option<String>,
    /// Another database: sqlite://path, or postgres://, mysql:// or mariadb://user:password@host/database [env: DATABASE_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Redis or Valkey that several instances share, as redis://host:port [env: REDIS_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub redis_url: Option<String>,
    /// Whether new accounts are taken: open or closed [env: PUSH_REGISTRATION] [default: open]
    #[arg(long, global = true, value_name = "open|closed")]
    pub registration: Option<String>,
    /// Open sockets one person may have [env: PUSH_MAX_SOCKETS_PER_USER] [default: 50]
    #[arg(long, global = true, value_name = "COUNT")]
    pub max_sockets_per_user: Option<String>,
    /// Open sockets one address may have [env: PUSH_MAX_SOCKETS_PER_ADDRESS] [default: 500]
    #[arg(long, global = true, value_name = "COUNT")]
    pub max_sockets_per_address: Option<String>,
    /// Proxies whose word counts on where a request comes from, like 127.0.0.1,10.0.0.0/8 [env: PUSH_TRUSTED_PROXIES]
    #[arg(long, global = true, value_name = "ADDRESSES")]
    pub trusted_proxies: Option<String>,
    /// Whether requests are counted: on or off [env: PUSH_RATE_LIMITS] [default: on]
    #[arg(long, global = true, value_name = "on|off")]
    pub rate_limits: Option<String>,
    /// Wrong passwords a minute for one account name [env: PUSH_RATE_FAILED_LOGINS_PER_MINUTE] [default: 10]
    #[arg(long, global = true, value_name = "COUNT")]
    pub rate_failed_logins_per_minute: Option<String>,
    /// Wrong passwords and refresh tokens a minute from one address [env: PUSH_RATE_FAILED_LOGINS_PER_ADDRESS] [default: 30]
    #[arg(long, global = true, value_name = "COUNT")]
    pub rate_failed_logins_per_address: Option<String>,
    /// Registrations an hour from one address [env: PUSH_RATE_REGISTRATIONS_PER_HOUR] [default: 60]
    #[arg(long, global = true, value_name = "COUNT")]
    pub rate_registrations_per_hour: Option<String>,
    /// Messages one person may publish at once [env: PUSH_RATE_PUBLISH_BURST] [default: 200]
    #[arg(long, global = true, value_name = "COUNT")]
    pub rate_publish_burst: Option<String>,
    /// Messages one person may publish a second, in the long run [env: PUSH_RATE_PUBLISH_PER_SECOND] [default: 20]
    #[arg(long, global = true, value_name = "COUNT")]
    pub rate_publish_per_second: Option<String>,
    /// Marks of what is read, and frames on sockets, of one person a second [env: PUSH_RATE_ACTIONS_PER_SECOND] [default: 50]
    #[arg(long, global = true, value_name = "COUNT")]
    pub rate_actions_per_second: Option<String>,
    /// Seconds a stopping server waits for its connections [env: PUSH_DRAIN_SECONDS] [default: 5]
    #[arg(long, global = true, value_name = "SECONDS")]
    pub drain_seconds: Option<String>,
    /// Which log lines are written, like info or debug,server=trace [env: PUSH_LOG] [default: info]
    #[arg(long, global = true, value_name = "FILTER")]
    pub log: Option<String>,
}

impl Flags {
    fn get(&self, key: &str) -> Option<&str> {
        let flag = match key {
            "listen" => &self.listen,
            "base_url" => &self.base_url,
            "data_dir" => &self.data_dir,
            "database_url" => &self.database_url,
            "redis_url" => &self.redis_url,
            "registration" => &self.registration,
            "max_sockets_per_user" => &self.max_sockets_per_user,
            "max_sockets_per_address" => &self.max_sockets_per_address,
            "trusted_proxies" => &self.trusted_proxies,
            "rate_limits" => &self.rate_limits,
            "rate_failed_logins_per_minute" => &self.rate_failed_logins_per_minute,
            "rate_failed_logins_per_address" => &self.rate_failed_logins_per_address,
            "rate_registrations_per_hour" => &self.rate_registrations_per_hour,
            "rate_publish_burst" => &self.rate_publish_burst,
            "rate_publish_per_second" => &self.rate_publish_per_second,
            "rate_actions_per_second" => &self.rate_actions_per_second,
            "drain_seconds" => &self.drain_seconds,
            "log" => &self.log,
            _ => &None,
        };
        flag.as_deref()
    }
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The command line.
    Flag,
    /// The environment.
    Environment,
    /// The TOML file.
    File(PathBuf),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Environment => f.write_str("environment"),
            Self::File(path) => path.display().fmt(f),
            Self::Default => f.write_str("default"),
        }
    }
}

/// The winning text of every setting. Never printed: secrets are among them.
pub(super) struct Texts(BTreeMap<&'static str, (String, Source)>);

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Texts(…)")
    }
}

impl Texts {
    pub(super) fn gather(
        flags: &Flags,
        variables: impl IntoIterator<Item = (String, String)>,
        folder: &Path,
    ) -> Result<Self, ConfigError> {
        // An empty variable is how compose files say "not set".
        let variables: BTreeMap<_, _> = variables.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        refuse_unknown(&variables)?;
        let named = flags.config.as_deref().or(variables.get("PUSH_CONFIG").map(String::as_str));
        let (file, path) = read_file(named, folder)?;

        let winner = |setting: &super::Setting| {
            let flag = flags.get(setting.key).map(|text| (text.to_owned(), Source::Flag));
            let variable = || Some((variables.get(setting.variable)?.clone(), Source::Environment));
            let key = || Some((file.get(setting.key)?.clone(), Source::File(path.clone())));
            flag.or_else(variable).or_else(key).unwrap_or_else(|| (setting.default.to_owned(), Source::Default))
        };
        Ok(Self(SETTINGS.iter().map(|setting| (setting.key, winner(setting))).collect()))
    }

    /// A setting's text and source; the text is empty where it is not set.
    pub(super) fn of(&self, key: &str) -> (&str, &Source) {
        self.0.get(key).map_or(("", &Source::Default), |(text, source)| (text, source))
    }

    pub(super) fn parse<T>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        let (text, source) = self.of(key);
        parse(text).map_err(|why| ConfigError::Value { key, source_: source.clone(), why })
    }

    pub(super) fn parse_optional<T>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        if self.of(key).0.is_empty() { Ok(None) } else { self.parse(key, parse).map(Some) }
    }
}

fn refuse_unknown(variables: &BTreeMap<String, String>) -> Result<(), ConfigError> {
    let known = |name: &str| name == "PUSH_CONFIG" || SETTINGS.iter().any(|setting| setting.variable == name);
    let ours = |name: &&String| name.starts_with("PUSH_") && !is_injected(name) && !known(name);
    variables.keys().find(ours).map_or(Ok(()), |name| Err(ConfigError::UnknownVariable(name.clone())))
}

/// `PUSH_*_SERVICE_*` and `PUSH_*_PORT*`: what container platforms set for a service called `push-something`.
fn is_injected(name: &str) -> bool {
    name.strip_prefix("PUSH_").is_some_and(|rest| rest.contains("_SERVICE_") || rest.contains("_PORT"))
}

/// The settings of the file, as text. A file that was named must exist; the default one may be missing.
fn read_file(named: Option<&str>, folder: &Path) -> Result<(BTreeMap<String, String>, PathBuf), ConfigError> {
    let path = named.map_or_else(|| folder.join(DEFAULT_FILE), PathBuf::from);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(ConfigError::File { file: path, why: error.to_string() }),
    };
    let table: toml::Table =
        text.parse().map_err(|why: toml::de::Error| ConfigError::File { file: path.clone(), why: why.to_string() })?;
    let mut settings = BTreeMap::new();
    for (key, value) in table {
        if !SETTINGS.iter().any(|setting| setting.key == key) {
            return Err(ConfigError::UnknownKey { key, file: path });
        }
        let text = plain(&value).ok_or_else(|| ConfigError::File {
            file: path.clone(),
            why: format!("`{key}` must be a text, a number or a switch"),
        })?;
        settings.insert(key, text);
    }
    Ok((settings, path))
}

fn plain(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(on) => Some(if *on { "on" } else { "off" }.to_owned()),
        _ => None,
    }
}
