//! Redis, or Valkey under that name.

use std::{ops::Deref, time::Duration};

use rustix::process::Signal;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::OnceCell,
    time::timeout,
};

use crate::{Server, StartError, binaries};

/// A server of its own, without a password unless its arguments say otherwise.
#[derive(Debug)]
pub struct Redis(Server);

impl Redis {
    /// A new server.
    pub async fn start() -> Result<Self, StartError> {
        Self::start_with(&[]).await
    }

    /// A new server with more arguments, like `--requirepass secret`.
    pub async fn start_with(arguments: &[&str]) -> Result<Self, StartError> {
        let mut server = Server::prepare("redis-server", binaries::find("redis-server")?)?;
        let (port, folder) = (server.port(), server.folder().to_string_lossy().into_owned());
        let own = ["--port", &port.to_string(), "--bind", "127.0.0.1", "--dir", &folder];
        let all = own.iter().chain(arguments).map(|argument| (*argument).to_owned()).collect();
        server.first_start(all, async || answers(port).await).await?;
        Ok(Self(server))
    }

    /// The one that all tests of this process share, started when it is first asked for. It has one key space: tests
    /// keep apart by the names they use.
    pub async fn shared() -> Result<&'static Self, &'static StartError> {
        static SHARED: OnceCell<Result<Redis, StartError>> = OnceCell::const_new();
        SHARED.get_or_init(Self::start).await.as_ref()
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port())
    }

    /// An orderly end, as by SIGTERM.
    pub fn stop(&self) {
        self.stop_with(Signal::TERM);
    }

    /// Starts it again on the same port, after it was stopped or killed.
    pub async fn restart(&self) -> Result<(), StartError> {
        self.start(async || answers(self.port()).await).await
    }
}

impl Deref for Redis {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

/// Any answer but "loading" will do: with a password it is a refusal.
async fn answers(port: u16) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(b"PING\r\n").await?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    matches!(timeout(Duration::from_secs(1), ask).await, Ok(Ok(answer)) if matches!(&answer, b"+PONG" | b"-NOAU"))
}
