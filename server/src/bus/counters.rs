//! What all instances count together: how often something may be tried.

use std::time::Duration;

use async_trait::async_trait;

/// How much of something there may be. A meter holds `burst` and is refilled by one each `every`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How many are let through at once.
    pub burst: u32,
    /// After which time there is one more.
    pub every: Duration,
    /// The first wait after the last of the burst is `every`, and each failure after that doubles it up to this. Where it
    /// is no longer than `every`, waits do not grow. After as long without a failure the waits begin anew.
    pub longest: Duration,
    /// What trying during a wait does.
    pub hammering: Hammering,
}

/// What trying during a wait does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hammering {
    /// Nothing: where many share a meter, those who know nothing of each other's failures must not lengthen the wait.
    Ignored,
    /// It doubles the wait, until that is the longest.
    Lengthens,
}

/// What happens to a meter. An attempt holds its place from `Take` to `Fail` or `Pass`, so that a hundred at once do not
/// all find the same last place free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// An attempt begins.
    Take,
    /// It failed: it counts.
    Fail,
    /// It did not fail: it was never there.
    Pass,
    /// Something that always counts, as failed attempts do, and never makes the wait grow.
    Use,
}

/// Whether to go on, or after which time to try again.
pub type Verdict = Result<(), Duration>;

/// Meters and marks that all instances share, by the shared server's own clock. Nothing here takes longer than the
/// fraction of a second that a request can spare, or is lasting: what is lost is counted anew.
#[async_trait]
pub trait Counters: Send + Sync + 'static {
    /// A step of the meter of this name. `None` when nobody could say in time.
    async fn step(&self, name: &str, terms: &Terms, step: Step) -> Option<Verdict>;

    /// Leaves a mark of this name.
    async fn mark(&self, name: &str, lasting: Duration);

    /// Whether there is a mark of this name, as far as can be said.
    async fn is_marked(&self, name: &str) -> bool;
}
