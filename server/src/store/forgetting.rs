//! What is over is deleted in steps, each a transaction of its own: a writer between two of them waits for one step, and
//! what an instance that was away for days has to catch up with is not undone by one statement that took too long.

use push_system::timestamp::Timestamp;

use super::{
    StoreError,
    backend::{Backend, WriteTx as _, within},
    common_rows::CommonRows as _,
    statements::CommitRows as _,
};

/// Small rows deleted in one transaction: a few milliseconds.
const ROWS_AT_ONCE: u32 = 1_000;
/// Tickets deleted in one transaction: each is named in the statement.
const TICKETS_AT_ONCE: u32 = 100;
/// Sessions deleted in one transaction. Each takes its refresh tokens along: some thousand, if it lived long.
const SESSIONS_AT_ONCE: u32 = 20;

/// What has its time.
#[derive(Clone, Copy, Debug)]
pub(super) enum Passing {
    /// Idempotency keys that were used before.
    Keys,
    /// Sessions that ended before.
    Sessions,
    /// Tickets that were over before.
    Tickets,
    /// Audit records from before.
    Audit,
}

/// Deletes all of a kind; returns how many.
pub(super) async fn forget<B: Backend>(backend: &B, passing: Passing, before: Timestamp) -> Result<u64, StoreError> {
    let mut forgotten = 0;
    loop {
        let mut tx = within(B::PATIENCE, backend.write()).await?;
        let step = within(B::PATIENCE, async {
            match passing {
                Passing::Keys => tx.forget_keys(before, ROWS_AT_ONCE).await,
                Passing::Sessions => tx.forget_sessions(before, SESSIONS_AT_ONCE).await,
                Passing::Tickets => tx.forget_tickets(before, TICKETS_AT_ONCE).await,
                Passing::Audit => tx.forget_audit(before, ROWS_AT_ONCE).await,
            }
        });
        let step = step.await;
        match tx.finish(step).await? {
            0 => return Ok(forgotten),
            some => forgotten += some,
        }
    }
}
