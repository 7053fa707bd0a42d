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
    time::{Instant, sleep_until},
};

use super::{
    Encoded, Random,
    hub::Hub,
    relay::{self, News},
    tail::{Appended, Tail},
};
use crate::{
    bus::{Bus, Hint, Subscription},
    failpoint::{self, Point},
    store::{Entry, Probe, Revocation, Store, StoreError},
};

/// Events per read when catching up.
const PAGE: u32 = 500;

type Listener = Box<dyn Fn(&Revocation) + Send + Sync>;

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

    fn revoked(&self, revocation: &Revocation) {
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
    pub state: Arc<State>,
    pub check_every: Duration,
    pub random: Random,
}

impl Follower {
    /// Follows until the sequencer's end of `feed` is gone.
    pub async fn run(self, mut feed: mpsc::UnboundedReceiver<Vec<Entry>>, mut hints: Box<dyn Subscription>) {
        let mut hearing = true;
        // One deadline over all turns: traffic must not put the comparison off.
        let mut next_check = Instant::now() + self.pause();
        loop {
            tokio::select! {
                committed = feed.recv() => match committed {
                    Some(entries) => self.committed(entries).await,
                    None => return,
                },
                hint = hints.next(), if hearing => match hint {
                    Some(Hint::Events(bytes)) => self.hinted(&bytes).await,
                    Some(Hint::Gap) => self.check().await,
                    None => hearing = false,
                },
                () = sleep_until(next_check) => {
                    self.check().await;
                    next_check = Instant::now() + self.pause();
                }
            }
        }
    }

    /// The time to the next check, shortened by up to a fifth so that instances do not ask in step.
    fn pause(&self) -> Duration {
        let share = u32::try_from((self.random)() % 200).unwrap_or_default();
        self.check_every * (1_000 - share) / 1_000
    }

    /// Own commits: the common case needs no read at all. The other instances are told when everyone here is awake.
    async fn committed(&self, entries: Vec<Entry>) {
        let before = self.tail.head();
        let entries: Vec<Arc<Encoded>> = entries.into_iter().map(|entry| Arc::new(entry.into())).collect();
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            return self.perhaps_committed(&before).await;
        };
        match self.take(&entries).await {
            Appended::Next => {}
            Appended::Gap => self.catch_up().await,
            // The bus, or a read for another reason, was faster.
            Appended::Old if self.tail.vouches_for(&last.position) => {}
            // Another event stands in its place: the log went back.
            Appended::Old => self.check().await,
        }
        failpoint::reached(Point::BeforeBus);
        let tag_before = self.tag_before(first.position.seq, &before);
        self.bus.publish(relay::write(tag_before, &entries, &last.position));
    }

    /// A commit without an answer may have gone through.
    async fn perhaps_committed(&self, before: &Position) {
        self.catch_up().await;
        let head = self.tail.head();
        if head != *before {
            self.bus.publish(relay::write(None, &[], &head));
        }
    }

    /// The tag of the event before `first`, by which the others see that they followed the same log.
    fn tag_before(&self, first: Seq, before: &Position) -> Option<u32> {
        if before.seq.next() == first { Some(before.tag) } else { self.tail.tag_at(Seq(first.0.checked_sub(1)?)) }
    }

    /// Another instance, or this one, tells of a commit.
    async fn hinted(&self, bytes: &Bytes) {
        match relay::read(bytes, &self.tail.head()) {
            News::None => {}
            News::Next(entries) => drop(self.take(&entries).await),
            News::Grown => self.catch_up().await,
            News::Forked => self.check().await,
        }
    }

    /// Appends what fits, in order, and wakes the connections entitled to it.
    async fn take(&self, entries: &[Arc<Encoded>]) -> Appended {
        let mut result = Appended::Old;
        let mut fresh = Vec::with_capacity(entries.len());
        for entry in entries {
            result = self.tail.append(entry);
            match result {
                Appended::Next => fresh.push(entry.clone()),
                Appended::Old => {}
                Appended::Gap => break,
            }
        }
        for revocation in fresh.iter().filter_map(|entry| entry.revocation.as_ref()) {
            self.state.revoked(revocation);
        }
        self.hub.dispatch(&fresh).await;
        result
    }

    /// Reads everything behind the tail from the store.
    async fn catch_up(&self) {
        let result = self.read_on().await;
        self.state.set_store(&result);
    }

    async fn read_on(&self) -> Result<(), StoreError> {
        loop {
            let after = self.tail.head().seq;
            let page = self.store.entries(after, PAGE).await?;
            let full = page.len() == PAGE as usize;
            let entries: Vec<Arc<Encoded>> = page.into_iter().map(|entry| Arc::new(entry.into())).collect();
            if !entries.is_empty() && self.take(&entries).await == Appended::Gap {
                // Places are dense in every commit, so a hole is damage: nothing behind it may pass as continuous.
                tracing::error!(log.seq = after.0, "log.hole");
                return self.restart().await;
            }
            if !full {
                return Ok(());
            }
        }
    }

    /// Compares the tail with the store: has the log grown, or is it another one?
    async fn check(&self) {
        let head = self.tail.head();
        let probe = self.store.probe(head.seq).await;
        self.state.set_store(&probe);
        let Ok(probe) = probe else { return };
        let result = match judge(&head, &probe) {
            Verdict::Same => Ok(()),
            Verdict::Grown => self.read_on().await,
            Verdict::OtherLife => {
                tracing::warn!(log.seq = head.seq.0, "log.epoch.changed");
                self.begin_at(probe.head.position);
                Ok(())
            }
            Verdict::WentBack => {
                tracing::error!(log.seq = head.seq.0, store.seq = probe.head.position.seq.0, "log.went_back");
                self.restart().await
            }
        };
        self.state.set_store(&result);
    }

    /// The log is not what was followed: it gets a new epoch, and every client is told.
    async fn restart(&self) -> Result<(), StoreError> {
        let head = self.store.renew_epoch().await?;
        self.begin_at(head.position);
        Ok(())
    }

    fn begin_at(&self, head: Position) {
        self.tail.restart(head.clone());
        self.hub.restart(head);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Same,
    Grown,
    OtherLife,
    WentBack,
}

fn judge(tail: &Position, probe: &Probe) -> Verdict {
    let store = &probe.head.position;
    if store.epoch != tail.epoch {
        Verdict::OtherLife
    } else if probe.tag != Some(tail.tag) {
        Verdict::WentBack
    } else if store.seq > tail.seq {
        Verdict::Grown
    } else {
        Verdict::Same
    }
}
