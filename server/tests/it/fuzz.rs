//! What strangers hand to the server's own readers: tokens, positions, settings. `make fuzz` goes on for as long as one
//! likes; inputs that failed once are kept beside the tests in `*.seeds` and tried first.

mod positions;
mod settings;
mod tokens;

use std::future::Future;

use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{Config, FileFailurePersistence, TestCaseResult, TestRunner},
};
use tokio::runtime;

use crate::app::TestApp;

fn kept(file: &'static str) -> Config {
    let persistence = FileFailurePersistence::WithSource("seeds");
    Config { failure_persistence: Some(Box::new(persistence)), ..Config::with_source_file(file) }
}

/// Puts many inputs, made from what `prepare` finds, to one server.
fn put<P, S: Strategy, F: Future<Output = TestCaseResult>>(
    file: &'static str,
    prepare: impl AsyncFnOnce(&TestApp) -> P,
    inputs: impl FnOnce(&P) -> S,
    ask: impl Fn(&P, S::Value) -> F,
) {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let app = runtime.block_on(TestApp::start());
    let prepared = runtime.block_on(prepare(&app));
    let result = TestRunner::new(kept(file)).run(&inputs(&prepared), |input| runtime.block_on(ask(&prepared, input)));
    runtime.block_on(app.finish());
    result.unwrap_or_else(|failure| panic!("{failure}"));
}

/// A text that was right, and what was done to it.
fn damaged(good: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let blow = (any::<Index>(), 0..4_u8, "[ -~]{0,4}");
    (good, proptest::collection::vec(blow, 1..4)).prop_map(|(good, blows)| {
        let mut chars: Vec<char> = good.chars().collect();
        for (at, kind, text) in blows {
            let at = at.index(chars.len() + 1);
            let end = (at + usize::from(kind < 2)).min(chars.len());
            match kind {
                3 => chars.truncate(at),
                0 => drop(chars.splice(at..end, [])),
                _ => drop(chars.splice(at..end, text.chars())),
            }
        }
        chars.into_iter().collect()
    })
}
