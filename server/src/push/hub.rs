//! Who is connected, and how they are woken. The hub never waits for a socket: it sets a number and rings a bell.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering},
    },
};

use axum::extract::ws::Utf8Bytes;
use push_system::{accounts::Person, ids::UserId, position::Position, protocol::CloseCode};
use tokio::sync::{Notify, watch};

use super::{Encoded, members::Members};
use crate::store::{Audience, Revocation, SessionId};

/// Connections woken before others may run: a sixth of a millisecond of deliveries. A request takes several turns from its
/// first byte to its answer, and waits for a slice at each.
const SLICE: usize = 16;

/// A connection's place in the hub: one allocation, shared by both.
pub struct Seat {
    /// Whose connection it is.
    pub person: Person,
    session: SessionId,
    address: IpAddr,
    /// First event that was dispatched to this seat and not yet taken; 0 for none.
    first_pending: AtomicU64,
    reset: AtomicBool,
    presence: AtomicBool,
    close: AtomicU16,
    last_inbound: AtomicU64,
    bell: Notify,
}

/// What a seat was woken for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wake {
    /// Events from this one on may be entitled; everything before it, up to the seat's cursor, is not.
    pub events_from: Option<u64>,
    /// The log began another life.
    pub reset: bool,
    /// There is a presence frame it has not seen.
    pub presence: bool,
    /// The connection must end.
    pub close: Option<CloseCode>,
}

impl Seat {
    /// Waits for the bell. A ring while nobody waits is kept. Cancel-safe.
    pub async fn rung(&self) {
        self.bell.notified().await;
    }

    /// Takes what was left since the last time.
    pub fn take(&self) -> Wake {
        let first = self.first_pending.swap(0, Ordering::AcqRel);
        let code = self.close.load(Ordering::Acquire);
        Wake {
            events_from: (first > 0).then_some(first),
            reset: self.reset.swap(false, Ordering::AcqRel),
            presence: self.presence.swap(false, Ordering::AcqRel),
            close: (code > 0).then_some(CloseCode(code)),
        }
    }

    /// Notes a sign of life, by which the longest silent connection is found.
    pub fn alive(&self, now_ms: u64) {
        self.last_inbound.store(now_ms, Ordering::Relaxed);
    }

    fn leave_event(&self, seq: u64) {
        // Only the first counts: the connection reads from there to the head.
        if self.first_pending.compare_exchange(0, seq, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            self.bell.notify_one();
        }
    }

    fn leave_close(&self, code: CloseCode) {
        self.close.store(code.0, Ordering::Release);
        self.bell.notify_one();
    }
}

#[derive(Default)]
struct Seats {
    /// Ordered: seats are woken in the same order each time.
    by_user: BTreeMap<UserId, Vec<Arc<Seat>>>,
    by_address: BTreeMap<IpAddr, Vec<Arc<Seat>>>,
    count: usize,
}

/// All connections of this instance.
pub struct Hub {
    seats: RwLock<Seats>,
    /// Everything up to here was dispatched: a seat that is not woken has nothing entitled before it.
    dispatched: watch::Sender<Position>,
    presence: Mutex<Option<Utf8Bytes>>,
    members: Arc<Members>,
    per_user: usize,
    per_address: usize,
}

impl Hub {
    pub fn new(head: Position, members: Arc<Members>, per_user: usize, per_address: usize) -> Self {
        let (seats, dispatched, presence) = (RwLock::default(), watch::Sender::new(head), Mutex::default());
        Self { seats, dispatched, presence, members, per_user, per_address }
    }

    /// Seats a connection. From here on every dispatched event it is entitled to wakes it. Where a person or an address
    /// has too many, the longest silent connection is told to go.
    pub fn seat(&self, person: Person, session: SessionId, address: IpAddr, now_ms: u64) -> Arc<Seat> {
        let seat = Arc::new(Seat {
            person,
            session,
            address,
            first_pending: AtomicU64::new(0),
            reset: AtomicBool::new(false),
            presence: AtomicBool::new(false),
            close: AtomicU16::new(0),
            last_inbound: AtomicU64::new(now_ms),
            bell: Notify::new(),
        });
        let mut seats = self.seats.write().unwrap_or_else(PoisonError::into_inner);
        let user = seats.by_user.entry(seat.person.id).or_default();
        make_room(user, self.per_user);
        user.push(seat.clone());
        let neighbours = seats.by_address.entry(address).or_default();
        make_room(neighbours, self.per_address);
        neighbours.push(seat.clone());
        seats.count += 1;
        seat
    }

    /// Takes the seat away.
    pub fn leave(&self, seat: &Arc<Seat>) {
        let mut seats = self.seats.write().unwrap_or_else(PoisonError::into_inner);
        let Seats { by_user, by_address, count } = &mut *seats;
        remove(by_user, &seat.person.id, seat);
        remove(by_address, &seat.address, seat);
        *count -= 1;
    }

    /// Wakes everyone entitled to these events, which the tail already has, then moves the mark. Only the follower calls
    /// it, in order. It wakes a slice at a time and lets others run in between: a publish must not wait for thousands of
    /// deliveries of the one before.
    pub async fn dispatch(&self, entries: &[Arc<Encoded>]) {
        let Some(last) = entries.last() else { return };
        let mut all_are_awake = false;
        for entry in entries {
            if let Some(revocation) = &entry.revocation {
                self.read().close_revoked(revocation);
            }
            // Whoever was woken for an earlier event reads on to the tail's end by itself.
            if all_are_awake {
                continue;
            }
            all_are_awake = entry.audience == Audience::Everyone;
            let entitled = self.read().entitled(&entry.audience, &self.members);
            for slice in entitled.chunks(SLICE) {
                for seat in slice {
                    seat.leave_event(entry.position.seq.0);
                }
                if slice.len() == SLICE {
                    tokio::task::yield_now().await;
                }
            }
        }
        self.dispatched.send_replace(last.position.clone());
    }

    fn read(&self) -> RwLockReadGuard<'_, Seats> {
        self.seats.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place up to which all entitled seats were woken.
    pub fn dispatched(&self) -> Position {
        self.dispatched.borrow().clone()
    }

    /// Tells every connection that the log began another life at `head`.
    pub fn restart(&self, head: Position) {
        self.dispatched.send_replace(head);
        self.each(|seat| {
            seat.reset.store(true, Ordering::Release);
            seat.bell.notify_one();
        });
    }

    /// Gives every connection a frame that tells who came and left.
    pub fn tell_presence(&self, frame: Utf8Bytes) {
        *self.presence_frame_slot() = Some(frame);
        self.each(|seat| {
            seat.presence.store(true, Ordering::Release);
            seat.bell.notify_one();
        });
    }

    /// The latest of those frames.
    pub fn presence_frame(&self) -> Option<Utf8Bytes> {
        self.presence_frame_slot().clone()
    }

    fn presence_frame_slot(&self) -> MutexGuard<'_, Option<Utf8Bytes>> {
        self.presence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn each(&self, tell: impl FnMut(&Arc<Seat>)) {
        self.read().by_user.values().flatten().for_each(tell);
    }

    /// Resolves when the mark moves after this call.
    pub async fn grown(&self) {
        let mut mark = self.dispatched.subscribe();
        // Fails only when the hub is gone, and then nothing grows any more.
        if mark.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Keeps every dispatch from going on, as a thread that is not scheduled would.
    #[cfg(test)]
    pub fn hold(&self) -> std::sync::RwLockWriteGuard<'_, impl Sized> {
        self.seats.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many connections there are.
    pub fn len(&self) -> usize {
        self.read().count
    }
}

impl Seats {
    fn entitled(&self, audience: &Audience, members: &Members) -> Vec<Arc<Seat>> {
        match audience {
            Audience::Everyone => self.by_user.values().flatten().cloned().collect(),
            Audience::People(people) => self.seats_of(people.iter()),
            Audience::Topics { topics, people, at } => {
                let members = topics.iter().flat_map(|topic| members.at(*topic, *at));
                let users: BTreeSet<_> = people.iter().copied().chain(members).collect();
                self.seats_of(users.iter())
            }
            Audience::Servers => Vec::new(),
        }
    }

    fn seats_of<'a>(&self, users: impl Iterator<Item = &'a UserId>) -> Vec<Arc<Seat>> {
        users.filter_map(|user| self.by_user.get(user)).flatten().cloned().collect()
    }

    fn close_revoked(&self, revocation: &Revocation) {
        match revocation {
            Revocation::Session(session) => {
                let seats = self.by_user.values().flatten().filter(|seat| seat.session == *session);
                seats.for_each(|seat| seat.leave_close(CloseCode::REVOKED));
            }
            // Its sockets go on: nothing they carry depends on what the person may do.
            Revocation::Standing { .. } => {}
            Revocation::Person { user, keep } => {
                let seats = self.by_user.get(user).into_iter().flatten();
                let ended = seats.filter(|seat| Some(seat.session) != *keep);
                ended.for_each(|seat| seat.leave_close(CloseCode::REVOKED));
            }
        }
    }
}

/// Sends the longest silent away where one more would be too many. It leaves its seat when it has closed.
fn make_room(seats: &[Arc<Seat>], most: usize) {
    let staying = || seats.iter().filter(|seat| seat.close.load(Ordering::Acquire) == 0);
    if staying().count() >= most
        && let Some(silent) = staying().min_by_key(|seat| seat.last_inbound.load(Ordering::Relaxed))
    {
        silent.leave_close(CloseCode::TOO_MANY_SOCKETS);
    }
}

fn remove<K: Ord>(map: &mut BTreeMap<K, Vec<Arc<Seat>>>, key: &K, seat: &Arc<Seat>) {
    if let Some(seats) = map.get_mut(key) {
        seats.retain(|other| !Arc::ptr_eq(other, seat));
        if seats.is_empty() {
            map.remove(key);
        }
    }
}
