//! The client's half: connect, resume, count, back off, notice silence.

use crate::{
    event::{Event, EventBody},
    ids::{Seq, UserId},
    limits,
    position::Pos,
    protocol::{self, ClientFrame, CloseCode, Reaction, ServerFrame},
};

/// First upper bound of the wait before a new attempt.
const BACKOFF_FIRST_MS: u64 = 500;
/// Last upper bound.
const BACKOFF_MAX_MS: u64 = 30_000;
/// The wait after [`CloseCode::TOO_MANY_SOCKETS`].
const CROWDED_WAIT_MS: u64 = 60_000;

/// How long a question over HTTP may take before it counts as unanswered.
const ANSWER_WITHIN_MS: u64 = 10_000;

/// What the shell does next, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Open a socket at this position; frames of an older one are no longer reported.
    Connect(Pos),
    /// Drop the socket, if there is one.
    Disconnect,
    /// Write a frame.
    Send(ClientFrame),
    /// Fold these, in order.
    Apply(Vec<Event>),
    /// The position moved over events of others.
    Advance(Seq, Pos),
    /// Load `GET /inbox` and report [`ClientSession::snapshot`] or [`ClientSession::snapshot_failed`] with this ticket.
    LoadSnapshot(Ticket),
    /// Ask `GET /auth/me` and report [`ClientSession::asked`].
    AskLogin,
    /// Get a new access token and report [`ClientSession::asked`].
    Refresh,
    /// Something this version does not know: load the page, or the program, anew; once.
    Reload,
}

/// Tells the answer to the latest question from answers to earlier ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticket(u64);

/// What is known of the login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// It is good.
    Valid,
    /// It is not.
    Gone,
    /// Nobody answered.
    Unreachable,
}

/// What a person is told about the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// An attempt is under way, or replay is not done.
    Connecting,
    /// Everything up to now is on the screen.
    Live,
    /// The next attempt comes at this time.
    Waiting(u64),
    /// The device has no network.
    Offline,
    /// It will not connect again by itself.
    Stopped(CloseCode),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    Opening,
    Streaming {
        live: bool,
    },
    /// A snapshot is due at this time.
    ResetUntil(u64),
    LoadingSnapshot,
    /// Since then, a snapshot is on its way and there is no socket: what was folded has a hole.
    Rebuilding(u64),
    /// Since when.
    Asking(u64),
    Waiting(u64),
    Offline,
    Stopped(CloseCode),
}

/// One connection, seen from the client; it outlives its sockets.
pub struct ClientSession {
    user: UserId,
    pos: Pos,
    seq: Seq,
    phase: Phase,
    counted: u64,
    attempt: u32,
    last_inbound: u64,
    heartbeat_ms: u64,
    /// What was folded has a hole: nothing but a snapshot may come next.
    rebuild_due: bool,
    /// The latest question for a snapshot.
    ticket: Ticket,
    random: Box<dyn FnMut() -> f64 + Send>,
}

impl ClientSession {
    /// A session of `user` that has folded everything up to `seq`. `random` gives numbers in `0.0..1.0`.
    pub fn new(user: UserId, pos: Pos, seq: Seq, random: Box<dyn FnMut() -> f64 + Send>) -> Self {
        Self {
            user,
            pos,
            seq,
            phase: Phase::Idle,
            counted: 0,
            attempt: 0,
            last_inbound: 0,
            heartbeat_ms: u64::from(limits::HEARTBEAT_S) * 1_000,
            rebuild_due: false,
            ticket: Ticket::default(),
            random,
        }
    }

    /// Opens the first socket.
    pub fn start(&mut self, now: u64) -> Vec<Effect> {
        self.connect(now)
    }

    fn connect(&mut self, now: u64) -> Vec<Effect> {
        if self.rebuild_due {
            return self.rebuild(now);
        }
        self.phase = Phase::Opening;
        self.last_inbound = now;
        self.counted = 0;
        vec![Effect::Connect(self.pos.clone())]
    }

    /// What to tell the person.
    pub fn status(&self) -> Status {
        match self.phase {
            Phase::Streaming { live: true } => Status::Live,
            Phase::Waiting(until) => Status::Waiting(until),
            Phase::Offline => Status::Offline,
            Phase::Stopped(code) => Status::Stopped(code),
            _ => Status::Connecting,
        }
    }

    /// Whether frames can be sent.
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Streaming { .. } | Phase::ResetUntil(_) | Phase::LoadingSnapshot)
    }

    /// The last event folded.
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// A text frame of the current socket. `presence`, `published`, `rejected`, `pong` and `error` concern the shell alone.
    pub fn frame(&mut self, now: u64, frame: ServerFrame) -> Vec<Effect> {
        self.last_inbound = now;
        match frame {
            ServerFrame::Hello { protocol, user, heartbeat_s, .. } => {
                if protocol != protocol::VERSION || user.id != self.user {
                    return self.reload();
                }
                self.heartbeat_ms = u64::from(heartbeat_s) * 1_000;
                self.phase = Phase::Streaming { live: false };
                Vec::new()
            }
            ServerFrame::Event(event) => self.events(vec![*event]),
            ServerFrame::Events { events } => self.events(events),
            ServerFrame::Position { pos, seq, n, live } => self.position(now, pos, seq, n, live),
            ServerFrame::Reset { after_ms, .. } => {
                self.phase = Phase::ResetUntil(now + self.random_part(after_ms));
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// A text frame that could not be read at all comes from a server of another time.
    pub fn unreadable(&mut self) -> Vec<Effect> {
        self.reload()
    }

    fn reload(&mut self) -> Vec<Effect> {
        self.phase = Phase::Stopped(CloseCode::NORMAL);
        vec![Effect::Disconnect, Effect::Reload]
    }

    fn events(&mut self, events: Vec<Event>) -> Vec<Effect> {
        self.counted += events.len() as u64;
        if events.iter().any(|event| event.body == EventBody::Unknown) {
            return self.reload();
        }
        let Some(last) = events.iter().max_by_key(|event| event.seq).filter(|event| event.seq > self.seq) else {
            return Vec::new();
        };
        self.seq = last.seq;
        self.pos = last.pos.clone();
        vec![Effect::Apply(events)]
    }

    fn position(&mut self, now: u64, pos: Pos, seq: Seq, n: u64, live: bool) -> Vec<Effect> {
        if n != self.counted {
            return self.rebuild(now);
        }
        if live {
            self.attempt = 0;
        }
        if let Phase::Streaming { live: was_live } = &mut self.phase {
            *was_live |= live;
        }
        if seq <= self.seq {
            return Vec::new();
        }
        self.seq = seq;
        self.pos = pos.clone();
        vec![Effect::Advance(seq, pos)]
    }

    /// A frame was lost on the way. Later ones may have been folded, so there is no position to resume from: only a
    /// snapshot is known to be whole.
    fn rebuild(&mut self, now: u64) -> Vec<Effect> {
        self.rebuild_due = true;
        self.phase = Phase::Rebuilding(now);
        vec![Effect::Disconnect, self.ask_for_snapshot()]
    }

    fn ask_for_snapshot(&mut self) -> Effect {
        self.ticket.0 += 1;
        Effect::LoadSnapshot(self.ticket)
    }

    fn reconnect(&mut self, now: u64) -> Vec<Effect> {
        std::iter::once(Effect::Disconnect).chain(self.connect(now)).collect()
    }

    /// Whether the snapshot of this ticket is still wanted. One that comes late must not replace the inbox: a stream may
    /// have gone on meanwhile, and its events would be missing.
    pub fn wants(&self, ticket: Ticket) -> bool {
        ticket == self.ticket && matches!(self.phase, Phase::Rebuilding(_) | Phase::LoadingSnapshot)
    }

    /// The snapshot asked for, which [`Self::wants`] said is wanted, has replaced the inbox.
    pub fn snapshot(&mut self, now: u64, ticket: Ticket, seq: Seq, pos: Pos) -> Vec<Effect> {
        if !self.wants(ticket) {
            return Vec::new();
        }
        self.seq = seq;
        self.pos = pos;
        self.rebuild_due = false;
        if self.phase != Phase::LoadingSnapshot {
            return self.connect(now);
        }
        self.counted = 0;
        self.phase = Phase::Streaming { live: false };
        vec![Effect::Send(ClientFrame::Resume { since: self.pos.to_string() })]
    }

    /// The snapshot could not be loaded; it is asked for again after a wait.
    pub fn snapshot_failed(&mut self, now: u64, ticket: Ticket) -> Vec<Effect> {
        if !self.wants(ticket) {
            return Vec::new();
        }
        self.back_off(now);
        vec![Effect::Disconnect]
    }

    /// The current socket ended, or could not be opened ([`CloseCode::ABNORMAL`]).
    pub fn closed(&mut self, now: u64, code: CloseCode) -> Vec<Effect> {
        if matches!(self.phase, Phase::Stopped(_) | Phase::Offline) {
            return Vec::new();
        }
        match code.reaction() {
            Reaction::Reconnect => {
                self.back_off(now);
                Vec::new()
            }
            Reaction::RefreshThenReconnect => self.ask(now, Effect::Refresh),
            Reaction::AskThenDecide => self.ask(now, Effect::AskLogin),
            Reaction::WaitThenReconnect => {
                self.phase = Phase::Waiting(now + CROWDED_WAIT_MS);
                Vec::new()
            }
            Reaction::Stop => {
                self.phase = Phase::Stopped(code);
                Vec::new()
            }
        }
    }

    fn ask(&mut self, now: u64, effect: Effect) -> Vec<Effect> {
        self.phase = Phase::Asking(now);
        vec![effect]
    }

    /// The answer to [`Effect::AskLogin`] or [`Effect::Refresh`].
    pub fn asked(&mut self, now: u64, login: Login) -> Vec<Effect> {
        if matches!(self.phase, Phase::Asking(_)) {
            match login {
                Login::Gone => self.phase = Phase::Stopped(CloseCode::UNAUTHORIZED),
                Login::Valid | Login::Unreachable => self.back_off(now),
            }
        }
        Vec::new()
    }

    /// Full jitter (Brooker, "Exponential Backoff and Jitter"): spreads the return of many clients evenly.
    fn back_off(&mut self, now: u64) {
        let ceiling = (BACKOFF_FIRST_MS << self.attempt.min(10)).min(BACKOFF_MAX_MS);
        self.attempt += 1;
        self.phase = Phase::Waiting(now + self.random_part(ceiling));
    }

    fn random_part(&mut self, of: u64) -> u64 {
        let share = (self.random)().clamp(0.0, 1.0);
        std::time::Duration::from_millis(of).mul_f64(share).as_millis().try_into().unwrap_or(of)
    }

    /// Time passed.
    pub fn tick(&mut self, now: u64) -> Vec<Effect> {
        match self.phase {
            Phase::Waiting(until) if now >= until => self.connect(now),
            Phase::ResetUntil(until) if now >= until => {
                self.phase = Phase::LoadingSnapshot;
                vec![self.ask_for_snapshot()]
            }
            // Nobody answers: as good as a lost line.
            Phase::Asking(since) | Phase::Rebuilding(since) if now >= since + ANSWER_WITHIN_MS => {
                self.back_off(now);
                Vec::new()
            }
            // Two heartbeats and a half of silence: the line is dead, whatever the socket believes.
            _ if self.holds_socket() && now > self.last_inbound + self.heartbeat_ms * 5 / 2 => self.reconnect(now),
            _ => Vec::new(),
        }
    }

    fn holds_socket(&self) -> bool {
        self.phase == Phase::Opening || self.is_open()
    }

    /// The person looks again, the network is back, or *Retry now* was pressed: no wait, and no trust in an old socket.
    pub fn wake(&mut self, now: u64) -> Vec<Effect> {
        let stale = now > self.last_inbound + self.heartbeat_ms + self.heartbeat_ms / 4;
        match self.phase {
            Phase::Waiting(_) | Phase::Offline | Phase::Asking(_) | Phase::Rebuilding(_) => self.connect(now),
            _ if self.holds_socket() && stale => self.reconnect(now),
            _ => Vec::new(),
        }
    }

    /// The device lost its network.
    pub fn offline(&mut self) -> Vec<Effect> {
        if matches!(self.phase, Phase::Stopped(_) | Phase::Idle) {
            return Vec::new();
        }
        self.phase = Phase::Offline;
        vec![Effect::Disconnect]
    }
}
