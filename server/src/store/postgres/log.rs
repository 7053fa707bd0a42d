//! The log as it is read. Lists travel as arrays.

use async_trait::async_trait;
use push_system::{accounts::Person, ids::UserId, message::Message, read_state::Ranges};
use sqlx::PgConnection;

use super::super::{
    Among, Entry, Head, StoreError, StoredReadState,
    rows::{
        self, EntryRow, HeadRow, MessageColumns, PersonRow, ReadStateRow, int, message_columns, read_state_columns,
    },
    statements::LogRows,
};

/// The columns of [`EntryRow`].
macro_rules! entries_from {
    ($seqs:literal) => {
        concat!(
            "SELECT e.seq, e.tag, e.kind, e.at, e.audience, e.client_id, e.payload, \
             (SELECT epoch FROM head) AS epoch, ",
            message_columns!(),
            " FROM ",
            $seqs,
            " LEFT JOIN message m ON m.id = e.message_id LEFT JOIN account s ON s.id = m.sender_id ORDER BY e.seq"
        )
    };
}

#[async_trait]
impl LogRows for PgConnection {
    async fn head(&mut self) -> Result<Head, StoreError> {
        const HEAD: &str = "SELECT h.system, h.epoch, h.seq, h.floor, e.tag FROM head h JOIN event e ON e.seq = h.seq";
        sqlx::query_as::<_, HeadRow>(HEAD).fetch_one(self).await?.try_into()
    }

    async fn tag_at(&mut self, seq: i64) -> Result<Option<u32>, StoreError> {
        let query = sqlx::query_scalar::<_, i64>("SELECT tag FROM event WHERE seq = $1").bind(seq);
        query.fetch_optional(self).await?.map(rows::tag).transpose()
    }

    async fn entries(&mut self, after: i64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        const ENTRIES: &str = entries_from!("(SELECT * FROM event WHERE seq > $1 ORDER BY seq LIMIT $2) e");
        let query = sqlx::query_as::<_, EntryRow>(ENTRIES).bind(after).bind(i64::from(limit));
        rows::all(query.fetch_all(self).await?)
    }

    async fn entries_at(&mut self, places: &[i64]) -> Result<Vec<Entry>, StoreError> {
        const ENTRIES: &str = entries_from!("(SELECT * FROM event WHERE seq = ANY($1)) e");
        rows::all(sqlx::query_as::<_, EntryRow>(ENTRIES).bind(places).fetch_all(self).await?)
    }

    async fn person(&mut self, user: UserId) -> Result<Option<Person>, StoreError> {
        let query = sqlx::query_as::<_, PersonRow>("SELECT id, name FROM account WHERE id = $1").bind(int(user.0));
        rows::maybe(query.fetch_optional(self).await?)
    }

    async fn read_state(&mut self, user: UserId) -> Result<Option<StoredReadState>, StoreError> {
        const STATE: &str = concat!(
            "SELECT ",
            read_state_columns!(),
            " FROM read_state r CROSS JOIN head h JOIN event e ON e.seq = h.seq WHERE r.user_id = $1"
        );
        rows::maybe(sqlx::query_as::<_, ReadStateRow>(STATE).bind(int(user.0)).fetch_optional(self).await?)
    }

    /// LATERAL, so that each range is one walk along the index.
    async fn count_from_others(&mut self, user: UserId, ranges: &Ranges) -> Result<u64, StoreError> {
        const COUNT: &str = "SELECT coalesce(sum(everyone.n + own.n), 0)::BIGINT
            FROM unnest($1::BIGINT[], $2::BIGINT[]) r (first, last)
            CROSS JOIN LATERAL (SELECT count(*) AS n FROM audience
                WHERE kind = 0 AND id = 0 AND seq BETWEEN r.first AND r.last AND sender <> $3 AND NOT gone) everyone
            CROSS JOIN LATERAL (SELECT count(*) AS n FROM audience
                WHERE kind = 1 AND id = $3 AND seq BETWEEN r.first AND r.last AND sender <> $3 AND NOT gone) own";
        let (first, last) = bounds(ranges);
        let count: i64 = sqlx::query_scalar(COUNT).bind(first).bind(last).bind(int(user.0)).fetch_one(self).await?;
        Ok(count.unsigned_abs())
    }

    async fn empty_ranges(&mut self, user: UserId, ranges: &Ranges, among: Among) -> Result<Vec<usize>, StoreError> {
        macro_rules! empty {
            ($of_those:literal) => {
                concat!(
                    "SELECT r.place FROM unnest($1::BIGINT[], $2::BIGINT[]) WITH ORDINALITY r (first, last, place)
                    WHERE NOT EXISTS (SELECT 1 FROM audience
                        WHERE kind = 0 AND id = 0 AND seq BETWEEN r.first AND r.last",
                    $of_those,
                    ") AND NOT EXISTS (SELECT 1 FROM audience
                        WHERE kind = 1 AND id = $3 AND seq BETWEEN r.first AND r.last",
                    $of_those,
                    ")"
                )
            };
        }
        let sql = match among {
            Among::All => empty!(""),
            Among::FromOthers => empty!(" AND sender <> $3 AND NOT gone"),
        };
        let (first, last) = bounds(ranges);
        let query = sqlx::query_scalar::<_, i64>(sql).bind(first).bind(last).bind(int(user.0));
        let places = query.fetch_all(self).await?.into_iter();
        // Ordinality counts from one.
        Ok(places.filter_map(|place| usize::try_from(place - 1).ok()).collect())
    }

    async fn messages(&mut self, ids: &[i64]) -> Result<Vec<Message>, StoreError> {
        const MESSAGES: &str = concat!(
            "SELECT ",
            message_columns!(),
            " FROM message m JOIN account s ON s.id = m.sender_id WHERE m.id = ANY($1) ORDER BY m.id DESC"
        );
        rows::all(sqlx::query_as::<_, MessageColumns>(MESSAGES).bind(ids).fetch_all(self).await?)
    }
}

fn bounds(ranges: &Ranges) -> (Vec<i64>, Vec<i64>) {
    ranges.iter().map(|(first, last)| (int(first), int(last))).unzip()
}
