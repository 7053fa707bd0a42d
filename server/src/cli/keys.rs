//! Signing keys, changed where the database is: running servers find the new one by themselves.

use clap::Subcommand;
use push_system::ports::Clock as _;

use super::{Failure, output::print};
use crate::{
    auth::{random_key, rotated},
    config::Config,
    serve,
    state::SystemClock,
    store::Store,
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Add a key that signs from three minutes from now on; nobody is logged out. Servers do so once a month
    Rotate,
}

pub(super) async fn run(command: Command, config: &Config) -> Result<(), Failure> {
    if config.secret.is_some() {
        return Err("the keys are derived from PUSH_SECRET; another secret is another key".into());
    }
    let store = serve::open_for_tool(&config.database).await?;
    let done = match command {
        Command::Rotate => rotate(&*store).await,
    };
    store.close().await;
    done
}

async fn rotate(store: &dyn Store) -> Result<(), Failure> {
    let now = SystemClock.now();
    let keys = store.add_signing_key(random_key(now), now, rotated()).await?;
    let kid = keys.first().map_or("", |key| &key.kid);
    print(format_args!("{kid} signs from three minutes from now on; logins go on\n"))
}
