//! A connection that breaks when a test wants it to.

use std::{
    io,
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// Stands between a client and a server on 127.0.0.1, and carries bytes both ways until it is told otherwise.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

/// On which side of a message the connection breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The server never sees it.
    Before,
    /// The server answers it, and the answer is lost.
    After,
}

#[derive(Debug)]
struct State {
    server: u16,
    trap: Mutex<Option<(Vec<u8>, Cut)>>,
    whole: watch::Sender<bool>,
}

impl Proxy {
    /// Listens in front of the server at this port, until it is dropped.
    pub async fn before(server: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(State { server, trap: Mutex::default(), whole: watch::Sender::new(true) });
        let accepting = tokio::spawn(accept(listener, state.clone()));
        Ok(Self { port, state, accepting })
    }

    /// Its own port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// This URL of the server, by way of the proxy.
    pub fn url(&self, url: &str) -> String {
        url.replace(&format!(":{}", self.state.server), &format!(":{}", self.port))
    }

    /// The next time a client sends `bytes` in one piece, its connection breaks there. Once.
    pub fn cut_at(&self, bytes: &[u8], cut: Cut) {
        *self.state.trap.lock().unwrap_or_else(PoisonError::into_inner) = Some((bytes.to_vec(), cut));
    }

    /// Breaks all connections, and those that are made until [`Self::restore`].
    pub fn sever(&self) {
        self.state.whole.send_replace(false);
    }

    /// New connections hold again.
    pub fn restore(&self) {
        self.state.whole.send_replace(true);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.sever();
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((client, _)) = listener.accept().await {
        let state = state.clone();
        tokio::spawn(async move {
            // Whatever ends a connection here is an end to both of its sides, which is what tests look at.
            let _ended = state.carry(client).await;
        });
    }
}

impl State {
    async fn carry(&self, mut client: TcpStream) -> io::Result<()> {
        let mut whole = self.whole.subscribe();
        let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, self.server)).await?;
        let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
        while *whole.borrow_and_update() {
            tokio::select! {
                read = client.read(&mut up) => {
                    let sent = &up[..read?];
                    match self.spring(sent) {
                        Some(Cut::Before) => break,
                        Some(Cut::After) => {
                            server.write_all(sent).await?;
                            server.read_u8().await?;
                            break;
                        }
                        None if sent.is_empty() => break,
                        None => server.write_all(sent).await?,
                    }
                }
                read = server.read(&mut down) => match read? {
                    0 => break,
                    n => client.write_all(&down[..n]).await?,
                },
                _ = whole.changed() => {}
            }
        }
        Ok(())
    }

    /// Whether these bytes are what the trap waits for.
    fn spring(&self, sent: &[u8]) -> Option<Cut> {
        let mut trap = self.trap.lock().unwrap_or_else(PoisonError::into_inner);
        let (bytes, cut) = trap.as_ref()?;
        let cut = sent.windows(bytes.len()).any(|window| window == bytes).then_some(*cut)?;
        *trap = None;
        Some(cut)
    }
}
