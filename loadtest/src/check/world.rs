//! Everything that is set up for one run.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, RwLock, atomic::Ordering::Relaxed},
    time::Duration,
};

use push_system::ids::UserId;
use sqlx::any;
use testbed::Redis;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{self, Instant},
};

use super::{
    backing::{Database, Kind, Servers},
    chance::Chance,
    fleet::{Fleet, Ground},
    history::{Deed, Micros, State},
    oracle::Life,
    people::Member,
    proxy::Proxy,
    reader::{self, Handle, Seat},
    rooms::Room,
    sabotage::Sabotage,
    scenario::{Fault, Scenario},
    tables::{self, archive::Archive},
    timing::Marks,
    writer::{self, Desk, Journal},
};
use crate::failure::{Context, Failure};

/// For all readers to be live at the start.
const LIVE_WITHIN: Duration = Duration::from_secs(30);
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// Bytes of a reader's receive buffer where readers are stopped: little, so that it is soon full.
const SMALL_BUFFER: u32 = 4 * 1024;

/// One run, before it begins.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// What goes wrong.
    pub(crate) scenario: &'static Scenario,
    /// On which database.
    pub(crate) database: Kind,
    /// Whether there is a Redis.
    pub(crate) redis: bool,
    /// Server processes.
    pub(crate) instances: usize,
    /// Who publishes.
    pub(crate) writers: usize,
    /// Who reads.
    pub(crate) readers: usize,
    /// Publishes a second, all writers together.
    pub(crate) rate: u32,
    /// How long faults go on.
    pub(crate) time: Duration,
    /// How long a fault that lasts, lasts.
    pub(crate) lasts: Duration,
    /// By what the scenario's bounds are multiplied.
    pub(crate) slack: f64,
    /// Of all choices.
    pub(crate) seed: u64,
    /// Damage to do to one reader's log.
    pub(crate) sabotage: Option<Sabotage>,
    /// The server's program.
    pub(crate) binary: PathBuf,
    /// The run's folder.
    pub(crate) folder: PathBuf,
}

/// Instances that run already, with their database: nothing is started and nothing goes wrong.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    /// Where they listen.
    pub(crate) addresses: Vec<SocketAddr>,
    /// Where their tables are.
    pub(crate) database: String,
}

/// A run in progress.
pub(crate) struct World {
    /// What it was made from.
    pub(crate) plan: Plan,
    /// The instances, if they are ours.
    pub(crate) fleet: Fleet,
    /// What they write to; none if it is not ours.
    pub(crate) backing: Option<Database>,
    /// Where the oracle reads.
    pub(crate) database_url: String,
    /// What carries hints between them.
    pub(crate) redis: Option<Redis>,
    /// Proxies between readers and instances, by instance.
    pub(crate) doors: Vec<Proxy>,
    /// Proxies between instances and the database, by instance.
    pub(crate) pipes: Vec<Proxy>,
    /// Where readers connect to.
    pub(crate) entrances: Arc<RwLock<Vec<SocketAddr>>>,
    /// The people, each with the state they began with.
    pub(crate) starts: Vec<(UserId, State)>,
    /// What was done before the run.
    pub(crate) prepared: Vec<Deed>,
    /// The head at the beginning.
    pub(crate) base: u64,
    /// What writers share.
    pub(crate) desk: Arc<Desk>,
    /// Those who read.
    pub(crate) readers: Vec<Handle>,
    /// The faults' own choices.
    pub(crate) chance: Chance,
    /// The life of the log that readers are to be in.
    pub(crate) epoch: String,
    /// The lives that are over, because a backup was restored.
    pub(crate) past: Vec<Life>,
    /// Since when acknowledgements may be of the present life.
    pub(crate) life_from: Micros,
    /// What the log was before it was trimmed.
    pub(crate) archive: Archive,
    /// When faults happened.
    pub(crate) marks: Marks,
    /// How many there were.
    pub(crate) injected: u64,
    /// Subscribers whom Redis dropped so far.
    pub(crate) overflows: usize,
    /// Bytes by which the largest server grew while readers were stopped.
    pub(crate) growth: Option<u64>,
    /// What else is worth a word.
    pub(crate) notes: Vec<String>,
    stop: watch::Sender<bool>,
    writers: Vec<JoinHandle<Result<Journal, Failure>>>,
    floods: usize,
}

impl World {
    /// Starts servers, registers people, and has everybody read; nobody writes yet.
    pub(crate) async fn set_up(plan: Plan, servers: &Servers, running: Option<Running>) -> Result<Self, Failure> {
        any::install_default_drivers();
        let failpoints = plan.scenario.failpoints;
        let ground = Ground { binary: plan.binary.clone(), folder: plan.folder.clone(), redis: None, failpoints };
        let Some(running) = running else { return Self::own(plan, servers, ground).await };
        let fleet = Fleet::start(ground, Vec::new()).await?;
        Self::populate(plan, fleet, running, None, None, Vec::new()).await
    }

    async fn own(plan: Plan, servers: &Servers, mut ground: Ground) -> Result<Self, Failure> {
        let database = servers.database(plan.database, &plan.folder).await?;
        let redis =
            if plan.redis { Some(Redis::start_with(plan.scenario.redis).await.context("Redis")?) } else { None };
        ground.redis = redis.as_ref().map(Redis::url);
        let (mut pipes, mut urls) = (Vec::new(), Vec::new());
        // A proxy has its price; it stands only where it is to misbehave.
        let between = matches!(plan.scenario.fault, Fault::CutDatabase | Fault::LoseCommit);
        for _ in 0..plan.instances {
            match database.address().filter(|_| between) {
                Some(address) => {
                    let pipe = Proxy::start(address).await?;
                    urls.push(database.url_through(pipe.address));
                    pipes.push(pipe);
                }
                None => urls.push(database.url().to_owned()),
            }
        }
        let fleet = Fleet::start(ground, urls).await?;
        let running = Running { addresses: fleet.addresses().to_vec(), database: database.url().to_owned() };
        Self::populate(plan, fleet, running, Some(database), redis, pipes).await
    }

    async fn populate(
        plan: Plan,
        fleet: Fleet,
        running: Running,
        backing: Option<Database>,
        redis: Option<Redis>,
        pipes: Vec<Proxy>,
    ) -> Result<Self, Failure> {
        let instances: Arc<[SocketAddr]> = running.addresses.into();
        let chance = Chance::new(plan.seed);
        let word = format!("c{:x}-{:x}", std::process::id(), since_1970().as_millis() & 0xffff_ffff);
        let people = People::register(&plan, &instances, &word).await?;
        let (doors, entrances) = entrances(&plan, &instances).await?;
        let desk = Arc::new(Desk {
            instances,
            members: people.members.into(),
            rooms: people.rooms.into(),
            steady: plan.writers,
            begun: Instant::now(),
            word,
            filling: plan.scenario.filling,
            newest: people.base.into(),
        });
        let (_, epoch) = tables::head(&running.database).await?;
        let trims = matches!(plan.scenario.fault, Fault::Trim(_));
        let mut whole = Self {
            fleet,
            backing,
            epoch,
            past: Vec::new(),
            life_from: 0,
            archive: if trims { Archive::begin(&running.database) } else { Archive::default() },
            database_url: running.database,
            redis,
            doors,
            pipes,
            entrances: Arc::new(RwLock::new(entrances)),
            starts: people.starts,
            prepared: people.prepared,
            base: people.base,
            desk,
            readers: Vec::new(),
            chance: chance.fork(1),
            marks: Marks::default(),
            injected: 0,
            overflows: 0,
            growth: None,
            notes: Vec::new(),
            stop: watch::Sender::new(false),
            writers: Vec::new(),
            floods: 0,
            plan,
        };
        whole.seat_readers(&chance).await?;
        Ok(whole)
    }

    async fn seat_readers(&mut self, chance: &Chance) -> Result<(), Failure> {
        let stops = self.plan.scenario.fault == Fault::StopReaders;
        for number in 0..self.plan.readers {
            let member = Arc::clone(&self.desk.members[number % self.desk.members.len()]);
            let snapshot = member.inbox(self.desk.instances[number % self.desk.instances.len()]).await?;
            let seat = Seat {
                number,
                member,
                doors: Arc::clone(&self.entrances),
                chance: chance.fork(1_000 + number as u64),
                begun: self.desk.begun,
                sabotage: self.plan.sabotage.filter(|_| number == 0),
                receive_buffer: stops.then_some(SMALL_BUFFER),
            };
            self.readers.push(if stops && number < self.to_be_stopped() {
                reader::process::start(seat, snapshot).await?
            } else {
                reader::start(seat, snapshot)
            });
        }
        if self.all_have(0, LIVE_WITHIN).await { Ok(()) } else { Err(Failure::new("not every reader became live")) }
    }

    /// 5 % of the readers, one at least: the first ones.
    pub(crate) fn to_be_stopped(&self) -> usize {
        self.plan.readers.div_ceil(20)
    }

    /// Waits until every reader is live and has everything up to `seq`; false when that took too long.
    pub(crate) async fn all_have(&self, seq: u64, within: Duration) -> bool {
        let until = Instant::now() + within;
        while !self.readers.iter().all(|reader| reader.has(&self.epoch, seq)) {
            if Instant::now() > until {
                return false;
            }
            time::sleep(LOOK).await;
        }
        true
    }

    /// The largest number that was acknowledged so far.
    pub(crate) fn newest(&self) -> u64 {
        self.desk.newest.load(Relaxed)
    }

    /// Has the writers begin.
    pub(crate) fn begin_writing(&mut self) -> Result<(), Failure> {
        let writers = u32::try_from(self.plan.writers).context("counting writers")?;
        let pause = Duration::from_secs(1) * writers / self.plan.rate.max(1);
        for number in 0..self.plan.writers {
            let chance = Chance::new(self.plan.seed).fork(100 + number as u64);
            self.writers.push(writer::start(Arc::clone(&self.desk), number, chance, pause, self.stop.subscribe()));
        }
        Ok(())
    }

    /// Publishes as fast as it is answered, until the log has grown by so many events, or a little more.
    pub(crate) async fn flood(&mut self, count: u64) -> Result<(), Failure> {
        const WRITERS: u64 = 48;
        let stop = watch::Sender::new(false);
        let goal = self.newest() + count;
        for _ in 0..WRITERS.min(count) {
            // Keys name the writer by number: no two may have the same.
            let number = self.plan.writers + self.floods;
            self.floods += 1;
            let (chance, desk) = (Chance::new(self.plan.seed).fork(10_000 + number as u64), Arc::clone(&self.desk));
            self.writers.push(writer::start(desk, number, chance, Duration::from_micros(1), stop.subscribe()));
        }
        while self.newest() < goal {
            time::sleep(LOOK).await;
        }
        stop.send_replace(true);
        Ok(())
    }

    /// Tells the writers to stop and takes their records.
    pub(crate) async fn end_writing(&mut self) -> Result<Journal, Failure> {
        self.stop.send_replace(true);
        let mut all = Journal { publishes: Vec::new(), deeds: std::mem::take(&mut self.prepared) };
        for writer in self.writers.drain(..) {
            all.absorb(writer.await.context("a writer ended badly")??);
        }
        Ok(all)
    }

    /// The run's time.
    pub(crate) fn now(&self) -> Micros {
        self.desk.begun.elapsed().as_micros().try_into().unwrap_or(Micros::MAX)
    }

    /// From here on a fault is over, or, where it does not last, has happened.
    pub(crate) fn mark(&mut self) {
        self.marks.over.push(self.now());
        self.injected += 1;
    }
}

/// The people of a run and their topics, before anything is published.
struct People {
    members: Vec<Arc<Member>>,
    rooms: Vec<Room>,
    prepared: Vec<Deed>,
    starts: Vec<(UserId, State)>,
    base: u64,
}

impl People {
    /// Half as many as there are readers have a person of their own beside the writers; so some readers show a writer's
    /// inbox, with its read state, and some persons have several readers.
    async fn register(plan: &Plan, instances: &[SocketAddr], word: &str) -> Result<Self, Failure> {
        let (members, starts) = (Vec::new(), Vec::new());
        let mut people = Self { members, rooms: Vec::new(), prepared: Vec::new(), starts, base: 0 };
        for number in 0..plan.writers + plan.readers.div_ceil(2) {
            let instance = instances[number % instances.len()];
            people.members.push(Arc::new(Member::register(instance, &format!("{word}-{number}")).await?));
        }
        (people.rooms, people.prepared) = Room::open(&people.members, plan.writers, instances[0], word).await?;
        for member in &people.members {
            let inbox = member.inbox(instances[0]).await?;
            people.base = inbox.seq.0;
            people.starts.push((member.person.id, State { read: inbox.read, marks: inbox.marks }));
        }
        Ok(people)
    }
}

/// Proxies before the instances where the scenario needs them, and where readers connect to.
async fn entrances(plan: &Plan, instances: &[SocketAddr]) -> Result<(Vec<Proxy>, Vec<SocketAddr>), Failure> {
    match plan.scenario.fault {
        Fault::HalfOpen => {
            let mut doors = Vec::new();
            for address in instances {
                doors.push(Proxy::start(*address).await?);
            }
            let addresses = doors.iter().map(|door| door.address).collect();
            Ok((doors, addresses))
        }
        Fault::MoveSockets => Ok((Vec::new(), instances[..1].to_vec())),
        _ => Ok((Vec::new(), instances.to_vec())),
    }
}

fn since_1970() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}
