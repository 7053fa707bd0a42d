//! What only tests ask of an instance, compiled in only with the feature `failpoints`: to die or stop at a place, to have a
//! wrong clock, to keep little.
//!
//! `FAILPOINTS=in-transaction=stop@7` stops the process (SIGSTOP) when it comes to `in-transaction` for the seventh time;
//! `die` ends it there like SIGKILL does. `clock-ms=-600000` sets its clock back by ten minutes, `log-events=600` keeps so
//! few events, `forget-ms=200` looks so often for what is too old, `tail-bytes=65536` holds so little in memory; several
//! stand behind each other with commas. The name is not one of ours, `PUSH_*`, so that a server without the feature, which
//! refuses settings it does not know, need not know it.

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

/// A number that a test may ask to be another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// How many milliseconds the clock is ahead.
    ClockMs,
    /// Events the log keeps.
    LogEvents,
    /// Milliseconds between two looks for what is too old.
    ForgetMs,
    /// Bytes of events in memory.
    TailBytes,
}

/// Says that execution has come to a place.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub fn reached(_: Point) {}

/// The number to be used where `usual` is the right one.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub fn number<T>(_: Number, usual: T) -> T {
    usual
}

#[cfg(feature = "failpoints")]
pub use armed::{number, reached};

#[cfg(feature = "failpoints")]
mod armed {
    use std::sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    };

    use rustix::process::{Signal, getpid, kill_process};

    use super::{Number, Point};

    enum Order {
        At {
            point: Point,
            signal: Signal,
            /// Counts down; it happens when it comes to 0.
            left: AtomicU64,
        },
        Be(Number, i64),
    }

    static ORDERS: LazyLock<Vec<Order>> = LazyLock::new(|| {
        let text = std::env::var("FAILPOINTS").unwrap_or_default();
        let orders = text.split(',').filter(|order| !order.is_empty()).map(parse).collect();
        let Some(orders) = orders else { panic!("FAILPOINTS is not like in-transaction=stop@7,clock-ms=5: {text}") };
        orders
    });

    /// Says that execution has come to a place.
    pub fn reached(here: Point) {
        for order in &*ORDERS {
            if let Order::At { point, signal, left } = order
                && *point == here
                && left.fetch_sub(1, Relaxed) == 1
            {
                tracing::warn!(?point, "failpoint");
                if let Err(error) = kill_process(getpid(), *signal) {
                    tracing::error!(%error, "a failpoint without effect");
                }
            }
        }
    }

    /// The number to be used where `usual` is the right one.
    pub fn number<T: TryFrom<i64>>(wanted: Number, usual: T) -> T {
        let asked = ORDERS.iter().find_map(|order| match order {
            Order::Be(number, value) if *number == wanted => T::try_from(*value).ok(),
            _ => None,
        });
        asked.unwrap_or(usual)
    }

    fn parse(text: &str) -> Option<Order> {
        let (name, value) = text.split_once('=')?;
        let point = match name {
            "in-transaction" => Point::InTransaction,
            "after-commit" => Point::AfterCommit,
            "before-ack" => Point::BeforeAck,
            "before-bus" => Point::BeforeBus,
            "clock-ms" => return be(Number::ClockMs, value),
            "log-events" => return be(Number::LogEvents, value),
            "forget-ms" => return be(Number::ForgetMs, value),
            "tail-bytes" => return be(Number::TailBytes, value),
            _ => return None,
        };
        let (action, count) = value.split_once('@')?;
        let signal = match action {
            "die" => Signal::KILL,
            "stop" => Signal::STOP,
            _ => return None,
        };
        Some(Order::At { point, signal, left: AtomicU64::new(count.parse().ok().filter(|count| *count > 0)?) })
    }

    fn be(number: Number, value: &str) -> Option<Order> {
        Some(Order::Be(number, value.parse().ok()?))
    }
}
