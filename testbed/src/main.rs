//! Runs throw-away servers until its standard input ends: for development, and for tests that are not written in Rust.

use std::{env, io::Read as _, process::ExitCode};

use testbed::{MariaDb, Postgres, Redis, StartError};

#[tokio::main]
async fn main() -> ExitCode {
    let kinds: Vec<String> = env::args().skip(1).collect();
    match run(&kinds).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("usage: testbed [postgres] [mariadb] [redis]; prints a URL each and runs until its input ends");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("testbed: {error}");
            ExitCode::FAILURE
        }
    }
}

/// False when it was asked for something else.
async fn run(kinds: &[String]) -> Result<bool, StartError> {
    let mut postgres = Vec::new();
    let mut mariadb = Vec::new();
    let mut redis = Vec::new();
    for kind in kinds {
        match kind.as_str() {
            "postgres" => postgres.push(Postgres::start().await?),
            "mariadb" => mariadb.push(MariaDb::start().await?),
            "redis" => redis.push(Redis::start().await?),
            _ => return Ok(false),
        }
    }
    for server in &postgres {
        println!("{}", server.database().await);
    }
    for server in &mariadb {
        println!("{}", server.database().await);
    }
    for server in &redis {
        println!("{}", server.url());
    }
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input)?;
    Ok(!kinds.is_empty())
}
