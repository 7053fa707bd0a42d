//! The bus of a single instance: in process, nothing to reach and nothing to configure.

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::broadcast;

use super::{Bus, Hint, Subscription};

/// Hints a subscriber may be behind before it hears [`Hint::Gap`]. A hint is a few bytes that all subscribers share.
pub const CAPACITY: usize = 1024;

/// Fan-out within this process.
#[derive(Debug)]
pub struct LocalBus {
    hints: broadcast::Sender<Bytes>,
}

impl LocalBus {
    /// A bus nobody listens to yet. Dropping it ends all subscriptions.
    pub fn new() -> Self {
        Self { hints: broadcast::Sender::new(CAPACITY) }
    }
}

impl Default for LocalBus {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Bus for LocalBus {
    fn publish(&self, hint: Bytes) {
        // The only error is that nobody listens.
        let _ = self.hints.send(hint);
    }

    async fn subscribe(&self) -> Box<dyn Subscription> {
        Box::new(LocalSubscription { hints: self.hints.subscribe() })
    }

    async fn is_up(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct LocalSubscription {
    hints: broadcast::Receiver<Bytes>,
}

#[async_trait]
impl Subscription for LocalSubscription {
    async fn next(&mut self) -> Option<Hint> {
        match self.hints.recv().await {
            Ok(hint) => Some(Hint::Events(hint)),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Hint::Gap),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::contract::{self, Fixture};

    struct InProcess;

    impl Fixture for InProcess {
        type Bus = LocalBus;
        const FLOOD: usize = 2 * CAPACITY;

        async fn bus() -> LocalBus {
            LocalBus::new()
        }
    }

    contract::suite!(InProcess);

    #[tokio::test]
    async fn a_subscription_ends_with_the_bus() {
        let bus = LocalBus::new();
        let mut subscription = bus.subscribe().await;
        drop(bus);
        assert_eq!(subscription.next().await, None);
    }
}
