//! The log as it is read. Lists travel as arrays.

use async_trait::async_trait;
use push_system::{accounts::Person, ids::UserId, message::Message, read_state::Ranges};
use sqlx::PgConnection;

use super::super::{
    Entry, Head, StoreError, StoredReadState,
    rows::{self, EntryRow, HeadRow, MessageColumns, PersonRow, ReadStateRow, int, message_columns},
    statements::{LogRows, Selection, Span},
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

/// `$1` the person, within `($2, $3]`, `$4` at most.
const ENTITLED: &str = "SELECT seq FROM (
        (SELECT seq FROM audience WHERE kind = 0 AND id = 0 AND seq > $2 AND seq <= $3 ORDER BY seq DESC LIMIT $4)
        UNION ALL
        (SELECT seq FROM audience WHERE kind = 1 AND id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq DESC LIMIT $4)
    ) found ORDER BY seq DESC LIMIT $4";
/// As [`ENTITLED`], from others.
const FROM_OTHERS: &str = "SELECT seq FROM (
        (SELECT seq FROM audience WHERE kind = 0 AND id = 0 AND seq > $2 AND seq <= $3 AND sender <> $1
            ORDER BY seq DESC LIMIT $4)
        UNION ALL
        (SELECT seq FROM audience WHERE kind = 1 AND id = $1 AND seq > $2 AND seq <= $3 AND sender <> $1
            ORDER BY seq DESC LIMIT $4)
    ) found ORDER BY seq DESC LIMIT $4";
const NAMED: &str = "SELECT seq FROM audience
    WHERE kind = 4 AND id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq DESC LIMIT $4";
const SENT: &str = "SELECT id FROM message WHERE sender_id = $1 AND id > $2 AND id <= $3 ORDER BY id DESC LIMIT $4";

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

    async fn entries_for(&mut self, user: UserId, span: Span, limit: u32) -> Result<Vec<Entry>, StoreError> {
        const ENTRIES: &str = entries_from!(
            "(SELECT seq FROM (
                (SELECT seq FROM audience WHERE kind = 0 AND id = 0 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4)
                UNION ALL
                (SELECT seq FROM audience WHERE kind = 1 AND id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4)
                UNION ALL
                (SELECT seq FROM audience WHERE kind = 3 AND id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4)
            ) found ORDER BY seq LIMIT $4) a JOIN event e ON e.seq = a.seq"
        );
        let query = sqlx::query_as::<_, EntryRow>(ENTRIES).bind(int(user.0));
        rows::all(query.bind(span.after).bind(span.through).bind(i64::from(limit)).fetch_all(self).await?)
    }

    async fn person(&mut self, user: UserId) -> Result<Option<Person>, StoreError> {
        let query = sqlx::query_as::<_, PersonRow>("SELECT id, name FROM account WHERE id = $1").bind(int(user.0));
        rows::maybe(query.fetch_optional(self).await?)
    }

    async fn read_state(&mut self, user: UserId) -> Result<Option<StoredReadState>, StoreError> {
        const STATE: &str = "SELECT r.read_upto, r.exceptions, r.version, h.seq AS head \
            FROM read_state r CROSS JOIN head h WHERE r.user_id = $1";
        rows::maybe(sqlx::query_as::<_, ReadStateRow>(STATE).bind(int(user.0)).fetch_optional(self).await?)
    }

    /// LATERAL, so that each range is one walk along the index.
    async fn count_from_others(&mut self, user: UserId, ranges: &Ranges) -> Result<u64, StoreError> {
        const COUNT: &str = "SELECT coalesce(sum(everyone.n + own.n), 0)::BIGINT
            FROM unnest($1::BIGINT[], $2::BIGINT[]) r (first, last)
            CROSS JOIN LATERAL (SELECT count(*) AS n FROM audience
                WHERE kind = 0 AND id = 0 AND seq BETWEEN r.first AND r.last AND sender <> $3) everyone
            CROSS JOIN LATERAL (SELECT count(*) AS n FROM audience
                WHERE kind = 1 AND id = $3 AND seq BETWEEN r.first AND r.last AND sender <> $3) own";
        let (first, last) = bounds(ranges);
        let count: i64 = sqlx::query_scalar(COUNT).bind(first).bind(last).bind(int(user.0)).fetch_one(self).await?;
        Ok(count.unsigned_abs())
    }

    async fn empty_ranges(&mut self, user: UserId, ranges: &Ranges) -> Result<Vec<usize>, StoreError> {
        const EMPTY: &str =
            "SELECT r.place FROM unnest($1::BIGINT[], $2::BIGINT[]) WITH ORDINALITY r (first, last, place)
            WHERE NOT EXISTS (SELECT 1 FROM audience
                WHERE kind = 0 AND id = 0 AND seq BETWEEN r.first AND r.last AND sender <> $3)
            AND NOT EXISTS (SELECT 1 FROM audience
                WHERE kind = 1 AND id = $3 AND seq BETWEEN r.first AND r.last AND sender <> $3)";
        let (first, last) = bounds(ranges);
        let query = sqlx::query_scalar::<_, i64>(EMPTY).bind(first).bind(last).bind(int(user.0));
        let places = query.fetch_all(self).await?.into_iter();
        // Ordinality counts from one.
        Ok(places.filter_map(|place| usize::try_from(place - 1).ok()).collect())
    }

    async fn message_ids(
        &mut self,
        selection: Selection,
        user: UserId,
        span: Span,
        limit: u32,
    ) -> Result<Vec<i64>, StoreError> {
        let sql = match selection {
            Selection::Entitled => ENTITLED,
            Selection::FromOthers => FROM_OTHERS,
            Selection::Named => NAMED,
            Selection::Sent => SENT,
        };
        let query = sqlx::query_scalar(sql).bind(int(user.0)).bind(span.after).bind(span.through);
        Ok(query.bind(i64::from(limit)).fetch_all(self).await?)
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
