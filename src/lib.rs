//! The vocabulary both ends of push-system share.
//!
//! No I/O, no clock, no framework: everything here is a value or a function of values, so that the server, the
//! browser, the tests and the load generator speak with one voice. Read it in this order:
//!
//! 1. [`ids`], [`accounts`], [`topic`], [`audience`], [`message`]: what people say, and to whom. Types parse, then are trusted.
//! 2. [`position`], [`event`], [`read_state`], [`marks`]: the append-only log everything visible is made of.
//! 3. [`inbox`]: the reducer that folds the log into what a person sees.
//! 4. [`protocol`]: the frames of `/ws` and its close codes.
//! 5. [`session`]: the two halves of a connection as state machines without I/O.
//! 6. [`query`]: what people type to find messages again.
//! 7. [`error`], [`limits`], [`catalogue`]: how things fail, how large they get, what people read.

pub mod accounts;
pub mod admin;
pub mod api;
pub mod audience;
pub mod catalogue;
pub mod error;
pub mod event;
pub mod ids;
pub mod inbox;
pub mod limits;
pub mod marks;
pub mod message;
mod object;
#[cfg(feature = "ports")]
pub mod ports;
pub mod position;
pub mod protocol;
pub mod query;
pub mod read_state;
pub mod session;
pub mod timestamp;
pub mod topic;
