//! A TCP proxy that can be told to misbehave: stop forwarding, cut, or lose the answer to a COMMIT.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use tokio::{
    io::{self, AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use crate::failure::{Context, Failure};

/// Bytes forwarded at a time.
const BUFFER: usize = 16 * 1024;
/// What both `PostgreSQL`'s and `MySQL`'s clients write when they commit.
const COMMIT: &[u8] = b"COMMIT";

/// What becomes of new connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Entry {
    /// They are led to the server.
    #[default]
    Open,
    /// They are taken and led nowhere.
    Hangs,
    /// They are closed at once.
    Closed,
}

/// What is done to connections. Each compares the counters with what they were when it came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Orders {
    entry: Entry,
    /// Grows when all present ones are to forward nothing more, in either direction, and to stay open.
    freezes: u64,
    /// Grows when all present ones are to be closed.
    cuts: u64,
}

#[derive(Debug, Default)]
struct Losses {
    /// COMMITs to lose on the way there.
    before: AtomicU32,
    /// COMMITs whose answers to lose.
    after: AtomicU32,
    /// COMMITs that were lost, either way.
    done: AtomicU32,
}

/// A proxy before one server.
pub(crate) struct Proxy {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    orders: watch::Sender<Orders>,
    losses: Arc<Losses>,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// Starts one before `target`.
    pub(crate) async fn start(target: SocketAddr) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("listening for a proxy")?;
        let address = listener.local_addr().context("listening for a proxy")?;
        let (orders, told) = watch::channel(Orders::default());
        let losses = Arc::new(Losses::default());
        let task = tokio::spawn(accept(listener, target, told, Arc::clone(&losses)));
        Ok(Self { address, orders, losses, task })
    }

    /// Every connection there is stops forwarding and stays open: half-open, as seen from either end. New ones work.
    pub(crate) fn freeze_present(&self) {
        self.orders.send_modify(|orders| orders.freezes += 1);
    }

    /// Nothing goes through any more, and nobody is told.
    pub(crate) fn hang(&self) {
        self.orders.send_modify(|orders| {
            orders.freezes += 1;
            orders.entry = Entry::Hangs;
        });
    }

    /// All connections are closed, and new ones at once.
    pub(crate) fn cut(&self) {
        self.orders.send_modify(|orders| {
            orders.cuts += 1;
            orders.entry = Entry::Closed;
        });
    }

    /// Takes connections again; what was frozen stays so.
    pub(crate) fn heal(&self) {
        self.orders.send_modify(|orders| orders.entry = Entry::Open);
    }

    /// The next COMMIT ends its connection: before it reaches the server, or before its answer comes back.
    pub(crate) fn lose_commit(&self, reaches_server: bool) {
        let counter = if reaches_server { &self.losses.after } else { &self.losses.before };
        counter.fetch_add(1, Relaxed);
    }

    /// COMMITs lost so far.
    pub(crate) fn lost_commits(&self) -> u32 {
        self.losses.done.load(Relaxed)
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, orders: watch::Receiver<Orders>, losses: Arc<Losses>) {
    let mut relays = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let born = *orders.borrow();
        let (orders, losses) = (orders.clone(), Arc::clone(&losses));
        match born.entry {
            Entry::Closed => drop(client),
            Entry::Hangs => drop(relays.spawn(async move {
                until_cut(orders, born).await;
                drop(client);
            })),
            Entry::Open => drop(relays.spawn(async move {
                if let Ok(server) = TcpStream::connect(target).await {
                    Box::pin(relay(client, server, orders, born, &losses)).await;
                }
            })),
        }
        while relays.try_join_next().is_some() {}
    }
}

async fn until_cut(mut orders: watch::Receiver<Orders>, born: Orders) {
    if orders.wait_for(|now| now.cuts > born.cuts).await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn relay(client: TcpStream, server: TcpStream, orders: watch::Receiver<Orders>, born: Orders, losses: &Losses) {
    // Without it small packets wait for each other; where it fails, they do.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    tokio::select! {
        end = upward(&mut from_client, &mut to_server, losses) => {
            if end == End::AnswerLost {
                // The server has committed when it has something to say.
                let _ = from_server.read(&mut [0; BUFFER]).await;
                losses.done.fetch_add(1, Relaxed);
            }
        }
        _ = io::copy(&mut from_server, &mut to_client) => {}
        () = until_cut(orders.clone(), born) => {}
        () = until_frozen(orders.clone(), born) => until_cut(orders, born).await,
    }
}

async fn until_frozen(mut orders: watch::Receiver<Orders>, born: Orders) {
    if orders.wait_for(|now| now.freezes > born.freezes).await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[derive(PartialEq, Eq)]
enum End {
    Closed,
    AnswerLost,
}

async fn upward(from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf, losses: &Losses) -> End {
    let mut buffer = [0; BUFFER];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let bytes = &buffer[..count];
        let commits = bytes.windows(COMMIT.len()).any(|window| window == COMMIT);
        if commits && take(&losses.before) {
            losses.done.fetch_add(1, Relaxed);
            return End::Closed;
        }
        if to.write_all(bytes).await.is_err() {
            return End::Closed;
        }
        if commits && take(&losses.after) {
            return End::AnswerLost;
        }
    }
    End::Closed
}

fn take(counter: &AtomicU32) -> bool {
    counter.fetch_update(Relaxed, Relaxed, |armed| armed.checked_sub(1)).is_ok()
}
