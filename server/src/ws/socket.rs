//! A connection's one task.
//!
//! It never holds a queue of events: it holds a cursor. While bytes wait to leave, nothing is fetched; when they have
//! left, the next page behind the cursor is. So a slow reader costs one page of memory, and nobody waits for it.

mod ending;

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
use futures::{FutureExt as _, Sink, SinkExt as _, Stream, StreamExt as _, future::BoxFuture};
use push_system::{
    catalogue::EN,
    error::ErrorCode,
    ids::Seq,
    message::{ClientId, Draft, PublishRequest},
    position::Position,
    protocol::{CloseCode, ResetReason, ServerFrame},
    session::server::{Action, Connection, Start},
    timestamp::Timestamp,
};
use tokio::time::{Instant, sleep_until};

use super::inbound::{self, Inbound};
use crate::{
    auth::Identity,
    push::{Push, Reach, Seat, Wake},
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
    since: Option<String>,
) -> impl Future<Output = ()> + Send {
    let mut socket = Socket::take_seat(ws, app, peer, identity);
    async move { socket.serve(since.as_deref()).await }
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
    /// Bytes that had left at the last look, and when that changed.
    progress: (u64, Instant),
    /// A publish under way; until it is answered nothing more is read, which keeps a client's messages in order.
    publishing: Option<BoxFuture<'static, Utf8Bytes>>,
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
    fn take_seat(ws: W, app: AppState, peer: Peer, identity: Identity) -> Self {
        let born = Instant::now();
        let now = app.uptime_ms();
        let seat = app.push.seat(identity.person.clone(), identity.session, peer.client.network(), now);
        let heartbeat = u64::try_from(app.ws.heartbeat.as_millis()).unwrap_or(u64::MAX);
        let connection = Connection::new(identity.person.clone(), now, heartbeat);
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
            progress: (0, born),
            publishing: None,
            heard: 0,
            drain_at: None,
            closing_until: None,
            left: false,
            peer_is: Presence::There,
            app,
        }
    }

    async fn serve(&mut self, since: Option<&str>) {
        match self.app.auth.is_in_force(self.identity.session).await {
            Ok(true) => {
                let start = self.push().start_at(since).await;
                self.greet(start);
            }
            // It ended after the request was checked and before there was a seat to tell.
            Ok(false) => self.refuse(ErrorCode::Revoked, EN.revoked, 0, CloseCode::REVOKED),
            Err(error) => self.store_is_away(&error),
        }
        while self.peer_is != Presence::Gone {
            self.fetch().await;
            let event = self.next().await;
            self.handle(event).await;
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

    fn begin_at(&mut self, start: &Start) {
        if let Start::At(position) = start {
            self.cursor = position.clone();
            self.skip_to = position.seq;
            self.reading = Reading::Replaying;
        }
    }

    /// Writes the next page behind the cursor, if there may be one and nothing else waits to leave.
    async fn fetch(&mut self) {
        while self.reading != Reading::CaughtUp && !self.writing && self.connection.is_live() {
            let after = self.cursor.seq.max(self.skip_to);
            let page = match self.push().page(self.identity.person.id, after).await {
                Ok(Some(page)) => page,
                Ok(None) => {
                    let actions = self.connection.interrupt(ResetReason::Trimmed);
                    self.perform(actions);
                    return;
                }
                Err(error) => return self.store_is_away(&error),
            };
            for frame in page.frames(self.reading == Reading::Replaying) {
                self.write(Message::Text(frame));
            }
            self.connection.wrote(page.entries.len() as u64);
            if let Some(cursor) = page.cursor {
                self.cursor = cursor;
            }
            self.tell_progress(page.from_store, page.reach == Reach::Head);
        }
    }

    /// A position after each page from the store, and once when replay is done.
    ///
    /// Caught up is who read to the tail's end, not who passed the hub's mark: the mark moves after the wakes, and a
    /// connection that stopped in between would skip what it was not woken for again.
    fn tell_progress(&mut self, page_done: bool, caught_up: bool) {
        if page_done || (caught_up && self.reading == Reading::Replaying) {
            let frame = self.connection.position(&self.cursor, caught_up);
            self.send(&frame);
        }
        if caught_up {
            self.reading = Reading::CaughtUp;
        }
    }

    async fn next(&mut self) -> Event {
        let deadline = self.deadline();
        let (writing, reading) = (self.writing, self.publishing.is_none() && self.peer_is == Presence::There);
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
            event = io => event,
            () = sleep_until(deadline) => Event::Time,
        }
    }

    async fn handle(&mut self, event: Event) {
        self.heard = if matches!(event, Event::Inbound(_)) { self.heard + 1 } else { 0 };
        match event {
            Event::Flushed(result) => {
                self.writing = false;
                if self.peer_is == Presence::Ended || result.is_err() {
                    self.peer_is = Presence::Gone;
                }
            }
            Event::Inbound(item) => self.inbound(inbound::sort(item)).await,
            Event::Bell => {
                let wake = self.seat.take();
                self.wake(wake);
            }
            Event::Published(frame) => {
                self.publishing = None;
                self.write(Message::Text(frame));
            }
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

    async fn inbound(&mut self, inbound: Inbound) {
        let now = self.app.uptime_ms();
        self.seat.alive(now);
        match inbound {
            Inbound::Text(text) => {
                let actions = self.connection.text(now, &text);
                if let Some(since) = self.perform(actions) {
                    self.resume(&since).await;
                }
            }
            Inbound::Alive => {
                self.connection.alive(now);
                self.writing = true;
            }
            Inbound::Closing => self.begin_closing(),
            Inbound::Broken(code) => {
                // Bytes the peer still sends would turn our close into a reset it may read first.
                self.peer.linger.store(true, Ordering::Relaxed);
                self.close(code);
            }
            // A close frame of ours may still leave.
            Inbound::Gone if self.writing && self.closing_until.is_some() => self.peer_is = Presence::Ended,
            Inbound::Gone => self.peer_is = Presence::Gone,
        }
    }

    async fn resume(&mut self, since: &str) {
        // A log that began anew may have left out the event that ended this session.
        match self.app.auth.is_in_force(self.identity.session).await {
            Ok(true) => {}
            Ok(false) => return self.refuse(ErrorCode::Revoked, EN.revoked, 0, CloseCode::REVOKED),
            Err(error) => return self.store_is_away(&error),
        }
        match self.push().start_at(Some(since)).await {
            Ok(start) => {
                let actions = self.connection.resumed(&start);
                self.begin_at(&start);
                self.perform(actions);
            }
            Err(error) => self.store_is_away(&error),
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

    fn publish(&mut self, client_id: String, request: PublishRequest) {
        let (push, sender) = (self.push().clone(), self.identity.person.clone());
        let answer = async move {
            let parsed = ClientId::parse(&client_id, "client_id").and_then(|key| Ok((key, Draft::parse(request)?)));
            let stored = match parsed {
                Ok((key, draft)) => {
                    push.publish(&sender, Some(key.clone()), draft).await.map(|message| (key, message.id))
                }
                Err(rejection) => Err(rejection),
            };
            encode(&match stored {
                Ok((client_id, id)) => ServerFrame::Published { client_id, id },
                Err(rejection) => ServerFrame::Rejected { client_id, code: rejection.code },
            })
        };
        self.publishing = Some(answer.boxed());
    }

    fn wake(&mut self, wake: Wake) {
        if let Some(first) = wake.events_from
            && self.reading == Reading::CaughtUp
        {
            self.skip_to = self.cursor.seq.max(Seq(first - 1));
            self.reading = Reading::Behind;
        }
        if wake.presence
            && let Some(frame) = self.push().presence_change()
            && !self.connection.is_closing()
        {
            self.write(Message::Text(frame));
        }
        if wake.reset {
            let actions = self.connection.interrupt(ResetReason::Epoch);
            self.perform(actions);
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
        let look = self.writing.then(|| Instant::now() + self.app.ws.stall / STALL_LOOKS);
        let expiry = self.identity.expires.map(|expires| self.born + self.until(expires));
        [Some(beat), look, self.drain_at, expiry].into_iter().flatten().min().unwrap_or(beat)
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
            self.progress = (self.peer.written.load(Ordering::Relaxed), Instant::now());
            self.writing = true;
        }
        // Fails only when the peer is gone or lets more than the buffer wait: either way it is over.
        if self.ws.start_send_unpin(message).is_err() {
            self.peer_is = Presence::Gone;
        }
    }
}
