//! The log as it is read. Lists travel as JSON.

use async_trait::async_trait;
use push_system::{accounts::Person, ids::UserId, message::Message, read_state::Ranges};
use sqlx::SqliteConnection;

use super::super::{
    Among, Entry, Head, StoreError, StoredReadState,
    rows::{
        self, EntryRow, HeadRow, MessageColumns, PersonRow, ReadStateRow, int, json, message_columns,
        read_state_columns,
    },
    statements::LogRows,
};

/// The columns of [`EntryRow`]. CROSS JOIN keeps `SQLite` from turning the order round.
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
impl LogRows for SqliteConnection {
    async fn head(&mut self) -> Result<Head, StoreError> {
        const HEAD: &str = "SELECT h.system, h.epoch, h.seq, h.floor, e.tag FROM head h JOIN event e ON e.seq = h.seq";
        sqlx::query_as::<_, HeadRow>(HEAD).fetch_one(self).await?.try_into()
    }

    async fn tag_at(&mut self, seq: i64) -> Result<Option<u32>, StoreError> {
        Ok(sqlx::query_scalar("SELECT tag FROM event WHERE seq = ?").bind(seq).fetch_optional(self).await?)
    }

    async fn entries(&mut self, after: i64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        const ENTRIES: &str = entries_from!("(SELECT * FROM event WHERE seq > ?1 ORDER BY seq LIMIT ?2) e");
        rows::all(sqlx::query_as::<_, EntryRow>(ENTRIES).bind(after).bind(limit).fetch_all(self).await?)
    }

    async fn entries_at(&mut self, places: &[i64]) -> Result<Vec<Entry>, StoreError> {
        const ENTRIES: &str = entries_from!("json_each(?) j CROSS JOIN event e ON e.seq = j.value");
        rows::all(sqlx::query_as::<_, EntryRow>(ENTRIES).bind(json(&places)).fetch_all(self).await?)
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

    async fn count_from_others(&mut self, user: UserId, ranges: &Ranges) -> Result<u64, StoreError> {
        const COUNT: &str = "SELECT (SELECT count(*) FROM json_each(?1) r CROSS JOIN audience a
                ON a.kind = 0 AND a.id = 0 AND a.seq BETWEEN r.value ->> 0 AND r.value ->> 1
                WHERE a.sender <> ?2 AND NOT a.gone)
            + (SELECT count(*) FROM json_each(?1) r CROSS JOIN audience a
                ON a.kind = 1 AND a.id = ?2 AND a.seq BETWEEN r.value ->> 0 AND r.value ->> 1
                WHERE a.sender <> ?2 AND NOT a.gone)";
        Ok(sqlx::query_scalar(COUNT).bind(ranges_json(ranges)).bind(int(user.0)).fetch_one(self).await?)
    }

    async fn empty_ranges(&mut self, user: UserId, ranges: &Ranges, among: Among) -> Result<Vec<usize>, StoreError> {
        macro_rules! empty {
            ($of_those:literal) => {
                concat!(
                    "SELECT j.key FROM json_each(?1) j WHERE NOT EXISTS (SELECT 1 FROM audience a
                        WHERE a.kind = 0 AND a.id = 0 AND a.seq BETWEEN j.value ->> 0 AND j.value ->> 1",
                    $of_those,
                    ") AND NOT EXISTS (SELECT 1 FROM audience a
                        WHERE a.kind = 1 AND a.id = ?2 AND a.seq BETWEEN j.value ->> 0 AND j.value ->> 1",
                    $of_those,
                    ")"
                )
            };
        }
        let sql = match among {
            Among::All => empty!(""),
            Among::FromOthers => empty!(" AND a.sender <> ?2 AND NOT a.gone"),
        };
        let places = sqlx::query_scalar::<_, u32>(sql).bind(ranges_json(ranges)).bind(int(user.0));
        Ok(places.fetch_all(self).await?.into_iter().map(|place| place as usize).collect())
    }

    async fn messages(&mut self, ids: &[i64]) -> Result<Vec<Message>, StoreError> {
        const MESSAGES: &str = concat!(
            "SELECT ",
            message_columns!(),
            " FROM json_each(?) j CROSS JOIN message m ON m.id = j.value \
              CROSS JOIN account s ON s.id = m.sender_id ORDER BY m.id DESC"
        );
        rows::all(sqlx::query_as::<_, MessageColumns>(MESSAGES).bind(json(&ids)).fetch_all(self).await?)
    }
}

/// A list of ranges for `json_each`, each `[from, to]` within `SQLite`'s integers.
fn ranges_json(ranges: &Ranges) -> String {
    let list: Vec<_> = ranges.iter().map(|(from, to)| (int(from), int(to))).collect();
    json(&list)
}
