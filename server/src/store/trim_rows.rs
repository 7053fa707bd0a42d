//! Events that are kept no longer, and what is there for their replay alone, in SQL that all databases speak.

use async_trait::async_trait;
use push_system::event::EventKind;
use sqlx::{MySqlConnection, PgConnection, QueryBuilder, SqliteConnection};

use super::{Audience, StoreError, mysql::padded, records::AudienceKind, rows::damaged, spelling};

/// In whose SQL no database differs from another.
#[async_trait]
pub trait TrimRows {
    /// The places of the first events below the floor, in order.
    async fn below_floor(&mut self, limit: u32) -> Result<Vec<i64>, StoreError>;

    /// Whom the events up to a place told of anything but a new message.
    async fn told_up_to(&mut self, seq: i64) -> Result<Vec<Audience>, StoreError>;

    /// Deletes the rows of the index for these audiences, up to a place.
    async fn forget_told(&mut self, kind: AudienceKind, ids: &[i64], through: i64) -> Result<(), StoreError>;

    /// Deletes the events up to a place; returns how many.
    async fn delete_events(&mut self, through: i64) -> Result<u64, StoreError>;
}

/// Numbers in one list.
const AT_ONCE: usize = 256;

/// [`TrimRows`] for a connection.
macro_rules! trim_rows {
    ($connection:ty) => {
        #[async_trait]
        impl TrimRows for $connection {
            async fn below_floor(&mut self, limit: u32) -> Result<Vec<i64>, StoreError> {
                let mut query =
                    QueryBuilder::new("SELECT seq FROM event WHERE seq < (SELECT floor FROM head) ORDER BY seq LIMIT ");
                Ok(query.push_bind(i64::from(limit)).build_query_scalar().fetch_all(self).await?)
            }

            async fn told_up_to(&mut self, seq: i64) -> Result<Vec<Audience>, StoreError> {
                let mut query = QueryBuilder::new("SELECT DISTINCT audience FROM event WHERE seq <= ");
                query.push_bind(seq).push(" AND kind <> ").push_bind(EventKind::MessagePublished.as_str());
                let told: Vec<String> = query.build_query_scalar().fetch_all(self).await?;
                let parsed = |text: &String| spelling::audience(text).ok_or_else(|| damaged(text, "no audience"));
                told.iter().map(parsed).collect()
            }

            async fn forget_told(&mut self, kind: AudienceKind, ids: &[i64], through: i64) -> Result<(), StoreError> {
                for some in ids.chunks(AT_ONCE) {
                    let mut query = QueryBuilder::new("DELETE FROM audience WHERE kind = ");
                    query.push_bind(kind as i64).push(" AND seq <= ").push_bind(through).push(" AND id IN (");
                    let mut list = query.separated(", ");
                    for id in padded(some) {
                        list.push_bind(id);
                    }
                    query.push(")").build().execute(&mut *self).await?;
                }
                Ok(())
            }

            async fn delete_events(&mut self, through: i64) -> Result<u64, StoreError> {
                let mut query = QueryBuilder::new("DELETE FROM event WHERE seq <= ");
                Ok(query.push_bind(through).build().execute(self).await?.rows_affected())
            }
        }
    };
}

trim_rows!(SqliteConnection);
trim_rows!(PgConnection);
trim_rows!(MySqlConnection);
