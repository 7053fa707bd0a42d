//! The log as it is read: head, replay, read state, and the snapshot that joins them.

use push_system::{
    ids::{Seq, UserId},
    inbox::{Counters, Snapshot},
    position::Pos,
    read_state::{Ranges, ReadState},
};
use sqlx::{Row as _, SqliteConnection};

use super::{
    super::{Entry, Head, Probe, StoreError, StoredReadState},
    history,
    rows::{self, int, message_columns, ranges_json},
};

pub(super) async fn head(connection: &mut SqliteConnection) -> Result<Head, StoreError> {
    const HEAD: &str = "SELECT h.system, h.epoch, h.seq, h.floor, e.tag FROM head h JOIN event e ON e.seq = h.seq";
    rows::head(&sqlx::query(HEAD).fetch_one(connection).await?)
}

/// Another life of the log begins.
pub(super) const RENEW_EPOCH: &str = "UPDATE head SET epoch = lower(hex(randomblob(16)))";

pub(super) async fn probe(connection: &mut SqliteConnection, seq: Seq) -> Result<Probe, StoreError> {
    let head = head(connection).await?;
    let tag = sqlx::query_scalar("SELECT tag FROM event WHERE seq = ?").bind(int(seq.0));
    Ok(Probe { head, tag: tag.fetch_optional(connection).await? })
}

/// The columns that [`rows::entry`] reads. CROSS JOIN keeps `SQLite` from turning the order round.
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

pub(super) async fn entries(
    connection: &mut SqliteConnection,
    after: Seq,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    const ENTRIES: &str = concat!(entries_from!("(SELECT * FROM event WHERE seq > ?1 ORDER BY seq LIMIT ?2) e"));
    let found = sqlx::query(ENTRIES).bind(int(after.0)).bind(limit).fetch_all(connection).await?;
    found.iter().map(rows::entry).collect()
}

/// One range of keys per audience, merged; an event stands in exactly one of them.
pub(super) async fn entries_for(
    connection: &mut SqliteConnection,
    user: UserId,
    span: Span,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    const ENTRIES: &str = entries_from!(
        "(SELECT seq FROM (
            SELECT * FROM (SELECT seq FROM audience
                WHERE kind = 0 AND id = 0 AND seq > ?2 AND seq <= ?3 ORDER BY seq LIMIT ?4)
            UNION ALL SELECT * FROM (SELECT seq FROM audience
                WHERE kind = 1 AND id = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq LIMIT ?4)
            UNION ALL SELECT * FROM (SELECT seq FROM audience
                WHERE kind = 3 AND id = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq LIMIT ?4)
        ) ORDER BY seq LIMIT ?4) a CROSS JOIN event e ON e.seq = a.seq"
    );
    let query = sqlx::query(ENTRIES).bind(int(user.0)).bind(span.after).bind(span.through).bind(limit);
    query.fetch_all(connection).await?.iter().map(rows::entry).collect()
}

/// A person's read state; none when there is no such person.
pub(super) async fn read_state(
    connection: &mut SqliteConnection,
    user: UserId,
) -> Result<Option<StoredReadState>, StoreError> {
    const STATE: &str = "SELECT r.read_upto, r.exceptions, r.version, h.seq AS head \
        FROM read_state r CROSS JOIN head h WHERE r.user_id = ?";
    let Some(row) = sqlx::query(STATE).bind(int(user.0)).fetch_optional(connection).await? else { return Ok(None) };
    let state = rows::read_state(&row)?;
    Ok(Some(StoredReadState { state, version: row.try_get("version")?, head: Seq(row.try_get("head")?) }))
}

/// Places in `(after, through]`.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) after: i64,
    pub(super) through: i64,
}

/// Messages of `span` from others that are unread under `state`: the ranges between what is read, counted in the
/// index of everyone's messages and in that of the person's own.
pub(super) async fn count_unread(
    connection: &mut SqliteConnection,
    user: UserId,
    state: &ReadState,
    span: Span,
) -> Result<u64, StoreError> {
    const COUNT: &str = "SELECT (SELECT count(*) FROM json_each(?1) r CROSS JOIN audience a
            ON a.kind = 0 AND a.id = 0 AND a.seq BETWEEN r.value ->> 0 AND r.value ->> 1 WHERE a.sender <> ?2)
        + (SELECT count(*) FROM json_each(?1) r CROSS JOIN audience a
            ON a.kind = 1 AND a.id = ?2 AND a.seq BETWEEN r.value ->> 0 AND r.value ->> 1 WHERE a.sender <> ?2)";
    let unread = unread_ranges(state, span);
    if unread.is_empty() {
        return Ok(0);
    }
    let count = sqlx::query_scalar(COUNT).bind(ranges_json(&unread)).bind(int(user.0));
    Ok(count.fetch_one(connection).await?)
}

/// The places of `span` that are not read.
pub(super) fn unread_ranges(state: &ReadState, span: Span) -> Ranges {
    let place = |n: i64| u64::try_from(n).unwrap_or(0);
    Ranges::span(place(span.after) + 1, place(span.through)).minus(&state.read())
}

/// Those of `gaps` in which nobody else's message reached `user`.
pub(super) async fn empty_gaps(
    connection: &mut SqliteConnection,
    user: UserId,
    gaps: &Ranges,
) -> Result<Ranges, StoreError> {
    const EMPTY: &str = "SELECT j.key FROM json_each(?1) j
        WHERE NOT EXISTS (SELECT 1 FROM audience a WHERE a.kind = 0 AND a.id = 0
            AND a.seq BETWEEN j.value ->> 0 AND j.value ->> 1 AND a.sender <> ?2)
        AND NOT EXISTS (SELECT 1 FROM audience a WHERE a.kind = 1 AND a.id = ?2
            AND a.seq BETWEEN j.value ->> 0 AND j.value ->> 1 AND a.sender <> ?2)";
    let asked: Vec<_> = gaps.iter().collect();
    let places: Vec<u32> =
        sqlx::query_scalar(EMPTY).bind(ranges_json(gaps)).bind(int(user.0)).fetch_all(connection).await?;
    Ok(Ranges::collect(places.into_iter().map(|place| asked[place as usize])))
}

/// The inbox at the head. The caller's transaction makes it one cut of the log.
pub(super) async fn snapshot(
    connection: &mut SqliteConnection,
    user: UserId,
    limit: u32,
) -> Result<Option<Snapshot>, StoreError> {
    let Some(person) = sqlx::query("SELECT id, name FROM account WHERE id = ?")
        .bind(int(user.0))
        .fetch_optional(&mut *connection)
        .await?
    else {
        return Ok(None);
    };
    let head = head(connection).await?;
    let Some(StoredReadState { state, .. }) = read_state(connection, user).await? else { return Ok(None) };
    let all = Span { after: 0, through: int(head.position.seq.0) };
    let unread = count_unread(connection, user, &state, all).await?;
    let page = history::newest(connection, user, all, limit).await?;
    Ok(Some(Snapshot {
        pos: Pos::from(&head.position),
        seq: head.position.seq,
        user: rows::person(&person)?,
        messages: page.messages,
        has_more: page.has_more,
        read: state,
        counters: Counters { unread },
    }))
}
