//! What a person is shown of the log: pages of messages, newest first, by ranges of keys; what is unread; and the
//! snapshot that joins them.

use push_system::{
    api::{Filter, HistoryPage, HistoryQuery},
    ids::UserId,
    inbox::{Counters, Snapshot},
    position::Pos,
    read_state::{Ranges, ReadState},
};

use super::{
    StoreError, StoredReadState,
    rows::int,
    statements::{Selection, Span, Statements},
};

/// A page without words to search for.
pub(super) async fn page(
    connection: &mut impl Statements,
    user: UserId,
    query: &HistoryQuery,
) -> Result<HistoryPage, StoreError> {
    let through = query.before.map_or(i64::MAX, |before| int(before.0.saturating_sub(1)));
    let span = Span { after: 0, through };
    let selection = match query.filter {
        Filter::All => Selection::Entitled,
        Filter::Unread => return unread(connection, user, span, query.limit).await,
        Filter::Me => Selection::Named,
        Filter::Sent => Selection::Sent,
    };
    newest(connection, selection, user, span, query.limit).await
}

async fn newest(
    connection: &mut impl Statements,
    selection: Selection,
    user: UserId,
    span: Span,
    limit: u32,
) -> Result<HistoryPage, StoreError> {
    let ids = connection.message_ids(selection, user, span, limit.saturating_add(1)).await?;
    render(connection, ids, limit).await
}

/// Goes down the stretches between what is read, as far as the page needs.
async fn unread(
    connection: &mut impl Statements,
    user: UserId,
    span: Span,
    limit: u32,
) -> Result<HistoryPage, StoreError> {
    let Some(stored) = connection.read_state(user).await? else {
        return render(connection, Vec::new(), 0).await;
    };
    let span = Span { through: span.through.min(int(stored.head.0)), ..span };
    let mut found = Vec::new();
    for (from, to) in newest_first(&unread_ranges(&stored.state, span)) {
        let missing = limit.saturating_add(1).saturating_sub(count(&found));
        if missing == 0 {
            break;
        }
        let stretch = Span { after: int(from) - 1, through: int(to) };
        found.extend(connection.message_ids(Selection::FromOthers, user, stretch, missing).await?);
    }
    render(connection, found, limit).await
}

fn newest_first(ranges: &Ranges) -> impl Iterator<Item = (u64, u64)> + use<> {
    let ascending: Vec<_> = ranges.iter().collect();
    ascending.into_iter().rev()
}

fn count(ids: &[i64]) -> u32 {
    u32::try_from(ids.len()).unwrap_or(u32::MAX)
}

/// The page of these ids, newest first, of which one more than `limit` shows that there are older ones.
pub(super) async fn render(
    connection: &mut impl Statements,
    mut ids: Vec<i64>,
    limit: u32,
) -> Result<HistoryPage, StoreError> {
    let has_more = count(&ids) > limit;
    ids.truncate(limit as usize);
    let messages = if ids.is_empty() { Vec::new() } else { connection.messages(&ids).await? };
    Ok(HistoryPage { messages, has_more })
}

/// Messages of `span` from others that are unread under `state`.
pub(super) async fn count_unread(
    connection: &mut impl Statements,
    user: UserId,
    state: &ReadState,
    span: Span,
) -> Result<u64, StoreError> {
    let unread = unread_ranges(state, span);
    if unread.is_empty() { Ok(0) } else { connection.count_from_others(user, &unread).await }
}

/// The places of `span` that are not read.
fn unread_ranges(state: &ReadState, span: Span) -> Ranges {
    let place = |n: i64| u64::try_from(n).unwrap_or(0);
    Ranges::span(place(span.after) + 1, place(span.through)).minus(&state.read())
}

/// Those of `gaps` in which nobody else's message reached `user`.
pub(super) async fn empty_gaps(
    connection: &mut impl Statements,
    user: UserId,
    gaps: &Ranges,
) -> Result<Ranges, StoreError> {
    if gaps.is_empty() {
        return Ok(Ranges::default());
    }
    let asked: Vec<_> = gaps.iter().collect();
    let empty = connection.empty_ranges(user, gaps).await?;
    Ok(Ranges::collect(empty.into_iter().map(|place| asked[place])))
}

/// The inbox at the head. The caller's transaction makes it one cut of the log.
pub(super) async fn snapshot(
    connection: &mut impl Statements,
    user: UserId,
    limit: u32,
) -> Result<Option<Snapshot>, StoreError> {
    let Some(person) = connection.person(user).await? else { return Ok(None) };
    let head = connection.head().await?;
    let Some(StoredReadState { state, .. }) = connection.read_state(user).await? else { return Ok(None) };
    let all = Span { after: 0, through: int(head.position.seq.0) };
    let unread = count_unread(connection, user, &state, all).await?;
    let page = newest(connection, Selection::Entitled, user, all, limit).await?;
    Ok(Some(Snapshot {
        pos: Pos::from(&head.position),
        seq: head.position.seq,
        user: person,
        messages: page.messages,
        has_more: page.has_more,
        read: state,
        counters: Counters { unread },
    }))
}
