//! What is `PostgreSQL`'s own: settings, schema, connections that break. The rest is the contract.

use testbed::{Postgres, or_report};

use super::PostgresStore;
use crate::store::{ServerUrl, contract::Fixture};

/// A database of the server that the tests of this process share.
struct Shared(ServerUrl);

impl Shared {
    async fn make(test: &str) -> Option<(&'static Postgres, Self)> {
        let server = or_report(Postgres::shared().await, &format!("store::postgres: {test}"))?;
        let url = ServerUrl::parse(&server.database().await).unwrap();
        Some((server, Self(url)))
    }
}

impl Fixture for Shared {
    type Store = PostgresStore;

    async fn new(test: &str) -> Option<Self> {
        Some(Self::make(test).await?.1)
    }

    async fn open(&self) -> PostgresStore {
        PostgresStore::open(&self.0).await.unwrap()
    }
}

mod contract {
    crate::store::contract::suite!(super::Shared);
}
