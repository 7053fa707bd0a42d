//! Write transactions, and what became of them when COMMIT is not answered.

use std::ops::{Deref, DerefMut};

use async_trait::async_trait;
use sqlx::{MySql, MySqlConnection, MySqlPool, mysql::MySqlDatabaseError};
use tokio::time::timeout;

use super::{
    super::{
        CommitError, StoreError,
        backend::{Lease, WriteTx, no_answer},
    },
    PATIENCE,
};

/// What is answered to a COMMIT that was rolled back: a lock wait that took too long, a deadlock (between the nodes of a
/// cluster).
const ROLLED_BACK: [u16; 2] = [1205, 1213];

/// A write transaction; the connection is closed, and with it rolled back, where it does not end well.
#[derive(Debug)]
pub struct MySqlWrite(Lease<MySql>);

impl MySqlWrite {
    pub(super) async fn begin(pool: &MySqlPool) -> Result<Self, StoreError> {
        Ok(Self(Lease::begin(pool, "START TRANSACTION").await?))
    }
}

#[async_trait]
impl WriteTx for MySqlWrite {
    type Connection = MySqlConnection;

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

/// Whether the server answered that it rolled back. Other errors say less: a statement that was killed, a server that
/// shuts down.
fn is_refusal(error: &sqlx::Error) -> bool {
    let refusal = error.as_database_error().and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>());
    refusal.is_some_and(|error| ROLLED_BACK.contains(&error.number()))
}

impl Deref for MySqlWrite {
    type Target = MySqlConnection;

    fn deref(&self) -> &MySqlConnection {
        &self.0
    }
}

impl DerefMut for MySqlWrite {
    fn deref_mut(&mut self) -> &mut MySqlConnection {
        &mut self.0
    }
}
