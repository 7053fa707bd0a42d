//! Passwords: argon2id, on threads that let those that serve go first, never more at once than there are cores.

use std::{sync::Arc, thread};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use push_system::{
    accounts::Password,
    catalogue::EN,
    error::{ErrorCode, Rejection},
};
use tokio::sync::Semaphore;

use super::patient;

/// OWASP's minimum for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes that may wait for each core: at 20 to 40 ms each, the last one waits under a second.
const WAITING_PER_CORE: usize = 24;
/// A hash nobody has the password of, with the parameters of all others: what is compared when there is no account,
/// so that the answer takes as long.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$cHVzaC1zeXN0ZW0gc2FsdA$4UrgLhtE0qNkL1GBVQXnLZRYBOdZbzzZVoDyTTzo0x0";

/// Hashes and compares passwords.
#[derive(Clone)]
pub struct Passwords {
    /// A place in the queue or at work.
    places: Arc<Semaphore>,
    /// One per core.
    workers: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self {
            places: Arc::new(Semaphore::new(cores * (WAITING_PER_CORE + 1))),
            workers: Arc::new(Semaphore::new(cores)),
        }
    }
}

impl Passwords {
    /// The password as PHC string, with a salt of its own.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] when too many are waiting.
    pub async fn hash(&self, password: Password) -> Result<String, Rejection> {
        self.work(move || match argon2().hash_password(password.expose()) {
            Ok(hash) => Ok(hash.to_string()),
            Err(error) => {
                tracing::error!(%error, "a password could not be hashed");
                Err(Rejection::new(ErrorCode::Internal, EN.internal))
            }
        })
        .await?
    }

    /// Whether `typed` is the password behind `hash`. Takes as long when there is no hash, or no possible password.
    ///
    /// # Errors
    /// As for [`Self::hash`].
    pub async fn matches(&self, typed: Option<Password>, hash: Option<String>) -> Result<bool, Rejection> {
        self.work(move || {
            let known = typed.is_some() && hash.is_some();
            let hash = hash.as_deref().unwrap_or(NOBODY);
            let typed = typed.as_ref().map_or(&b"no password has so little"[..], Password::expose);
            known & is_match(typed, hash)
        })
        .await
    }

    async fn work<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, Rejection> {
        let busy = || Rejection::new(ErrorCode::Unavailable, EN.unavailable);
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
            Rejection::new(ErrorCode::Internal, EN.internal)
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn password(text: &str) -> Password {
        Password::parse(text.to_owned(), "password").unwrap()
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_alone() {
        let passwords = Passwords::default();
        let hash = passwords.hash(password("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.matches(Some(password("correct horse")), Some(hash.clone())).await.unwrap());
        assert!(!passwords.matches(Some(password("wrong horse")), Some(hash.clone())).await.unwrap());
        assert!(!passwords.matches(None, Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn an_account_that_does_not_exist_takes_as_long_as_a_wrong_password() {
        let passwords = Passwords::default();
        let hash = passwords.hash(password("correct horse")).await.unwrap();
        let mut shortest = [Duration::MAX; 3];
        for _ in 0..5 {
            let cases = [
                (Some(password("wrong horse")), Some(hash.clone())),
                (Some(password("wrong horse")), None),
                (None, None),
            ];
            for (shortest, (typed, hash)) in shortest.iter_mut().zip(cases) {
                let start = Instant::now();
                assert!(!passwords.matches(typed, hash).await.unwrap());
                *shortest = start.elapsed().min(*shortest);
            }
        }
        // The quickest of five runs, compared with room: a missing hash would be a thousand times quicker.
        assert!(shortest.iter().all(|time| *time > shortest[0] / 3), "{shortest:?}");
    }

    #[tokio::test]
    async fn more_than_can_wait_are_turned_away_at_once() {
        let passwords = Passwords { places: Arc::new(Semaphore::new(0)), ..Passwords::default() };
        let refusal = passwords.hash(password("correct horse")).await.unwrap_err();
        assert_eq!(refusal.code, ErrorCode::Unavailable);
    }
}
