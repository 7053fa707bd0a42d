//! The whole server over real HTTP on port 0, one database per test. A test reads like a conversation: actors are
//! values, answers say what is expected of them.

mod app;
mod backup;
mod bad_input;
mod clock;
mod command_line;
mod csrf;
mod databases;
mod desk;
mod faults;
mod flaky;
mod http;
mod inbox;
mod joining;
mod logins;
mod messages;
mod operations;
mod pages;
mod passwords;
mod proxies;
mod registration;
mod socket;
mod two_instances;
mod ws;
