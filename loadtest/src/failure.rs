//! Why a measurement could not be made.

use std::fmt;

/// A sentence for the person at the terminal. Nothing here recovers from one, so there are no kinds to tell apart.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    /// A failure of our own.
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Says what was being done when somebody else's error came.
pub(crate) trait Context<T> {
    /// `what` is put before the error's own words.
    fn context(self, what: impl fmt::Display) -> Result<T, Failure>;
}

impl<T, E: fmt::Display> Context<T> for Result<T, E> {
    fn context(self, what: impl fmt::Display) -> Result<T, Failure> {
        self.map_err(|error| Failure(format!("{what}: {error}")))
    }
}
