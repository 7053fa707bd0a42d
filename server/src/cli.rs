//! The command line.

mod backup;
mod healthcheck;
mod keys;
mod output;
mod users;

use std::{
    io::{Write, stderr},
    path::Path,
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};

use crate::{
    config::{self, Config, Flags},
    serve::{self, Parts},
    store::OpenError,
    telemetry,
};

/// Messages to people, stored, and shown at once.
///
/// Without any configuration it keeps its database in ./data and listens on http://127.0.0.1:8000.
#[expect(clippy::doc_markdown, reason = "the comment is the help text, printed as it is")]
#[derive(Parser)]
#[command(name = "push-system", version, after_help = AFTER_HELP)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    flags: Flags,
}

const AFTER_HELP: &str = "Every setting is also a variable and a key of push-system.toml; flags win over variables, \
variables over the file. PUSH_SECRET, from which keys are derived, has no flag: command lines can be seen by others.";

#[derive(Subcommand)]
enum Command {
    /// Run the server (the default)
    Serve,
    /// Print the settings in force and where each comes from; secrets are hidden
    Config,
    /// Ask a running server whether it is alive; exit 0 or 1
    Healthcheck,
    /// Copy the database into a file, also beside a running server
    Backup(backup::Backup),
    /// Put a copy in the place of the database, which is kept; no server may run
    Restore(backup::Restore),
    /// The life of the log, by which clients know whether it is still the one they saw
    #[command(subcommand)]
    Epoch(backup::Epoch),
    /// The keys that sign logins, also beside running servers
    #[command(subcommand)]
    Keys(keys::Command),
    /// Manage accounts, also beside a running server
    #[command(subcommand)]
    User(users::Command),
}

/// Why a command failed, as a sentence for the person who gave it.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Does what was asked for.
pub async fn run(arguments: Arguments) -> ExitCode {
    match execute(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Where nobody listens there is the exit code.
            writeln!(stderr(), "push-system: {failure}{}", advice(&failure)).ok();
            ExitCode::FAILURE
        }
    }
}

/// What to do about a failure whose sentence does not say it.
fn advice(failure: &Failure) -> &'static str {
    match failure.downcast_ref() {
        Some(OpenError::File { .. }) => "; PUSH_DATA_DIR or DATABASE_URL says where the database is",
        _ => "",
    }
}

async fn execute(arguments: Arguments) -> Result<(), Failure> {
    // A variable that is not text is none of ours.
    let variables =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let loaded = config::load(&arguments.flags, variables, Path::new("."))?;
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => run_server(loaded.config).await,
        Command::Config => output::print(format_args!("{loaded}")),
        Command::Healthcheck => healthcheck::run(loaded.config.listen).await,
        Command::Backup(arguments) => backup::back_up(arguments, &loaded.config).await,
        Command::Restore(arguments) => backup::restore(arguments, &loaded.config).await,
        Command::Epoch(command) => backup::epoch(command, &loaded.config).await,
        Command::Keys(command) => keys::run(command, &loaded.config).await,
        Command::User(command) => users::run(command, &loaded.config).await,
    }
}

async fn run_server(config: Config) -> Result<(), Failure> {
    telemetry::start(&config.log);
    let store = serve::open(&config).await?;
    let parts = Parts::connected(config.clone(), store.clone()).await?;
    let listen = config.listen;
    let listener = TcpListener::bind(listen).await.map_err(|error| format!("cannot listen on {listen}: {error}"))?;
    let reached = Config { listen: listener.local_addr()?, ..config };
    output::print(format_args!("push-system is at {}\n", reached.base_url()))?;
    serve::launch(parts, listener, stop_signal()?).await?;
    store.close().await;
    Ok(())
}

/// Resolves at the first SIGTERM or SIGINT. The second one ends the process at once.
fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let mut signals = [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?];
    Ok(async move {
        either(&mut signals).await;
        tokio::spawn(async move {
            either(&mut signals).await;
            std::process::exit(1);
        });
    })
}

async fn either([one, other]: &mut [Signal; 2]) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}
