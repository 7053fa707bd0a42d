//! Readers in processes of their own, which can be stopped as a laptop that is closed is.
//!
//! The checker writes a line of JSON to the process for each thing it is to know: first [`Start`], then orders; it reads
//! how far the reader is, and at the end its whole log.

use std::{
    env,
    io::Write as _,
    net::SocketAddr,
    process::Stdio,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use push_system::{accounts::Person, inbox::Snapshot};
use rustix::process::{Signal, set_parent_process_death_signal};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines, Stdin},
    process::{Child, Command},
    sync::watch,
    time::Instant,
};

use super::{
    Seat,
    handle::{Handle, Order, Progress},
};
use crate::{
    check::{chance::Chance, history::ReaderHistory, people::Member},
    failure::{Context, Failure},
};

/// What the process is told first.
#[derive(Serialize, Deserialize)]
struct Start {
    number: usize,
    person: Person,
    token: String,
    doors: Vec<SocketAddr>,
    chance: u64,
    /// When the run began; both look at the machine's clock.
    begun_us: u64,
    receive_buffer: Option<u32>,
    snapshot: Snapshot,
}

/// What the process says.
#[derive(Serialize, Deserialize)]
enum Word {
    Progress(Progress),
    Done(Box<ReaderHistory>),
}

/// As [`super::start`], in a process of its own. Where its doors are, it is told once.
pub(crate) async fn start(mut seat: Seat, snapshot: Snapshot) -> Result<Handle, Failure> {
    let program = env::current_exe().context("finding this program")?;
    let mut command = Command::new(program);
    command.arg("reader").stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().context("starting a reader's process")?;
    let start = Start {
        number: seat.number,
        person: seat.member.person.clone(),
        token: seat.member.token(),
        doors: seat.doors.read().unwrap_or_else(PoisonError::into_inner).clone(),
        chance: seat.chance.next(),
        begun_us: micros_of_1970().saturating_sub(micros(seat.begun.elapsed())),
        receive_buffer: seat.receive_buffer,
        snapshot,
    };
    tell(&mut child, &start).await?;
    let (orders, told) = watch::channel(Order::Read);
    let (report, progress) = watch::channel(Progress::default());
    let process = child.id();
    let task = tokio::spawn(attend(child, told, report));
    Ok(Handle::new(orders, progress, task, process))
}

async fn tell(child: &mut Child, what: &impl Serialize) -> Result<(), Failure> {
    let what = format!("{}\n", serde_json::to_string(what).context("writing JSON")?);
    let Some(input) = &mut child.stdin else { return Err(Failure::new("a reader's process hears nothing")) };
    input.write_all(what.as_bytes()).await.context("telling a reader's process")
}

/// Carries orders there and reports back, until the log comes.
async fn attend(
    mut child: Child,
    mut orders: watch::Receiver<Order>,
    report: watch::Sender<Progress>,
) -> Result<ReaderHistory, Failure> {
    let output = child.stdout.take().ok_or_else(|| Failure::new("a reader's process says nothing"))?;
    let mut lines = BufReader::new(output).lines();
    loop {
        tokio::select! {
            changed = orders.changed() => {
                changed.context("nobody orders a reader any more")?;
                let order = *orders.borrow();
                tell(&mut child, &order).await?;
            }
            line = lines.next_line() => {
                let line = line.context("hearing a reader's process")?;
                let line = line.ok_or_else(|| Failure::new("a reader's process ended by itself"))?;
                match serde_json::from_str(&line).context("reading what a reader's process said")? {
                    Word::Progress(progress) => drop(report.send_replace(progress)),
                    Word::Done(history) => return Ok(*history),
                }
            }
        }
    }
}

/// The process: reads until it is told to finish, or nobody is there any more.
pub(crate) async fn run() -> Result<(), Failure> {
    // A process that is stopped does not notice that its input ended.
    set_parent_process_death_signal(Some(Signal::KILL)).context("asking to end with the checker")?;
    let mut told = BufReader::new(tokio::io::stdin()).lines();
    let start: Start = next(&mut told).await?.ok_or_else(|| Failure::new("nobody said what to read"))?;
    let begun = Duration::from_micros(micros_of_1970().saturating_sub(start.begun_us));
    let seat = Seat {
        number: start.number,
        member: Arc::new(Member::known(start.person, start.token)),
        doors: Arc::new(RwLock::new(start.doors)),
        chance: Chance::new(start.chance),
        begun: Instant::now().checked_sub(begun).ok_or_else(|| Failure::new("the run began before the machine"))?,
        sabotage: None,
        receive_buffer: start.receive_buffer,
    };
    let mut reader = super::start(seat, start.snapshot);
    loop {
        tokio::select! {
            order = next(&mut told) => match order? {
                Some(Order::Finish) => {
                    let history = reader.finish().await?;
                    return say(&Word::Done(Box::new(history)));
                }
                Some(order) => reader.order(order),
                None => return Ok(()),
            },
            changed = reader.progress.changed() => {
                changed.context("the reader ended by itself")?;
                let progress = reader.progress.borrow_and_update().clone();
                say(&Word::Progress(progress))?;
            }
        }
    }
}

async fn next<T: for<'a> Deserialize<'a>>(told: &mut Lines<BufReader<Stdin>>) -> Result<Option<T>, Failure> {
    let line = told.next_line().await.context("hearing the checker")?;
    line.map(|line| serde_json::from_str(&line).context("reading what the checker said")).transpose()
}

fn say(word: &Word) -> Result<(), Failure> {
    let line = serde_json::to_string(word).context("writing JSON")?;
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}").and_then(|()| output.flush()).context("telling the checker")
}

fn micros(time: Duration) -> u64 {
    time.as_micros().try_into().unwrap_or(u64::MAX)
}

fn micros_of_1970() -> u64 {
    micros(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}
