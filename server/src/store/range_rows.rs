//! Reads by stretches of the index of audiences, in SQL that all databases speak.

use std::collections::HashSet;

use async_trait::async_trait;
use push_system::{ids::UserId, read_state::Ranges};
use sqlx::{MySqlConnection, PgConnection, QueryBuilder, SqliteConnection};

use super::{
    Among, StoreError,
    mysql::padded,
    records::AudienceKind,
    rows::int,
    statements::Span,
    stretches::{Order, Reader, Stretch},
};

/// In whose SQL no database differs from another.
#[async_trait]
pub trait RangeRows {
    /// The first places of all stretches together, each once. With `not_from`, those of messages from others that are not deleted.
    async fn places(
        &mut self,
        stretches: &[Stretch],
        order: Order,
        not_from: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<i64>, StoreError>;

    /// Of these ranges, the places in the list of those that hold a message to a topic.
    async fn ranges_with_topic_messages(
        &mut self,
        reader: &Reader,
        ranges: &Ranges,
        among: Among,
    ) -> Result<Vec<usize>, StoreError>;

    /// Messages to topics from others in these ranges, but for those that name the person as well.
    async fn count_topic_messages(&mut self, reader: &Reader, ranges: &Ranges) -> Result<u64, StoreError>;

    /// Messages this person sent and may still see, newest first.
    async fn sent(&mut self, reader: &Reader, span: Span, limit: u32) -> Result<Vec<i64>, StoreError>;
}

/// Stretches in one statement: `SQLite` joins at most 500 reads.
const STRETCHES: usize = 128;

/// The first places of each stretch, one read after the other. As many as the next power of two, the last one repeated, so
/// that few statements differ.
macro_rules! firsts {
    ($query:ident, $stretches:expr, $order:expr, $not_from:expr, $limit:expr) => {
        for (index, stretch) in padded($stretches).iter().enumerate() {
            $query.push(if index > 0 { " UNION ALL " } else { "" }).push("SELECT seq FROM (");
            one!($query, stretch, $not_from);
            $query.push(" ORDER BY seq").push(direction($order)).push(" LIMIT ").push_bind(i64::from($limit));
            $query.push(") some_").push(index.to_string());
        }
    };
}

/// The places of a stretch.
macro_rules! one {
    ($query:ident, $stretch:expr, $not_from:expr) => {
        let (stretch, not_from): (&Stretch, Option<UserId>) = ($stretch, $not_from);
        $query.push("SELECT seq FROM audience WHERE kind = ").push_bind(stretch.kind);
        $query.push(" AND id = ").push_bind(stretch.id);
        $query.push(" AND seq > ").push_bind(stretch.span.after);
        $query.push(" AND seq <= ").push_bind(stretch.span.through);
        if let Some(target) = stretch.target {
            $query.push(" AND target > ").push_bind(target.after);
            $query.push(" AND target <= ").push_bind(target.through);
        }
        if let Some(user) = not_from {
            $query.push(" AND NOT gone AND sender <> ").push_bind(int(user.0));
        }
    };
}

/// The places of all stretches that are messages of others and do not name the person.
macro_rules! unnamed {
    ($query:ident, $stretches:expr, $user:expr) => {
        for (index, stretch) in padded($stretches).iter().enumerate() {
            $query.push(if index > 0 { " UNION ALL " } else { "" });
            one!($query, stretch, Some($user));
        }
        $query.push(") found WHERE NOT EXISTS (SELECT 1 FROM audience own WHERE own.kind = ");
        $query.push_bind(AudienceKind::Person as i64).push(" AND own.id = ").push_bind(int($user.0));
        $query.push(" AND own.seq = found.seq)");
    };
}

/// [`RangeRows`] for a connection.
macro_rules! range_rows {
    ($connection:ty, $database:ty) => {
        #[async_trait]
        impl RangeRows for $connection {
            async fn places(
                &mut self,
                stretches: &[Stretch],
                order: Order,
                not_from: Option<UserId>,
                limit: u32,
            ) -> Result<Vec<i64>, StoreError> {
                let mut found = Vec::new();
                for some in stretches.chunks(STRETCHES) {
                    let mut query = QueryBuilder::<$database>::new("SELECT DISTINCT seq FROM (");
                    firsts!(query, some, order, not_from, limit);
                    query
                        .push(") found ORDER BY seq")
                        .push(direction(order))
                        .push(" LIMIT ")
                        .push_bind(i64::from(limit));
                    found.extend(query.build_query_scalar::<i64>().fetch_all(&mut *self).await?);
                }
                Ok(first_of(found, order, limit))
            }

            async fn ranges_with_topic_messages(
                &mut self,
                reader: &Reader,
                ranges: &Ranges,
                among: Among,
            ) -> Result<Vec<usize>, StoreError> {
                let not_from = (among == Among::FromOthers).then_some(reader.user);
                let mut found = Vec::new();
                for some in reader.topic_messages(ranges, STRETCHES).concat().chunks(STRETCHES) {
                    let mut query = QueryBuilder::<$database>::new("SELECT seq FROM (");
                    firsts!(query, some, Order::Ascending, not_from, 1);
                    query.push(") found");
                    found.extend(query.build_query_scalar::<i64>().fetch_all(&mut *self).await?);
                }
                let holds =
                    |(first, last): (u64, u64)| found.iter().any(|place| (int(first)..=int(last)).contains(place));
                Ok(ranges.iter().enumerate().filter(|(_, range)| holds(*range)).map(|(index, _)| index).collect())
            }

            async fn count_topic_messages(&mut self, reader: &Reader, ranges: &Ranges) -> Result<u64, StoreError> {
                let mut count = 0;
                for group in reader.topic_messages(ranges, STRETCHES) {
                    if group.len() <= STRETCHES {
                        let mut query = QueryBuilder::<$database>::new("SELECT COUNT(DISTINCT seq) FROM (");
                        unnamed!(query, &group, reader.user);
                        let some: i64 = query.build_query_scalar().fetch_one(&mut *self).await?;
                        count += some.unsigned_abs();
                        continue;
                    }
                    // Which statements found the same message is known only of the places themselves.
                    let mut places = HashSet::new();
                    for some in group.chunks(STRETCHES) {
                        let mut query = QueryBuilder::<$database>::new("SELECT DISTINCT seq FROM (");
                        unnamed!(query, some, reader.user);
                        places.extend(query.build_query_scalar::<i64>().fetch_all(&mut *self).await?);
                    }
                    count += places.len() as u64;
                }
                Ok(count)
            }

            async fn sent(&mut self, reader: &Reader, span: Span, limit: u32) -> Result<Vec<i64>, StoreError> {
                let mut query = QueryBuilder::<$database>::new("SELECT id FROM message WHERE sender_id = ");
                query.push_bind(int(reader.user.0)).push(" AND id > ").push_bind(span.after);
                query.push(" AND id <= ").push_bind(span.through).push(" AND (private_topic IS NULL");
                for (topic, stay) in reader.private() {
                    query.push(" OR (private_topic = ").push_bind(topic).push(" AND id > ").push_bind(stay.after);
                    query.push(")");
                }
                query.push(") ORDER BY id DESC LIMIT ").push_bind(i64::from(limit));
                Ok(query.build_query_scalar().fetch_all(self).await?)
            }
        }
    };
}

fn direction(order: Order) -> &'static str {
    match order {
        Order::Ascending => "",
        Order::Descending => " DESC",
    }
}

/// Of the places of several statements, the first ones, each once.
fn first_of(mut found: Vec<i64>, order: Order, limit: u32) -> Vec<i64> {
    found.sort_unstable();
    found.dedup();
    if order == Order::Descending {
        found.reverse();
    }
    found.truncate(limit as usize);
    found
}

range_rows!(SqliteConnection, sqlx::Sqlite);
range_rows!(PgConnection, sqlx::Postgres);
range_rows!(MySqlConnection, sqlx::MySql);
