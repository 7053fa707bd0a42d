//! Threads for work that everybody else goes before.

use std::{io, thread};

use tokio::sync::oneshot;

/// How nice: a thread that serves gets three times as much of a core that both want, and is woken sooner. More would
/// keep people at the login waiting wherever other programs keep the machine busy.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;

/// Runs `job` on a thread of its own, whose start is a thousandth of what a hash costs. Nothing comes back of one that
/// panics.
///
/// # Errors
/// There is no thread to be had.
pub(super) fn run<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> io::Result<oneshot::Receiver<T>> {
    let (answer, came) = oneshot::channel();
    thread::Builder::new().name("password".to_owned()).spawn(move || {
        step_back();
        // Fails when nobody waits any more.
        drop(answer.send(job()));
    })?;
    Ok(came)
}

/// On Linux niceness belongs to a thread, elsewhere to the process (setpriority(2)). The kernel cuts it off at 19.
fn step_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = nicer() {
        // A sandbox may forbid it. Passwords are checked all the same.
        tracing::debug!(%error, "a thread that hashes keeps its priority");
    }
}

#[cfg(target_os = "linux")]
fn nicer() -> rustix::io::Result<()> {
    use rustix::process::{getpriority_process, setpriority_process};

    setpriority_process(None, getpriority_process(None)?.saturating_add(NICENESS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_job_is_done_and_one_that_panics_says_nothing() {
        assert_eq!(run(|| 5).unwrap().await, Ok(5));
        let panics = run(|| -> u8 { panic!("on purpose") }).unwrap();
        assert!(panics.await.is_err());
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_job_alone_steps_back() {
        let niceness = || rustix::process::getpriority_process(None).unwrap();
        let before = niceness();
        assert_eq!(run(niceness).unwrap().await, Ok((before + NICENESS).min(19)));
        assert_eq!(niceness(), before);
    }
}
