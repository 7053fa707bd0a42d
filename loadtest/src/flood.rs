//! Guesses at passwords, as from an attacker with many addresses, and how long a message takes to arrive meanwhile.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use hyper::StatusCode;
use push_system::protocol::ServerFrame;
use serde_json::json;
use tokio::{
    task::{AbortHandle, JoinSet},
    time,
};

use crate::{
    api::Api,
    crowd,
    failure::{Context, Failure},
    server::Login,
};

/// Names that are tried in turn. None of them exists: to the server that is the same work.
const NAMES: u32 = 1_000;
/// For the last message to arrive after the last acknowledgement.
const ARRIVED_WITHIN: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(20);

/// Sockets that note when each message came.
pub(crate) struct Probes {
    arrived: Arc<Mutex<Vec<(u64, Instant)>>>,
    readers: JoinSet<()>,
}

impl Probes {
    /// Opens one for each of these people.
    pub(crate) async fn open(address: SocketAddr, people: &[Login]) -> Result<Self, Failure> {
        let (arrived, mut readers) = (Arc::new(Mutex::new(Vec::new())), JoinSet::new());
        for (number, login) in people.iter().enumerate() {
            let mut socket = crowd::connect(address, number, &login.token, None).await?;
            let arrived = Arc::clone(&arrived);
            readers.spawn(async move {
                while let Ok(text) = crowd::text_of(&mut socket).await {
                    let now = Instant::now();
                    let ids = ids(&text);
                    arrived.lock().unwrap_or_else(PoisonError::into_inner).extend(ids.iter().map(|id| (*id, now)));
                }
            });
        }
        Ok(Self { arrived, readers })
    }

    /// How long each of these messages took from when it was sent to each probe.
    pub(crate) async fn times_of(&self, sent: &[(u64, Instant)]) -> Result<Vec<Duration>, Failure> {
        let sent: HashMap<u64, Instant> = sent.iter().copied().collect();
        let expected = sent.len() * self.readers.len();
        let until = Instant::now() + ARRIVED_WITHIN;
        loop {
            let times = self.arrived_of(&sent);
            if times.len() == expected {
                return Ok(times);
            }
            if Instant::now() > until {
                return Err(Failure::new(format!("{} of {expected} messages arrived at the probes", times.len())));
            }
            time::sleep(LOOK).await;
        }
    }

    fn arrived_of(&self, sent: &HashMap<u64, Instant>) -> Vec<Duration> {
        let arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        let took = |(id, at): &(u64, Instant)| Some(at.saturating_duration_since(*sent.get(id)?));
        arrived.iter().filter_map(took).collect()
    }
}

fn ids(text: &str) -> Vec<u64> {
    match serde_json::from_str(text) {
        Ok(ServerFrame::Event(event)) => vec![event.seq.0],
        Ok(ServerFrame::Events { events }) => events.iter().map(|event| event.seq.0).collect(),
        _ => Vec::new(),
    }
}

/// What the guesses were answered.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Answers {
    /// The password was compared.
    pub(crate) compared: u32,
    /// The server had too many to compare.
    pub(crate) turned_away: u32,
}

/// Guesses that go on until they are stopped.
pub(crate) struct Flood {
    guessing: AbortHandle,
    answers: Arc<Mutex<Answers>>,
}

impl Flood {
    /// Begins, at so many guesses a second, however long each takes.
    pub(crate) fn begin(address: SocketAddr, rate: u32) -> Self {
        let answers = Arc::new(Mutex::new(Answers::default()));
        let guessing = tokio::spawn(guess(address, rate, Arc::clone(&answers))).abort_handle();
        Self { guessing, answers }
    }

    /// Ends them, and tells what they were answered.
    pub(crate) fn end(self) -> Answers {
        self.guessing.abort();
        *self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn guess(address: SocketAddr, rate: u32, answers: Arc<Mutex<Answers>>) {
    let idle = Arc::new(Mutex::new(Vec::new()));
    let mut turns = time::interval(Duration::from_secs(1) / rate);
    let mut under_way = JoinSet::new();
    for turn in 0.. {
        turns.tick().await;
        while under_way.try_join_next().is_some() {}
        let (idle, answers) = (Arc::clone(&idle), Arc::clone(&answers));
        under_way.spawn(async move {
            if let Err(failure) = one(address, turn % NAMES, &idle, &answers).await {
                eprintln!("a guess was not answered: {failure}");
            }
        });
    }
}

async fn one(address: SocketAddr, name: u32, idle: &Mutex<Vec<Api>>, answers: &Mutex<Answers>) -> Result<(), Failure> {
    let used = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut api = match used {
        Some(api) => api,
        None => Api::connect(address).await?,
    };
    let typed = json!({ "username": format!("guess-{name}"), "password": "not the password" });
    let (status, _) = api.ask("/auth/login", &[], &typed).await.context("a guess")?;
    let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
    match status {
        StatusCode::UNAUTHORIZED => answers.compared += 1,
        StatusCode::SERVICE_UNAVAILABLE => answers.turned_away += 1,
        other => return Err(Failure::new(format!("answered {other}"))),
    }
    drop(answers);
    idle.lock().unwrap_or_else(PoisonError::into_inner).push(api);
    Ok(())
}
