//! One run, from the first server to the verdict.

use std::time::Duration;

use tokio::time::{self, Instant};

use super::{
    backing::Servers,
    bounds::Measured,
    chance::Chance,
    history::{Publish, Record},
    judge::{Verdict, judge},
    oracle::Life,
    scenario::{Fault, Resets},
    tables,
    timing::{Timing, timing},
    world::{Plan, Running, World},
    writer::{self, Journal},
};
use crate::failure::Failure;

/// Quiet before the first fault and after the last one, so that lateness without faults and recovery can be seen.
const QUIET: Duration = Duration::from_millis(1_500);
/// For everybody to have everything once nothing goes wrong any more: longer than a client's longest backoff and its
/// patience with a silent socket together.
const REST_WITHIN: Duration = Duration::from_secs(110);
/// A request that was on its way when the writers stopped may still be stored, behind what was to be the last message.
const CLOSINGS: usize = 5;

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// How it was set up.
    pub(crate) plan: Plan,
    /// What was found.
    pub(crate) verdict: Verdict,
    /// How late things were.
    pub(crate) timing: Timing,
    /// The scenario's bounds that were exceeded.
    pub(crate) exceeded: Vec<String>,
    /// Faults that happened.
    pub(crate) injected: u64,
    /// Sockets opened beyond the first of each reader.
    pub(crate) reconnects: u64,
    /// `reset`s received.
    pub(crate) resets: u64,
    /// What else is worth a word.
    pub(crate) notes: Vec<String>,
    /// From the first server to the verdict.
    pub(crate) took: Duration,
}

impl Outcome {
    /// Whether every promise was kept, and in time.
    pub(crate) fn is_good(&self) -> bool {
        self.verdict.is_clean() && self.exceeded.is_empty()
    }
}

/// Runs a plan.
pub(crate) async fn run(plan: Plan, servers: &Servers, running: Option<Running>) -> Result<Outcome, Failure> {
    let begun = Instant::now();
    let mut world = World::set_up(plan, servers, running).await?;
    world.begin_writing()?;
    time::sleep(QUIET).await;
    inject_until(&mut world).await?;
    world.heal()?;
    time::sleep(QUIET).await;
    let (record, lives) = gather(&mut world).await?;
    let verdict = judge(&record, &lives, world.plan.scenario.resets);
    let timing = timing(&record, &world.marks);
    let reconnects = record.readers.iter().map(|reader| reader.connections.saturating_sub(1)).sum();
    let measured = Measured {
        timing,
        lasts: world.plan.lasts,
        instances: world.desk.instances.len(),
        reconnects,
        growth: world.growth,
    };
    let injected = match world.plan.scenario.fault {
        Fault::LoseCommit => world.pipes.iter().map(|pipe| u64::from(pipe.lost_commits())).sum(),
        _ => world.injected,
    };
    // A run in which nothing happened proves nothing.
    if world.plan.scenario.fault != Fault::None && injected == 0 {
        return Err(Failure::new("the fault never happened"));
    }
    if verdict.checked == 0 {
        return Err(Failure::new("no event was checked"));
    }
    let resets = record.readers.iter().map(|reader| reader.resets.len() as u64).sum();
    if world.plan.scenario.resets != Resets::None && resets == 0 {
        return Err(Failure::new("nobody was told `reset`: nothing was cut"));
    }
    Ok(Outcome {
        exceeded: world.plan.scenario.bounds.exceeded(&measured, world.plan.slack),
        verdict,
        timing,
        injected,
        reconnects,
        resets,
        notes: std::mem::take(&mut world.notes),
        took: begun.elapsed(),
        plan: world.plan,
    })
}

/// Comes to rest, and takes down what everybody did and saw, and what is stored.
async fn gather(world: &mut World) -> Result<(Record, Vec<Life>), Failure> {
    let Journal { mut publishes, deeds } = world.end_writing().await?;
    let tables = come_to_rest(world, &mut publishes).await?;
    let starts = std::mem::take(&mut world.starts);
    let mut record = Record { publishes, deeds, readers: Vec::new(), starts, base: world.base };
    for reader in world.readers.drain(..) {
        record.readers.push(reader.finish().await?);
    }
    world.fleet.end().await?;
    let mut lives = std::mem::take(&mut world.past);
    lives.push(Life::last(tables, world.life_from));
    Ok((record, lives))
}

async fn inject_until(world: &mut World) -> Result<(), Failure> {
    let until = Instant::now() + world.plan.time;
    let (from, to) = world.plan.scenario.pause;
    while Instant::now() < until {
        world.inject().await?;
        let pause = world.chance.millis(from..to);
        time::sleep_until((Instant::now() + pause).min(until)).await;
    }
    Ok(())
}

/// Publishes a last message until it is the last one indeed, and waits until every reader has it. Who does not get there
/// in time is the judge's to name.
async fn come_to_rest(world: &mut World, publishes: &mut Vec<Publish>) -> Result<super::oracle::Tables, Failure> {
    let deadline = Instant::now() + REST_WITHIN;
    for number in 0..CLOSINGS {
        let chance = Chance::new(world.plan.seed).fork(50 + number as u64);
        let last = writer::close(&world.desk, number, chance).await?;
        let Some(ack) = last.acks.first().copied() else {
            publishes.push(last);
            return Err(Failure::new("nobody answers any more, though nothing goes wrong any more"));
        };
        publishes.push(last);
        world.epoch = tables::head(&world.database_url).await?.1;
        let all = world.all_have(ack.id, deadline.saturating_duration_since(Instant::now())).await;
        let tables = tables::read(&world.database_url, &world.archive).await?;
        if tables.head == ack.id || !all {
            return Ok(tables);
        }
    }
    Err(Failure::new("the log still grows though nobody writes"))
}
