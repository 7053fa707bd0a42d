//! Copies of the database, and the way back.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use push_system::ports::Clock;

use super::{Failure, output::print};
use crate::{
    config::{Config, Database},
    state::SystemClock,
    store::{
        Log,
        sqlite::{self, Overwrite, SqliteStore},
    },
};

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
    let Database::Sqlite(database) = &config.database;
    let overwrite = if force { Overwrite::Allowed } else { Overwrite::Refused };
    let made = sqlite::back_up(database, &file, overwrite).await?;
    print(format_args!("{} holds the log up to {} in {} bytes\n", file.display(), made.position, made.bytes))?;
    Ok(())
}

pub(super) async fn restore(Restore { file }: Restore, config: &Config) -> Result<(), Failure> {
    let Database::Sqlite(database) = &config.database;
    let restored = sqlite::restore(database, &file, SystemClock.now()).await?;
    print(format_args!("{} is restored; its log ends at {}\n", database.display(), restored.position))?;
    if let Some(kept) = restored.kept {
        print(format_args!("what stood there is kept as {}\n", kept.display()))?;
    }
    Ok(())
}

pub(super) async fn epoch(Epoch::Renew: Epoch, config: &Config) -> Result<(), Failure> {
    let Database::Sqlite(database) = &config.database;
    let store = SqliteStore::open_for_tool(database).await?;
    let renewed = store.renew_epoch().await;
    store.close().await;
    print(format_args!("the log ends at {}; every client loads its inbox anew\n", renewed?.position))?;
    Ok(())
}
