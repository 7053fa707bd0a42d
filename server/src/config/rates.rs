//! How often anybody may do what.

use std::num::NonZeroU32;

use super::{ConfigError, sources::Texts};

/// The limits that [`super::Config::rate_limits`] turns on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Failed checks of a password a minute, for each account name, known or not.
    pub failed_logins: NonZeroU32,
    /// Failed checks of a password or a refresh token a minute, for each address.
    pub failed_logins_per_address: NonZeroU32,
    /// Registrations an hour, for each address.
    pub registrations_per_hour: NonZeroU32,
    /// Messages one person may publish at once.
    pub publish_burst: NonZeroU32,
    /// Messages one person may publish a second, in the long run.
    pub publish_per_second: NonZeroU32,
    /// What else one person may do a second, in the long run: marks of what is read, frames on sockets.
    pub actions_per_second: NonZeroU32,
}

impl Rates {
    pub(super) fn read(texts: &Texts) -> Result<Self, ConfigError> {
        Ok(Self {
            failed_logins: texts.parse("rate_failed_logins_per_minute", rate)?,
            failed_logins_per_address: texts.parse("rate_failed_logins_per_address", rate)?,
            registrations_per_hour: texts.parse("rate_registrations_per_hour", rate)?,
            publish_burst: texts.parse("rate_publish_burst", rate)?,
            publish_per_second: texts.parse("rate_publish_per_second", rate)?,
            actions_per_second: texts.parse("rate_actions_per_second", rate)?,
        })
    }
}

/// A million is more than one instance can do of anything.
fn rate(text: &str) -> Result<NonZeroU32, String> {
    let rate = text.parse().ok().filter(|rate: &NonZeroU32| rate.get() <= 1_000_000);
    rate.ok_or_else(|| format!("“{text}” is not a number from 1 to 1000000"))
}
