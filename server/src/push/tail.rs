//! The last events of the log in memory, each as the bytes that go on the wire.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use push_system::{
    ids::{MessageId, Seq, UserId},
    position::Position,
};

use super::{Encoded, members::Members};
use crate::store::{Log, StoreError};

/// Events read from the store at start; enough for a restart's returning clients to be served from memory.
const LOAD_EVENTS: u64 = 2_000;
/// Events per read while filling.
const LOAD_PAGE: u32 = 500;

/// A dense run of the newest events, bounded in bytes. Grows only at its end, by one task (the follower).
pub struct Tail {
    ring: RwLock<Ring>,
    max_bytes: usize,
}

struct Ring {
    entries: VecDeque<Arc<Encoded>>,
    bytes: usize,
    head: Position,
    /// Where messages were edited and deleted, as far as that is kept.
    changes: HashMap<MessageId, Vec<Seq>>,
}

/// What the tail has behind a place.
#[derive(Debug)]
pub enum Behind {
    /// The entitled events, and up to where was looked: the head, unless the page was full before.
    Entries(Vec<Arc<Encoded>>, Position, Reach),
    /// The place is the head, or ahead of it.
    Nothing,
    /// The place lies before what is kept: read the store.
    Older,
}

/// Whether a page is the last one there was when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nothing entitled lay behind it.
    Head,
    /// There may be more.
    Partway,
}

/// Whether an event fits at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It was the next one.
    Next,
    /// It was there.
    Old,
    /// Events between are missing: read them from the store first.
    Gap,
}

impl Tail {
    /// Reads the end of the log.
    pub async fn load<S: Log + ?Sized>(store: &S, max_bytes: usize) -> Result<Self, StoreError> {
        let head = store.head().await?;
        let start = Seq(head.position.seq.0.saturating_sub(LOAD_EVENTS).max(head.floor.0));
        let mut position = head.position.clone();
        position.seq = start;
        let tail = Self::empty_at(position, max_bytes);
        while tail.head().seq < head.position.seq {
            let page = store.entries(tail.head().seq, LOAD_PAGE).await?;
            if page.is_empty() {
                break;
            }
            for entry in page {
                if tail.append(&Arc::new(entry.into())) == Appended::Gap {
                    // Trimmed meanwhile: older places are the store's to tell.
                    return Ok(Self::empty_at(head.position, max_bytes));
                }
            }
        }
        if tail.head().seq == head.position.seq {
            // Nothing was read when the log is empty: the head's own tag, not the start's placeholder.
            tail.write().head = head.position;
        }
        Ok(tail)
    }

    /// A tail that begins behind `position`.
    pub fn empty_at(position: Position, max_bytes: usize) -> Self {
        Self { ring: RwLock::new(Ring::empty_at(position)), max_bytes }
    }

    /// The newest place.
    pub fn head(&self) -> Position {
        self.read().head.clone()
    }

    /// Puts an event at the end if it is the next one. Events before it that show the message it changes show it as it is
    /// from now on: nobody is sent what was deleted.
    pub fn append(&self, entry: &Arc<Encoded>) -> Appended {
        let mut ring = self.write();
        if entry.position.seq <= ring.head.seq {
            return Appended::Old;
        }
        if entry.position.seq > ring.head.seq.next() {
            return Appended::Gap;
        }
        ring.head = entry.position.clone();
        if let Some(message) = entry.changes_message() {
            ring.show_change(message, entry);
        }
        ring.bytes += entry.weight();
        ring.entries.push_back(entry.clone());
        while ring.bytes > self.max_bytes && ring.drop_oldest() {}
        Appended::Next
    }

    /// Forgets everything and begins behind `head`: another life of the log.
    pub fn restart(&self, head: Position) {
        let mut ring = self.write();
        *ring = Ring::empty_at(head);
    }

    /// Whether exactly this place is among what is kept.
    pub fn vouches_for(&self, position: &Position) -> bool {
        let ring = self.read();
        ring.head == *position || ring.at(position.seq).is_some_and(|entry| entry.position == *position)
    }

    /// The tag of the event at `seq`, if it is kept.
    pub fn tag_at(&self, seq: Seq) -> Option<u32> {
        self.read().at(seq).map(|entry| entry.position.tag)
    }

    /// Events behind `after` for `user`, until `max_bytes` of them are found.
    pub fn behind(&self, after: Seq, user: UserId, members: &Members, max_bytes: usize) -> Behind {
        let ring = self.read();
        if after >= ring.head.seq {
            return Behind::Nothing;
        }
        let Some(first) = ring.index(after.next()) else { return Behind::Older };
        let mut found = Vec::new();
        let mut bytes = 0;
        for entry in ring.entries.range(first..) {
            if !members.includes(&entry.audience, user) {
                continue;
            }
            bytes += entry.frame.len() + 2;
            if bytes > max_bytes && !found.is_empty() {
                let before = ring.at(Seq(entry.position.seq.0 - 1));
                let looked = before.map_or_else(|| entry.position.clone(), |entry| entry.position.clone());
                return Behind::Entries(found, looked, Reach::Partway);
            }
            found.push(entry.clone());
        }
        Behind::Entries(found, ring.head.clone(), Reach::Head)
    }

    fn read(&self) -> RwLockReadGuard<'_, Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Ring> {
        self.ring.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn empty_at(head: Position) -> Self {
        Self { entries: VecDeque::new(), bytes: 0, head, changes: HashMap::new() }
    }

    fn show_change(&mut self, message: MessageId, change: &Encoded) {
        let changes = self.changes.entry(message).or_default();
        let earlier: Vec<Seq> = [Seq(message.0)].into_iter().chain(changes.iter().copied()).collect();
        changes.push(change.position.seq);
        for seq in earlier {
            let Some(index) = self.index(seq) else { continue };
            if let Some(shown) = self.entries[index].showing(change) {
                self.bytes = self.bytes + shown.weight() - self.entries[index].weight();
                self.entries[index] = Arc::new(shown);
            }
        }
    }

    /// False when there is none.
    fn drop_oldest(&mut self) -> bool {
        let Some(oldest) = self.entries.pop_front() else { return false };
        self.bytes -= oldest.weight();
        if let Some(message) = oldest.changes_message()
            && let Some(changes) = self.changes.get_mut(&message)
        {
            changes.retain(|seq| *seq != oldest.position.seq);
            if changes.is_empty() {
                self.changes.remove(&message);
            }
        }
        true
    }

    /// Where `seq` stands; dense places make it a subtraction.
    fn index(&self, seq: Seq) -> Option<usize> {
        let first = self.entries.front()?.position.seq;
        let index = usize::try_from(seq.0.checked_sub(first.0)?).ok()?;
        (index < self.entries.len()).then_some(index)
    }

    fn at(&self, seq: Seq) -> Option<&Arc<Encoded>> {
        self.entries.get(self.index(seq)?)
    }
}
