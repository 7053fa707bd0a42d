//! What instances tell each other: hints that the log grew, and who is connected where. Whatever it loses is found in the
//! store, or said again, within seconds.

pub mod counters;
pub mod local;
pub mod redis;

#[cfg(test)]
mod contract;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use push_system::limits;

/// What subscribers hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// An instance (perhaps this one) committed events; the bytes are [`crate::push`]'s to read, and never empty.
    Events(Bytes),
    /// Hints may have been lost (disconnect, lag): compare with the store.
    Gap,
}

/// Fan-out of small byte strings to all instances, the sender included.
///
/// Delivery is at most once, order is that of each sender, and losses are announced as [`Hint::Gap`] when they are
/// noticed. Nothing here waits: a full queue drops and announces.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Queues `hint` for everyone; never blocks and never fails: a bus that is away loses it.
    fn publish(&self, hint: Bytes);

    /// Whether anybody but this instance may listen: if not, a hint need not be written.
    fn is_heard(&self) -> bool {
        true
    }

    /// A new subscription; hears what is published after this returns.
    async fn subscribe(&self) -> Box<dyn Subscription>;

    /// Whether the bus is reachable, for `/readyz`.
    async fn is_up(&self) -> bool;
}

/// One subscriber's end.
#[async_trait]
pub trait Subscription: Send {
    /// The next hint; `None` when the bus is shut down. Cancel-safe.
    async fn next(&mut self) -> Option<Hint>;
}

/// How long a note on the roster lasts without being left again. Who is named by none any more stays in sight for the grace
/// of all who leave; what remains of the lease is for the pause between two looks at the roster, and for the looks.
pub const NOTE_LEASE: Duration = {
    let left = limits::PRESENCE_LEASE_S - limits::PRESENCE_GRACE_S;
    Duration::from_secs((left - left / 2) as u64)
};

/// A board on which each instance leaves one note for the others. A note that is not left again within its lease is gone:
/// so is what an instance said that was killed.
#[async_trait]
pub trait Roster: Send + Sync + 'static {
    /// Leaves `note` in place of the one before, for one lease, and reads those of the others, in no order. `None` when
    /// nobody can say what the others have there. Takes seconds at most.
    async fn exchange(&self, note: Bytes) -> Option<Vec<Bytes>>;

    /// Takes the own note away, if the board can be reached.
    async fn leave(&self);
}
