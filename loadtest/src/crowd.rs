//! The listeners: many light sockets of a few people.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use futures::{StreamExt, TryStreamExt, stream};
use push_system::{limits, protocol::EVENT_FRAME_PREFIX};
use tokio::{
    net::{TcpSocket, TcpStream},
    task::JoinHandle,
    time::{self, Instant},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue, protocol::WebSocketConfig},
};

use crate::{
    failure::{Context, Failure},
    server::Login,
    tally::{Findings, Tally},
};

/// Source addresses the sockets come from, 127.0.0.2 onward: one has 28,232 ports, and those of closed sockets stay
/// taken for a minute.
const SOURCES: usize = 8;
/// Sockets that are opened at a time; well below the server's backlog.
const OPENING: usize = 64;
/// For one socket to be open and placed.
const OPENED_WITHIN: Duration = Duration::from_secs(20);
/// For the last event to arrive after the last acknowledgement.
const DELIVERED_WITHIN: Duration = Duration::from_secs(20);
/// Longest wait for a `position` that covers what was published before: a heartbeat, and some for the crowd.
const CONFIRMED_WITHIN_S: u64 = limits::HEARTBEAT_S as u64 + 10;
/// How often the crowd is looked over while it is waited for.
const LOOK: Duration = Duration::from_millis(20);

/// A socket of the generator.
pub(crate) type Socket = WebSocketStream<TcpStream>;

struct Listener {
    who: String,
    tally: Arc<Mutex<Tally>>,
    reader: JoinHandle<()>,
}

/// All listeners of a server.
pub(crate) struct Crowd {
    address: SocketAddr,
    people: Vec<Login>,
    listeners: Vec<Listener>,
    sample: Arc<OnceLock<String>>,
}

impl Crowd {
    /// Nobody yet.
    pub(crate) fn new(address: SocketAddr, people: Vec<Login>) -> Self {
        Self { address, people, listeners: Vec::new(), sample: Arc::default() }
    }

    /// Opens sockets, taking turns among the people, until there are `count`; each has its `hello` and first `position`.
    pub(crate) async fn grow_to(&mut self, count: usize) -> Result<(), Failure> {
        let opening = (self.listeners.len()..count).map(|number| self.open(number));
        let opened: Vec<Listener> = stream::iter(opening).buffer_unordered(OPENING).try_collect().await?;
        self.listeners.extend(opened);
        Ok(())
    }

    async fn open(&self, number: usize) -> Result<Listener, Failure> {
        let login = &self.people[number % self.people.len()];
        let who = format!("socket {number} of {}", login.person.name);
        let late = |_| Failure::new(format!("{who} was not open and placed in time"));
        let opening = async {
            let mut socket = connect(self.address, number, &login.token, None).await?;
            let mut tally = Tally::default();
            while !tally.is_placed() {
                let text = text_of(&mut socket).await.map_err(|end| Failure::new(format!("{who}: {end}")))?;
                tally.frame(&text);
            }
            Ok((socket, tally))
        };
        let (socket, tally) = time::timeout(OPENED_WITHIN, opening).await.map_err(late)??;
        let tally = Arc::new(Mutex::new(tally));
        let reader = tokio::spawn(read(socket, Arc::clone(&tally), Arc::clone(&self.sample)));
        Ok(Listener { who, tally, reader })
    }

    /// The text of an `event` frame that arrived.
    pub(crate) fn sample(&self) -> Result<&str, Failure> {
        self.sample.get().map(String::as_str).ok_or_else(|| Failure::new("no event has arrived"))
    }

    /// Events received by all together.
    pub(crate) fn delivered(&self) -> usize {
        self.listeners.iter().map(|listener| lock(&listener.tally).delivered()).sum()
    }

    /// Waits until everybody has what was acknowledged, or it is clear that somebody will not.
    pub(crate) async fn catch_up(&self, acked: &[u64]) {
        self.wait(DELIVERED_WITHIN, |tally| tally.has_all(acked)).await;
    }

    /// Waits for a `position` on every socket that covers what was acknowledged; without it, is a complaint.
    pub(crate) async fn confirm(&self, acked: &[u64]) {
        let within = Duration::from_secs(CONFIRMED_WITHIN_S);
        if self.wait(within, |tally| tally.is_confirmed(acked)).await {
            return;
        }
        for listener in &self.listeners {
            let mut tally = lock(&listener.tally);
            if !tally.is_confirmed(acked) {
                tally.complain(format!("no position covered the last event within {CONFIRMED_WITHIN_S} s"));
            }
        }
    }

    async fn wait(&self, within: Duration, done: impl Fn(&Tally) -> bool) -> bool {
        let until = Instant::now() + within;
        let mut waiting: Vec<_> = self.listeners.iter().map(|listener| &listener.tally).collect();
        loop {
            waiting.retain(|tally| !done(&lock(tally)));
            if waiting.is_empty() || Instant::now() > until {
                return waiting.is_empty();
            }
            time::sleep(LOOK).await;
        }
    }

    /// Closes all sockets and says what they found.
    pub(crate) fn dismiss(&mut self, acked: &[u64]) -> Findings {
        let mut findings = Findings::default();
        for listener in self.listeners.drain(..) {
            listener.reader.abort();
            findings.merge(lock(&listener.tally).audit(&listener.who, acked));
        }
        findings
    }
}

/// A panic of another task must not hide what it had counted.
fn lock(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn read(mut socket: Socket, tally: Arc<Mutex<Tally>>, sample: Arc<OnceLock<String>>) {
    loop {
        match text_of(&mut socket).await {
            Ok(text) => {
                lock(&tally).frame(&text);
                if sample.get().is_none() && text.starts_with(EVENT_FRAME_PREFIX) {
                    sample.get_or_init(|| text);
                }
            }
            Err(end) => return lock(&tally).complain(end),
        }
    }
}

/// The next text frame, or in words how the socket ended. Pings are answered on the way.
pub(crate) async fn text_of(socket: &mut Socket) -> Result<String, String> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Close(Some(frame)))) => {
                return Err(format!("closed with {}: {}", frame.code, frame.reason));
            }
            Some(Ok(other)) => return Err(format!("unexpected frame: {other:?}")),
            Some(Err(error)) => return Err(format!("broken: {error}")),
            None => return Err("ended without a close frame".to_owned()),
        }
    }
}

/// Opens an authenticated socket, at a position or at the head.
pub(crate) async fn connect(
    address: SocketAddr,
    number: usize,
    token: &str,
    since: Option<&str>,
) -> Result<Socket, Failure> {
    upgrade(connect_from(address, number, None).await?, token, since).await
}

/// Makes an authenticated socket of a TCP connection.
pub(crate) async fn upgrade(stream: TcpStream, token: &str, since: Option<&str>) -> Result<Socket, Failure> {
    let address = stream.peer_addr().context("building a handshake")?;
    let query = since.map(|pos| format!("?since={pos}")).unwrap_or_default();
    let mut request = format!("ws://{address}/ws{query}").into_client_request().context("building a handshake")?;
    let bearer = HeaderValue::from_str(&format!("Bearer {token}")).context("building a handshake")?;
    request.headers_mut().insert("authorization", bearer);
    // The defaults are 128 KiB a buffer: thousands of those would make the generator's memory the experiment.
    let config = WebSocketConfig::default().read_buffer_size(2 * 1024).write_buffer_size(0);
    let (socket, _) = client_async_with_config(request, stream, Some(config)).await.context("WebSocket handshake")?;
    Ok(socket)
}

/// A TCP connection whose source address is chosen by its number; with a receive buffer of so many bytes, or as the
/// system sees fit.
pub(crate) async fn connect_from(
    address: SocketAddr,
    number: usize,
    receive_buffer: Option<u32>,
) -> Result<TcpStream, Failure> {
    let last = u8::try_from(2 + number % SOURCES).context("choosing a source address")?;
    let source = SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0));
    let socket = TcpSocket::new_v4().context("making a socket")?;
    if let Some(bytes) = receive_buffer {
        socket.set_recv_buffer_size(bytes).context("sizing a socket's buffer")?;
    }
    socket.bind(source).context(format!("binding {source}"))?;
    let stream = socket.connect(address).await.context(format!("connecting to {address}"))?;
    stream.set_nodelay(true).context("setting TCP_NODELAY")?;
    Ok(stream)
}
