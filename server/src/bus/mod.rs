//! Hints between instances: "the log grew". Whatever a bus loses, the tail finds in the store a second later.

pub mod local;

#[cfg(test)]
mod contract;

use async_trait::async_trait;

/// What subscribers hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// An instance (perhaps this one) committed events; the bytes are [`crate::push`]'s to read.
    Events(bytes::Bytes),
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
    fn publish(&self, hint: bytes::Bytes);

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
