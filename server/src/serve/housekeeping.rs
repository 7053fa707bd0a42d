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
    let forever = async {
        loop {
            minute.tick().await;
            write_seen_once(&state).await;
        }
    };
    state.drain.run_until_cancelled(forever).await;
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

async fn catch_up(state: &AppState) -> Result<(), StoreError> {
    while !state.store.index_step().await? {}
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
            if let Err(error) = forget_once(&state).await {
                tracing::warn!(%error, "what is over could not be forgotten");
            }
        }
    };
    state.drain.run_until_cancelled(forever).await;
}

async fn forget_once(state: &AppState) -> Result<(), StoreError> {
    let now = state.clock.now();
    let keys = state.store.forget_keys(now.plus_ms(-limits::KEY_DAYS * DAY_MS)).await?;
    let sessions = state.store.forget_sessions(now.plus_ms(-SESSION_DAYS * DAY_MS)).await?;
    let tickets = state.store.forget_tickets(now).await?;
    let invites = state.store.forget_invites(now.plus_ms(-INVITE_KEPT_DAYS * DAY_MS)).await?;
    let audit = state.store.forget_audit(now.plus_ms(-limits::AUDIT_DAYS * DAY_MS)).await?;
    let head = state.store.head().await?.position.seq;
    let kept = failpoint::number(Number::LogEvents, limits::LOG_EVENTS);
    let events = state.store.trim(Seq(head.0.saturating_sub(kept))).await?;
    if keys + sessions + tickets + invites + audit + events > 0 {
        tracing::info!(keys, sessions, tickets, invites, audit, events, "what is over is forgotten");
    }
    Ok(())
}
