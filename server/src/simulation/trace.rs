//! What happened, as a number that is the same for the same run, and as lines when a person wants to read them.

use std::{
    fmt,
    hash::{DefaultHasher, Hasher as _},
    sync::{Mutex, PoisonError},
};

use tokio::time::Instant;

pub struct Trace {
    began: Instant,
    state: Mutex<State>,
}

struct State {
    hasher: DefaultHasher,
    text: String,
    lines: Option<Vec<String>>,
}

impl Trace {
    /// Lines are kept only when asked for: they cost more than the run.
    pub fn new(keep_lines: bool) -> Self {
        let lines = keep_lines.then(Vec::new);
        let state = State { hasher: DefaultHasher::new(), text: String::new(), lines };
        Self { began: Instant::now(), state: Mutex::new(state) }
    }

    pub fn note(&self, what: fmt::Arguments<'_>) {
        use fmt::Write as _;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { hasher, text, lines } = &mut *state;
        text.clear();
        write!(text, "{:6} {what}", self.began.elapsed().as_millis()).expect("a string takes what is written to it");
        hasher.write(text.as_bytes());
        if let Some(lines) = lines {
            lines.push(text.clone());
        }
    }

    pub fn hash(&self) -> u64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).hasher.finish()
    }

    pub fn lines(&self) -> Vec<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).lines.clone().unwrap_or_default()
    }
}
