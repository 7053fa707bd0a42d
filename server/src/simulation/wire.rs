//! A connection that can be slow, full, cut, or dead without anybody knowing.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use axum::{
    Error,
    extract::ws::{CloseFrame, Message, Utf8Bytes},
};
use futures::{Sink, Stream};
use push_system::protocol::CloseCode;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use super::{dice::Dice, weather::NetWeather};

/// Frames the server's own buffer takes before it gives up.
const BUFFER: usize = 4_096;

/// Both ends of one connection.
pub struct Line {
    state: Mutex<State>,
    client: Notify,
    /// It does not break by itself.
    calm: AtomicBool,
    dice: Dice,
    weather: NetWeather,
}

/// Whether anything passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Health {
    #[default]
    Good,
    /// Nothing does, and nobody knows.
    HalfOpen,
    /// Nothing does, and both ends know.
    Cut,
}

#[derive(Default)]
struct State {
    down: VecDeque<(Instant, Message)>,
    up: VecDeque<Message>,
    health: Health,
    client_gone: bool,
    server_gone: bool,
    server: Option<Waker>,
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, act: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        act(&mut state);
        if let Some(server) = state.server.take() {
            server.wake();
        }
        drop(state);
        self.client.notify_one();
    }

    /// What is under way is lost.
    pub fn cut(&self) {
        self.change(|state| state.health = Health::Cut);
    }

    /// From now on it does not break by itself.
    pub fn calm(&self) {
        self.calm.store(true, Ordering::Relaxed);
    }

    /// Puts a frame on its way down; false when it does not fit yet.
    fn carry(&self, state: &mut State, message: &Message) -> bool {
        if state.down.len() >= self.weather.room {
            return false;
        }
        let stormy = !self.calm.load(Ordering::Relaxed);
        if stormy && self.dice.chance(self.weather.half_open) {
            state.health = state.health.max(Health::HalfOpen);
        }
        let latest = state.down.back().map_or_else(Instant::now, |(at, _)| *at);
        let at = latest.max(Instant::now() + self.dice.millis(0..self.weather.latency_ms + 1));
        state.down.push_back((at, message.clone()));
        if stormy && self.dice.chance(self.weather.cut) {
            state.health = Health::Cut;
        }
        true
    }
}

/// A new line and its two ends.
pub fn line(dice: Dice, weather: NetWeather, calm: bool, written: Arc<AtomicU64>) -> (Arc<Line>, ServerEnd, ClientEnd) {
    let (state, client, calm) = (Mutex::default(), Notify::new(), AtomicBool::new(calm));
    let line = Arc::new(Line { state, client, calm, dice, weather });
    let server = ServerEnd { line: line.clone(), unsent: VecDeque::new(), written };
    (line.clone(), server, ClientEnd { line })
}

pub struct ServerEnd {
    line: Arc<Line>,
    unsent: VecDeque<Message>,
    written: Arc<AtomicU64>,
}

impl Drop for ServerEnd {
    fn drop(&mut self) {
        self.line.change(|state| state.server_gone = true);
    }
}

fn broken() -> Error {
    Error::new(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
}

impl Stream for ServerEnd {
    type Item = Result<Message, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.line.lock();
        if state.health == Health::Cut {
            return Poll::Ready(None);
        }
        if let Some(message) = state.up.pop_front() {
            return Poll::Ready(Some(Ok(message)));
        }
        if state.client_gone && state.health == Health::Good {
            return Poll::Ready(None);
        }
        state.server = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Sink<Message> for ServerEnd {
    type Error = Error;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        if self.unsent.len() >= BUFFER {
            return Err(broken());
        }
        self.unsent.push_back(message);
        Ok(())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let line = self.line.clone();
        let mut state = line.lock();
        while let Some(message) = self.unsent.front() {
            if state.health == Health::Cut || (state.client_gone && state.health == Health::Good) {
                return Poll::Ready(Err(broken()));
            }
            if !line.carry(&mut state, message) {
                state.server = Some(cx.waker().clone());
                return Poll::Pending;
            }
            self.written.fetch_add(1, Ordering::Relaxed);
            self.unsent.pop_front();
            line.client.notify_one();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_flush(cx)
    }
}

/// What a client's socket reports.
#[derive(Debug)]
pub enum Incoming {
    Text(Utf8Bytes),
    Closed(CloseCode),
}

/// As a browser sees it: pings are answered, and never shown.
pub struct ClientEnd {
    line: Arc<Line>,
}

impl Drop for ClientEnd {
    fn drop(&mut self) {
        self.line.change(|state| state.client_gone = true);
    }
}

impl ClientEnd {
    pub fn send(&self, text: String) {
        self.line.change(|state| {
            if state.health == Health::Good {
                state.up.push_back(Message::Text(text.into()));
            }
        });
    }

    /// The next frame. Cancel-safe.
    pub async fn receive(&self) -> Incoming {
        loop {
            let due = match self.line.lock().front() {
                Front::Over => return Incoming::Closed(CloseCode::ABNORMAL),
                Front::Nothing => None,
                Front::At(at) => Some(at),
            };
            match due {
                Some(at) if at <= Instant::now() => {
                    if let Some(incoming) = self.take() {
                        return incoming;
                    }
                }
                Some(at) => tokio::select! {
                    biased;
                    () = self.line.client.notified() => {}
                    () = sleep_until(at) => {}
                },
                None => self.line.client.notified().await,
            }
        }
    }

    fn take(&self) -> Option<Incoming> {
        let mut taken = None;
        self.line.change(|state| taken = state.down.pop_front());
        match taken?.1 {
            Message::Text(text) => Some(Incoming::Text(text)),
            Message::Ping(bytes) => {
                self.line.change(|state| state.up.push_back(Message::Pong(bytes)));
                None
            }
            Message::Close(frame) => {
                self.line.change(|state| state.up.push_back(Message::Close(frame.clone())));
                Some(Incoming::Closed(frame.map_or(CloseCode::ABNORMAL, |CloseFrame { code, .. }| CloseCode(code))))
            }
            _ => None,
        }
    }
}

enum Front {
    Over,
    Nothing,
    At(Instant),
}

impl State {
    fn front(&self) -> Front {
        match self.down.front() {
            _ if self.health == Health::Cut => Front::Over,
            _ if self.health == Health::HalfOpen => Front::Nothing,
            Some((at, _)) => Front::At(*at),
            None if self.server_gone => Front::Over,
            None => Front::Nothing,
        }
    }
}
