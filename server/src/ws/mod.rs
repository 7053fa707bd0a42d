//! `/ws`: the shell around [`push_system::session::server::Connection`].
//!
//! [`upgrade`] decides who is there; [`socket`] is the connection's one task, which reads, writes and waits; what it
//! writes it fetches itself from [`crate::push`], at its own pace.

mod inbound;
mod socket;
mod upgrade;

#[cfg(test)]
mod tests;

use std::time::Duration;

use push_system::limits;

#[cfg(test)]
pub(crate) use socket::{Asked, run};
pub use upgrade::upgrade;

/// Times of a connection.
#[derive(Clone, Debug)]
pub struct Settings {
    /// From the upgrade to `hello`; a store that takes longer is away.
    pub hello: Duration,
    /// Between two pings, and between two `position` frames.
    pub heartbeat: Duration,
    /// A peer that takes no byte for this long is closed with 4008.
    pub stall: Duration,
    /// How long a close frame may take to leave and be answered.
    pub grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hello: Duration::from_secs(5),
            heartbeat: Duration::from_secs(u64::from(limits::HEARTBEAT_S)),
            stall: Duration::from_secs(30),
            grace: Duration::from_secs(10),
        }
    }
}
