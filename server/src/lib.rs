//! The server of push-system.
//!
//! [`serve::launch`] starts one; the binary and the tests use the same call. A request comes in through [`serve`], is
//! routed by [`http`] (programs) or [`ui`] (pages), checked by [`auth`], and answered from [`push`] and [`store`].
//! Sockets are [`ws`]. An arrow in the design means "may use": `ws → push → bus, store` and `http, auth → push, store`.

// A page is one type, as deep as its markup.
#![recursion_limit = "512"]

pub mod admin;
pub mod auth;
pub mod backend;
pub mod bus;
pub mod cli;
pub mod config;
pub mod failpoint;
pub mod http;
pub mod limits;
pub mod push;
pub mod serve;
pub mod site;
pub mod state;
pub mod store;
pub mod telemetry;
pub mod ui;
pub mod ws;

#[cfg(test)]
mod simulation;
