//! Between which messages those of a day stand, in SQL that all databases speak.

use async_trait::async_trait;
use sqlx::{MySqlConnection, PgConnection, QueryBuilder, SqliteConnection};

use super::StoreError;

/// In whose SQL no database differs from another. Days are counted in UTC since 1970.
#[async_trait]
pub trait DayRows {
    /// Messages from `first` to `last` are of that day, too. Needs the transaction that indexes them.
    async fn widen_day(&mut self, day: i64, first: i64, last: i64) -> Result<(), StoreError>;

    /// The first and the last message of these days and all between; none if there are none.
    async fn places_of_days(&mut self, from: i64, through: i64) -> Result<Option<(i64, i64)>, StoreError>;
}

/// [`DayRows`] for a connection.
macro_rules! day_rows {
    ($connection:ty) => {
        #[async_trait]
        impl DayRows for $connection {
            async fn widen_day(&mut self, day: i64, first: i64, last: i64) -> Result<(), StoreError> {
                let mut query = QueryBuilder::new("UPDATE message_day SET first_id = CASE WHEN first_id < ");
                query.push_bind(first).push(" THEN first_id ELSE ").push_bind(first);
                query.push(" END, last_id = CASE WHEN last_id > ").push_bind(last).push(" THEN last_id ELSE ");
                query.push_bind(last).push(" END WHERE day = ").push_bind(day);
                if query.build().execute(&mut *self).await?.rows_affected() == 0 {
                    let mut query = QueryBuilder::new("INSERT INTO message_day (day, first_id, last_id) VALUES (");
                    let mut values = query.separated(", ");
                    values.push_bind(day).push_bind(first).push_bind(last);
                    query.push(")").build().execute(&mut *self).await?;
                }
                Ok(())
            }

            async fn places_of_days(&mut self, from: i64, through: i64) -> Result<Option<(i64, i64)>, StoreError> {
                let mut query = QueryBuilder::new("SELECT MIN(first_id), MAX(last_id) FROM message_day WHERE day >= ");
                query.push_bind(from).push(" AND day <= ").push_bind(through);
                let (first, last): (Option<i64>, Option<i64>) = query.build_query_as().fetch_one(self).await?;
                Ok(first.zip(last))
            }
        }
    };
}

day_rows!(SqliteConnection);
day_rows!(PgConnection);
day_rows!(MySqlConnection);
