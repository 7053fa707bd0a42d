//! Accounts, managed where the database is: also beside a running server, which learns of it from the log.

use std::io::{IsTerminal, stdin};

use clap::{Subcommand, ValueEnum};
use push_system::{
    accounts::{Email, Role, Username},
    admin::{AuditAction, Standing},
    error::Rejection,
    ports::Clock,
};

use super::{Failure, output::print};
use crate::{
    auth::{Password, Passwords, Typed},
    config::Config,
    serve,
    state::SystemClock,
    store::{
        Account, AccountChange, AuditNote, Authority, Change, Client, NewAccount, Outcome, PhcString, Store, Write,
    },
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
        /// Make it an admin's
        #[arg(long)]
        admin: bool,
    },
    /// Set a new password and end all sessions of the account
    Passwd {
        /// Its username
        name: String,
    },
    /// List all accounts
    List,
    /// Sign an account out everywhere, and let nobody log in to it
    Disable {
        /// Its username
        name: String,
    },
    /// Let the person of a disabled account log in again
    Enable {
        /// Its username
        name: String,
    },
    /// Erase an account for good; its name stays on its messages, and taken
    Delete {
        /// Its username
        name: String,
    },
    /// Say what an account may do
    Role {
        /// Its username
        name: String,
        /// What it becomes
        role: RoleName,
    },
}

/// A role as it is typed.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum RoleName {
    Admin,
    Member,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Admin => Self::Admin,
            RoleName::Member => Self::Member,
        }
    }
}

pub(super) async fn run(command: Command, config: &Config) -> Result<(), Failure> {
    let store = serve::open_for_tool(&config.database).await?;
    let done = match command {
        Command::Add { name, email, admin } => {
            let role = if admin { Role::Admin } else { Role::Member };
            add(&*store, &name, email.as_deref(), role).await
        }
        Command::Passwd { name } => change_password(&*store, &name).await,
        Command::List => list(&*store).await,
        Command::Disable { name } => {
            let to = AccountChange::Set { disabled: Some(true), role: None };
            change(&*store, &name, to, AuditAction::AccountDisabled, "is disabled, and signed out everywhere").await
        }
        Command::Enable { name } => {
            let to = AccountChange::Set { disabled: Some(false), role: None };
            change(&*store, &name, to, AuditAction::AccountEnabled, "may log in again").await
        }
        Command::Delete { name } => {
            change(&*store, &name, AccountChange::Delete, AuditAction::AccountDeleted, "is deleted").await
        }
        Command::Role { name, role } => {
            let (role, action) = match role.into() {
                Role::Admin => (Role::Admin, AuditAction::MadeAdmin),
                Role::Member => (Role::Member, AuditAction::MadeMember),
            };
            let to = AccountChange::Set { disabled: None, role: Some(role) };
            change(&*store, &name, to, action, &format!("is {} now", role.as_str())).await
        }
    };
    store.close().await;
    done
}

async fn add(store: &dyn Store, name: &str, email: Option<&str>, role: Role) -> Result<(), Failure> {
    let name = Username::parse_new(name)?;
    let email = email.map(Email::parse).transpose()?;
    if store.account_named(&name).await?.is_some() {
        return Err(taken(&name));
    }
    let password_hash = ask_and_hash(&name).await?;
    let notes = vec![here(AuditAction::AccountMade, &name)];
    let account = NewAccount { name: name.clone(), email, password_hash, role, at: SystemClock.now(), notes };
    let account = store.register(account).await?.ok_or_else(|| taken(&name))?;
    print(format_args!("{name} was added as {}\n", account.role.as_str()))?;
    Ok(())
}

/// What is done on the machine itself, by whoever may.
fn here(action: AuditAction, name: &Username) -> AuditNote {
    Client::default().note(action, None, name.as_str())
}

/// As a change of the log: a server that runs beside it hears of it within a second.
async fn change(
    store: &dyn Store,
    name: &str,
    to: AccountChange,
    action: AuditAction,
    done: &str,
) -> Result<(), Failure> {
    let name = Username::parse(name)?;
    let account = store.account_named(&name).await?.ok_or_else(|| format!("there is no {name}"))?;
    let change = Change::Account { user: account.person.id, to };
    let write = Write {
        at: SystemClock.now(),
        tag: rand::random(),
        by: Authority::System,
        change,
        notes: vec![here(action, &name)],
    };
    match store.commit(&[write]).await?.first() {
        Some(Outcome::Stored(_) | Outcome::Unchanged) => print(format_args!("{name} {done}\n")),
        Some(Outcome::LastAdmin) => Err(format!("{name} is the last admin; make somebody else one first").into()),
        _ => Err(format!("there is no {name} any more").into()),
    }
}

fn taken(name: &Username) -> Failure {
    format!("{name} exists already").into()
}

async fn change_password(store: &dyn Store, name: &str) -> Result<(), Failure> {
    let name = Username::parse(name)?;
    let account = store.account_named(&name).await?.ok_or_else(|| format!("there is no {name}"))?;
    let notes = vec![here(AuditAction::PasswordReset, &name)];
    let hash = PhcString(ask_and_hash(&name).await?);
    let change = Change::Password { user: account.person.id, hash, proved: None, keep: None };
    let write = Write { at: SystemClock.now(), tag: rand::random(), by: Authority::System, change, notes };
    match store.commit(&[write]).await?.first() {
        Some(Outcome::Stored(_)) => {
            print(format_args!("{name} has a new password, and is signed out everywhere\n"))?;
            Ok(())
        }
        _ => Err(format!("the password of {name} could not be changed").into()),
    }
}

async fn list(store: &dyn Store) -> Result<(), Failure> {
    for account in store.accounts().await? {
        let state = match account.standing() {
            Standing::Active => "active",
            Standing::Disabled => "disabled",
            Standing::Deleted => "deleted",
        };
        let Account { person, role, created, email, .. } = account;
        let email = email.unwrap_or_default();
        print(format_args!("{}\t{}\t{}\t{state}\t{created}\t{email}\n", person.id, person.name, role.as_str()))?;
    }
    Ok(())
}

async fn ask_and_hash(name: &Username) -> Result<String, Failure> {
    let typed = tokio::task::spawn_blocking(ask).await??;
    let password =
        Password::parse_new(&typed, name, "password").map_err(|Rejection { detail, .. }| detail.to_string())?;
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
