use std::{collections::BTreeMap, fs, path::Path};

use proptest::{prelude::*, sample::select};
use server::config::{self, ConfigError, DEFAULT_FILE, Flags, Loaded, SETTINGS};

use super::{damaged, kept};

/// Nothing that is shown may hold this.
const PASSWORD: &str = "Jc1vT9mQx4sZb7Lw2Kp8Rf5Hd3Gn6YtA";

/// Settings whose text holds a password are not the same after they were shown.
const WITH_SECRETS: &[&str] = &["secret", "database_url", "redis_url"];

fn good() -> impl Strategy<Value = String> {
    let texts = [
        "127.0.0.1:8000",
        "[::1]:0",
        "https://push.example",
        "./data",
        "sqlite:///tmp/a b.db",
        "on",
        "off",
        "open",
        "closed",
        "0",
        "5",
        "60",
        "info",
        "debug,server=trace",
        "10.0.0.0/8",
        "a\"b\\c",
        "a\nb",
        "#",
        "''",
        "\u{1}",
    ];
    select(texts.map(str::to_owned).to_vec())
}

fn with_password() -> impl Strategy<Value = String> {
    let texts = [
        format!("postgres://me:{PASSWORD}@localhost/push"),
        format!("mysql://me:{PASSWORD}@localhost:1/push"),
        format!("redis://:{PASSWORD}@localhost:1/0"),
        format!("nonsense://me:{PASSWORD}@localhost"),
        PASSWORD.to_owned(),
    ];
    select(texts.to_vec())
}

fn values() -> impl Strategy<Value = BTreeMap<&'static str, String>> {
    let key = select(SETTINGS.iter().map(|setting| setting.key).collect::<Vec<_>>());
    let text = prop_oneof![3 => good(), 2 => damaged(good()), 1 => any::<String>()];
    let value = (key, text, with_password()).prop_map(|(key, text, secret)| {
        let text = if WITH_SECRETS.contains(&key) { secret } else { text };
        (key, text)
    });
    proptest::collection::vec(value, 0..4).prop_map(|values| values.into_iter().collect())
}

fn load(values: &BTreeMap<&'static str, String>, folder: &Path) -> Result<Loaded, ConfigError> {
    let variable = |key| SETTINGS.iter().find(|setting| setting.key == key).unwrap().variable.to_owned();
    config::load(&Flags::default(), values.iter().map(|(key, text)| (variable(*key), text.clone())), folder)
}

proptest! {
    #![proptest_config(kept(file!()))]

    #[test]
    fn what_is_shown_of_the_settings_is_a_file_that_says_the_same(values in values()) {
        let folder = tempfile::tempdir().unwrap();
        if let Ok(loaded) = load(&values, folder.path()) {
            let shown = loaded.to_string();
            fs::write(folder.path().join(DEFAULT_FILE), &shown).unwrap();
            let again = load(&BTreeMap::new(), folder.path());
            let again = again.map_err(|error| TestCaseError::fail(format!("{error} in\n{shown}")))?;
            if WITH_SECRETS.iter().all(|key| !values.contains_key(key)) {
                prop_assert_eq!(format!("{:?}", again.config), format!("{:?}", loaded.config));
            }
        }
    }

    #[test]
    fn no_password_is_ever_shown(values in values()) {
        let folder = tempfile::tempdir().unwrap();
        let shown = match load(&values, folder.path()) {
            Ok(loaded) => format!("{loaded}{:?}{:?}", loaded, loaded.config),
            Err(error) => format!("{error}{error:?}"),
        };
        // A password in the place of another setting is nothing that is known to be one.
        prop_assert!(!shown.contains(PASSWORD), "{}", shown);
    }

    #[test]
    fn a_file_of_any_text_is_settings_or_a_sentence_that_names_it(text in prop_oneof![any::<String>(), damaged(Just("listen = \"127.0.0.1:1\"\nrate_limits = true\ndrain_seconds = 1\n".to_owned()))]) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(DEFAULT_FILE);
        fs::write(&file, &text).unwrap();
        if let Err(error) = load(&BTreeMap::new(), folder.path()) {
            prop_assert!(error.to_string().contains(&*file.to_string_lossy()), "{}", error);
        }
    }
}
