//! Full-text search. The index follows the log with a cursor of its own, in steps, so that no publish waits for it.

use push_system::{
    api::{Filter, HistoryPage, HistoryQuery},
    ids::{MessageId, UserId},
    read_state::ReadState,
};

use super::{
    StoreError,
    backend::{Backend, ConnectionOf, WriteTx as _, within},
    history,
    rows::int,
    statements::{Match, SearchRows, Statements},
    words::Words,
};

/// Messages indexed in one transaction. On `SQLite` the sequencer waits while it runs: a few milliseconds, most of them
/// the flush.
const STEP: u32 = 50;
/// Matches looked at in the first read: enough for a page of what most people may see.
const MATCHES_FIRST: u32 = 500;
/// Matches looked at in one read at most, as they grow while a rare permission is searched for; no read takes a second.
const MATCHES_MOST: u32 = 10_000;
/// Texts held in memory at once while they are looked through.
const TEXTS: usize = 100;

/// Indexes up to [`STEP`] messages; returns whether all are.
pub(super) async fn step<B: Backend>(backend: &B) -> Result<bool, StoreError> {
    let (indexed, newest) = cursor(backend).await?;
    if indexed >= newest {
        return Ok(true);
    }
    let (indexed, newest) = index_some(backend).await?;
    Ok(indexed >= newest)
}

/// Brings the index to where the log ends now; what is published meanwhile does not prolong it.
async fn index_what_is_there<B: Backend>(backend: &B) -> Result<(), StoreError> {
    let (mut indexed, newest) = cursor(backend).await?;
    while indexed < newest {
        indexed = index_some(backend).await?.0;
    }
    Ok(())
}

async fn cursor<B: Backend>(backend: &B) -> Result<(i64, i64), StoreError> {
    within(B::PATIENCE, async {
        let mut reader = backend.reader().await?;
        let cursor = reader.index_cursor().await;
        reader.end(cursor).await
    })
    .await
}

async fn index_some<B: Backend>(backend: &B) -> Result<(i64, i64), StoreError> {
    let mut tx = within(B::PATIENCE, backend.write()).await?;
    let done = within(B::PATIENCE, index_next(&mut *tx)).await;
    Ok(tx.finish(done).await?)
}

/// Indexes the next messages; returns the cursor after that.
async fn index_next(connection: &mut impl Statements) -> Result<(i64, i64), StoreError> {
    let (indexed, newest) = connection.lock_index().await?;
    let messages = connection.texts_after(indexed, STEP).await?;
    let Some(last) = messages.last().map(|message| message.id) else { return Ok((indexed, newest)) };
    connection.add_to_index(&messages).await?;
    connection.move_index(last).await?;
    Ok((last, newest))
}

/// A page of the messages that hold all words.
pub(super) async fn page<B: Backend>(
    backend: &B,
    user: UserId,
    query: &HistoryQuery,
    typed: &str,
) -> Result<HistoryPage, StoreError> {
    let Some(words) = Words::parse(typed) else {
        return Ok(HistoryPage { messages: Vec::new(), has_more: false });
    };
    index_what_is_there(backend).await?;
    let proves = <ConnectionOf<B> as SearchRows>::PROVES_RUNS || !words.need_proof();
    let wanted = query.limit as usize + 1;
    let mut search = Search { user, filter: query.filter, words, proves, wanted, found: Vec::new() };
    let mut before = query.before.map_or(i64::MAX, |before| int(before.0));
    let mut looks = MATCHES_FIRST;
    while search.found.len() < wanted {
        let go_on_before = within(B::PATIENCE, async {
            let mut read = backend.read().await?;
            let looked = search.look(&mut *read, before, looks).await;
            read.end(looked).await
        });
        match go_on_before.await? {
            Some(place) => (before, looks) = (place, MATCHES_MOST.min(looks * 4)),
            None => break,
        }
    }
    within(B::PATIENCE, async {
        let mut read = backend.read().await?;
        let page = history::render(&mut *read, search.found, query.limit).await;
        read.end(page).await
    })
    .await
}

struct Search {
    user: UserId,
    filter: Filter,
    words: Words,
    /// Whether what the index finds holds the words as they stand.
    proves: bool,
    /// How many ids make the page and show whether there are more.
    wanted: usize,
    found: Vec<i64>,
}

impl Search {
    /// Looks at the newest matches before a place, and keeps those the person may see and asked for. Returns where the
    /// next read begins; none when there are no more matches.
    async fn look(
        &mut self,
        connection: &mut impl Statements,
        before: i64,
        looks: u32,
    ) -> Result<Option<i64>, StoreError> {
        let read = connection.read_state(self.user).await?.map(|stored| stored.state).unwrap_or_default();
        let matches = connection.matches(&self.words, before, self.user, looks).await?;
        let kept: Vec<_> = matches.iter().filter(|found| self.keeps(found, &read)).map(|found| found.id).collect();
        if self.proves {
            self.found.extend(kept);
            self.found.truncate(self.wanted);
        } else {
            self.prove(connection, &kept).await?;
        }
        let last = matches.last().filter(|last| last.looked_at == i64::from(looks));
        Ok(last.map(|last| last.id))
    }

    fn keeps(&self, found: &Match, read: &ReadState) -> bool {
        let is_own = found.sender == int(self.user.0);
        let is_read = || u64::try_from(found.id).is_ok_and(|id| read.is_read(MessageId(id)));
        found.entitled
            && match self.filter {
                Filter::All => true,
                Filter::Unread => !is_own && !is_read(),
                Filter::Me => found.named,
                Filter::Sent => is_own,
            }
    }

    /// Reads the texts and keeps those in which runs of words stand as they were typed, as far as the page needs.
    async fn prove(&mut self, connection: &mut impl Statements, ids: &[i64]) -> Result<(), StoreError> {
        for ids in ids.chunks(TEXTS) {
            if self.found.len() >= self.wanted {
                break;
            }
            let mut texts = connection.texts_of(ids).await?;
            texts.sort_unstable_by_key(|message| std::cmp::Reverse(message.id));
            let proven = texts.iter().filter(|message| self.words.stand_in(message.texts())).map(|message| message.id);
            self.found.extend(proven);
        }
        self.found.truncate(self.wanted);
        Ok(())
    }
}
