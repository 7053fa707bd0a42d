//! What is done on the side: the search index follows the log, and what is over is forgotten.

use std::time::Duration;

use push_system::{ids::Seq, limits};
use tokio::time::{interval, sleep};

use crate::{
    failpoint::{self, Number},
    state::AppState,
    store::StoreError,
};

/// Lets several messages gather into one step of the index; searching finds what is not indexed yet as well.
const GATHER: Duration = Duration::from_millis(500);
/// In case a growth of the log was missed, and between two tries when the store is away.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Of the search index: 10,000 messages.
const STEPS_BETWEEN_WORDS: u32 = 200;
/// No session is written more often.
const WRITE_SEEN_EVERY: Duration = Duration::from_mins(1);
const FORGET_EVERY: Duration = Duration::from_hours(1);
const SWEEP_EVERY: Duration = Duration::from_mins(1);
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Ended sessions are kept a while, so that a copied refresh token is still known as one.
const SESSION_DAYS: i64 = 7;

/// Who came with an invitation is shown for a while after it would have been over.
const INVITE_KEPT_DAYS: i64 = 30;

/// Writes when and from where sessions were used; once more at the end, when nobody waits for it.
pub(super) async fn write_seen(state: AppState) {
    let mut minute = interval(WRITE_SEEN_EVERY);
    while state.drain.run_until_cancelled(minute.tick()).await.is_some() {
        write_seen_once(&state).await;
    }
    write_seen_once(&state).await;
}

async fn write_seen_once(state: &AppState) {
    if let Err(error) = state.auth.write_seen().await {
        tracing::warn!(%error, "when sessions were seen could not be written");
    }
}

/// Keeps the search index close behind the log.
pub(super) async fn index(state: AppState) {
    let follow = async {
        loop {
            if let Err(error) = catch_up(&state).await {
                tracing::warn!(%error, "the search index is behind");
                sleep(LOOK_AGAIN).await;
                continue;
            }
            tokio::select! {
                () = state.push.grown() => sleep(GATHER).await,
                () = sleep(LOOK_AGAIN) => {}
            }
        }
    };
    state.drain.run_until_cancelled(follow).await;
}

/// Tells how it gets on where there is much to do, as after an update that makes the index anew.
async fn catch_up(state: &AppState) -> Result<(), StoreError> {
    let mut steps = 0_u32;
    while let Some(behind) = state.store.index_step().await? {
        steps += 1;
        if steps.is_multiple_of(STEPS_BETWEEN_WORDS) {
            let (indexed, newest) = (behind.indexed.0, behind.newest.0);
            tracing::info!(search.indexed = indexed, search.newest = newest, "the search index is being made");
        }
    }
    if steps >= STEPS_BETWEEN_WORDS {
        tracing::info!("the search index is made");
    }
    Ok(())
}

/// Forgets who was counted and did nothing since.
pub(super) async fn sweep(state: AppState) {
    let forever = async {
        loop {
            sleep(SWEEP_EVERY).await;
            state.limits.sweep();
        }
    };
    state.drain.run_until_cancelled(forever).await;
}

/// Forgets idempotency keys, sessions and tickets whose time is over, and events that nobody is replayed any more.
pub(super) async fn forget(state: AppState) {
    let every_ms = u64::try_from(FORGET_EVERY.as_millis()).unwrap_or(u64::MAX);
    let mut often = interval(Duration::from_millis(failpoint::number(Number::ForgetMs, every_ms)));
    let forever = async {
        loop {
            often.tick().await;
            forget_once(&state).await;
        }
    };
    state.drain.run_until_cancelled(forever).await;
}

async fn forget_once(state: &AppState) {
    let (store, now) = (&state.store, state.clock.now());
    let days_ago = |days: i64| now.plus_ms(-days * DAY_MS);
    tell("keys", store.forget_keys(days_ago(limits::KEY_DAYS)).await);
    tell("sessions", store.forget_sessions(days_ago(SESSION_DAYS)).await);
    tell("tickets", store.forget_tickets(now).await);
    tell("invites", store.forget_invites(days_ago(INVITE_KEPT_DAYS)).await);
    tell("audit", store.forget_audit(days_ago(limits::AUDIT_DAYS)).await);
    tell("events", trim(state).await);
}

async fn trim(state: &AppState) -> Result<u64, StoreError> {
    let head = state.store.head().await?.position.seq;
    let kept = failpoint::number(Number::LogEvents, limits::LOG_EVENTS);
    state.store.trim(Seq(head.0.saturating_sub(kept))).await
}

/// What cannot be forgotten keeps nothing else from being.
fn tell(what: &'static str, forgotten: Result<u64, StoreError>) {
    match forgotten {
        Ok(0) => {}
        Ok(count) => tracing::info!(what, count, "what is over is forgotten"),
        Err(error) => tracing::warn!(what, %error, "what is over could not be forgotten"),
    }
}
