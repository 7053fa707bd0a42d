//! The log as it is read.

use async_trait::async_trait;
use push_system::{accounts::Person, ids::UserId, message::Message, read_state::Ranges};
use sqlx::{MySqlConnection, QueryBuilder};

use super::{
    super::{
        Among, Entry, Head, StoreError, StoredReadState,
        rows::{
            self, EntryRow, HeadRow, MessageColumns, PersonRow, ReadStateRow, int, message_columns, read_state_columns,
        },
        statements::LogRows,
    },
    list, padded,
};

/// Ranges in one statement.
const RANGES: usize = 64;

/// The columns of [`EntryRow`], and which of them.
macro_rules! entries_from {
    ($seqs:literal, $rest:literal) => {
        concat!(
            "SELECT e.seq, e.tag, e.kind, e.at, e.audience, e.client_id, e.payload, \
             (SELECT epoch FROM head) AS epoch, ",
            message_columns!(),
            " FROM ",
            $seqs,
            " LEFT JOIN message m ON m.id = e.message_id LEFT JOIN account s ON s.id = m.sender_id ",
            $rest
        )
    };
}

#[async_trait]
impl LogRows for MySqlConnection {
    async fn head(&mut self) -> Result<Head, StoreError> {
        const HEAD: &str = "SELECT h.system, h.epoch, h.seq, h.floor, e.tag FROM head h JOIN event e ON e.seq = h.seq";
        sqlx::query_as::<_, HeadRow>(HEAD).fetch_one(self).await?.try_into()
    }

    async fn tag_at(&mut self, seq: i64) -> Result<Option<u32>, StoreError> {
        let query = sqlx::query_scalar::<_, i64>("SELECT tag FROM event WHERE seq = ?").bind(seq);
        query.fetch_optional(self).await?.map(rows::tag).transpose()
    }

    async fn entries(&mut self, after: i64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        const ENTRIES: &str =
            entries_from!("(SELECT * FROM event WHERE seq > ? ORDER BY seq LIMIT ?) e", "ORDER BY e.seq");
        rows::all(sqlx::query_as::<_, EntryRow>(ENTRIES).bind(after).bind(limit).fetch_all(self).await?)
    }

    async fn entries_at(&mut self, places: &[i64]) -> Result<Vec<Entry>, StoreError> {
        const ENTRIES: &str = entries_from!("event e", "WHERE e.seq IN ");
        let mut query = QueryBuilder::new(ENTRIES);
        list(&mut query, places);
        query.push(" ORDER BY e.seq");
        rows::all(query.build_query_as::<EntryRow>().fetch_all(self).await?)
    }

    async fn person(&mut self, user: UserId) -> Result<Option<Person>, StoreError> {
        let query = sqlx::query_as::<_, PersonRow>("SELECT id, name FROM account WHERE id = ?").bind(int(user.0));
        rows::maybe(query.fetch_optional(self).await?)
    }

    async fn read_state(&mut self, user: UserId) -> Result<Option<StoredReadState>, StoreError> {
        const STATE: &str = concat!(
            "SELECT ",
            read_state_columns!(),
            " FROM read_state r CROSS JOIN head h JOIN event e ON e.seq = h.seq WHERE r.user_id = ?"
        );
        rows::maybe(sqlx::query_as::<_, ReadStateRow>(STATE).bind(int(user.0)).fetch_optional(self).await?)
    }

    /// The ranges stand in the text, as each is one walk along the index only where its ends are known beforehand.
    async fn count_from_others(&mut self, user: UserId, ranges: &Ranges) -> Result<u64, StoreError> {
        let user = int(user.0);
        let ranges: Vec<_> = ranges.iter().collect();
        let mut count = 0;
        for some in ranges.chunks(RANGES) {
            for (kind, id) in [(0, 0), (1, user)] {
                let mut query = QueryBuilder::new("SELECT COUNT(*) FROM audience WHERE kind = ");
                query.push_bind(kind).push(" AND id = ").push_bind(id).push(" AND sender <> ").push_bind(user);
                query.push(" AND NOT gone AND (");
                let mut alternatives = query.separated(" OR ");
                for (first, last) in padded(some) {
                    alternatives.push("seq BETWEEN ").push_bind_unseparated(int(first));
                    alternatives.push_unseparated(" AND ").push_bind_unseparated(int(last));
                }
                query.push(")");
                let found: i64 = query.build_query_scalar().fetch_one(&mut *self).await?;
                count += found.unsigned_abs();
            }
        }
        Ok(count)
    }

    async fn empty_ranges(&mut self, user: UserId, ranges: &Ranges, among: Among) -> Result<Vec<usize>, StoreError> {
        let user = int(user.0);
        let ranges: Vec<_> = ranges.iter().enumerate().collect();
        let mut empty = Vec::new();
        for some in ranges.chunks(RANGES) {
            let mut query = QueryBuilder::new("");
            let mut each = query.separated(" UNION ALL ");
            for (place, (first, last)) in padded(some) {
                let (place, first, last) = (int(place as u64), int(first), int(last));
                each.push("SELECT CAST(").push_bind_unseparated(place).push_unseparated(" AS SIGNED) FROM head");
                for (joint, kind, id) in [(" WHERE", 0, 0), (" AND", 1, user)] {
                    each.push_unseparated(joint);
                    each.push_unseparated(" NOT EXISTS (SELECT 1 FROM audience WHERE kind = ");
                    each.push_bind_unseparated(kind).push_unseparated(" AND id = ").push_bind_unseparated(id);
                    each.push_unseparated(" AND seq BETWEEN ").push_bind_unseparated(first);
                    each.push_unseparated(" AND ").push_bind_unseparated(last);
                    if among == Among::FromOthers {
                        each.push_unseparated(" AND NOT gone AND sender <> ").push_bind_unseparated(user);
                    }
                    each.push_unseparated(")");
                }
            }
            let found: Vec<i64> = query.build_query_scalar().fetch_all(&mut *self).await?;
            empty.extend(found.into_iter().filter_map(|place| usize::try_from(place).ok()));
        }
        empty.sort_unstable();
        empty.dedup();
        Ok(empty)
    }

    async fn messages(&mut self, ids: &[i64]) -> Result<Vec<Message>, StoreError> {
        // In this order, as the optimizer begins with the accounts where they are few, and sorts whole messages on disk.
        const MESSAGES: &str = concat!(
            "SELECT ",
            message_columns!(),
            " FROM message m STRAIGHT_JOIN account s ON s.id = m.sender_id WHERE m.id IN "
        );
        let mut query = QueryBuilder::new(MESSAGES);
        list(&mut query, ids);
        query.push(" ORDER BY m.id DESC");
        rows::all(query.build_query_as::<MessageColumns>().fetch_all(self).await?)
    }
}
