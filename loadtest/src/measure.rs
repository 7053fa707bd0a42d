//! The five measurements. Where two things are compared, the smaller one is measured before and after the larger, so
//! that a machine that changes its pace meanwhile does not decide the ratio.

use std::time::{Duration, Instant};

use tokio::time;
use tokio_tungstenite::tungstenite::protocol::frame::{
    Frame,
    coding::{Data, OpCode},
};

use crate::{
    bare::{self, Load},
    commits,
    failure::{Context, Failure},
    machine,
    report::{Aim, Number, Unit, percentile},
    stage::{Company, Stage},
    tally::Findings,
};

/// Publishes before anything is read, so that what is made once is made.
const WARM_UP: u32 = 10;

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Measurement {
    /// Memory of an idle socket.
    Memory,
    /// Processor time of a delivery.
    Delivery,
    /// Time to the acknowledgement, with and without listeners.
    Answer,
    /// Durable publishes a second.
    Durable,
    /// Time to the screen while passwords are guessed.
    Flood,
}

/// Numbers, and whether they came from a system that kept its promise meanwhile.
pub(crate) type Outcome = Result<(Vec<Number>, Findings), Failure>;

impl Measurement {
    /// All of them, in order.
    pub(crate) const ALL: [Self; 5] = [Self::Memory, Self::Delivery, Self::Answer, Self::Durable, Self::Flood];

    /// What it does, for the person who waits.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Memory => "memory of idle sockets",
            Self::Delivery => "processor time of a delivery",
            Self::Answer => "time to the acknowledgement",
            Self::Durable => "durable publishes a second",
            Self::Flood => "time to the screen under a flood of logins",
        }
    }

    /// Measures, within the plan's patience.
    pub(crate) async fn run(self, company: &Company) -> Outcome {
        let work = async {
            match self {
                Self::Memory => memory(company).await,
                Self::Delivery => delivery(company).await,
                Self::Answer => answer(company).await,
                Self::Durable => durable(company).await,
                Self::Flood => flood(company).await,
            }
        };
        let given_up = |_| Failure::new(format!("given up after {} s", company.plan.patience.as_secs()));
        time::timeout(company.plan.patience, work).await.map_err(given_up)?
    }
}

async fn memory(company: &Company) -> Outcome {
    let mut stage = Stage::set(company).await?;
    // One socket of each person, and some traffic: what is kept per person, or made once, is no socket's.
    let base = company.plan.people;
    stage.listen(base).await?;
    stage.publish(WARM_UP, WARM_UP).await?;
    stage.rest().await;
    let empty = machine::resident_bytes(stage.pid()?)?;
    let mut numbers = Vec::new();
    for sockets in company.plan.memory {
        stage.listen(sockets).await?;
        let each = machine::resident_bytes(stage.pid()?)?.saturating_sub(empty) / (sockets - base) as u64;
        let what = format!("memory of an idle socket, {sockets} open");
        numbers.push(Number::new("memory_per_socket", what, Unit::KiB, kib(each)?).aim(Aim::AtMost(6.0)));
    }
    stage.publish(WARM_UP, WARM_UP).await?;
    stage.rest().await;
    let last = company.plan.memory[1];
    let each = machine::resident_bytes(stage.pid()?)?.saturating_sub(empty) / (last - base) as u64;
    let what = format!("the same after {WARM_UP} messages to each");
    numbers.push(Number::new("memory_per_socket_after_messages", what, Unit::KiB, kib(each)?));
    Ok((numbers, stage.strike().await?))
}

fn kib(bytes: u64) -> Result<f64, Failure> {
    Ok(f64::from(u32::try_from(bytes).context("bytes of a socket")?) / 1024.0)
}

async fn delivery(company: &Company) -> Outcome {
    let plan = &company.plan.deliveries;
    let mut stage = Stage::set(company).await?;
    stage.listen(plan.sockets).await?;
    stage.publish(plan.rate, WARM_UP).await?;
    let frame = wire_frame(stage.crowd().sample()?)?;
    let half = Load { sockets: plan.sockets, rate: plan.rate, rounds: plan.rate * plan.seconds / 2 };
    let before = bare::time_of_a_write(&company.setup.cores, &frame, half).await?;
    let ours = time_of_a_delivery(&mut stage, plan.rate, plan.rate * plan.seconds).await?;
    let after = bare::time_of_a_write(&company.setup.cores, &frame, half).await?;
    let what = format!("processor time of a delivery, {} sockets, {} publishes/s", plan.sockets, plan.rate);
    let number = Number::new("cpu_per_delivery", what, Unit::Microseconds, micros(ours))
        .against(format!("bare loop, {} bytes", frame.len()), micros((before + after) / 2))
        .aim(Aim::AtMost(2.0));
    Ok((vec![number], stage.strike().await?))
}

/// All the server does counts: HTTP, the database, heartbeats and the deliveries themselves.
async fn time_of_a_delivery(stage: &mut Stage<'_>, rate: u32, count: u32) -> Result<Duration, Failure> {
    let pid = stage.pid()?;
    let (spent, delivered) = (machine::cpu_time(pid)?, stage.crowd().delivered());
    stage.publish(rate, count).await?;
    let (spent, delivered) = (machine::cpu_time(pid)?.saturating_sub(spent), stage.crowd().delivered() - delivered);
    Ok(spent / u32::try_from(delivered.max(1)).context("counting deliveries")?)
}

/// The bytes of a server's text frame.
fn wire_frame(text: &str) -> Result<Vec<u8>, Failure> {
    let frame = Frame::message(text.as_bytes().to_vec(), OpCode::Data(Data::Text), true);
    let mut bytes = Vec::new();
    frame.format(&mut bytes).context("writing a frame")?;
    Ok(bytes)
}

async fn answer(company: &Company) -> Outcome {
    let plan = &company.plan.answers;
    let mut stage = Stage::set(company).await?;
    stage.publish(plan.rate, WARM_UP).await?;
    let mut alone = stage.publish(plan.rate, plan.count / 2).await?;
    stage.listen(plan.listeners).await?;
    stage.publish(plan.rate, WARM_UP).await?;
    let mut heard = stage.publish(plan.rate, plan.count).await?;
    stage.dismiss().await;
    stage.rest().await;
    alone.extend(stage.publish(plan.rate, plan.count / 2).await?);
    let numbers = [("ack_p50", 50), ("ack_p99", 99)].map(|(name, percent)| {
        let what = format!("acknowledgement p{percent}, {} listeners, {} publishes/s", plan.listeners, plan.rate);
        Number::new(name, what, Unit::Milliseconds, millis(percentile(&mut heard, percent)))
            .against("no listeners".to_owned(), millis(percentile(&mut alone, percent)))
            .aim(Aim::AtMost(2.0))
    });
    Ok((numbers.into(), stage.strike().await?))
}

async fn durable(company: &Company) -> Outcome {
    let plan = &company.plan.durable;
    let mut stage = Stage::set(company).await?;
    stage.listen(plan.listeners).await?;
    stage.publish_flat_out(plan.time / 10, plan.most / 10).await?;
    let before = commits::run(&company.setup.folder, plan.commits).await?;
    let mut done = stage.publish_flat_out(plan.time, plan.most).await?;
    let after = commits::run(&company.setup.folder, plan.commits).await?;
    let published = u32::try_from(done.ids.len()).context("counting publishes")?;
    let commits = f64::from(before.count + after.count) / (before.took + after.took).as_secs_f64();
    let what = format!("durable publishes, {} writers, {} listeners", plan.writers, plan.listeners);
    let number =
        Number::new("durable_publishes", what, Unit::PerSecond, f64::from(published) / done.took.as_secs_f64())
            .against("one-row commits".to_owned(), commits)
            .aim(Aim::AtLeast(20.0));
    let wait = millis(percentile(&mut done.waits, 99));
    let tail = Number::new("durable_ack_p99", "acknowledgement p99 meanwhile".to_owned(), Unit::Milliseconds, wait);
    Ok((vec![number, tail], stage.strike().await?))
}

/// The server of the bench has no rate limits: what is measured is the flood of an attacker who stays below each of them.
async fn flood(company: &Company) -> Outcome {
    let plan = &company.plan.flood;
    let mut stage = Stage::set(company).await?;
    let probes = stage.probe(plan.probes).await?;
    stage.publish(plan.rate, WARM_UP).await?;
    let mut quiet = probes.times_of(&stage.publish_timed(plan.rate, plan.count / 2).await?).await?;
    let flood = stage.flood(plan.guesses);
    stage.rest().await;
    let begun = Instant::now();
    let mut flooded = probes.times_of(&stage.publish_timed(plan.rate, plan.count).await?).await?;
    let (answers, took) = (flood.end(), begun.elapsed() + company.plan.settle);
    stage.rest().await;
    quiet.extend(probes.times_of(&stage.publish_timed(plan.rate, plan.count / 2).await?).await?);
    let mut numbers: Vec<_> = [("flood_delivery_p50", 50), ("flood_delivery_p99", 99)]
        .map(|(name, percent)| {
            let what = format!("message on the screen p{percent}, {} guesses/s", plan.guesses);
            Number::new(name, what, Unit::Milliseconds, millis(percentile(&mut flooded, percent)))
                .against("no flood".to_owned(), millis(percentile(&mut quiet, percent)))
                .aim(Aim::AtMost(2.0))
        })
        .into();
    for (name, what, count) in [
        ("flood_compared", "guesses compared meanwhile", answers.compared),
        ("flood_turned_away", "guesses turned away meanwhile", answers.turned_away),
    ] {
        let rate = f64::from(count) / took.as_secs_f64();
        numbers.push(Number::new(name, what.to_owned(), Unit::PerSecond, rate));
    }
    Ok((numbers, stage.strike().await?))
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
