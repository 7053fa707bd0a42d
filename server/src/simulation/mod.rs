//! Thousands of small storms, each told by one number.
//!
//! A run is a few instances of the server (sequencer, follower, tail, hub, connections: the real ones) on a store in
//! memory that fails and a bus that loses hints, and a few people with real client sessions on lines that are cut
//! anywhere. The clock is paused and moves by itself; one thread; every decision comes from the seed, so a seed
//! repeats its run exactly. When the storm is over and everybody had time to come back, [`oracle`] compares what
//! people see, and what they were told, with what is in the tables.
//!
//! A seed that fails gets a name in [`tests`], and stays there. `make simulate` runs more seeds than every test run does.

mod blows;
mod bus;
mod client;
mod dice;
mod instance;
mod journal;
mod link;
mod oracle;
mod tests;
mod trace;
mod weather;
mod wire;
mod world;
mod writer;

use std::{sync::Arc, time::Duration};

use tokio::{
    runtime::Builder,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use client::Client;
use dice::Dice;
use weather::Weather;
use world::World;

/// How long the last client may take to see everything once all works: longer than its longest wait, and than two
/// heartbeats of silence.
const REST: Duration = Duration::from_mins(2);

/// What came of a run.
#[derive(Debug)]
pub struct Report {
    /// The same number, the same run.
    pub hash: u64,
    /// What must not be, told for people; empty for a good run.
    pub wrong: Vec<String>,
    /// What happened, if it was to be kept.
    pub lines: Vec<String>,
    pub stored: u64,
    pub resets: usize,
    pub connects: usize,
}

/// One run.
pub fn run(seed: u64, keep_lines: bool) -> Report {
    run_in(seed, keep_lines, |_| {})
}

/// One run in other weather than the seed's own.
pub fn run_in(seed: u64, keep_lines: bool, change: impl FnOnce(&mut Weather)) -> Report {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(async {
        let dice = Dice::new(seed);
        let mut weather = Weather::of(&dice);
        // By the seed and not by the dice, so that the other seeds tell the stories they always told.
        weather.changes = seed.is_multiple_of(3);
        change(&mut weather);
        storm(World::new(dice, weather, keep_lines).await).await
    })
}

async fn storm(world: Arc<World>) -> Report {
    world.note(format_args!("{:?}", world.weather));
    let everybody = 0..world.weather.instances;
    for number in everybody.clone() {
        instance::start(&world, number).await;
    }
    let stop = CancellationToken::new();
    let clients = (0..world.weather.clients).map(|number| {
        let (world, stop) = (world.clone(), stop.clone());
        tokio::spawn(async move { Client::open(world, number).await.run(stop).await })
    });
    let clients: Vec<_> = clients.collect();
    let writers: Vec<_> = (0..world.weather.writers).map(|n| tokio::spawn(writer::run(world.clone(), n))).collect();
    let blows = tokio::spawn(blows::strike(world.clone()));
    sleep(Duration::from_millis(world.weather.storm_ms)).await;
    world.calm_down();
    for task in writers.into_iter().chain([blows]) {
        if timeout(REST, task).await.is_err() {
            world.journal().violated("somebody still waits for an answer".into());
        }
    }
    come_to_rest(&world).await;
    stop.cancel();
    let mut at_rest = Vec::with_capacity(clients.len());
    for client in clients {
        at_rest.push(client.await.expect("a client does not panic"));
    }
    let journal = world.journal();
    let tables = world.store.backup();
    Report {
        hash: world.trace.hash(),
        wrong: oracle::judge(&tables, &journal, &at_rest),
        lines: world.trace.lines(),
        stored: tables.head.position.seq.0,
        resets: journal.resets,
        connects: journal.connects,
    }
}

/// Every instance runs, says a last word, and everybody has heard it.
async fn come_to_rest(world: &Arc<World>) {
    let deadline = Instant::now() + REST;
    for number in 0..world.weather.instances {
        while world.instance(number).is_none_or(|instance| instance.app.drain.is_cancelled()) {
            sleep(Duration::from_millis(500)).await;
        }
        writer::publish(world.clone(), format!("last{number}")).await;
    }
    while !world.is_at_rest() {
        if Instant::now() > deadline {
            let late = world.who_is_late();
            return world.journal().violated(format!("not at rest: {late}"));
        }
        sleep(Duration::from_millis(250)).await;
    }
}
