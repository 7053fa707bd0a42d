//! What is `MySQL`'s own: settings, schema, connections that break. The rest is the contract.

use testbed::{MariaDb, or_report};

use super::MySqlStore;
use crate::store::{ServerUrl, contract::Fixture};

/// A database of the server that the tests of this process share.
struct Shared(ServerUrl);

impl Shared {
    async fn make(test: &str) -> Option<(&'static MariaDb, Self)> {
        let server = or_report(MariaDb::shared().await, &format!("store::mysql: {test}"))?;
        let url = ServerUrl::parse(&server.database().await).unwrap();
        Some((server, Self(url)))
    }
}

impl Fixture for Shared {
    type Store = MySqlStore;

    async fn new(test: &str) -> Option<Self> {
        Some(Self::make(test).await?.1)
    }

    async fn open(&self) -> MySqlStore {
        MySqlStore::open(&self.0).await.unwrap()
    }
}

mod contract {
    crate::store::contract::suite!(super::Shared);
}
