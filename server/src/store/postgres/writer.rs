//! Write transactions, and what became of them when COMMIT is not answered.

use std::ops::{Deref, DerefMut};

use async_trait::async_trait;
use sqlx::{
    PgConnection, PgPool, Postgres,
    postgres::{PgDatabaseError, PgSeverity},
};
use tokio::time::timeout;

use super::{
    super::{
        CommitError, StoreError,
        backend::{Lease, WriteTx, no_answer},
    },
    PATIENCE,
};

/// A write transaction; the connection is closed, and with it rolled back, where it does not end well.
#[derive(Debug)]
pub struct PostgresWrite(Lease<Postgres>);

impl PostgresWrite {
    pub(super) async fn begin(pool: &PgPool) -> Result<Self, StoreError> {
        Ok(Self(Lease::begin(pool, "BEGIN ISOLATION LEVEL READ COMMITTED").await?))
    }
}

#[async_trait]
impl WriteTx for PostgresWrite {
    type Connection = PgConnection;

    async fn finish<T: Send>(mut self, result: Result<T, StoreError>) -> Result<T, CommitError> {
        let value = result.map_err(CommitError::NotStored)?;
        match timeout(PATIENCE, sqlx::raw_sql("COMMIT").execute(&mut *self)).await {
            Ok(Ok(_)) => {
                self.0.give_back();
                Ok(value)
            }
            Ok(Err(error)) if is_refusal(&error) => Err(CommitError::NotStored(error.into())),
            Ok(Err(error)) => Err(CommitError::OutcomeUnknown(error.into())),
            Err(_) => Err(CommitError::OutcomeUnknown(no_answer(PATIENCE))),
        }
    }
}

/// Whether the server answered COMMIT with a refusal. An error that ends the connection is none: the server may have been
/// told to end it after it had committed.
fn is_refusal(error: &sqlx::Error) -> bool {
    let refusal = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    refusal.is_some_and(|error| error.severity() == PgSeverity::Error)
}

impl Deref for PostgresWrite {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0
    }
}

impl DerefMut for PostgresWrite {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0
    }
}
