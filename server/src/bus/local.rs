//! The bus of a single instance: in process, nothing to reach and nothing to configure.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::{sync::broadcast, time::Instant};

use super::{Bus, Hint, NOTE_LEASE, Roster, Subscription};

/// Hints a subscriber may be behind before it hears [`Hint::Gap`]. They are bytes that all subscribers share, and few of
/// them are large.
pub const CAPACITY: usize = 256;

/// Fan-out within this process.
#[derive(Debug)]
pub struct LocalBus {
    hints: broadcast::Sender<Hint>,
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
        let _ = self.hints.send(Hint::Events(hint));
    }

    fn is_heard(&self) -> bool {
        self.hints.receiver_count() > 1
    }

    async fn subscribe(&self) -> Box<dyn Subscription> {
        Box::new(LocalSubscription { hints: self.hints.subscribe() })
    }

    async fn is_up(&self) -> bool {
        true
    }
}

/// A subscription to what is heard in this process, wherever it comes from.
#[derive(Debug)]
pub(super) struct LocalSubscription {
    pub(super) hints: broadcast::Receiver<Hint>,
}

#[async_trait]
impl Subscription for LocalSubscription {
    async fn next(&mut self) -> Option<Hint> {
        match self.hints.recv().await {
            Ok(hint) => Some(hint),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Hint::Gap),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

type Notes = BTreeMap<usize, (Bytes, Instant)>;

/// The roster of the instances in this process: of one, unless a test runs several.
#[derive(Debug)]
pub struct LocalRoster {
    notes: Arc<Mutex<Notes>>,
    own: usize,
    lease: Duration,
}

impl LocalRoster {
    /// The roster of the first instance, number 0.
    pub fn new(lease: Duration) -> Self {
        Self { notes: Arc::default(), own: 0, lease }
    }

    /// The roster of instance number `own` on the same board.
    #[must_use]
    pub fn beside(&self, own: usize) -> Self {
        Self { notes: self.notes.clone(), own, lease: self.lease }
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of an instance that is alone; nobody reads what it leaves.
impl Default for LocalRoster {
    fn default() -> Self {
        Self::new(NOTE_LEASE)
    }
}

#[async_trait]
impl Roster for LocalRoster {
    async fn exchange(&self, note: Bytes) -> Option<Vec<Bytes>> {
        let now = Instant::now();
        let mut notes = self.notes();
        notes.insert(self.own, (note, now));
        notes.retain(|_, (_, left)| now < *left + self.lease);
        let others = notes.iter().filter(|(instance, _)| **instance != self.own);
        Some(others.map(|(_, (note, _))| note.clone()).collect())
    }

    async fn leave(&self) {
        self.notes().remove(&self.own);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::contract::{self, Fixture};

    struct InProcess {
        bus: LocalBus,
        roster: LocalRoster,
    }

    impl Fixture for InProcess {
        type Bus = LocalBus;
        type Roster = LocalRoster;

        async fn start(lease: Duration) -> Option<Self> {
            Some(Self { bus: LocalBus::new(), roster: LocalRoster::new(lease) })
        }

        fn bus(&self) -> &LocalBus {
            &self.bus
        }

        async fn instance(&self, number: usize) -> LocalRoster {
            self.roster.beside(number)
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
