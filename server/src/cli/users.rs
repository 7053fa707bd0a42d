//! Accounts, managed where the database is: also beside a running server, which learns of it from the log.

use std::io::{IsTerminal, stdin};

use clap::Subcommand;
use push_system::{
    accounts::{Email, Role, Username},
    error::Rejection,
    ports::Clock,
};

use super::{Failure, output::print};
use crate::{
    auth::{Password, Passwords, Typed},
    config::Config,
    serve,
    state::SystemClock,
    store::{Account, Change, NewAccount, Outcome, Store, Write},
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Add an account; the first one is the admin. The password is asked for, or read from standard input
    Add {
        /// Its username
        name: String,
        /// Its e-mail address
        #[arg(long)]
        email: Option<String>,
    },
    /// Set a new password and end all sessions of the account
    Passwd {
        /// Its username
        name: String,
    },
    /// List all accounts
    List,
}

pub(super) async fn run(command: Command, config: &Config) -> Result<(), Failure> {
    let store = serve::open_for_tool(&config.database).await?;
    let done = match command {
        Command::Add { name, email } => add(&*store, &name, email.as_deref()).await,
        Command::Passwd { name } => change_password(&*store, &name).await,
        Command::List => list(&*store).await,
    };
    store.close().await;
    done
}

async fn add(store: &dyn Store, name: &str, email: Option<&str>) -> Result<(), Failure> {
    let name = Username::parse_new(name)?;
    let email = email.map(Email::parse).transpose()?;
    if store.account_named(&name).await?.is_some() {
        return Err(taken(&name));
    }
    let password_hash = ask_and_hash(&name).await?;
    let (role, at, notes) = (Role::Member, SystemClock.now(), Vec::new());
    let account = NewAccount { name: name.clone(), email, password_hash, role, at, notes };
    let account = store.register(account).await?.ok_or_else(|| taken(&name))?;
    print(format_args!("{name} was added as {}\n", account.role.as_str()))?;
    Ok(())
}

fn taken(name: &Username) -> Failure {
    format!("{name} exists already").into()
}

async fn change_password(store: &dyn Store, name: &str) -> Result<(), Failure> {
    let name = Username::parse(name)?;
    let account = store.account_named(&name).await?.ok_or_else(|| format!("there is no {name}"))?;
    let change = Change::Password { user: account.person.id, hash: ask_and_hash(&name).await?, keep: None };
    let write = Write { at: SystemClock.now(), tag: rand::random(), change, notes: Vec::new() };
    match store.commit(&[write]).await?.first() {
        Some(Outcome::Stored(_)) => {
            print(format_args!("{name} has a new password, and is signed out everywhere\n"))?;
            Ok(())
        }
        _ => Err(format!("the password of {name} could not be changed").into()),
    }
}

async fn list(store: &dyn Store) -> Result<(), Failure> {
    for Account { person, role, disabled, created, email, .. } in store.accounts().await? {
        let state = if disabled { "disabled" } else { "active" };
        let email = email.unwrap_or_default();
        print(format_args!("{}\t{}\t{}\t{state}\t{created}\t{email}\n", person.id, person.name, role.as_str()))?;
    }
    Ok(())
}

async fn ask_and_hash(name: &Username) -> Result<String, Failure> {
    let typed = tokio::task::spawn_blocking(ask).await??;
    let password = Password::parse_new(&typed, name, "password").map_err(|Rejection { detail, .. }| detail)?;
    Ok(Passwords::default().hash(password).await?)
}

/// Asks twice on a terminal; otherwise the password is the first line of standard input.
fn ask() -> Result<Typed, Failure> {
    if stdin().is_terminal() {
        let text = rpassword::prompt_password("Password: ")?;
        if text != rpassword::prompt_password("Again: ")? {
            return Err("the two differ".into());
        }
        return Ok(Typed(text));
    }
    let mut line = String::new();
    stdin().read_line(&mut line)?;
    Ok(Typed(line.trim_end_matches(['\r', '\n']).to_owned()))
}
