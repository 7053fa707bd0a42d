//! The whole server over real HTTP on port 0, one database per test. A test reads like a conversation: actors are
//! values, answers say what is expected of them.

mod abuse;
mod admin;
mod app;
mod authorization;
mod backup;
mod bad_input;
mod clock;
mod command_line;
mod csrf;
mod databases;
mod faults;
mod flaky;
mod fuzz;
mod headers;
mod http;
mod inbox;
mod joining;
mod keys;
mod limits;
mod logins;
mod markup;
mod messages;
mod operations;
mod pages;
mod passwords;
mod proxies;
mod registration;
mod sessions;
mod silence;
mod socket;
mod stolen_tokens;
mod tickets;
mod two_instances;
mod ws;
