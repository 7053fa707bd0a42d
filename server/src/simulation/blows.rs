//! What happens to the system while it runs.

use std::sync::Arc;

use push_system::ids::Seq;
use tokio::time::{Instant, sleep};

use super::{
    instance::{self, Instance},
    link::Doom,
    weather::Blow,
    world::World,
};
use crate::store::memory::Tables;

/// Strikes until the storm is over.
pub async fn strike(world: Arc<World>) {
    let mut backup = world.store.backup();
    while !world.weather.blows.is_empty() {
        sleep(world.dice.millis(50..world.weather.blows_every_ms)).await;
        if !world.is_stormy() {
            return;
        }
        let blow = *world.dice.pick(&world.weather.blows);
        world.note(format_args!("{blow:?}"));
        one(&world, blow, &mut backup);
    }
}

fn one(world: &Arc<World>, blow: Blow, backup: &mut Tables) {
    let dice = &world.dice;
    match blow {
        Blow::Backup => *backup = world.store.backup(),
        Blow::Restore => world.restore(backup.clone()),
        Blow::Trim => {
            let head = world.store.position().seq.0;
            world.trim(Seq(head.saturating_sub(dice.within(0..12))));
        }
        Blow::Outage => {
            let until = Instant::now() + dice.millis(100..3_000);
            for number in 0..world.weather.instances {
                if let Some(instance) = world.instance(number) {
                    instance.link.cut_off_until(until);
                }
            }
        }
        _ => {
            if let Some(instance) = world.any_instance() {
                hit(world, blow, instance);
            }
        }
    }
}

fn hit(world: &Arc<World>, blow: Blow, instance: Arc<Instance>) {
    let dice = &world.dice;
    match blow {
        Blow::Kill => {
            world.kill(instance.number);
            tokio::spawn(replace(world.clone(), instance.number));
        }
        Blow::KillInCommit => {
            instance.link.doom(*dice.pick(&[Doom::BeforeCommit, Doom::AfterCommit]));
            let (world, instance) = (world.clone(), instance);
            tokio::spawn(async move {
                instance.dead.cancelled().await;
                replace(world, instance.number).await;
            });
        }
        Blow::Stop => {
            tokio::spawn(stop(world.clone(), instance));
        }
        Blow::CutOff => instance.link.cut_off_until(Instant::now() + dice.millis(100..4_000)),
        Blow::Stall => instance.link.stall_until(Instant::now() + dice.millis(100..5_000)),
        Blow::CutLines => instance.cut_lines(),
        Blow::Outage | Blow::Backup | Blow::Restore | Blow::Trim => {}
    }
}

async fn stop(world: Arc<World>, instance: Arc<Instance>) {
    if instance.app.drain.is_cancelled() {
        return;
    }
    instance.drain().await;
    world.kill(instance.number);
    replace(world, instance.number).await;
}

/// Another process in the same place.
async fn replace(world: Arc<World>, number: usize) {
    sleep(world.dice.millis(0..2_000)).await;
    if world.instance(number).is_none() {
        instance::start(&world, number).await;
    }
}
