use std::path::Path;

use super::*;

const NOWHERE: &str = "a-folder-that-does-not-exist";

fn with(flags: &Flags, variables: &[(&str, &str)], folder: &Path) -> Result<Loaded, ConfigError> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load(flags, variables, folder)
}

fn from_environment(variables: &[(&str, &str)]) -> Result<Config, String> {
    let loaded = with(&Flags::default(), variables, Path::new(NOWHERE));
    loaded.map(|loaded| loaded.config).map_err(|error| error.to_string())
}

#[test]
fn nothing_at_all_is_a_configuration() {
    let config = from_environment(&[]).unwrap();
    assert_eq!(config.base_url().to_string(), "http://127.0.0.1:8000");
    assert_eq!(config.database, Database::Sqlite("./data/push-system.db".into()));
    assert_eq!((config.max_sockets_per_user, config.max_sockets_per_address), (50, 500));
    assert_eq!(config.drain, Duration::from_secs(5));
    assert_eq!(config.registration, Registration::Open);
    assert_eq!(config.rate_limits, Switch::On);
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = "listen = \"127.0.0.1:1\"\ndrain_seconds = 1\nmax_sockets_per_user = 7\nrate_limits = false\n";
    std::fs::write(folder.path().join(DEFAULT_FILE), file).unwrap();
    let flags = Flags { listen: Some("127.0.0.1:3".into()), ..Flags::default() };
    let variables = [("PUSH_LISTEN", "127.0.0.1:2"), ("PUSH_DRAIN_SECONDS", "2")];

    let loaded = with(&flags, &variables, folder.path()).unwrap();

    assert_eq!(loaded.config.listen.port(), 3);
    assert_eq!(loaded.config.drain, Duration::from_secs(2));
    assert_eq!(loaded.config.max_sockets_per_user, 7);
    assert_eq!(loaded.config.rate_limits, Switch::Off);
}

#[test]
fn an_unknown_name_is_an_error_that_names_it() {
    assert!(from_environment(&[("PUSH_LISTNE", "127.0.0.1:1")]).unwrap_err().contains("PUSH_LISTNE"));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(DEFAULT_FILE), "lisen = 1\n").unwrap();
    let error = with(&Flags::default(), &[], folder.path()).unwrap_err();
    assert!(error.to_string().contains("`lisen`"), "{error}");
}

#[test]
fn what_container_platforms_inject_is_ignored() {
    let injected = [
        ("PUSH_SYSTEM_SERVICE_HOST", "10.0.0.1"),
        ("PUSH_SYSTEM_PORT", "tcp://10.0.0.1:80"),
        ("PUSH_SYSTEM_PORT_80_TCP", "tcp://10.0.0.1:80"),
    ];
    assert!(from_environment(&injected).is_ok());
}

#[test]
fn a_file_that_was_named_must_exist() {
    assert!(from_environment(&[("PUSH_CONFIG", "no-such.toml")]).unwrap_err().contains("no-such.toml"));
}

#[test]
fn an_empty_variable_is_not_set() {
    assert!(from_environment(&[("PUSH_SECRET", ""), ("REDIS_URL", "")]).unwrap().secret.is_none());
}

#[test]
fn each_value_is_checked_and_the_sentence_names_its_setting() {
    for (variable, value, names) in [
        ("PUSH_LISTEN", "8000", "listen"),
        ("PUSH_BASE_URL", "push.example", "base_url"),
        ("PUSH_BASE_URL", "https://push.example/below", "base_url"),
        ("PUSH_MAX_SOCKETS_PER_USER", "0", "max_sockets_per_user"),
        ("PUSH_TRUSTED_PROXIES", "proxy.example", "trusted_proxies"),
        ("PUSH_TRUSTED_PROXIES", "10.0.0.1, 10.0.0.0/33", "10.0.0.0/33"),
        ("PUSH_TRUSTED_PROXIES", "0.0.0.0/0", "everybody"),
        ("PUSH_RATE_LIMITS", "yes", "rate_limits"),
        ("PUSH_REGISTRATION", "shut", "registration"),
        ("PUSH_DRAIN_SECONDS", "-1", "drain_seconds"),
        ("PUSH_LOG", "server=loud", "log"),
        ("DATABASE_URL", "postgres://localhost", "name a database"),
        ("DATABASE_URL", "mysql:///push", "give a host"),
        ("DATABASE_URL", "postgres://ana@localhost:port/push", "no URL"),
        ("DATABASE_URL", "mysql://localhost/push?password=x", "before the host"),
        ("DATABASE_URL", "push.db", "sqlite://path"),
        ("REDIS_URL", "localhost:6379", "redis://host:port"),
        ("REDIS_URL", "http://localhost:6379", "redis://host:port"),
        ("REDIS_URL", "redis://", "redis://host:port"),
        ("REDIS_URL", "redis://localhost/push", "redis://host:port"),
        ("REDIS_URL", "rediss://localhost/#insecure", "redis://host:port"),
    ] {
        let error = from_environment(&[(variable, value)]).unwrap_err();
        assert!(error.contains(names), "{variable}={value}: {error}");
    }
}

#[test]
fn a_secret_must_be_long_and_no_sample_and_is_never_printed() {
    let refused =
        ["short", &"x".repeat(40), "please-changeme-please-changeme-please", "0123456789abcdef0123456789abcdef"];
    for secret in refused {
        let error = from_environment(&[("PUSH_SECRET", secret)]).unwrap_err();
        assert!(!error.contains(secret), "{error}");
    }
    let secret = "Jc1vT9mQx4sZb7Lw2Kp8Rf5Hd3Gn6YtA";
    let loaded = with(&Flags::default(), &[("PUSH_SECRET", secret)], Path::new(NOWHERE)).unwrap();
    assert!(!format!("{loaded}{:?}", loaded.config).contains(secret));
}

#[test]
fn a_database_is_named_by_path() {
    for (url, path) in [
        ("sqlite://push.db", "push.db"),
        ("sqlite:push.db", "push.db"),
        ("sqlite://./a/push.db?mode=rwc", "./a/push.db"),
        ("sqlite:///srv/push.db", "/srv/push.db"),
    ] {
        assert_eq!(Database::parse(url), Ok(Database::Sqlite(path.into())), "{url}");
    }
}

#[test]
fn a_database_server_is_named_by_url_and_its_password_is_never_printed() {
    for (url, shown) in [
        ("postgres://ana:se%20same@db.example:5433/push", "postgres://ana:hidden@db.example:5433/push"),
        ("postgresql://ana@[::1]/push?sslmode=require", "postgresql://ana@[::1]/push?sslmode=require"),
        ("mysql://ana:se%20same@db/push", "mysql://ana:hidden@db/push"),
        ("mariadb://ana:se%20same@db/push", "mariadb://ana:hidden@db/push"),
    ] {
        let loaded = with(&Flags::default(), &[("DATABASE_URL", url)], Path::new(NOWHERE)).unwrap();
        assert_eq!(loaded.config.database.to_string(), shown);
        assert!(loaded.to_string().contains(&format!("database_url = \"{shown}\"")), "{loaded}");
        assert!(!format!("{loaded}{:?}", loaded.config).contains("same"), "{loaded}");
    }
    let error = from_environment(&[("DATABASE_URL", "postgres://ana:sesame@db")]).unwrap_err();
    assert!(!error.contains("sesame"), "{error}");
}

#[test]
fn what_is_shown_is_toml_with_sources() {
    let loaded = with(&Flags::default(), &[("PUSH_DRAIN_SECONDS", "9")], Path::new(NOWHERE)).unwrap();
    let shown = loaded.to_string();
    assert!(shown.contains("drain_seconds = \"9\""), "{shown}");
    assert!(shown.contains("# PUSH_DRAIN_SECONDS: environment"), "{shown}");
    assert!(shown.parse::<toml::Table>().is_ok(), "{shown}");
}

#[test]
fn a_password_in_a_url_is_hidden() {
    assert_eq!(values::without_password("redis://u:p@h/0"), "redis://u:hidden@h/0");
    let loaded = with(&Flags::default(), &[("REDIS_URL", "redis://:sésame@h")], Path::new(NOWHERE)).unwrap();
    let shown = format!("{loaded}{:?}", loaded.config);
    assert!(shown.contains("redis://:hidden@h") && !shown.contains("same"), "{shown}");
    let refused = from_environment(&[("REDIS_URL", "redis://:sésame@h/push")]).unwrap_err();
    assert!(!refused.contains("same"), "{refused}");
}

#[test]
fn a_redis_is_named_with_what_it_takes_to_reach_it() {
    for url in ["redis://localhost", "rediss://push:secret@redis.example:6380/3", "redis://[::1]:6379"] {
        let config = from_environment(&[("REDIS_URL", url)]).unwrap();
        assert_eq!(config.redis.unwrap().expose().trim_end_matches('/'), url);
    }
}

#[test]
fn an_origin_leaves_out_default_ports_and_a_listener_on_all_addresses_is_local() {
    let url = BaseUrl::parse("https://push.example:443/").unwrap();
    assert_eq!((url.origin().as_str(), url.to_string().as_str()), ("https://push.example", "https://push.example"));
    assert_eq!(BaseUrl::of_listener("0.0.0.0:80".parse().unwrap()).origin(), "http://localhost");
    assert_eq!(BaseUrl::of_listener("[::1]:81".parse().unwrap()).origin(), "http://[::1]:81");
}

#[test]
fn no_proxy_is_trusted_unless_it_is_named() {
    let trusts = |text: &str, ip: &str| {
        let config = from_environment(&[("PUSH_TRUSTED_PROXIES", text)]).unwrap();
        config.trusted_proxies.include(ip.parse().unwrap())
    };
    assert!(!trusts("", "127.0.0.1"));
    assert!(trusts("127.0.0.1, ::1,10.0.0.0/8", "::1") && trusts("127.0.0.1 10.0.0.0/8", "10.200.0.1"));
    assert!(!trusts("127.0.0.1,10.0.0.0/8", "11.0.0.1") && !trusts("127.0.0.1", "127.0.0.2"));
}
