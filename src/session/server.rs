//! The server's half: handshake → live ⇄ waiting for a snapshot → closing.

use std::collections::VecDeque;

use crate::{
    accounts::Person,
    catalogue::{Language, Sentence},
    error::ErrorCode,
    ids::UserId,
    limits,
    message::PublishRequest,
    position::Position,
    protocol::{self, ClientFrame, CloseCode, ResetReason, ServerFrame},
};

/// Upper bound of the wait a `reset` asks for: spreads the snapshots of many clients over a few seconds.
pub const RESET_SPREAD_MS: u64 = 3_000;

/// Where a stream may begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// The client gave no position, or one the server vouches for.
    At(Position),
    /// The client's position cannot be continued; the log's head is given instead.
    Reset(Position, ResetReason),
}

/// What the shell does next, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Write a frame.
    Send(ServerFrame),
    /// Write a WebSocket ping.
    Ping,
    /// Check the position of a `resume` and answer with [`Connection::resumed`].
    Verify(String),
    /// Publish and answer with `published` or `rejected`.
    Publish {
        /// The key, as sent.
        client_id: String,
        /// The message.
        request: PublishRequest,
    },
    /// Write who is online.
    SendPresence,
    /// Close with this code, then be done.
    Close(CloseCode),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    Handshake,
    Live,
    AwaitingResume,
    Closing,
}

/// One connection, seen from the server.
#[derive(Debug)]
pub struct Connection {
    user: Person,
    language: Language,
    phase: Phase,
    written: u64,
    last_inbound: u64,
    last_beat: u64,
    bad_frames: VecDeque<u64>,
    heartbeat_ms: u64,
}

impl Connection {
    /// An upgraded socket of `user`, who reads `language`, before `hello`.
    pub fn new(user: Person, language: Language, now: u64, heartbeat_ms: u64) -> Self {
        Self {
            user,
            language,
            phase: Phase::Handshake,
            written: 0,
            last_inbound: now,
            last_beat: now,
            bad_frames: VecDeque::new(),
            heartbeat_ms,
        }
    }

    /// `hello`, and `reset` where the stream cannot begin.
    pub fn greet(&mut self, start: &Start) -> Vec<Action> {
        let (position, reset) = match start {
            Start::At(position) => (position, None),
            Start::Reset(head, reason) => (head, Some(*reason)),
        };
        self.phase = if reset.is_some() { Phase::AwaitingResume } else { Phase::Live };
        let hello = ServerFrame::Hello {
            protocol: protocol::VERSION,
            pos: position.into(),
            user: self.user.clone(),
            heartbeat_s: u32::try_from(self.heartbeat_ms / 1_000).unwrap_or(limits::HEARTBEAT_S),
        };
        let reset = reset.map(|reason| Action::Send(ServerFrame::Reset { reason, after_ms: RESET_SPREAD_MS }));
        std::iter::once(Action::Send(hello)).chain(reset).collect()
    }

    /// What its person reads.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Whether events may be written now.
    pub fn is_live(&self) -> bool {
        self.phase == Phase::Live
    }

    /// Whether the connection only waits for its close frame to leave.
    pub fn is_closing(&self) -> bool {
        self.phase == Phase::Closing
    }

    /// Any inbound frame is life; pings and pongs come here.
    pub fn alive(&mut self, now: u64) {
        self.last_inbound = now;
    }

    /// When the client was last heard of.
    pub fn last_inbound(&self) -> u64 {
        self.last_inbound
    }

    /// A text frame.
    pub fn text(&mut self, now: u64, text: &str) -> Vec<Action> {
        self.alive(now);
        match (&self.phase, serde_json::from_str::<ClientFrame>(text)) {
            (Phase::Closing, _) => Vec::new(),
            (_, Err(error)) => match ill_typed_publish(text) {
                Some(client_id) => vec![Action::Send(ServerFrame::Rejected { client_id, code: ErrorCode::Invalid })],
                None => self.bad_frame(now, &unreadable(&error)),
            },
            (Phase::AwaitingResume, Ok(ClientFrame::Resume { since })) => vec![Action::Verify(since)],
            (_, Ok(ClientFrame::Resume { .. })) => self.bad_frame(now, &Sentence::ResumeOutOfTurn),
            (_, Ok(frame)) => self.frame(frame),
        }
    }

    fn frame(&mut self, frame: ClientFrame) -> Vec<Action> {
        match frame {
            ClientFrame::Publish { client_id, user_id, request } => vec![self.publish(client_id, user_id, request)],
            ClientFrame::Ping => vec![Action::Send(ServerFrame::Pong)],
            ClientFrame::Presence => vec![Action::SendPresence],
            // An acknowledgement is a sign of life and changes no replay; a resume was dealt with before.
            ClientFrame::Ack { .. } | ClientFrame::Resume { .. } => Vec::new(),
        }
    }

    fn publish(&self, client_id: String, user_id: UserId, request: PublishRequest) -> Action {
        if user_id == self.user.id {
            Action::Publish { client_id, request }
        } else {
            Action::Send(ServerFrame::Rejected { client_id, code: ErrorCode::WrongUser })
        }
    }

    fn bad_frame(&mut self, now: u64, why: &Sentence) -> Vec<Action> {
        let since = now.saturating_sub(limits::BAD_FRAME_WINDOW_MS);
        self.bad_frames.retain(|at| *at > since || since == 0);
        self.bad_frames.push_back(now);
        let error = Action::Send(ServerFrame::error(ErrorCode::BadFrame, why, 0, self.language));
        if self.bad_frames.len() < limits::BAD_FRAMES {
            return vec![error];
        }
        self.phase = Phase::Closing;
        vec![error, Action::Close(CloseCode::PROTOCOL_VIOLATION)]
    }

    /// The shell has checked the position of a `resume`.
    pub fn resumed(&mut self, start: &Start) -> Vec<Action> {
        match start {
            Start::At(_) => {
                self.phase = Phase::Live;
                self.written = 0;
                Vec::new()
            }
            Start::Reset(_, reason) => {
                vec![Action::Send(ServerFrame::Reset { reason: *reason, after_ms: RESET_SPREAD_MS })]
            }
        }
    }

    /// The log began another life under the stream.
    pub fn interrupt(&mut self, reason: ResetReason) -> Vec<Action> {
        if !self.is_live() {
            return Vec::new();
        }
        self.phase = Phase::AwaitingResume;
        vec![Action::Send(ServerFrame::Reset { reason, after_ms: RESET_SPREAD_MS })]
    }

    /// The shell wrote `count` event objects.
    pub fn wrote(&mut self, count: u64) {
        self.written += count;
    }

    /// The frame that tells the client where it stands. Nothing entitled up to `cursor` may be unwritten.
    pub fn position(&self, cursor: &Position, live: bool) -> ServerFrame {
        ServerFrame::Position { pos: cursor.into(), seq: cursor.seq, n: self.written, live }
    }

    /// Time passed: a ping and a position once a heartbeat; the end after two without any sign of life.
    /// `live` says whether replay is done.
    pub fn tick(&mut self, now: u64, cursor: &Position, live: bool) -> Vec<Action> {
        if self.is_closing() || now < self.last_beat + self.heartbeat_ms {
            return Vec::new();
        }
        self.last_beat = now;
        // Two pings unanswered: the one a heartbeat ago and the one before it.
        if now >= self.last_inbound + 2 * self.heartbeat_ms + self.heartbeat_ms / 2 {
            self.phase = Phase::Closing;
            return vec![Action::Close(CloseCode::GOING_AWAY)];
        }
        let position = self.is_live().then(|| Action::Send(self.position(cursor, live)));
        std::iter::once(Action::Ping).chain(position).collect()
    }

    /// When [`Self::tick`] has something to do.
    pub fn deadline(&self) -> u64 {
        self.last_beat + self.heartbeat_ms
    }

    /// The server ends it.
    pub fn close(&mut self, code: CloseCode) -> Vec<Action> {
        if self.is_closing() {
            return Vec::new();
        }
        self.phase = Phase::Closing;
        vec![Action::Close(code)]
    }
}

/// What is wrong with a frame, without the words of the parser.
fn unreadable(error: &serde_json::Error) -> Sentence {
    if error.is_data() { Sentence::BadFrame } else { Sentence::FrameNotJson }
}

/// The key of a `publish` whose fields have wrong types: a refused message, as over HTTP, not a broken protocol.
fn ill_typed_publish(text: &str) -> Option<String> {
    let frame: serde_json::Value = serde_json::from_str(text).ok()?;
    let is_publish = frame.get("type").is_some_and(|kind| kind == "publish");
    is_publish.then(|| frame.get("client_id")?.as_str().map(str::to_owned))?
}
