//! Why a database was not opened: sentences for the person who started the program.

use std::{io, path::PathBuf};

use super::StoreError;

/// Why a database was not opened. Never shows a password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file or folder could not be made, or read.
    #[error("{path}: {source}", path = .path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another server holds it.
    #[error(
        "{path} is in use by another push-system server; stop that one, or give this one its own PUSH_DATA_DIR",
        path = .path.display()
    )]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// A later version migrated it.
    #[error(
        "{database} has schema version {found}, and this push-system knows versions up to {known}; use the version that wrote it, or a later one"
    )]
    NewerSchema {
        /// The database.
        database: String,
        /// Its version.
        found: i64,
        /// The last one known here.
        known: i64,
    },
    /// A tool must not migrate it: a server of the version that wrote it may be running.
    #[error(
        "{database} has schema version {found}, and this push-system needs {known}; its server migrates the database when it starts, a tool does not: start that first, or use the version that runs"
    )]
    OlderSchema {
        /// The database.
        database: String,
        /// Its version.
        found: i64,
        /// The last one known here.
        known: i64,
    },
    /// It holds what another program put there.
    #[error("{database} is not empty, and not a database of push-system; give it one of its own")]
    Foreign {
        /// The database.
        database: String,
    },
    /// What is acknowledged would not survive a power cut, or would not come back as it was.
    #[error("{database} runs with {setting} = {found} where push-system needs {needed}; {hint}")]
    Weak {
        /// The database.
        database: String,
        /// Which setting.
        setting: &'static str,
        /// What it reads back as.
        found: String,
        /// What it must be.
        needed: &'static str,
        /// What can be done.
        hint: &'static str,
    },
    /// The server's version is too old.
    #[error("{database} is {found}; push-system needs {needed}")]
    TooOld {
        /// The database.
        database: String,
        /// What it says it is.
        found: String,
        /// What it must be.
        needed: &'static str,
    },
    /// The URL has parts that the driver does not understand.
    #[error("{database}: {why}")]
    Url {
        /// The database.
        database: String,
        /// What is wrong.
        why: String,
    },
    /// The database refused, or could not be reached.
    #[error("{database}: {source}")]
    Database {
        /// The database.
        database: String,
        /// What it said.
        source: StoreError,
    },
}

/// For whom a database is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opener {
    /// A server, which brings the schema up to date.
    Server,
    /// A tool, perhaps beside servers of an earlier version. It makes what is missing in an empty database, and changes no
    /// other.
    Tool,
}

impl Opener {
    /// Whether the steps after the `found` first may be taken; 0 is an empty database.
    pub(super) fn may_migrate(self, database: &str, found: i64, known: i64) -> Result<(), OpenError> {
        let database = || database.to_owned();
        if found > known {
            Err(OpenError::NewerSchema { database: database(), found, known })
        } else if self == Self::Tool && (1..known).contains(&found) {
            Err(OpenError::OlderSchema { database: database(), found, known })
        } else {
            Ok(())
        }
    }
}

impl OpenError {
    /// Whether it may be different in a moment.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::InUse { .. } | Self::Database { .. })
    }

    /// For the driver's errors while `database` is opened.
    pub(super) fn of<E: Into<StoreError>>(database: &str) -> impl Fn(E) -> Self + use<'_, E> {
        move |source| Self::Database { database: database.to_owned(), source: source.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_migrates_and_a_tool_only_what_is_empty() {
        for found in 0..=3 {
            assert!(Opener::Server.may_migrate("db", found, 3).is_ok(), "{found}");
        }
        for (found, may) in [(0, true), (1, false), (2, false), (3, true)] {
            assert_eq!(Opener::Tool.may_migrate("db", found, 3).is_ok(), may, "{found}");
        }
        for opener in [Opener::Server, Opener::Tool] {
            assert!(matches!(opener.may_migrate("db", 4, 3), Err(OpenError::NewerSchema { found: 4, .. })));
        }
        let refusal = Opener::Tool.may_migrate("db", 2, 3).unwrap_err();
        assert!(refusal.to_string().contains("its server migrates"), "{refusal}");
        assert!(!refusal.is_passing());
    }
}
