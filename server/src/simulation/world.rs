//! What all parts of a run share.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use push_system::{
    accounts::{Person, Role, Username},
    ids::Seq,
    ports::Clock,
    position::Pos,
    timestamp::Timestamp,
};
use tokio::time::Instant;
use uuid::Uuid;

use super::{bus::Ether, dice::Dice, instance::Instance, journal::Journal, trace::Trace, weather::Weather};
use crate::store::{
    Accounts as _, Client, NewAccount, NewSession, Outcome, SessionId, TokenHash, Write,
    memory::{MemoryStore, Tables},
};

/// When a run begins, for those who look at a clock.
const DAWN: i64 = 1_795_000_000_000;

pub struct World {
    pub dice: Dice,
    pub weather: Weather,
    pub trace: Trace,
    pub store: MemoryStore,
    pub ether: Ether,
    pub people: Vec<(Person, SessionId)>,
    storm: AtomicBool,
    began: Instant,
    running: Mutex<Vec<Option<Arc<Instance>>>>,
    journal: Mutex<Journal>,
    /// By client: whether it waits for nothing, and where it stands.
    seen: Mutex<Vec<Option<(bool, Pos)>>>,
}

impl World {
    pub async fn new(dice: Dice, weather: Weather, keep_lines: bool) -> Arc<Self> {
        let store = MemoryStore::new(7);
        let mut people = Vec::with_capacity(weather.people);
        for n in 0..weather.people {
            people.push(register(&store, n).await);
        }
        let (running, seen) = (vec![None; weather.instances], vec![None; weather.clients]);
        Arc::new(Self {
            dice,
            weather,
            trace: Trace::new(keep_lines),
            store,
            ether: Ether::default(),
            people,
            storm: AtomicBool::new(true),
            began: Instant::now(),
            running: Mutex::new(running),
            journal: Mutex::default(),
            seen: Mutex::new(seen),
        })
    }

    pub fn note(&self, what: fmt::Arguments<'_>) {
        self.trace.note(what);
    }

    /// Whether things may go wrong.
    pub fn is_stormy(&self) -> bool {
        self.storm.load(Ordering::Relaxed)
    }

    /// From now on everything works.
    pub fn calm_down(&self) {
        self.note(format_args!("calm"));
        self.storm.store(false, Ordering::Relaxed);
        self.running().iter().flatten().for_each(|instance| instance.calm());
    }

    /// Milliseconds since the run began.
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// A machine's clock, which may be wrong.
    pub fn clock(&self, ahead_ms: i64) -> SimClock {
        SimClock { began: self.began, ahead_ms }
    }

    pub fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> MutexGuard<'_, Vec<Option<(bool, Pos)>>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn see(&self, client: usize, settled: bool, pos: &Pos) {
        self.seen()[client] = Some((settled, pos.clone()));
    }

    /// Whether every client is live, waits for nothing, and stands at the head.
    pub fn is_at_rest(&self) -> bool {
        let head = Pos::from(&self.store.position());
        self.seen().iter().all(|seen| seen.as_ref().is_some_and(|(settled, pos)| *settled && *pos == head))
    }

    pub fn who_is_late(&self) -> String {
        format!("head {}, clients {:?}", self.store.position(), self.seen())
    }

    fn running(&self) -> MutexGuard<'_, Vec<Option<Arc<Instance>>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn seat(&self, instance: Arc<Instance>) {
        let number = instance.number;
        self.running()[number] = Some(instance);
    }

    pub fn instance(&self, number: usize) -> Option<Arc<Instance>> {
        self.running()[number].clone()
    }

    /// Any that runs.
    pub fn any_instance(&self) -> Option<Arc<Instance>> {
        let up: Vec<_> = self.running().iter().flatten().cloned().collect();
        if up.is_empty() { None } else { Some(self.dice.pick(&up).clone()) }
    }

    /// Takes an instance away; its tasks never go on.
    pub fn kill(&self, number: usize) {
        let taken = self.running()[number].take();
        if let Some(instance) = taken {
            instance.die();
        }
    }

    /// A batch is in the store now, whatever its instance hears of it.
    pub fn committed(&self, instance: usize, batch: &[Write], outcomes: &[Outcome]) {
        for (write, outcome) in batch.iter().zip(outcomes) {
            if let Outcome::Stored(entry) = outcome {
                self.note(format_args!("{instance} commits {} {:08x}", entry.position.seq, entry.position.tag));
                self.journal().stored(entry.position.seq, write);
            }
        }
    }

    pub fn restore(&self, backup: Tables) {
        let now = self.store.position();
        self.journal().restored(&backup);
        self.note(format_args!("restore {} over {}", backup.head.position, now));
        self.store.restore(backup);
    }

    pub fn trim(&self, floor: Seq) {
        self.note(format_args!("trim to {floor}"));
        self.journal().trimmed();
        self.store.trim_before(floor);
    }
}

async fn register(store: &MemoryStore, n: usize) -> (Person, SessionId) {
    let at = Timestamp::from_unix_ms(DAWN);
    let name = Username::parse(["ana", "bob", "cleo", "dan"][n]).expect("a good name");
    let account =
        NewAccount { name, email: None, password_hash: "x".into(), at, role: Role::Member, notes: Vec::new() };
    let account = store.register(account).await.expect("memory").expect("a new name");
    let (id, byte) = (SessionId(Uuid::from_u128(n as u128 + 1)), u8::try_from(n).expect("few people"));
    let session = NewSession {
        id,
        user: account.person.id,
        password_hash: "x".into(),
        refresh: TokenHash([byte; 32]),
        at,
        expires: at.plus_ms(1_000_000_000),
        client: Client::default(),
        notes: Vec::new(),
    };
    assert!(store.open_session(session).await.expect("memory"), "the password is right");
    (account.person, id)
}

/// The run's time, as one machine shows it.
pub struct SimClock {
    began: Instant,
    ahead_ms: i64,
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_unix_ms(DAWN + passed + self.ahead_ms)
    }
}
