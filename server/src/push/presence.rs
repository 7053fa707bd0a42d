//! Who is connected, here or to another instance, counted by people, and told once a second.
//!
//! Two leases stand behind it. A connection has one here: a peer that answers neither of two pings is closed when the
//! third is due. An instance has one with the others: its note names those connected to it and lasts [`NOTE_LEASE`], so
//! that whoever was connected to one that was killed is gone [`limits::PRESENCE_LEASE_S`] later.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use push_system::{
    accounts::{Person, Username},
    api::Presence,
    ids::UserId,
    limits,
    position::Epoch,
    protocol::{PresenceChange, ServerFrame},
};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{hub::Hub, tail::Tail};
use crate::bus::{NOTE_LEASE, Roster};

/// Bytes of notes an instance exchanges a second: a crowd is told to the others less often, down to
/// [`EXCHANGE_AT_LEAST`], and above [`limits::PRESENCE_PEOPLE`] only their number is shown anyway.
const NOTE_BYTES_PER_SECOND: usize = 64 * 1024;
/// The longest pause between two exchanges: a third of what a note lasts, so that one may fail and the next is in time.
const EXCHANGE_AT_LEAST: Duration = Duration::from_secs(NOTE_LEASE.as_secs() / 3);
/// A server that stops does not wait longer for its note to be taken away: it expires by itself.
const LEAVE_WITHIN: Duration = Duration::from_millis(200);

/// Who is here. Changes are gathered and become one version, so that a reload (leave, then come back) is no change.
pub struct PresenceBoard {
    state: Mutex<Board>,
    leave_after: Duration,
}

#[derive(Default)]
struct Board {
    here: BTreeMap<Username, Guest>,
    version: u64,
}

struct Guest {
    id: UserId,
    /// Connected to this instance.
    sockets: usize,
    /// Connected to another one, as far as is known.
    elsewhere: bool,
    /// When the last socket, here or elsewhere, ended.
    alone_since: Option<Instant>,
    /// Whether others were told.
    told: bool,
}

impl Board {
    fn guest(&mut self, person: &Person) -> &mut Guest {
        let absent = Guest { id: person.id, sockets: 0, elsewhere: false, alone_since: None, told: false };
        self.here.entry(person.name.clone()).or_insert(absent)
    }
}

impl Guest {
    /// Notes since when nobody of this name is connected anywhere.
    fn look(&mut self, now: Instant) {
        let connected = self.sockets > 0 || self.elsewhere;
        self.alone_since = if connected { None } else { self.alone_since.or(Some(now)) };
    }
}

impl PresenceBoard {
    pub fn new(leave_after: Duration) -> Self {
        Self { state: Mutex::default(), leave_after }
    }

    /// One more socket of this person.
    pub fn arrive(&self, person: &Person) {
        let mut board = self.lock();
        let guest = board.guest(person);
        guest.sockets += 1;
        guest.alone_since = None;
    }

    /// One socket less.
    pub fn leave(&self, person: &Person, now: Instant) {
        let mut board = self.lock();
        if let Some(guest) = board.here.get_mut(&person.name) {
            guest.sockets = guest.sockets.saturating_sub(1);
            guest.look(now);
        }
    }

    /// These people, and no others, are connected to other instances.
    pub fn set_elsewhere(&self, people: &[Person], now: Instant) {
        let mut board = self.lock();
        for guest in board.here.values_mut() {
            guest.elsewhere = false;
        }
        for person in people {
            board.guest(person).elsewhere = true;
        }
        for guest in board.here.values_mut() {
            guest.look(now);
        }
    }

    /// What the other instances are told: who is connected to this one, which follows this life of the log.
    pub fn note(&self, epoch: &Epoch) -> Bytes {
        let board = self.lock();
        let connected = board.here.iter().filter(|(_, guest)| guest.sockets > 0);
        let people: Vec<_> = connected.map(|(name, guest)| Person { id: guest.id, name: name.clone() }).collect();
        let note = Note { epoch: epoch.as_str().into(), people };
        serde_json::to_vec(&note).unwrap_or_else(|_| unreachable!("people have only string keys")).into()
    }

    /// Gathers what changed since the last time into the next version, if anything did.
    pub fn gather(&self, now: Instant) -> Option<ServerFrame> {
        let mut board = self.lock();
        let mut change = PresenceChange::default();
        board.here.retain(|name, guest| {
            let person = || Person { id: guest.id, name: name.clone() };
            let gone = guest.alone_since.is_some_and(|since| now >= since + self.leave_after);
            if gone && guest.told {
                change.left.push(person());
            } else if !gone && !guest.told {
                change.joined.push(person());
            }
            guest.told = true;
            !gone
        });
        if change.joined.is_empty() && change.left.is_empty() {
            return None;
        }
        board.version += 1;
        let few = board.here.len() <= limits::PRESENCE_PEOPLE;
        let change = few.then_some(change);
        Some(ServerFrame::Presence { version: board.version, count: board.here.len() as u64, people: None, change })
    }

    /// Everyone others were told of.
    pub fn whole(&self) -> Presence {
        let board = self.lock();
        let told = board.here.iter().filter(|(_, guest)| guest.told);
        let people: Vec<_> = told.map(|(name, guest)| Person { id: guest.id, name: name.clone() }).collect();
        let count = people.len() as u64;
        let few = people.len() <= limits::PRESENCE_PEOPLE;
        Presence { version: board.version, count, people: if few { people } else { Vec::new() } }
    }

    /// The same as a frame.
    pub fn whole_frame(&self) -> ServerFrame {
        let Presence { version, count, people } = self.whole();
        let people = (count == people.len() as u64).then_some(people);
        ServerFrame::Presence { version, count, people, change: None }
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells all connections what changed, at most once in `every`.
pub async fn announce(board: Arc<PresenceBoard>, hub: Arc<Hub>, every: Duration, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(every);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        if let Some(frame) = board.gather(Instant::now()) {
            hub.tell_presence(text(&frame));
        }
    }
}

/// Tells the other instances who is here and learns who is there. When nobody can say, each shows its own people.
pub async fn exchange(
    board: Arc<PresenceBoard>,
    tail: Arc<Tail>,
    roster: Arc<dyn Roster>,
    every: Duration,
    stop: CancellationToken,
) {
    let forever = async {
        loop {
            let epoch = tail.head().epoch;
            let note = board.note(&epoch);
            let mut bytes = note.len();
            let notes = roster.exchange(note).await.unwrap_or_default();
            bytes += notes.iter().map(Bytes::len).sum::<usize>();
            let people: Vec<Person> = notes.iter().flat_map(|note| read_note(note, &epoch)).collect();
            board.set_elsewhere(&people, Instant::now());
            sleep(pause(bytes, every)).await;
        }
    };
    stop.run_until_cancelled(forever).await;
    // Whoever moves to another instance now is told by that one.
    if timeout(LEAVE_WITHIN, roster.leave()).await.is_err() {
        tracing::debug!("presence.not_left");
    }
}

/// What an instance leaves on the roster.
#[derive(Serialize, Deserialize)]
struct Note<'a> {
    epoch: Cow<'a, str>,
    people: Vec<Person>,
}

/// A note that cannot be read says nothing, and its people are seen where they are. Nor does one of another life of the
/// log: the instances of a copied database, which was given an epoch of its own, would otherwise be taken for ours.
fn read_note(note: &Bytes, epoch: &Epoch) -> Vec<Person> {
    match serde_json::from_slice::<Note<'_>>(note) {
        Ok(note) if note.epoch == epoch.as_str() => note.people,
        _ => Vec::new(),
    }
}

fn pause(bytes: usize, every: Duration) -> Duration {
    let paid = u64::try_from(bytes / NOTE_BYTES_PER_SECOND).unwrap_or(u64::MAX);
    Duration::from_secs(paid).min(EXCHANGE_AT_LEAST).max(every)
}

fn text(frame: &ServerFrame) -> Utf8Bytes {
    serde_json::to_string(frame).unwrap_or_else(|_| unreachable!("a frame has only string keys")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_connected_to_a_copy_with_another_epoch_are_not_here() {
        let [ours, theirs] = ["e1", "e2"].map(|epoch| Epoch::parse(epoch).unwrap());
        let board = PresenceBoard::new(Duration::ZERO);
        let ana = Person { id: UserId(1), name: Username::parse("ana").unwrap() };
        board.arrive(&ana);
        assert_eq!(read_note(&board.note(&ours), &ours), [ana]);
        assert_eq!(read_note(&board.note(&theirs), &ours), []);
        assert_eq!(read_note(&Bytes::from_static(b"of another version"), &ours), []);
    }

    #[test]
    fn a_crowd_is_exchanged_less_often_but_within_its_lease() {
        let every = Duration::from_secs(1);
        assert_eq!(pause(0, every), every);
        assert_eq!(pause(4 * NOTE_BYTES_PER_SECOND, every), Duration::from_secs(4));
        assert_eq!(pause(usize::MAX, every), EXCHANGE_AT_LEAST);
    }
}
