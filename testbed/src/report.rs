//! What is said of tests that cannot run.

use std::{
    env,
    fs::OpenOptions,
    io::{Write as _, stderr},
};

use crate::StartError;

/// Names a file that gets a line for each test that did not run, so that a runner can count them.
const NOT_RUN: &str = "TESTBED_NOT_RUN";

/// What was started; or nothing, and it is said on standard error that `test` did not run because a server is not
/// installed.
///
/// # Panics
/// When it is installed and did not start, and in CI (where the variable `CI` is set) also when it is not installed.
pub fn or_report<T, E: std::borrow::Borrow<StartError>>(started: Result<T, E>, test: &str) -> Option<T> {
    let error = match started {
        Ok(server) => return Some(server),
        Err(error) => error,
    };
    let StartError::Missing(name) = error.borrow() else { panic!("{}", error.borrow()) };
    assert!(env::var_os("CI").is_none(), "{test}: {name} is not installed, and in CI every test must run");
    let line = format!("not run: no {name}: {test}\n");
    // Not `eprintln!`: the test harness keeps that to itself when a test passes.
    stderr().write_all(line.as_bytes()).expect("standard error");
    if let Some(path) = env::var_os(NOT_RUN) {
        let mut file = OpenOptions::new().create(true).append(true).open(path).expect("the file of tests not run");
        file.write_all(line.as_bytes()).expect("the file of tests not run");
    }
    None
}
