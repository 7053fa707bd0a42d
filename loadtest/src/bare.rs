//! The bare loop: the least a delivery can cost. Plain TCP sockets, the same bytes to as many of them at the same rate,
//! on the server's core. It runs as a process of its own, `loadtest bare`, so that its time can be told apart.

use std::{
    env,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use futures::{StreamExt, TryStreamExt, stream};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStdout},
    time,
};

use crate::{
    crowd,
    failure::{Context, Failure},
    machine::{self, Cores},
};

/// Sockets that are opened at a time.
const OPENING: usize = 64;

/// What the loop writes beside the bytes themselves, which come on its standard input.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Load {
    /// Sockets to wait for.
    #[arg(long)]
    pub(crate) sockets: usize,
    /// Times a second that all are written to.
    #[arg(long)]
    pub(crate) rate: u32,
    /// How many times.
    #[arg(long)]
    pub(crate) rounds: u32,
}

/// The loop itself. Prints the port it waits on, then the milliseconds of processor time that writing took.
pub(crate) async fn run(load: Load) -> Result<(), Failure> {
    let mut frame = Vec::new();
    tokio::io::stdin().read_to_end(&mut frame).await.context("reading the bytes to write")?;
    let listener = TcpListener::bind("127.0.0.1:0").await.context("listening")?;
    println!("{}", listener.local_addr().context("listening")?);
    let mut sockets = Vec::with_capacity(load.sockets);
    while sockets.len() < load.sockets {
        let (socket, _) = listener.accept().await.context("accepting")?;
        socket.set_nodelay(true).context("setting TCP_NODELAY")?;
        sockets.push(socket);
    }
    let before = machine::cpu_time(std::process::id())?;
    write_rounds(&mut sockets, &frame, load).await?;
    let spent = machine::cpu_time(std::process::id())?.saturating_sub(before);
    println!("{}", spent.as_millis());
    Ok(())
}

async fn write_rounds(sockets: &mut [TcpStream], frame: &[u8], load: Load) -> Result<(), Failure> {
    let mut turns = time::interval(Duration::from_secs(1) / load.rate);
    for _ in 0..load.rounds {
        turns.tick().await;
        for socket in &mut *sockets {
            socket.write_all(frame).await.context("writing")?;
        }
    }
    Ok(())
}

/// Runs the loop in a process on the server's core, reads what it writes, and returns its time for one write.
pub(crate) async fn time_of_a_write(cores: &Cores, frame: &[u8], load: Load) -> Result<Duration, Failure> {
    let (mut child, mut lines) = start(cores, frame, load).await?;
    let address = line(&mut lines).await?.parse().context("reading the bare loop's address")?;
    let received = Arc::new(AtomicUsize::new(0));
    let readers = stream::iter(0..load.sockets).map(|number| crowd::connect_from(address, number, None));
    let sockets: Vec<TcpStream> = readers.buffer_unordered(OPENING).try_collect().await?;
    let reading = sockets.into_iter().map(|socket| tokio::spawn(swallow(socket, Arc::clone(&received))));
    let reading: Vec<_> = reading.collect();
    let millis: u64 = line(&mut lines).await?.parse().context("reading the bare loop's time")?;
    child.wait().await.context("waiting for the bare loop")?;
    // The loop has ended, so each reader comes to the end of its stream.
    for reader in reading {
        reader.await.context("reading what the bare loop wrote")?;
    }
    let writes = load.sockets * usize::try_from(load.rounds).context("counting rounds")?;
    if received.load(Relaxed) != writes * frame.len() {
        return Err(Failure::new("the bare loop's bytes did not all arrive, so its time means nothing"));
    }
    Ok(Duration::from_millis(millis) / u32::try_from(writes).context("counting writes")?)
}

async fn start(cores: &Cores, frame: &[u8], load: Load) -> Result<(Child, Lines<BufReader<ChildStdout>>), Failure> {
    let own = env::current_exe().context("finding the load generator's own file")?;
    let mut command = cores.on_server_core(&own);
    command.arg("bare").args(["--sockets", &load.sockets.to_string()]);
    command.args(["--rate", &load.rate.to_string(), "--rounds", &load.rounds.to_string()]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().context("starting the bare loop")?;
    let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(Failure::new("the bare loop has no pipes"));
    };
    stdin.write_all(frame).await.context("telling the bare loop its bytes")?;
    drop(stdin);
    Ok((child, BufReader::new(stdout).lines()))
}

async fn line(lines: &mut Lines<BufReader<ChildStdout>>) -> Result<String, Failure> {
    let line = lines.next_line().await.context("listening to the bare loop")?;
    line.ok_or_else(|| Failure::new("the bare loop ended early; its own words are above"))
}

async fn swallow(mut socket: TcpStream, received: Arc<AtomicUsize>) {
    let mut buffer = [0; 2 * 1024];
    while let Ok(bytes @ 1..) = socket.read(&mut buffer).await {
        received.fetch_add(bytes, Relaxed);
    }
}
