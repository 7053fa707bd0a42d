//! What a connection reads: from the tail where it can, from the store in bounded pages where it must.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::extract::ws::Utf8Bytes;
use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared, WeakShared},
};
use push_system::{
    accounts::Person,
    ids::{Seq, UserId},
    limits,
    position::Position,
    protocol::{ResetReason, ServerFrame},
    session::server::Start,
};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

use super::{
    Encoded, Push, encoded,
    hub::Seat,
    tail::{Behind, Reach},
};
use crate::store::{FOLLOWERS, Probe, SessionId, Store, StoreError};

/// Events per page from the store.
const PAGE: u32 = 100;
/// Bytes of a page from the store; what was read beyond them is read again, which only long messages come to.
const PAGE_BYTES: usize = 4 * CHUNK_BYTES;
/// Bytes of events in one frame or one flush; below the frame limit with its envelope.
const CHUNK_BYTES: usize = limits::EVENT_BYTES;
/// Pages read at once, over all connections: fewer than a store has readers, so that a storm of returning clients leaves
/// one for logins and look-ups.
const READS: usize = 3;

/// Positions asked about at once, over all connections: one less than there are connections for following the log, so that
/// the follower's own question never waits behind them.
const PROBES: usize = FOLLOWERS as usize - 1;

/// How long a position ahead of the tail waits for it before the store is asked about it again: as long as a tail that
/// hears nothing needs to look by itself.
const WAIT_FOR_TAIL: Duration = Duration::from_secs(1);

/// Events to write, and where the connection stands afterwards.
#[derive(Debug)]
pub struct Page {
    /// In order.
    pub entries: Vec<Arc<Encoded>>,
    /// Everything entitled up to here is in `entries`, or was written before. `None` when there is nothing to move to.
    pub cursor: Option<Position>,
    /// Whether they came from the store.
    pub from_store: bool,
    /// Whether they are all there were.
    pub reach: Reach,
}

/// Where the next events are.
pub enum Next {
    /// In memory. An empty page says that there is nothing entitled up to its cursor.
    AtHand(Page),
    /// They have to be read, which takes its time and may be given up. None says that history is trimmed there and cannot
    /// be told without a gap.
    InStore(BoxFuture<'static, Result<Option<Page>, Arc<StoreError>>>),
}

impl Page {
    /// The events as frames, single or bundled, each below the frame limit.
    pub fn frames(&self, bundled: bool) -> Vec<Utf8Bytes> {
        if !bundled {
            return self.entries.iter().map(|entry| entry.frame.clone()).collect();
        }
        let mut frames = Vec::new();
        let mut rest = &self.entries[..];
        while !rest.is_empty() {
            let (chunk, more) = rest.split_at(fitting(rest, CHUNK_BYTES));
            frames.push(encoded::events_frame(chunk.iter().map(|entry| &**entry)));
            rest = more;
        }
        frames
    }
}

/// How many of these are at most `most` bytes; at least one, if there is one.
fn fitting(entries: &[Arc<Encoded>], most: usize) -> usize {
    let mut bytes = 0;
    let fitting = entries.iter().take_while(|entry| {
        bytes += entry.frame.len() + 2;
        bytes <= most
    });
    fitting.count().max(1).min(entries.len())
}

/// What a read of the store yields; nothing where the history behind the cursor is trimmed.
type Read = Result<Option<Arc<Vec<Arc<Encoded>>>>, Arc<StoreError>>;
type PageRead = Shared<BoxFuture<'static, Read>>;
type PageKey = (UserId, Seq, Seq);
type UnderWay = HashMap<PageKey, WeakShared<BoxFuture<'static, Read>>>;

/// Reads from the store, shared where equal and bounded where not.
pub struct Replay {
    store: Arc<dyn Store>,
    permits: Arc<Semaphore>,
    probes: Semaphore,
    /// Held by those who wait: a read that nobody waits for any more ends, and gives its permit back.
    under_way: Mutex<UnderWay>,
}

/// Somebody who waits for a read. Dropped after it, the last one takes it off the list.
struct Waiting<'a> {
    replay: &'a Replay,
    key: PageKey,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut under_way = self.replay.under_way();
        if under_way.get(&self.key).is_some_and(|read| read.upgrade().is_none()) {
            under_way.remove(&self.key);
        }
    }
}

impl Replay {
    pub fn new(store: Arc<dyn Store>) -> Self {
        let (permits, probes) = (Arc::new(Semaphore::new(READS)), Semaphore::new(PROBES));
        Self { store, permits, probes, under_way: Mutex::default() }
    }

    async fn probe(&self, seq: Seq) -> Result<Probe, StoreError> {
        in_turn(&self.probes, self.store.probe(seq)).await
    }

    /// Cancel-safe.
    async fn read(&self, user: UserId, after: Seq, through: Seq) -> Read {
        let key = (user, after, through);
        let _waiting = Waiting { replay: self, key };
        self.join(key).await
    }

    fn join(&self, key: PageKey) -> PageRead {
        let mut under_way = self.under_way();
        under_way.get(&key).and_then(WeakShared::upgrade).unwrap_or_else(|| {
            let read = self.begin(key);
            under_way.extend(read.downgrade().map(|shared| (key, shared)));
            read
        })
    }

    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, (user, after, through): PageKey) -> PageRead {
        let (store, permits) = (self.store.clone(), self.permits.clone());
        async move {
            // Never closed, so never an error.
            let _permit = permits.acquire_owned().await;
            match store.entries_for(user, after, through, PAGE).await {
                Ok(page) => Ok(Some(Arc::new(page.into_iter().map(|entry| Arc::new(entry.into())).collect()))),
                Err(error) if error.is_trimmed() => Ok(None),
                Err(error) => Err(Arc::new(error)),
            }
        }
        .boxed()
        .shared()
    }
}

/// Asks when there is a permit, which is given back with the answer or when nobody waits for it any more.
async fn in_turn<T>(permits: &Semaphore, question: impl Future<Output = T>) -> T {
    // Never closed, so never an error.
    let _permit = permits.acquire().await;
    question.await
}

/// Why a stream cannot go on from `since`.
fn objection(since: &Position, probe: &Probe) -> Option<ResetReason> {
    let head = &probe.head.position;
    if since.epoch != head.epoch {
        Some(ResetReason::Epoch)
    } else if since.seq > head.seq {
        Some(ResetReason::Ahead)
    } else if since.seq < probe.head.floor {
        Some(ResetReason::Trimmed)
    } else if probe.tag != Some(since.tag) {
        Some(ResetReason::Unknown)
    } else if head.seq.0 - since.seq.0 > limits::REPLAY_EVENTS {
        Some(ResetReason::TooFar)
    } else {
        None
    }
}

impl Push {
    /// Seats a connection: from here on it is woken for every event it is entitled to.
    pub fn seat(&self, person: Person, session: SessionId, address: std::net::IpAddr, now_ms: u64) -> Arc<Seat> {
        self.0.presence.arrive(&person);
        self.0.hub.seat(person, session, address, now_ms)
    }

    /// The connection is gone.
    pub fn leave(&self, seat: &Arc<Seat>) {
        self.0.hub.leave(seat);
        self.0.presence.leave(&seat.person, Instant::now());
    }

    /// Where a stream may start that asks for `since`, or for the head.
    ///
    /// # Errors
    /// The store cannot be asked; nothing can be said about the position.
    pub async fn start_at(&self, since: Option<&str>) -> Result<Start, StoreError> {
        let Some(since) = since else { return Ok(Start::At(self.0.hub.dispatched())) };
        let Ok(since) = since.parse::<Position>() else {
            return Ok(Start::Reset(self.0.tail.head(), ResetReason::Unreadable));
        };
        loop {
            if self.0.tail.vouches_for(&since) {
                return Ok(Start::At(since));
            }
            let probe = self.0.replay.probe(since.seq).await?;
            if let Some(reason) = objection(&since, &probe) {
                return Ok(Start::Reset(probe.head.position, reason));
            }
            // Ahead of the tail, nobody would notice if the log went back to where the tail is and grew again.
            if since.seq <= self.0.tail.head().seq {
                return Ok(Start::At(since));
            }
            self.tail_reaches(since.seq).await;
        }
    }

    /// Resolves when the tail has come so far; or after a while, to ask again.
    async fn tail_reaches(&self, seq: Seq) {
        let grow = async {
            while self.0.tail.head().seq < seq {
                self.0.hub.grown().await;
            }
        };
        // Either way the caller looks again.
        let _ = timeout(WAIT_FOR_TAIL, grow).await;
    }

    /// The mark up to which an unwoken connection has nothing to write.
    pub fn dispatched(&self) -> Position {
        self.0.hub.dispatched()
    }

    /// The next events behind `after` for `user`.
    pub fn page(&self, user: UserId, after: Seq) -> Next {
        match self.0.tail.behind(after, user, &self.0.members, CHUNK_BYTES) {
            Behind::Entries(entries, cursor, reach) => {
                Next::AtHand(Page { entries, cursor: Some(cursor), from_store: false, reach })
            }
            Behind::Nothing => {
                Next::AtHand(Page { entries: Vec::new(), cursor: None, from_store: false, reach: Reach::Head })
            }
            Behind::Older => {
                let push = self.clone();
                Next::InStore(async move { push.stored_page(user, after).await }.boxed())
            }
        }
    }

    async fn stored_page(&self, user: UserId, after: Seq) -> Result<Option<Page>, Arc<StoreError>> {
        // The tail's end, not the hub's mark: an event is appended before anybody is woken for it, so whatever wake was
        // missed or dropped while this connection was behind is covered.
        let mark = self.0.tail.head();
        let Some(entries) = self.0.replay.read(user, after, mark.seq).await? else { return Ok(None) };
        let kept = &entries[..fitting(&entries, PAGE_BYTES)];
        let whole = kept.len() == entries.len() && entries.len() < PAGE as usize;
        let reach = if whole { Reach::Head } else { Reach::Partway };
        let last = kept.last().filter(|_| !whole).map(|entry| entry.position.clone());
        let cursor = Some(last.unwrap_or(mark));
        Ok(Some(Page { entries: kept.to_vec(), cursor, from_store: true, reach }))
    }

    /// The latest frame that tells who came and left.
    pub fn presence_change(&self) -> Option<Utf8Bytes> {
        self.0.hub.presence_frame()
    }

    /// Who is online, as a frame.
    pub fn presence_frame(&self) -> ServerFrame {
        self.0.presence.whole_frame()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use push_system::position::Epoch;

    use super::*;
    use crate::store::Head;

    #[test]
    fn as_many_events_as_are_replayed_are_replayed_and_not_one_more() {
        let position = |seq| Position { epoch: Epoch::parse("e1").unwrap(), seq: Seq(seq), tag: 7 };
        let head = Head { position: position(limits::REPLAY_EVENTS + 5), floor: Seq(0), system: String::new() };
        let probe = Probe { head, tag: Some(7) };
        assert_eq!(objection(&position(5), &probe), None);
        assert_eq!(objection(&position(4), &probe), Some(ResetReason::TooFar));
    }

    #[tokio::test]
    async fn a_storm_of_questions_leaves_one_connection_to_the_follower() {
        let (permits, asking, most) = (Semaphore::new(PROBES), Cell::new(0), Cell::new(0));
        let question = async || {
            asking.set(asking.get() + 1);
            most.set(most.get().max(asking.get()));
            tokio::task::yield_now().await;
            asking.set(asking.get() - 1);
        };
        futures::future::join_all((0..50).map(|_| in_turn(&permits, question()))).await;
        assert_eq!(most.get(), FOLLOWERS - 1);
    }
}
