//! A connection's one task.
//!
//! It never holds a queue of events: it holds a cursor. While bytes wait to leave, nothing is fetched; when they have
//! left, the next page behind the cursor is. So a slow reader costs one page of memory, and nobody waits for it.

mod ending;
mod hearing;
mod reading;

use std::{
    future::poll_fn,
    sync::{Arc, atomic::Ordering},
    task::Poll,
    time::Duration,
};

use axum::{
    Error,
    extract::ws::{Message, Utf8Bytes},
};
use futures::{Sink, SinkExt as _, Stream, StreamExt as _, future::BoxFuture};
use push_system::{
    catalogue::{Language, Sentence},
    error::ErrorCode,
    ids::Seq,
    position::Position,
    protocol::{CloseCode, ServerFrame},
    session::server::{Action, Connection, Start},
    timestamp::Timestamp,
};
use tokio::time::{Instant, sleep_until, timeout};

use ending::RETRY_MS;
use reading::{Answer, Asking};

use super::inbound;
use crate::{
    auth::Identity,
    push::{Push, Seat, Wake},
    serve::Peer,
    state::AppState,
    store::StoreError,
};

/// How often a writer that waits looks whether any byte has left.
const STALL_LOOKS: u32 = 6;
/// Frames of a peer that never stops talking, before what is due has its turn.
const HEARD_IN_A_ROW: u32 = 64;

/// Frames out and in: a WebSocket, or what stands for one where runs are repeated.
pub trait Wire: Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Unpin {}

impl<T: Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Unpin> Wire for T {}

/// Serves one connection until it ends. The seat is taken at once, not when the future is first polled; and the future
/// holds the socket alone, not what it was made of as well: most of what an idle connection costs is this future.
pub fn run(
    ws: impl Wire + Send,
    app: AppState,
    peer: Peer,
    identity: Identity,
    asked: Asked,
) -> impl Future<Output = ()> + Send {
    let mut socket = Socket::take_seat(ws, app, peer, identity, asked.language);
    async move { socket.serve(asked.since.as_deref()).await }
}

/// What the request of a connection says beside who asks.
#[derive(Debug, Default)]
pub struct Asked {
    /// Where to continue; at the head where nothing is said.
    pub since: Option<String>,
    /// What is said goes to a reader of this.
    pub language: Language,
}

/// A frame as text.
pub fn encode(frame: &ServerFrame) -> Utf8Bytes {
    serde_json::to_string(frame).unwrap_or_else(|_| unreachable!("a frame has only string keys")).into()
}

/// How far the connection is with the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// There may be entitled events behind the cursor, and the client was not told that it is live.
    Replaying,
    /// There may be entitled events behind the cursor.
    Behind,
    /// There are none until the seat is woken.
    CaughtUp,
}

/// What is known of bytes that leave.
#[derive(Clone, Copy)]
struct Progress {
    /// How many had left at the last look that found more than the one before.
    written: u64,
    /// When that was.
    since: Instant,
    /// The last look. The next one is due a fixed time after it, whatever else goes on here meanwhile.
    looked: Instant,
}

impl Progress {
    fn seen(written: u64, now: Instant) -> Self {
        Self { written, since: now, looked: now }
    }
}

/// Whether anybody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    /// Frames may come.
    There,
    /// Nothing more will come; what was written may still leave.
    Ended,
    /// It is over.
    Gone,
}

/// What ends a wait.
enum Event {
    Inbound(Option<Result<Message, Error>>),
    Flushed(Result<(), Error>),
    Bell,
    Published(Utf8Bytes),
    Answered(Answer),
    Drain,
    Time,
}

struct Socket<W> {
    ws: W,
    app: AppState,
    peer: Peer,
    identity: Identity,
    seat: Arc<Seat>,
    connection: Connection,
    born: Instant,
    /// Everything entitled up to here is written.
    cursor: Position,
    /// Nothing entitled lies before this place, though the cursor may not have got there.
    skip_to: Seq,
    reading: Reading,
    /// Bytes wait to leave.
    writing: bool,
    /// What of it does, while it does.
    progress: Progress,
    /// A publish under way; until it is answered nothing more is read, which keeps a client's messages in order.
    publishing: Option<BoxFuture<'static, Utf8Bytes>>,
    /// What the store was asked for this connection.
    asking: Asking,
    /// A peer that says more than it may is read on from then.
    paused_until: Option<Instant>,
    /// Frames that came in since anything else happened.
    heard: u32,
    /// When a drained connection is told to go.
    drain_at: Option<Instant>,
    /// A close frame was written; until this time it may leave and be answered.
    closing_until: Option<Instant>,
    /// The seat was given back.
    left: bool,
    peer_is: Presence,
}

impl<W> Drop for Socket<W> {
    fn drop(&mut self) {
        self.leave_seat();
    }
}

impl<W: Wire> Socket<W> {
    fn take_seat(ws: W, app: AppState, peer: Peer, identity: Identity, language: Language) -> Self {
        let born = Instant::now();
        let now = app.uptime_ms();
        let seat = app.push.seat(identity.person.clone(), identity.session, peer.client.network(), now);
        let heartbeat = u64::try_from(app.ws.heartbeat.as_millis()).unwrap_or(u64::MAX);
        let connection = Connection::new(identity.person.clone(), language, now, heartbeat);
        let cursor = app.push.dispatched();
        Self {
            ws,
            peer,
            identity,
            seat,
            connection,
            born,
            skip_to: Seq(0),
            cursor,
            reading: Reading::CaughtUp,
            writing: false,
            progress: Progress { written: 0, since: born, looked: born },
            publishing: None,
            asking: Asking::Nothing,
            paused_until: None,
            heard: 0,
            drain_at: None,
            closing_until: None,
            left: false,
            peer_is: Presence::There,
            app,
        }
    }

    async fn serve(&mut self, since: Option<&str>) {
        if timeout(self.app.ws.hello, self.open(since)).await.is_err() {
            self.refuse(ErrorCode::Unavailable, &Sentence::Unavailable, RETRY_MS, CloseCode::TRY_LATER);
        }
        while self.peer_is != Presence::Gone {
            self.fetch();
            let event = self.next().await;
            self.handle(event);
        }
    }

    async fn open(&mut self, since: Option<&str>) {
        match self.app.auth.is_in_force(self.identity.session).await {
            Ok(true) => {
                let start = self.push().start_at(since).await;
                self.greet(start);
            }
            // It ended after the request was checked and before there was a seat to tell.
            Ok(false) => self.refuse(ErrorCode::Revoked, &Sentence::Revoked, 0, CloseCode::REVOKED),
            Err(error) => self.store_is_away(&error),
        }
    }

    fn push(&self) -> &Push {
        &self.app.push
    }

    fn greet(&mut self, start: Result<Start, StoreError>) {
        match start {
            Ok(start) => {
                let actions = self.connection.greet(&start);
                self.begin_at(&start);
                self.perform(actions);
            }
            Err(error) => self.store_is_away(&error),
        }
    }

    async fn next(&mut self) -> Event {
        let reading = self.may_read() && self.publishing.is_none() && self.peer_is == Presence::There;
        let deadline = self.deadline();
        let writing = self.writing;
        let ws = &mut self.ws;
        let io = poll_fn(move |cx| {
            if writing && let Poll::Ready(result) = ws.poll_flush_unpin(cx) {
                return Poll::Ready(Event::Flushed(result));
            }
            if reading { ws.poll_next_unpin(cx).map(Event::Inbound) } else { Poll::Pending }
        });
        let publishing = self.publishing.as_mut();
        let draining = self.drain_at.is_none();
        if self.heard >= HEARD_IN_A_ROW && Instant::now() >= deadline {
            return Event::Time;
        }
        // Time last: after a stall, a sign of life that waits to be read comes before the verdict that there was none. The
        // same order each time, so that a run can be repeated.
        tokio::select! {
            biased;
            () = self.app.drain.cancelled(), if draining => Event::Drain,
            () = self.seat.rung() => Event::Bell,
            Some(frame) = async { Some(publishing?.await) } => Event::Published(frame),
            answer = self.asking.answer() => Event::Answered(answer),
            event = io => event,
            () = sleep_until(deadline) => Event::Time,
        }
    }

    fn handle(&mut self, event: Event) {
        self.heard = if matches!(event, Event::Inbound(_)) { self.heard + 1 } else { 0 };
        match event {
            Event::Flushed(result) => {
                self.writing = false;
                if self.peer_is == Presence::Ended || result.is_err() {
                    self.peer_is = Presence::Gone;
                }
            }
            Event::Inbound(item) => self.inbound(inbound::sort(item)),
            Event::Bell => {
                let wake = self.seat.take();
                self.wake(wake);
            }
            Event::Published(frame) => {
                self.publishing = None;
                self.write(Message::Text(frame));
            }
            Event::Answered(answer) => self.answered(answer),
            Event::Drain => {
                // A random part of the first half, so that not all come back elsewhere at once.
                let share = (self.app.config.drain / 2).mul_f64(self.push().random_share());
                self.drain_at = Some(Instant::now() + share);
                let latest = Instant::now() + self.grace();
                self.closing_until = self.closing_until.map(|until| until.min(latest));
            }
            Event::Time => self.time_passed(),
        }
    }

    /// Does what the connection asks for; gives back a position to verify.
    fn perform(&mut self, actions: Vec<Action>) -> Option<String> {
        let mut verify = None;
        for action in actions {
            match action {
                Action::Send(frame) => self.send(&frame),
                Action::Ping => self.write(Message::Ping(bytes::Bytes::new())),
                Action::Verify(since) => verify = Some(since),
                Action::Publish { client_id, request } => self.publish(client_id, request),
                Action::SendPresence => {
                    let frame = self.push().presence_frame();
                    self.send(&frame);
                }
                Action::Close(code) => self.write_close(code),
            }
        }
        verify
    }

    fn wake(&mut self, wake: Wake) {
        if let Some(first) = wake.events_from {
            self.overtake();
            if self.reading == Reading::CaughtUp {
                self.skip_to = self.cursor.seq.max(Seq(first - 1));
                self.reading = Reading::Behind;
            }
        }
        if wake.presence
            && let Some(frame) = self.push().presence_change()
            && !self.connection.is_closing()
        {
            self.write(Message::Text(frame));
        }
        if wake.reset {
            self.restart();
        }
        if let Some(code) = wake.close {
            self.close(code);
        }
    }

    /// The heartbeat, with the cursor where it really is: a seat that was not woken has nothing before the mark.
    fn beat(&mut self) {
        let mark = self.push().dispatched();
        let wake = self.seat.take();
        let untouched = wake.events_from.is_none() && self.reading == Reading::CaughtUp;
        self.wake(wake);
        if untouched && self.connection.is_live() && mark.epoch == self.cursor.epoch && mark.seq > self.cursor.seq {
            self.cursor = mark;
        }
        let actions = self.connection.tick(self.app.uptime_ms(), &self.cursor, self.reading != Reading::Replaying);
        self.perform(actions);
    }

    fn deadline(&self) -> Instant {
        if let Some(until) = self.closing_until {
            return until;
        }
        let beat = self.app.instant_at(self.connection.deadline());
        let look = self.writing.then(|| self.progress.looked + self.app.ws.stall / STALL_LOOKS);
        let session_over = self.identity.session_expires;
        let expiry = self.identity.expires.map_or(session_over, |expires| expires.min(session_over));
        let expiry = Some(self.born + self.until(expiry));
        [Some(beat), look, self.drain_at, expiry, self.paused_until].into_iter().flatten().min().unwrap_or(beat)
    }

    fn until(&self, moment: Timestamp) -> Duration {
        let left = moment.unix_ms() - self.app.clock.now().unix_ms();
        self.born.elapsed() + Duration::from_millis(u64::try_from(left).unwrap_or_default())
    }

    fn send(&mut self, frame: &ServerFrame) {
        self.write(Message::Text(encode(frame)));
    }

    /// Puts a frame behind what waits to leave.
    fn write(&mut self, message: Message) {
        if self.closing_until.is_some() {
            return;
        }
        if !self.writing {
            self.progress = Progress::seen(self.peer.written.load(Ordering::Relaxed), Instant::now());
            self.writing = true;
        }
        // Fails only when the peer is gone or lets more than the buffer wait: either way it is over.
        if self.ws.start_send_unpin(message).is_err() {
            self.peer_is = Presence::Gone;
        }
    }
}
