//! Copies of the database, and the way back.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use push_system::ports::Clock;

use super::Failure;
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
    println!("{} holds the log up to {} in {} bytes", file.display(), made.position, made.bytes);
    Ok(())
}

pub(super) async fn restore(Restore { file }: Restore, config: &Config) -> Result<(), Failure> {
    let Database::Sqlite(database) = &config.database;
    let restored = sqlite::restore(database, &file, SystemClock.now()).await?;
    println!("{} is restored; its log ends at {}", database.display(), restored.position);
    if let Some(kept) = restored.kept {
        println!("what stood there is kept as {}", kept.display());
    }
    Ok(())
}

pub(super) async fn epoch(Epoch::Renew: Epoch, config: &Config) -> Result<(), Failure> {
    let Database::Sqlite(database) = &config.database;
    let store = SqliteStore::open_for_tool(database).await?;
    let renewed = store.renew_epoch().await;
    store.close().await;
    println!("the log ends at {}; every client loads its inbox anew", renewed?.position);
    Ok(())
}
