//! Throw-away servers for tests: `PostgreSQL`, `MariaDB` and Redis, from whatever binaries are installed.
//!
//! Each server has a folder of its own, listens on a free port of 127.0.0.1, keeps its default durable settings, and is
//! gone with its folder when it is dropped or the process that started it ends, however it ends (`keeper.rs`). It can be
//! killed, frozen and started again on the same port and data.
//!
//! A kind that is not installed is [`StartError::Missing`]; [`or_report`] makes that a failure in CI, and elsewhere a line
//! on standard error, never silence.

mod binaries;
mod keeper;
mod mariadb;
mod postgres;
mod process;
mod proxy;
mod redis;
mod report;

pub use mariadb::MariaDb;
pub use postgres::Postgres;
pub use process::Server;
pub use proxy::{Cut, Proxy};
pub use redis::Redis;
pub use report::or_report;

use std::io;

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It is not installed.
    #[error("{0} is not installed")]
    Missing(&'static str),
    /// It ended, or never answered.
    #[error("{name} did not start: {why}")]
    Failed {
        /// Its program.
        name: &'static str,
        /// What it said last.
        why: String,
    },
    /// A file or a process could not be made.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A name for a database that no other test has.
fn database_name() -> String {
    format!("t_{:016x}", rand::random::<u64>())
}
