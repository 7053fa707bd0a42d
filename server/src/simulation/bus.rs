//! A bus that loses, repeats, delays and reorders hints, and sometimes says so.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use super::world::World;
use crate::bus::{Bus, Hint, Subscription};

/// What all instances share: who listens.
#[derive(Default)]
pub struct Ether(Mutex<Vec<UnboundedSender<Hint>>>);

/// One instance's end.
pub struct LossyBus {
    world: Arc<World>,
    dead: CancellationToken,
}

impl LossyBus {
    pub fn new(world: Arc<World>, dead: CancellationToken) -> Self {
        Self { world, dead }
    }

    fn carry(&self, ear: &UnboundedSender<Hint>, hint: &Bytes) {
        let (world, bus) = (&self.world, &self.world.weather.bus);
        let (dice, storm) = (&world.dice, world.is_stormy());
        if storm && dice.chance(bus.loss) {
            if dice.chance(bus.gap_told) {
                // Nobody listens any more: as good as lost.
                let _ = ear.send(Hint::Gap);
            }
            return;
        }
        let times = if storm && dice.chance(bus.twice) { 2 } else { 1 };
        for _ in 0..times {
            let (ear, hint, wait) = (ear.clone(), Hint::Events(hint.clone()), dice.millis(0..bus.latency_ms + 1));
            tokio::spawn(async move {
                sleep(wait).await;
                let _ = ear.send(hint);
            });
        }
    }
}

#[async_trait]
impl Bus for LossyBus {
    fn publish(&self, hint: Bytes) {
        if self.dead.is_cancelled() {
            return;
        }
        let mut ears = self.world.ether.0.lock().unwrap_or_else(PoisonError::into_inner);
        ears.retain(|ear| !ear.is_closed());
        ears.iter().for_each(|ear| self.carry(ear, &hint));
    }

    async fn subscribe(&self) -> Box<dyn Subscription> {
        let (ear, hints) = unbounded_channel();
        self.world.ether.0.lock().unwrap_or_else(PoisonError::into_inner).push(ear);
        Box::new(Ear(hints))
    }

    async fn is_up(&self) -> bool {
        true
    }
}

struct Ear(UnboundedReceiver<Hint>);

#[async_trait]
impl Subscription for Ear {
    async fn next(&mut self) -> Option<Hint> {
        self.0.recv().await
    }
}
