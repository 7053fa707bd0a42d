//! Pages of messages, newest first, by ranges of keys.

use push_system::{
    api::{Filter, HistoryPage, HistoryQuery},
    ids::UserId,
    message::Message,
    read_state::Ranges,
};
use sqlx::SqliteConnection;

use super::{
    super::StoreError,
    read::{self, Span},
    rows::{self, int, json, message_columns},
};

/// A page without words to search for.
pub(super) async fn page(
    connection: &mut SqliteConnection,
    user: UserId,
    query: &HistoryQuery,
) -> Result<HistoryPage, StoreError> {
    let through = query.before.map_or(i64::MAX, |before| int(before.0.saturating_sub(1)));
    let span = Span { after: 0, through };
    match query.filter {
        Filter::All => newest(connection, user, span, query.limit).await,
        Filter::Unread => unread(connection, user, span, query.limit).await,
        Filter::Me => found(connection, NAMED, user, span, query.limit).await,
        Filter::Sent => found(connection, SENT, user, span, query.limit).await,
    }
}

/// `?1` the person, within `(?2, ?3]`, `?4` at most.
const ENTITLED: &str = "SELECT seq FROM (
        SELECT * FROM (SELECT seq FROM audience
            WHERE kind = 0 AND id = 0 AND seq > ?2 AND seq <= ?3 ORDER BY seq DESC LIMIT ?4)
        UNION ALL SELECT * FROM (SELECT seq FROM audience
            WHERE kind = 1 AND id = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq DESC LIMIT ?4)
    ) ORDER BY seq DESC LIMIT ?4";
/// As [`ENTITLED`], from others.
const FROM_OTHERS: &str = "SELECT seq FROM (
        SELECT * FROM (SELECT seq FROM audience
            WHERE kind = 0 AND id = 0 AND seq > ?2 AND seq <= ?3 AND sender <> ?1 ORDER BY seq DESC LIMIT ?4)
        UNION ALL SELECT * FROM (SELECT seq FROM audience
            WHERE kind = 1 AND id = ?1 AND seq > ?2 AND seq <= ?3 AND sender <> ?1 ORDER BY seq DESC LIMIT ?4)
    ) ORDER BY seq DESC LIMIT ?4";
const NAMED: &str = "SELECT seq FROM audience
    WHERE kind = 4 AND id = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq DESC LIMIT ?4";
const SENT: &str = "SELECT id FROM message WHERE sender_id = ?1 AND id > ?2 AND id <= ?3 ORDER BY id DESC LIMIT ?4";

/// The newest messages of `span` that `user` may see.
pub(super) async fn newest(
    connection: &mut SqliteConnection,
    user: UserId,
    span: Span,
    limit: u32,
) -> Result<HistoryPage, StoreError> {
    found(connection, ENTITLED, user, span, limit).await
}

async fn found(
    connection: &mut SqliteConnection,
    sql: &'static str,
    user: UserId,
    span: Span,
    limit: u32,
) -> Result<HistoryPage, StoreError> {
    let ids = ids(connection, sql, user, span, limit.saturating_add(1)).await?;
    render(connection, ids, limit).await
}

async fn ids(
    connection: &mut SqliteConnection,
    sql: &'static str,
    user: UserId,
    span: Span,
    limit: u32,
) -> Result<Vec<i64>, StoreError> {
    let query = sqlx::query_scalar(sql).bind(int(user.0)).bind(span.after).bind(span.through).bind(limit);
    Ok(query.fetch_all(connection).await?)
}

/// Goes down the stretches between what is read, as far as the page needs.
async fn unread(
    connection: &mut SqliteConnection,
    user: UserId,
    span: Span,
    limit: u32,
) -> Result<HistoryPage, StoreError> {
    let Some(stored) = read::read_state(connection, user).await? else {
        return render(connection, Vec::new(), 0).await;
    };
    let span = Span { through: span.through.min(int(stored.head.0)), ..span };
    let mut ids_found = Vec::new();
    for (from, to) in newest_first(&read::unread_ranges(&stored.state, span)) {
        let missing = limit.saturating_add(1).saturating_sub(count(&ids_found));
        if missing == 0 {
            break;
        }
        let stretch = Span { after: int(from) - 1, through: int(to) };
        ids_found.extend(ids(connection, FROM_OTHERS, user, stretch, missing).await?);
    }
    render(connection, ids_found, limit).await
}

fn newest_first(ranges: &Ranges) -> impl Iterator<Item = (u64, u64)> {
    let ascending: Vec<_> = ranges.iter().collect();
    ascending.into_iter().rev()
}

fn count(ids: &[i64]) -> u32 {
    u32::try_from(ids.len()).unwrap_or(u32::MAX)
}

/// The page of these ids, newest first, of which one more than `limit` shows that there are older ones.
pub(super) async fn render(
    connection: &mut SqliteConnection,
    mut ids: Vec<i64>,
    limit: u32,
) -> Result<HistoryPage, StoreError> {
    let has_more = count(&ids) > limit;
    ids.truncate(limit as usize);
    Ok(HistoryPage { messages: messages(connection, &ids).await?, has_more })
}

async fn messages(connection: &mut SqliteConnection, ids: &[i64]) -> Result<Vec<Message>, StoreError> {
    const MESSAGES: &str = concat!(
        "SELECT ",
        message_columns!(),
        " FROM json_each(?) j CROSS JOIN message m ON m.id = j.value \
          CROSS JOIN account s ON s.id = m.sender_id ORDER BY m.id DESC"
    );
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query(MESSAGES).bind(json(&ids)).fetch_all(connection).await?.iter().map(rows::message).collect()
}
