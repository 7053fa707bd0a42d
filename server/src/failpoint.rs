//! Places where an instance dies or stops when a test asks for it, compiled in only with the feature `failpoints`.
//!
//! `FAILPOINTS=in-transaction=stop@7` stops the process (SIGSTOP) when it comes to `in-transaction` for the seventh time;
//! `die` ends it there like SIGKILL does. The name is not one of ours, `PUSH_*`, so that a server without the feature,
//! which refuses settings it does not know, need not know it.

/// Where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Within a transaction that holds the head, before COMMIT.
    InTransaction,
    /// After COMMIT, before anybody is told.
    AfterCommit,
    /// Before each answer of a batch.
    BeforeAck,
    /// After the answers, before other instances are told.
    BeforeBus,
}

/// Says that execution has come to a place.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub fn reached(_: Point) {}

#[cfg(feature = "failpoints")]
pub use armed::reached;

#[cfg(feature = "failpoints")]
mod armed {
    use std::sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    };

    use rustix::process::{Signal, getpid, kill_process};

    use super::Point;

    struct Armed {
        point: Point,
        signal: Signal,
        /// Counts down; it happens when it comes to 0.
        left: AtomicU64,
    }

    static ARMED: LazyLock<Option<Armed>> = LazyLock::new(|| {
        let text = std::env::var("FAILPOINTS").ok()?;
        let armed = parse(&text);
        assert!(armed.is_some(), "FAILPOINTS is not like in-transaction=stop@7: {text}");
        armed
    });

    /// Says that execution has come to a place.
    pub fn reached(point: Point) {
        let Some(armed) = &*ARMED else { return };
        if armed.point == point && armed.left.fetch_sub(1, Relaxed) == 1 {
            tracing::warn!(?point, "failpoint");
            if let Err(error) = kill_process(getpid(), armed.signal) {
                tracing::error!(%error, "a failpoint without effect");
            }
        }
    }

    fn parse(text: &str) -> Option<Armed> {
        let (point, rest) = text.split_once('=')?;
        let (action, count) = rest.split_once('@')?;
        let point = match point {
            "in-transaction" => Point::InTransaction,
            "after-commit" => Point::AfterCommit,
            "before-ack" => Point::BeforeAck,
            "before-bus" => Point::BeforeBus,
            _ => return None,
        };
        let signal = match action {
            "die" => Signal::KILL,
            "stop" => Signal::STOP,
            _ => return None,
        };
        Some(Armed { point, signal, left: AtomicU64::new(count.parse().ok().filter(|count| *count > 0)?) })
    }
}
