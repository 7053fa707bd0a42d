//! Passwords: argon2id, on threads that let those that serve go first, never more at once than there are cores.

mod typed;
mod weak;

#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, LazyLock},
    thread,
};

use argon2::{
    ARGON2ID_IDENT, Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use push_system::{
    catalogue::Sentence,
    error::{ErrorCode, Rejection},
};
use tokio::sync::Semaphore;

use super::patient;

pub(super) use typed::Attempt;
pub use typed::{Password, Typed};

/// OWASP's minimum for argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane. When one is raised, each
/// hash of before is made anew at its person's next login.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes that may wait for each core: at 20 to 40 ms each, the last one waits under a second.
const WAITING_PER_CORE: usize = 24;

/// A hash nobody has the password of, with the parameters of new ones: what is compared when there is no account, so
/// that the answer takes as long (OWASP Authentication Cheat Sheet, "Authentication Responses").
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    let params = format!("m={MEMORY_KIB},t={PASSES},p={LANES}");
    format!("$argon2id$v=19${params}$cHVzaC1zeXN0ZW0gc2FsdA$4UrgLhtE0qNkL1GBVQXnLZRYBOdZbzzZVoDyTTzo0x0")
});

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Another password, or none that could be compared.
    Wrong,
    /// The password.
    Right,
    /// The password, whose hash was made with weaker parameters or from another form: it should be made anew.
    Outdated(Password),
}

/// Hashes and compares passwords.
#[derive(Clone)]
pub struct Passwords {
    /// A place in the queue or at work.
    places: Arc<Semaphore>,
    /// One per core.
    workers: Arc<Semaphore>,
    /// The parameters of each hash that was computed for a comparison.
    #[cfg(test)]
    pub(super) computed: Arc<std::sync::Mutex<Vec<String>>>,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = cores();
        Self::with_places(cores, cores * WAITING_PER_CORE)
    }
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// How many passwords are worked on or wait for it at once.
pub(crate) fn password_places() -> usize {
    cores() * (1 + WAITING_PER_CORE)
}

impl Passwords {
    fn with_places(workers: usize, waiting: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(workers + waiting)),
            workers: Arc::new(Semaphore::new(workers)),
            #[cfg(test)]
            computed: Arc::default(),
        }
    }

    /// The password as PHC string, with a salt of its own.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] when too many are waiting.
    pub async fn hash(&self, password: Password) -> Result<String, Rejection> {
        self.work(move || match argon2().hash_password(password.as_bytes()) {
            Ok(hash) => Ok(hash.to_string()),
            Err(error) => {
                tracing::error!(%error, "a password could not be hashed");
                Err(Rejection::new(ErrorCode::Internal, Sentence::Internal))
            }
        })
        .await?
    }

    /// Whether `attempt` is the password behind `hash`. How many hashes are computed depends on what was typed alone: as
    /// many when there is no account, or no possible password.
    ///
    /// # Errors
    /// As for [`Self::hash`].
    pub(super) async fn compare(&self, attempt: Option<Attempt>, hash: Option<String>) -> Result<Verdict, Rejection> {
        #[cfg(test)]
        let computed = Arc::clone(&self.computed);
        self.work(move || {
            let matches = |typed: &[u8], hash: &str| {
                #[cfg(test)]
                computed.lock().unwrap().extend(hash.split('$').nth(3).map(str::to_owned));
                is_match(typed, hash)
            };
            let stored = hash.as_deref().unwrap_or(&NOBODY);
            let Some(attempt) = attempt else {
                matches(b"longer than any password", stored);
                return Verdict::Wrong;
            };
            let found: Vec<bool> = attempt.forms().map(|form| matches(form.as_bytes(), stored)).collect();
            match found.iter().position(|found| *found) {
                Some(form) if hash.is_some() => {
                    if form == 0 && !is_outdated(stored) {
                        Verdict::Right
                    } else {
                        Verdict::Outdated(attempt.into_normal())
                    }
                }
                _ => Verdict::Wrong,
            }
        })
        .await
    }

    async fn work<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, Rejection> {
        let busy = || Rejection::new(ErrorCode::Unavailable, Sentence::Unavailable);
        let _place = self.places.try_acquire().map_err(|_| busy())?;
        // Owned by the job: a client that leaves must not make room while its hash still runs.
        let worker = Arc::clone(&self.workers).acquire_owned().await.map_err(|_| busy())?;
        let done = patient::run(move || {
            let result = job();
            drop(worker);
            result
        });
        let failed = |error: &dyn std::error::Error| {
            tracing::error!(%error, "a password could not be worked on");
            Rejection::new(ErrorCode::Internal, Sentence::Internal)
        };
        done.map_err(|error| failed(&error))?.await.map_err(|error| failed(&error))
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("OWASP's parameters are within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn is_match(typed: &[u8], hash: &str) -> bool {
    match PasswordHash::new(hash) {
        Ok(hash) => argon2().verify_password(typed, &hash).is_ok(),
        Err(error) => {
            tracing::error!(%error, "a stored password cannot be read");
            false
        }
    }
}

/// Whether a hash is weaker than those made now. One that is stronger, made by another instance with higher parameters,
/// stays.
fn is_outdated(hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return true };
    let current = hash.algorithm == ARGON2ID_IDENT && hash.version == Some(Version::V0x13.into());
    let params = Params::try_from(&hash).ok().filter(|_| current);
    params.is_none_or(|params| params.m_cost() < MEMORY_KIB || params.t_cost() < PASSES)
}
