//! Who is connected, counted by people, and told once a second.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::extract::ws::Utf8Bytes;
use push_system::{
    accounts::{Person, Username},
    api::Presence,
    ids::UserId,
    limits,
    protocol::{PresenceChange, ServerFrame},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::hub::Hub;

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
    sockets: usize,
    /// When the last socket ended.
    alone_since: Option<Instant>,
    /// Whether others were told.
    told: bool,
}

impl PresenceBoard {
    pub fn new(leave_after: Duration) -> Self {
        Self { state: Mutex::default(), leave_after }
    }

    /// One more socket of this person.
    pub fn arrive(&self, person: &Person) {
        let mut board = self.lock();
        let absent = Guest { id: person.id, sockets: 0, alone_since: None, told: false };
        let guest = board.here.entry(person.name.clone()).or_insert(absent);
        guest.sockets += 1;
        guest.alone_since = None;
    }

    /// One socket less.
    pub fn leave(&self, person: &Person, now: Instant) {
        let mut board = self.lock();
        if let Some(guest) = board.here.get_mut(&person.name) {
            guest.sockets = guest.sockets.saturating_sub(1);
            if guest.sockets == 0 {
                guest.alone_since = Some(now);
            }
        }
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

fn text(frame: &ServerFrame) -> Utf8Bytes {
    serde_json::to_string(frame).unwrap_or_else(|_| unreachable!("a frame has only string keys")).into()
}
