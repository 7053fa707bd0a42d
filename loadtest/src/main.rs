//! Measures the release server and checks every delivery meanwhile: `loadtest bench`. Proves the delivery guarantee while
//! instances, databases and lines fail: `loadtest check`, all of it in `check`. What follows is about the first.
//!
//! The server runs on one core, this program on another. Read it from the outside in: `measure` (the numbers), `stage`
//! (what surrounds one of them), `server`, `crowd`, `publish`, `flood`, `witness` (who acts), `tally` (the account of who got
//! what), `bare` and `commits` (what is compared with), `report`, `plan`, `machine`, `api`.

mod api;
mod bare;
mod check;
mod commits;
mod crowd;
mod failure;
mod flood;
mod machine;
mod measure;
mod plan;
mod publish;
mod report;
mod server;
mod stage;
mod tally;
mod witness;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use crate::{
    bare::Load,
    check::Check,
    failure::{Context, Failure},
    machine::Cores,
    measure::Measurement,
    plan::Plan,
    report::Report,
    server::Setup,
    stage::Company,
};

#[derive(Parser)]
#[command(about = "Load generator and delivery checker of push-system")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Starts the release server and measures it. Ends with 1 when a delivery was lost, repeated or out of order, or a
    /// number could not be measured; an aim that is missed fails nothing
    Bench(Bench),
    /// Proves the delivery guarantee under faults, or prints the first violation, with both sides, and ends with 1
    Check(Box<Check>),
    /// One reader in a process of its own, told on standard input what to do. `check` starts it
    #[command(hide = true)]
    Reader,
    /// What a delivery is compared with: writes the bytes of standard input to plain TCP sockets. `bench` starts it
    Bare(Load),
}

#[derive(clap::Args)]
struct Bench {
    /// Small counts: shows that everything works, the numbers mean little
    #[arg(long)]
    quick: bool,
    /// Measure only these
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Measurement>,
    /// The server to measure
    #[arg(long, default_value = "target/release/push-system")]
    server: PathBuf,
    /// Where the numbers go, a line of JSON each [default: target/bench.json, with --quick target/bench-quick.json]
    #[arg(long)]
    output: Option<PathBuf>,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Bench(arguments) => bench(&arguments),
        Command::Check(arguments) => on_all_threads(check::check(&arguments)),
        Command::Reader => on_one_thread(check::read()).map(|()| true),
        Command::Bare(load) => on_one_thread(bare::run(load)).map(|()| true),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// One core, one thread: more would only take turns.
fn on_one_thread<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting a runtime")?;
    runtime.block_on(work)
}

/// What is checked shares the machine anyway, and a fault that blocks must not stop the readers.
fn on_all_threads(work: impl Future<Output = Result<bool, Failure>>) -> Result<bool, Failure> {
    let runtime = tokio::runtime::Runtime::new().context("starting a runtime")?;
    runtime.block_on(async {
        tokio::select! {
            done = work => done,
            // Returning, not dying, is what stops the servers and removes their folders.
            _ = tokio::signal::ctrl_c() => Err(Failure::new("interrupted")),
        }
    })
}

/// Returns whether all was measured and the guarantee held.
fn bench(arguments: &Bench) -> Result<bool, Failure> {
    let cores = Cores::settle()?;
    let plan = if arguments.quick { Plan::quick() } else { Plan::full() };
    machine::check_open_files(plan.open_files())?;
    let why = format!("{} cannot be measured (make build makes the release)", arguments.server.display());
    let binary = fs::canonicalize(&arguments.server).context(why)?;
    // Beside the output and not in /tmp, which may be memory: what a commit costs is a question to the disk.
    let output = output(arguments);
    let parent = output.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).context(parent.display())?;
    let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(parent).context(parent.display())?;
    let data = fs::canonicalize(folder.path()).context(parent.display())?;
    let setup = Setup { binary, folder: data, cores };
    let (report, complete) = on_one_thread(measure_all(plan, setup, chosen(arguments)))?;
    println!("{}", report.table().trim_end());
    fs::write(&output, report.json_lines()).context(output.display())?;
    eprintln!("written to {}", output.display());
    Ok(complete && report.is_clean())
}

fn output(arguments: &Bench) -> PathBuf {
    // A smoke test must not write over numbers that mean something.
    let default = if arguments.quick { "target/bench-quick.json" } else { "target/bench.json" };
    arguments.output.clone().unwrap_or_else(|| default.into())
}

fn chosen(arguments: &Bench) -> Vec<Measurement> {
    let wanted = |one: &Measurement| arguments.only.is_empty() || arguments.only.contains(one);
    Measurement::ALL.into_iter().filter(wanted).collect()
}

/// Measures one after the other; one that fails is reported and the others are measured all the same.
async fn measure_all(plan: Plan, setup: Setup, chosen: Vec<Measurement>) -> Result<(Report, bool), Failure> {
    let work = async {
        let (mut report, mut complete) = (Report::new(format!("{}; {}", plan.name, setup.cores)), true);
        eprintln!("registering {} people …", plan.people + 1);
        let company = Company::assemble(plan, setup).await?;
        for one in chosen {
            eprintln!("measuring the {} …", one.title());
            match one.run(&company).await {
                Ok((numbers, findings)) => report.add(numbers, findings),
                Err(failure) => {
                    eprintln!("error: the {} could not be measured: {failure}", one.title());
                    complete = false;
                }
            }
        }
        Ok((report, complete))
    };
    tokio::select! {
        done = work => done,
        // Returning, not dying, is what stops the server and removes the folder.
        _ = tokio::signal::ctrl_c() => Err(Failure::new("interrupted")),
    }
}
