//! The two halves of a connection, without I/O: values that take what happened and return what to do.
//!
//! Time is a parameter, in milliseconds of any monotonic clock; so are random numbers. The sockets around them are
//! shells: `ws` on the server, `live` in the browser, the load generator's readers.

pub mod client;
pub mod outbox;
pub mod server;

#[cfg(test)]
mod tests;
