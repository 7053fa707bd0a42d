//! Log lines: for eyes on a terminal, JSON for machines.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::{EnvFilter, fmt};

/// Starts logging to standard error; standard output is for what a command was asked for. A second call changes
/// nothing.
pub fn start(filter: &str) {
    let filter = EnvFilter::builder().parse_lossy(filter);
    let lines = fmt().with_env_filter(filter).with_writer(stderr);
    // Fails when another test of the same process started it before.
    drop(if stderr().is_terminal() {
        lines.with_target(false).try_init()
    } else {
        lines.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
    });
}
