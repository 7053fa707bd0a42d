//! A reader: a real WebSocket around the client session and the reducer that browsers use, and a log of what they did.

mod handle;
mod io;
pub(crate) mod process;

pub(crate) use handle::{Handle, Order};

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use push_system::{
    event::Event,
    inbox::{Applied, Inbox, Snapshot},
    limits,
    position::{Pos, Position},
    protocol::{CloseCode, ServerFrame},
    session::client::{ClientSession, Effect, Login, Status, Ticket},
};
use tokio::{
    sync::watch,
    time::{self, Instant, MissedTickBehavior},
};

use self::handle::Progress;
use super::{
    chance::Chance,
    history::{Live, Micros, ReaderHistory, Segment},
    people::Member,
    print,
    sabotage::{self, Sabotage},
};
use crate::{crowd::Socket, failure::Failure};

/// How often the session is told that time passed.
const TICK: Duration = Duration::from_millis(20);
/// Messages kept while folding; more than any snapshot shows.
const KEPT: usize = 500;

/// What a reader is made of.
pub(crate) struct Seat {
    /// Tells it from others, and chooses its source address.
    pub(crate) number: usize,
    /// Whose inbox it shows.
    pub(crate) member: Arc<Member>,
    /// Where instances, or the proxies before them, listen.
    pub(crate) doors: Arc<RwLock<Vec<SocketAddr>>>,
    /// Its own randomness.
    pub(crate) chance: Chance,
    /// When the run began.
    pub(crate) begun: Instant,
    /// Damage to do.
    pub(crate) sabotage: Option<Sabotage>,
    /// Bytes of the socket's receive buffer, where it must fill up soon.
    pub(crate) receive_buffer: Option<u32>,
}

impl Seat {
    /// One of the doors.
    fn door(&self, choice: u64) -> SocketAddr {
        let doors = self.doors.read().unwrap_or_else(PoisonError::into_inner);
        doors[usize::try_from(choice % doors.len() as u64).unwrap_or(0)]
    }
}

/// The life of the log that a position is of.
fn epoch_of(pos: &Pos) -> String {
    pos.as_str().parse().map_or_else(|_| String::new(), |position: Position| position.epoch.as_str().to_owned())
}

/// Something that was waited for.
enum Done {
    Opened(u64, Result<Box<Socket>, CloseCode>),
    Loaded(Ticket, Result<Box<Snapshot>, Failure>),
    Asked(Login),
}

struct Reader {
    seat: Seat,
    session: ClientSession,
    inbox: Inbox,
    history: ReaderHistory,
    progress: watch::Sender<Progress>,
    socket: Option<Socket>,
    /// Where it leads to, or the one before did.
    door: SocketAddr,
    /// Counts attempts to connect, so that the outcome of an older one is not taken for the latest.
    attempt: u64,
    live_since: Option<Micros>,
    waiting: FuturesUnordered<BoxFuture<'static, Done>>,
}

/// Starts a reader at an inbox that was just loaded.
pub(crate) fn start(seat: Seat, snapshot: Snapshot) -> Handle {
    let (orders, told) = watch::channel(Order::Read);
    let (tell, progress) = watch::channel(Progress::default());
    let reader = Reader::new(seat, snapshot, tell);
    let task = tokio::spawn(async { Ok(reader.run(told).await) });
    Handle::new(orders, progress, task, None)
}

impl Reader {
    fn new(seat: Seat, snapshot: Snapshot, progress: watch::Sender<Progress>) -> Self {
        let mut jitter = seat.chance.fork(1);
        let random = Box::new(move || jitter.share());
        let session = ClientSession::new(snapshot.user.id, snapshot.pos.clone(), snapshot.seq, random);
        let history = ReaderHistory {
            name: format!("reader {} ({})", seat.number, snapshot.user.name),
            user: snapshot.user.id,
            segments: vec![Segment { start: snapshot.clone(), seen: Vec::new(), end: snapshot.seq.0 }],
            last: snapshot.clone(),
            lives: Vec::new(),
            connections: 0,
            resets: Vec::new(),
            complaints: Vec::new(),
            hindered: false,
        };
        let (inbox, waiting, door) = (Inbox::from(snapshot), FuturesUnordered::new(), seat.door(0));
        Self { seat, session, inbox, history, progress, socket: None, door, attempt: 0, live_since: None, waiting }
    }

    fn now(&self) -> Micros {
        self.seat.begun.elapsed().as_micros().try_into().unwrap_or(Micros::MAX)
    }

    fn now_ms(&self) -> u64 {
        self.now() / 1_000
    }

    async fn run(mut self, mut orders: watch::Receiver<Order>) -> ReaderHistory {
        let mut ticks = time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let effects = self.session.start(self.now_ms());
        self.carry_out(effects).await;
        loop {
            tokio::select! {
                biased;
                _ = orders.changed() => {
                    let order = *orders.borrow();
                    if order == Order::Finish {
                        return self.hand_in();
                    }
                    self.obey(order).await;
                }
                frame = io::next_text(self.socket.as_mut()), if self.socket.is_some() => self.received(frame).await,
                Some(done) = self.waiting.next() => self.done(done).await,
                _ = ticks.tick() => {
                    let effects = self.session.tick(self.now_ms());
                    self.carry_out(effects).await;
                }
            }
            self.report();
        }
    }

    async fn obey(&mut self, order: Order) {
        let effects = match order {
            Order::Away => self.session.offline(),
            Order::Read => self.session.wake(self.now_ms()),
            Order::Finish => Vec::new(),
        };
        self.history.hindered |= order != Order::Read;
        self.carry_out(effects).await;
    }

    fn report(&mut self) {
        let live = self.session.status() == Status::Live;
        match (live, self.live_since) {
            (true, None) => self.live_since = Some(self.now()),
            (false, Some(_)) => self.no_longer_live(),
            _ => {}
        }
        let (seq, epoch) = (self.inbox.seq().0, epoch_of(self.inbox.pos()));
        self.progress.send_if_modified(|progress| {
            let new = Progress { seq, epoch, live };
            let differs = *progress != new;
            *progress = new;
            differs
        });
    }

    fn no_longer_live(&mut self) {
        let to = self.now();
        let live = self.live_since.take().map(|from| Live { from, to, door: self.door });
        self.history.lives.extend(live);
    }

    fn hand_in(mut self) -> ReaderHistory {
        self.no_longer_live();
        self.history.last = self.inbox.snapshot(limits::SNAPSHOT_MESSAGES as usize);
        self.history
    }

    async fn received(&mut self, frame: Result<String, CloseCode>) {
        let now = self.now_ms();
        let effects = match frame {
            Ok(text) => match serde_json::from_str::<ServerFrame>(&text) {
                Ok(frame) => {
                    if let ServerFrame::Reset { reason, .. } = &frame {
                        self.history.resets.push(format!("{reason:?}"));
                    }
                    let counts = matches!(frame, ServerFrame::Position { .. });
                    let effects = self.session.frame(now, frame);
                    if counts && effects.contains(&Effect::Disconnect) {
                        self.complain(format!("the server counted events that never came: {text}"));
                    }
                    effects
                }
                Err(error) => {
                    self.complain(format!("a frame nobody can read ({error}): {text}"));
                    self.session.unreadable()
                }
            },
            Err(code) => {
                self.socket = None;
                self.closed(code)
            }
        };
        self.carry_out(effects).await;
    }

    fn closed(&mut self, code: CloseCode) -> Vec<Effect> {
        let effects = self.session.closed(self.now_ms(), code);
        if let Status::Stopped(code) = self.session.status() {
            self.complain(format!("closed for good with {code}"));
        }
        effects
    }

    fn complain(&mut self, sentence: String) {
        self.history.complaints.push(sentence);
    }

    async fn done(&mut self, done: Done) {
        let now = self.now_ms();
        let effects = match done {
            Done::Opened(attempt, _) if attempt != self.attempt => Vec::new(),
            Done::Opened(_, Ok(socket)) => {
                self.history.connections += 1;
                self.socket = Some(*socket);
                Vec::new()
            }
            Done::Opened(_, Err(code)) => self.closed(code),
            Done::Loaded(ticket, Ok(snapshot)) if self.session.wants(ticket) => self.replace(ticket, *snapshot),
            Done::Loaded(_, Ok(_)) => Vec::new(),
            Done::Loaded(ticket, Err(_)) => self.session.snapshot_failed(now, ticket),
            Done::Asked(login) => {
                let effects = self.session.asked(now, login);
                if let Status::Stopped(code) = self.session.status() {
                    self.complain(format!("its login was refused, {code}"));
                }
                effects
            }
        };
        self.carry_out(effects).await;
    }

    fn replace(&mut self, ticket: Ticket, snapshot: Snapshot) -> Vec<Effect> {
        let (seq, pos) = (snapshot.seq, snapshot.pos.clone());
        self.history.segments.push(Segment { start: snapshot.clone(), seen: Vec::new(), end: seq.0 });
        self.inbox = Inbox::from(snapshot);
        self.session.snapshot(self.now_ms(), ticket, seq, pos)
    }

    async fn carry_out(&mut self, effects: Vec<Effect>) {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Connect(pos) => self.connect(pos.as_str().to_owned()),
                Effect::Disconnect => {
                    self.socket = None;
                    self.attempt += 1;
                }
                Effect::Send(frame) => {
                    if io::send(self.socket.as_mut(), &frame).await.is_err() {
                        self.socket = None;
                        effects.extend(self.closed(CloseCode::ABNORMAL));
                    }
                }
                Effect::Apply(events) => self.apply(&events),
                Effect::Advance(seq, pos) => self.inbox.advance(seq, &pos),
                Effect::LoadSnapshot(ticket) => self.load(ticket),
                Effect::AskLogin => self.ask(false),
                Effect::Refresh => self.ask(true),
                Effect::Reload => self.complain("told to reload: an event or protocol it does not know".to_owned()),
            }
            let (end, segment) = (self.inbox.seq().0, self.history.segments.last_mut());
            if let Some(segment) = segment {
                segment.end = end;
            }
        }
    }

    fn apply(&mut self, events: &[Event]) {
        let now = self.now();
        for event in events {
            match self.inbox.apply(event) {
                Applied::Old => continue,
                Applied::Unknown => self.complain(format!("an event of unknown kind at seq {}", event.seq)),
                Applied::Message(_) | Applied::Changed(_) | Applied::ReadState | Applied::Topics => {}
            }
            let Some(seen) = print::seen(event, now) else {
                self.complain(format!("event {} has the position {}", event.seq, event.pos));
                continue;
            };
            if let Some(segment) = self.history.segments.last_mut() {
                segment.seen.push(seen);
                sabotage::damage(&mut segment.seen, &mut self.seat.sabotage);
            }
        }
        if self.inbox.messages().len() > 2 * KEPT {
            self.inbox = Inbox::from(self.inbox.snapshot(KEPT));
        }
    }

    fn any_door(&mut self) -> SocketAddr {
        let choice = self.seat.chance.next();
        self.seat.door(choice)
    }

    fn connect(&mut self, since: String) {
        self.attempt += 1;
        self.socket = None;
        // What ends here is accounted for under the door it had.
        self.report();
        self.door = self.any_door();
        let (attempt, door) = (self.attempt, self.door);
        let line = io::Line { door, number: self.seat.number, receive_buffer: self.seat.receive_buffer };
        let token = self.seat.member.token();
        self.waiting
            .push(Box::pin(async move { Done::Opened(attempt, io::open(line, &token, &since).await.map(Box::new)) }));
    }

    fn load(&mut self, ticket: Ticket) {
        let (member, door) = (Arc::clone(&self.seat.member), self.any_door());
        self.waiting.push(Box::pin(async move { Done::Loaded(ticket, member.inbox(door).await.map(Box::new)) }));
    }

    fn ask(&mut self, renew: bool) {
        let (member, door) = (Arc::clone(&self.seat.member), self.any_door());
        self.waiting.push(Box::pin(async move {
            Done::Asked(if renew { member.renew(door).await } else { member.ask_login(door).await })
        }));
    }
}
