//! The binary: reads the command line and hands over.

use std::process::ExitCode;

use clap::Parser;
use server::cli::{self, Arguments};

#[tokio::main]
async fn main() -> ExitCode {
    cli::run(Arguments::parse()).await
}
