//! One server process: everything of it but HTTP, on a faulty store and a lossy bus.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, OnceLock, PoisonError, Weak},
    time::Duration,
};

use push_system::{
    accounts::{Person, Role},
    catalogue::Language,
};
use tokio::time::{Instant, sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    bus::LossyBus,
    link::Link,
    wire::{ClientEnd, Line, line},
    world::World,
};
use crate::{
    auth::Identity,
    config::{self, Config, Flags, Switch},
    push,
    serve::{self, Parts, Peer},
    state::AppState,
    store::{Client, SessionId, StoreError},
    ws,
};

/// Shorter than in production, in the same proportions: a dead line is found sooner, and a run ends sooner.
const HEARTBEAT: Duration = Duration::from_secs(5);
const STALL: Duration = Duration::from_secs(6);
const GRACE: Duration = Duration::from_secs(2);
const DRAIN: Duration = Duration::from_secs(2);
/// One machine's clock is wrong by so much.
const WRONG_CLOCK_MS: i64 = 600_000;

pub struct Instance {
    pub number: usize,
    pub app: AppState,
    pub link: Arc<Link>,
    pub dead: CancellationToken,
    world: Arc<World>,
    tasks: TaskTracker,
    lines: Mutex<Vec<Weak<Line>>>,
}

fn config() -> &'static Config {
    static CONFIG: OnceLock<Config> = OnceLock::new();
    CONFIG.get_or_init(|| {
        let secret = ("PUSH_SECRET".to_owned(), "Jc1vT9mQx4sZb7Lw2Kp8Rf5Hd3Gn6YtA".to_owned());
        let loaded = config::load(&Flags::default(), [secret], std::path::Path::new("/nowhere"));
        let config = loaded.expect("good settings").config;
        // Writers write as fast as they can.
        Config { drain: DRAIN, rate_limits: Switch::Off, ..config }
    })
}

/// Starts one, as often as it takes.
pub async fn start(world: &Arc<World>, number: usize) {
    loop {
        match Instance::new(world, number).await {
            Ok(instance) => {
                world.note(format_args!("{number} is up at {}", instance.app.push.dispatched()));
                return world.seat(Arc::new(instance));
            }
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}

impl Instance {
    async fn new(world: &Arc<World>, number: usize) -> Result<Self, StoreError> {
        let dead = CancellationToken::new();
        let link = Arc::new(Link::new(world.clone(), number, dead.clone()));
        let dice = world.dice.clone();
        let parts = Parts {
            bus: Arc::new(LossyBus::new(world.clone(), dead.clone())),
            clock: Arc::new(world.clock(if number == 1 { WRONG_CLOCK_MS } else { 0 })),
            push: push::Settings {
                tail_bytes: world.weather.tail_bytes,
                random: Arc::new(move || dice.number()),
                ..push::Settings::default()
            },
            ws: ws::Settings { heartbeat: HEARTBEAT, stall: STALL, grace: GRACE, ..ws::Settings::default() },
            ..Parts::new(config().clone(), link.clone())
        };
        let tasks = TaskTracker::new();
        let app = serve::assemble(parts, &tasks).await?;
        Ok(Self { number, app, link, dead, world: world.clone(), tasks, lines: Mutex::default() })
    }

    /// Upgrades a request of `person` that asks for `since`.
    pub fn connect(&self, (person, session): (Person, SessionId), since: String) -> ClientEnd {
        let peer = Peer::new(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1));
        let (dice, weather) = (self.world.dice.clone(), self.world.weather.net.clone());
        let (line, server, client) = line(dice, weather, !self.world.is_stormy(), peer.written.clone());
        let mut lines = self.lines();
        lines.retain(|line| line.strong_count() > 0);
        lines.push(Arc::downgrade(&line));
        drop(lines);
        let app = self.app.clone();
        let session_expires = app.clock.now().plus_ms(90 * 86_400_000);
        let (role, client_of) = (Role::Member, Client::default());
        let identity = Identity { person, role, session, expires: None, session_expires, client: client_of };
        let connection = ws::run(server, app, peer, identity, ws::Asked { since: Some(since), language: Language::En });
        tokio::spawn(self.app.sockets.track_future(connection));
        client
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, Vec<Weak<Line>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn each_line(&self, act: impl FnMut(Arc<Line>)) {
        let lines: Vec<_> = self.lines().iter().filter_map(Weak::upgrade).collect();
        lines.into_iter().for_each(act);
    }

    pub fn cut_lines(&self) {
        self.each_line(|line| line.cut());
    }

    /// What was going to go wrong by itself does not.
    pub fn calm(&self) {
        let now = Instant::now();
        self.link.cut_off_until(now);
        self.link.stall_until(now);
        self.each_line(|line| line.calm());
    }

    /// The process is gone. Its tasks are not dropped, but nothing they do reaches anything any more.
    pub fn die(&self) {
        self.world.note(format_args!("{} is dead", self.number));
        self.dead.cancel();
        self.app.drain.cancel();
        self.cut_lines();
    }

    /// What a signal does, as `serve` does it: everybody is sent away, what is queued is written.
    pub async fn drain(&self) {
        self.world.note(format_args!("{} drains", self.number));
        self.app.drain.cancel();
        self.app.sockets.close();
        let _ = tokio::time::timeout(DRAIN, self.app.sockets.wait()).await;
        self.app.push.finish();
        self.tasks.close();
        let _ = tokio::time::timeout(DRAIN, self.tasks.wait()).await;
    }
}
