//! The task that reads the log into the tail: from its own sequencer, from the bus, and, because both may lie by
//! silence, from the store once a second.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use push_system::{ids::Seq, position::Position};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};

use super::{
    Encoded, Random,
    hub::Hub,
    members::Members,
    relay::{self, News, Teller, Tellers, Told},
    sequencer::Committed,
    tail::{Appended, Tail},
};
use crate::{
    bus::{Bus, Hint, Subscription},
    failpoint::{self, Point},
    store::{Probe, Revocation, Store, StoreError},
};

/// How long the store may think about one row. A database that hangs must not keep what the bus tells from the sockets.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// And about a page.
pub const READ_WITHIN: Duration = Duration::from_secs(3);
/// Events per read when catching up.
const PAGE: u32 = 500;

/// Hears which sessions ended; nothing where that is not known, because a part of the log was left out.
pub type Listener = Box<dyn Fn(Option<&Revocation>) + Send + Sync>;

/// What others may know of the follower.
pub struct State {
    store_up: AtomicBool,
    listeners: RwLock<Vec<Listener>>,
}

impl Default for State {
    fn default() -> Self {
        Self { store_up: AtomicBool::new(true), listeners: RwLock::default() }
    }
}

impl State {
    pub fn listen(&self, listener: Listener) {
        self.listeners.write().unwrap_or_else(PoisonError::into_inner).push(listener);
    }

    pub fn store_is_up(&self) -> bool {
        self.store_up.load(Ordering::Acquire)
    }

    fn revoked(&self, revocation: Option<&Revocation>) {
        self.listeners.read().unwrap_or_else(PoisonError::into_inner).iter().for_each(|tell| tell(revocation));
    }

    /// Logs the change, once, whichever way it goes.
    fn set_store<T>(&self, result: &Result<T, StoreError>) {
        let was_up = self.store_up.swap(result.is_ok(), Ordering::AcqRel);
        match result {
            Err(error) if was_up => tracing::error!(error = %error, "store.lost"),
            Ok(_) if !was_up => tracing::info!("store.back"),
            _ => {}
        }
    }
}

pub struct Follower {
    pub store: Arc<dyn Store>,
    pub bus: Arc<dyn Bus>,
    pub tail: Arc<Tail>,
    pub hub: Arc<Hub>,
    pub members: Arc<Members>,
    pub state: Arc<State>,
    pub check_every: Duration,
    pub random: Random,
    /// Who we are to the other instances.
    pub teller: Teller,
    /// Which of them we believe.
    pub tellers: Tellers,
}

impl Follower {
    /// Follows until the sequencer's end of `feed` is gone.
    pub async fn run(mut self, mut feed: mpsc::Receiver<Vec<Committed>>, mut hints: Box<dyn Subscription>) {
        let mut hearing = true;
        // One deadline over all turns: traffic must not put the comparison off.
        let mut next_check = Instant::now() + self.pause();
        loop {
            // The comparison first: no traffic puts it off. Own commits before hints: where others commit as well, they
            // show the gap themselves. The same order each time, so that a run can be repeated.
            tokio::select! {
                biased;
                () = sleep_until(next_check) => {
                    self.check().await;
                    next_check = Instant::now() + self.pause();
                }
                committed = feed.recv() => match committed {
                    Some(entries) => self.committed(entries).await,
                    None => return,
                },
                hint = hints.next(), if hearing => match hint {
                    Some(Hint::Events(bytes)) => self.hinted(&bytes).await,
                    Some(Hint::Gap) => self.check().await,
                    None => hearing = false,
                },
            }
        }
    }

    /// The time to the next check, shortened by up to a fifth so that instances do not ask in step.
    fn pause(&self) -> Duration {
        let share = u32::try_from((self.random)() % 200).unwrap_or_default();
        self.check_every * (1_000 - share) / 1_000
    }

    /// Own commits: the common case needs no read at all. The other instances are told when everyone here is awake.
    async fn committed(&self, committed: Vec<Committed>) {
        let before = self.tail.head();
        let (Some(first), Some(last)) = (committed.first(), committed.last()) else {
            return self.perhaps_committed(&before).await;
        };
        let (follows, first, last) =
            (first.follows(&before), first.entry.position.clone(), last.entry.position.clone());
        let entries: Vec<Arc<Encoded>> =
            committed.into_iter().map(|committed| Arc::new(committed.entry.into())).collect();
        if follows {
            self.take(&entries).await;
        } else if first.seq > before.seq.next() {
            self.catch_up().await;
        } else if !self.tail.vouches_for(&last) {
            // It was not read meanwhile for another reason: the log went back.
            self.check().await;
        }
        failpoint::reached(Point::BeforeBus);
        if self.bus.is_heard() {
            let tag_before = self.tag_before(first.seq, &before);
            self.bus.publish(self.teller.tell(tag_before, &entries, &last));
        }
    }

    /// A commit without an answer may have gone through.
    async fn perhaps_committed(&self, before: &Position) {
        self.catch_up().await;
        let head = self.tail.head();
        if head != *before {
            self.bus.publish(self.teller.tell(None, &[], &head));
        }
    }

    /// The tag of the event before `first`, by which the others see that they followed the same log.
    fn tag_before(&self, first: Seq, before: &Position) -> Option<u32> {
        if before.seq.next() == first { Some(before.tag) } else { self.tail.tag_at(Seq(first.0.checked_sub(1)?)) }
    }

    /// Another instance, or this one, tells of a commit. Of one that may write into a copy of our database, only the store
    /// shows what is true.
    async fn hinted(&mut self, bytes: &Bytes) {
        let Some(Told { teller, last, news }) = relay::read(bytes, &self.tail.head()) else {
            return self.catch_up().await;
        };
        match news {
            News::None => {}
            News::Next(entries) if self.tellers.know(teller) => {
                self.take(&entries).await;
            }
            News::Next(_) | News::Grown => {
                self.catch_up().await;
                // It was new to us, and its random tag is that of our own log.
                if self.tail.vouches_for(&last) {
                    self.tellers.proved(teller);
                }
            }
            News::Forked => self.check().await,
        }
    }

    /// Appends what fits, in order, and wakes the connections entitled to it. False when there is a hole.
    async fn take(&self, entries: &[Arc<Encoded>]) -> bool {
        let mut fresh = Vec::with_capacity(entries.len());
        let mut dense = true;
        for entry in entries {
            self.members.note(entry);
            match self.tail.append(entry) {
                Appended::Next => fresh.push(entry.clone()),
                Appended::Old => {}
                Appended::Gap => {
                    dense = false;
                    break;
                }
            }
        }
        for revocation in fresh.iter().filter_map(|entry| entry.revocation.as_ref()) {
            self.state.revoked(Some(revocation));
        }
        self.hub.dispatch(&fresh).await;
        dense
    }

    /// Reads everything behind the tail from the store.
    async fn catch_up(&self) {
        let result = self.read_on().await;
        self.state.set_store(&result);
    }

    /// Each page begins with the tail's newest entry itself: a log that went back may have grown past it since, and then
    /// what stands behind it does not follow it.
    async fn read_on(&self) -> Result<(), StoreError> {
        loop {
            let head = self.tail.head();
            let page = in_time(READ_WITHIN, self.store.entries(Seq(head.seq.0.saturating_sub(1)), PAGE)).await?;
            let full = page.len() == PAGE as usize;
            let begins_with_head = page.first().map_or(head.seq.0 == 0, |first| {
                // Before the first event there is no entry to be read, and nothing that could have been another.
                if head.seq.0 == 0 { first.position.epoch == head.epoch } else { first.position == head }
            });
            let entries: Vec<Arc<Encoded>> = page.into_iter().map(|entry| Arc::new(entry.into())).collect();
            if !begins_with_head || !self.take(&entries).await {
                let head = self.tail.head();
                let probe = in_time(ANSWER_WITHIN, self.store.probe(head.seq)).await?;
                return self.begin_anew(&head, probe).await;
            }
            if !full {
                return Ok(());
            }
        }
    }

    /// Compares the tail with the store: has the log grown, or is it another one?
    async fn check(&self) {
        let head = self.tail.head();
        let probe = in_time(ANSWER_WITHIN, self.store.probe(head.seq)).await;
        self.state.set_store(&probe);
        let Ok(probe) = probe else { return };
        let result = match judge(&head, &probe) {
            Verdict::Same => Ok(()),
            Verdict::Grown => self.read_on().await,
            Verdict::OtherLife | Verdict::Trimmed | Verdict::WentBack => self.begin_anew(&head, probe).await,
        };
        self.state.set_store(&result);
    }

    /// The log does not go on from `head`. Where it is not what was followed, it gets a new epoch; either way every client
    /// here is told.
    async fn begin_anew(&self, head: &Position, probe: Probe) -> Result<(), StoreError> {
        let (seq, store) = (head.seq.0, &probe.head.position);
        match judge(head, &probe) {
            Verdict::OtherLife => tracing::warn!(log.seq = seq, "log.epoch.changed"),
            Verdict::Trimmed => tracing::warn!(log.seq = seq, "log.trimmed"),
            verdict => {
                // Went back; or a hole, which is damage, as places are dense in every commit: nothing behind it may pass
                // as continuous.
                tracing::error!(log.seq = seq, store.seq = store.seq.0, ?verdict, "log.broken");
                let head = self.store.renew_epoch(&store.epoch).await?;
                return self.begin_at(head.position).await;
            }
        }
        self.begin_at(probe.head.position).await
    }

    async fn begin_at(&self, head: Position) -> Result<(), StoreError> {
        self.members.reload(&*self.store).await?;
        self.state.revoked(None);
        self.tail.restart(head.clone());
        self.hub.restart(head);
        Ok(())
    }
}

/// Asks the store no longer than this. Only the question is given up, never what is done with its answer: an event that is
/// in the tail and was not told to every seat would be passed by those it was not told to.
pub async fn in_time<T>(limit: Duration, answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    timeout(limit, answer).await.unwrap_or_else(|_| Err(StoreError::new("the store does not answer")))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Same,
    Grown,
    OtherLife,
    /// The tail's end is no longer kept.
    Trimmed,
    WentBack,
}

fn judge(tail: &Position, probe: &Probe) -> Verdict {
    let store = &probe.head.position;
    if store.epoch != tail.epoch {
        Verdict::OtherLife
    } else if probe.head.floor > tail.seq {
        Verdict::Trimmed
    } else if probe.tag != Some(tail.tag) {
        Verdict::WentBack
    } else if store.seq > tail.seq {
        Verdict::Grown
    } else {
        Verdict::Same
    }
}
