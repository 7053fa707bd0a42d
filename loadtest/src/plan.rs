//! How much of everything a run does. Every count and every time is bounded here.

use std::time::Duration;

/// The bounds of one run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// What is said above its numbers.
    pub(crate) name: &'static str,
    /// People whose sockets the listeners are; each registration costs the server a password hash.
    pub(crate) people: usize,
    /// Sockets at which memory is read, ascending.
    pub(crate) memory: [usize; 2],
    /// The delivery measurement's.
    pub(crate) deliveries: Deliveries,
    /// The acknowledgement measurement's.
    pub(crate) answers: Answers,
    /// The durability measurement's.
    pub(crate) durable: Durable,
    /// The flood measurement's.
    pub(crate) flood: Flood,
    /// How long a process may settle before memory or time is read.
    pub(crate) settle: Duration,
    /// Whether a run ends only when every listener got a `position` that covers it. That is a heartbeat's wait.
    pub(crate) confirm: bool,
    /// After this a measurement is given up.
    pub(crate) patience: Duration,
}

/// Processor time of a delivery.
#[derive(Clone, Debug)]
pub(crate) struct Deliveries {
    /// Listeners.
    pub(crate) sockets: usize,
    /// Publishes a second.
    pub(crate) rate: u32,
    /// For how long.
    pub(crate) seconds: u32,
}

/// Time to the acknowledgement.
#[derive(Clone, Debug)]
pub(crate) struct Answers {
    /// Listeners of the busy part.
    pub(crate) listeners: usize,
    /// Publishes a second: low enough that 5,000 listeners leave both cores time to breathe.
    pub(crate) rate: u32,
    /// Publishes without listeners, half of them before and half after; as many with them.
    pub(crate) count: u32,
}

/// Publishes a second.
#[derive(Clone, Debug)]
pub(crate) struct Durable {
    /// Connections that each publish as fast as they are answered.
    pub(crate) writers: usize,
    /// Listeners that check.
    pub(crate) listeners: usize,
    /// For how long.
    pub(crate) time: Duration,
    /// At most this many; below [`push_system::limits::REPLAY_EVENTS`], so that the returning client is replayed all.
    pub(crate) most: u32,
    /// How long one-row commits are made, before and again after.
    pub(crate) commits: Duration,
}

/// Time to the screen while passwords are guessed.
#[derive(Clone, Debug)]
pub(crate) struct Flood {
    /// Guesses a second, from addresses enough that no limit stops them.
    pub(crate) guesses: u32,
    /// Sockets that note when a message comes; at most one a person.
    pub(crate) probes: usize,
    /// Publishes a second.
    pub(crate) rate: u32,
    /// Publishes without the flood, half of them before and half after; as many with it.
    pub(crate) count: u32,
}

impl Plan {
    /// The run whose numbers count: about six minutes.
    pub(crate) fn full() -> Self {
        Self {
            name: "full run",
            people: 50,
            memory: [1_000, 5_000],
            deliveries: Deliveries { sockets: 1_000, rate: 15, seconds: 20 },
            answers: Answers { listeners: 5_000, rate: 10, count: 300 },
            durable: Durable {
                writers: 64,
                listeners: 2,
                time: Duration::from_secs(10),
                most: 80_000,
                commits: Duration::from_secs(3),
            },
            flood: Flood { guesses: 200, probes: 20, rate: 20, count: 400 },
            settle: Duration::from_secs(3),
            confirm: true,
            patience: Duration::from_mins(4),
        }
    }

    /// Shows that everything works, in half a minute; the numbers mean little.
    pub(crate) fn quick() -> Self {
        Self {
            name: "quick run, the numbers mean little",
            people: 5,
            memory: [50, 200],
            deliveries: Deliveries { sockets: 100, rate: 15, seconds: 2 },
            answers: Answers { listeners: 100, rate: 20, count: 40 },
            durable: Durable {
                writers: 64,
                listeners: 2,
                time: Duration::from_secs(2),
                most: 5_000,
                commits: Duration::from_millis(500),
            },
            flood: Flood { guesses: 200, probes: 5, rate: 20, count: 60 },
            settle: Duration::from_millis(500),
            confirm: false,
            patience: Duration::from_mins(1),
        }
    }

    /// File descriptors that either side needs at most, with room for what is no socket.
    pub(crate) fn open_files(&self) -> usize {
        // Beside its listeners the delivery measurement holds as many sockets of the bare loop.
        let most = self.memory[1].max(self.answers.listeners).max(2 * self.deliveries.sockets);
        most + 500
    }
}
