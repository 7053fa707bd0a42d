//! What a person is shown of the log: pages of messages, newest first, by ranges of keys; what is unread; and the
//! snapshot that joins them.

use push_system::{
    api::{Filter, HistoryPage, HistoryQuery},
    ids::{MessageId, UserId},
    inbox::{Counters, Snapshot},
    message::Message,
    position::Pos,
    read_state::{Ranges, ReadState},
};

use super::{
    Among, Entry, Gaps, Place, StoreError, StoredReadState, UnreadCount,
    rows::int,
    statements::{Span, Statements},
    stretches::{Order, Reader, Stretch},
};

/// A person with their stays in topics.
pub(super) async fn reader(connection: &mut impl Statements, user: UserId) -> Result<Reader, StoreError> {
    Ok(Reader { user, stays: connection.stays_of(&[user]).await? })
}

/// A page without words to search for.
pub(super) async fn page(
    connection: &mut impl Statements,
    user: UserId,
    query: &HistoryQuery,
) -> Result<HistoryPage, StoreError> {
    let through = query.before.map_or(i64::MAX, |before| int(before.0.saturating_sub(1)));
    let span = Span { after: 0, through };
    let reader = reader(connection, user).await?;
    match query.filter {
        Filter::All => newest(connection, &reader.messages(span), query.limit).await,
        Filter::Inbox | Filter::Unread | Filter::Saved | Filter::Archived => {
            by_state(connection, &reader, span, query).await
        }
        Filter::Me => newest(connection, &reader.named(span), query.limit).await,
        Filter::Sent => {
            let ids = connection.sent(&reader, span, query.limit.saturating_add(1)).await?;
            render(connection, ids, query.limit).await
        }
    }
}

/// The newest messages of these stretches.
pub(super) async fn newest(
    connection: &mut impl Statements,
    stretches: &[Stretch],
    limit: u32,
) -> Result<HistoryPage, StoreError> {
    let ids = connection.places(stretches, Order::Descending, None, limit.saturating_add(1)).await?;
    render(connection, ids, limit).await
}

/// What depends on the person's state: goes down the stretches that it leaves, as far as the page needs.
async fn by_state(
    connection: &mut impl Statements,
    reader: &Reader,
    span: Span,
    query: &HistoryQuery,
) -> Result<HistoryPage, StoreError> {
    let Some(stored) = connection.read_state(reader.user).await? else {
        return render(connection, Vec::new(), 0).await;
    };
    let span = Span { through: span.through.min(int(stored.head.seq.0)), ..span };
    let not_from = (query.filter == Filter::Unread).then_some(reader.user);
    let mut found = Vec::new();
    for (from, to) in newest_first(&ranges_of(query.filter, &stored, span)) {
        let missing = query.limit.saturating_add(1).saturating_sub(count(&found));
        if missing == 0 {
            break;
        }
        let stretches = reader.messages(Span { after: int(from) - 1, through: int(to) });
        found.extend(connection.places(&stretches, Order::Descending, not_from, missing).await?);
    }
    render(connection, found, query.limit).await
}

/// The places of the first messages that are unread, ascending.
pub(super) async fn first_unread(
    connection: &mut impl Statements,
    user: UserId,
    limit: u32,
) -> Result<Vec<i64>, StoreError> {
    let Some(stored) = connection.read_state(user).await? else { return Ok(Vec::new()) };
    let reader = reader(connection, user).await?;
    let all = Span { after: 0, through: int(stored.head.seq.0) };
    let mut found = Vec::new();
    for (from, to) in unread_ranges(&stored.state, all).iter() {
        let missing = limit.saturating_sub(count(&found));
        if missing == 0 {
            break;
        }
        let stretches = reader.messages(Span { after: int(from) - 1, through: int(to) });
        found.extend(connection.places(&stretches, Order::Ascending, Some(user), missing).await?);
    }
    Ok(found)
}

/// Where in `span` to look for what `filter` names.
fn ranges_of(filter: Filter, stored: &StoredReadState, span: Span) -> Ranges {
    let whole = places(span);
    let without = |ranges: &Ranges| whole.minus(ranges);
    match filter {
        Filter::Unread => unread_ranges(&stored.state, span),
        Filter::Inbox => without(&stored.marks.archived),
        Filter::Archived => without(&without(&stored.marks.archived)),
        Filter::Saved => without(&without(&stored.marks.saved)),
        Filter::All | Filter::Me | Filter::Sent => whole,
    }
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
    Ok(HistoryPage { messages, has_more, search: None })
}

/// A message, if the person may see it: one of their inbox, or one that stands on the page of a public topic. What there is
/// beside that takes as many steps as what there is not.
pub(super) async fn message(
    connection: &mut impl Statements,
    user: UserId,
    id: MessageId,
) -> Result<Option<Message>, StoreError> {
    let Some(before) = int(id.0).checked_sub(1).filter(|before| *before >= 0) else { return Ok(None) };
    let span = Span { after: before, through: int(id.0) };
    let reader = reader(connection, user).await?;
    let ids = connection.places(&reader.messages(span), Order::Descending, None, 1).await?;
    if ids.is_empty() && !connection.is_public(id).await? {
        return Ok(None);
    }
    Ok(connection.messages(&[int(id.0)]).await?.pop())
}

/// All unread messages under `state`, and up to where they were counted. The caller's transaction makes it one look.
pub(super) async fn count_all_unread(
    connection: &mut impl Statements,
    reader: &Reader,
    state: &ReadState,
) -> Result<UnreadCount, StoreError> {
    let through = Place::from(&connection.head().await?.position);
    let count = count_unread(connection, reader, state, Span { after: 0, through: int(through.seq.0) }).await?;
    Ok(UnreadCount { count, through })
}

/// Messages of `span` from others that are unread under `state`.
pub(super) async fn count_unread(
    connection: &mut impl Statements,
    reader: &Reader,
    state: &ReadState,
    span: Span,
) -> Result<u64, StoreError> {
    let unread = unread_ranges(state, span);
    if unread.is_empty() {
        return Ok(0);
    }
    let named = connection.count_from_others(reader.user, &unread).await?;
    Ok(named + connection.count_topic_messages(reader, &unread).await?)
}

/// The places of `span` that are not read.
fn unread_ranges(state: &ReadState, span: Span) -> Ranges {
    places(span).minus(&state.read())
}

fn places(span: Span) -> Ranges {
    let place = |n: i64| u64::try_from(n).unwrap_or(0);
    Ranges::span(place(span.after) + 1, place(span.through))
}

/// Those of `gaps` that hold none of the messages to `user`.
pub(super) async fn empty_gaps(
    connection: &mut impl Statements,
    user: UserId,
    gaps: &Ranges,
    among: Among,
) -> Result<Gaps, StoreError> {
    let at = Place::from(&connection.head().await?.position);
    if gaps.is_empty() {
        return Ok(Gaps { empty: Ranges::default(), at });
    }
    let asked: Vec<_> = gaps.iter().collect();
    let places = connection.empty_ranges(user, gaps, among).await?;
    let empty = Ranges::collect(places.into_iter().map(|place| asked[place]));
    let reader = reader(connection, user).await?;
    let left: Vec<_> = empty.iter().collect();
    let full = connection.ranges_with_topic_messages(&reader, &empty, among).await?;
    Ok(Gaps { empty: empty.minus(&Ranges::collect(full.into_iter().map(|place| left[place]))), at })
}

/// Events of a person, in order: one range of keys per audience, merged.
pub(super) async fn entries_for(
    connection: &mut impl Statements,
    user: UserId,
    span: Span,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    let stretches = reader(connection, user).await?.events(span);
    let places = connection.places(&stretches, Order::Ascending, None, limit).await?;
    if places.is_empty() { Ok(Vec::new()) } else { connection.entries_at(&places).await }
}

/// The inbox at the head. The caller's transaction makes it one cut of the log.
pub(super) async fn snapshot(
    connection: &mut impl Statements,
    user: UserId,
    limit: u32,
) -> Result<Option<Snapshot>, StoreError> {
    let Some(person) = connection.person(user).await? else { return Ok(None) };
    let head = connection.head().await?;
    let Some(StoredReadState { state, marks, .. }) = connection.read_state(user).await? else { return Ok(None) };
    let all = Span { after: 0, through: int(head.position.seq.0) };
    let reader = reader(connection, user).await?;
    let unread = count_unread(connection, &reader, &state, all).await?;
    let page = newest(connection, &reader.messages(all), limit).await?;
    Ok(Some(Snapshot {
        pos: Pos::from(&head.position),
        seq: head.position.seq,
        user: person,
        messages: page.messages,
        has_more: page.has_more,
        read: state,
        marks,
        topics: connection.topics_joined(user).await?,
        counters: Counters { unread },
    }))
}
