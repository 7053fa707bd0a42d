//! Copies of the database, and the way back.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use push_system::ports::Clock;

use super::{Failure, output::print};
use crate::{
    config::{Config, Database},
    serve,
    state::SystemClock,
    store::sqlite::{self, Overwrite},
};

/// A server of databases has tools of its own for this, which know it better.
#[derive(Debug, thiserror::Error)]
#[error("`push-system {command}` is for SQLite; use {tool} and see docs/operations.md")]
struct OwnTools {
    command: &'static str,
    tool: &'static str,
}

#[derive(Args)]
pub(super) struct Backup {
    /// Where to put the copy
    file: PathBuf,
    /// Replace an earlier copy of that name
    #[arg(long)]
    force: bool,
}

#[derive(Args)]
pub(super) struct Restore {
    /// A copy made by `push-system backup`
    file: PathBuf,
}

#[derive(Subcommand)]
pub(super) enum Epoch {
    /// Begin a new epoch, so that every client loads its inbox anew: after a dump was put back into the database
    Renew,
}

pub(super) async fn back_up(Backup { file, force }: Backup, config: &Config) -> Result<(), Failure> {
    let database = file_of(config, "backup", ["pg_dump", "mysqldump"])?;
    let overwrite = if force { Overwrite::Allowed } else { Overwrite::Refused };
    let made = sqlite::back_up(database, &file, overwrite).await?;
    print(format_args!("{} holds the log up to {} in {} bytes\n", file.display(), made.position, made.bytes))?;
    Ok(())
}

pub(super) async fn restore(Restore { file }: Restore, config: &Config) -> Result<(), Failure> {
    let database = file_of(
        config,
        "restore",
        ["pg_restore, then `push-system epoch renew`", "mysql, then `push-system epoch renew`"],
    )?;
    let restored = sqlite::restore(database, &file, SystemClock.now()).await?;
    print(format_args!("{} is restored; its log ends at {}\n", database.display(), restored.position))?;
    if let Some(kept) = restored.kept {
        print(format_args!("what stood there is kept as {}\n", kept.display()))?;
    }
    Ok(())
}

pub(super) async fn epoch(Epoch::Renew: Epoch, config: &Config) -> Result<(), Failure> {
    let store = serve::open_for_tool(&config.database).await?;
    let renewed = async {
        let known = store.head().await?.position.epoch;
        store.renew_epoch(&known).await
    };
    let renewed = renewed.await;
    store.close().await;
    print(format_args!("the log ends at {}; every client loads its inbox anew\n", renewed?.position))?;
    Ok(())
}

fn file_of<'a>(
    config: &'a Config,
    command: &'static str,
    [postgres, mysql]: [&'static str; 2],
) -> Result<&'a Path, OwnTools> {
    match &config.database {
        Database::Sqlite(path) => Ok(path),
        Database::Postgres(_) => Err(OwnTools { command, tool: postgres }),
        Database::MySql(_) => Err(OwnTools { command, tool: mysql }),
    }
}
