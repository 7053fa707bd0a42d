//! The scenarios, as data: who writes and reads how much, and what goes wrong meanwhile.

use std::time::Duration;

use super::backing::Kind;

/// What goes wrong, again and again until the run's time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// SIGKILL to a random instance, which is started again.
    KillInstance,
    /// SIGSTOP to a random instance, longer than the lock may be held.
    StopInstance,
    /// SIGTERM to each instance in turn, which is started again.
    RollingRestart,
    /// SIGTERM to the instance that has the sockets: all move to another at once.
    MoveSockets,
    /// Some readers stop reading, and go on later.
    StallReaders,
    /// Sockets stop forwarding and stay open.
    HalfOpen,
    /// An instance is cut off from the database, at times with closed connections, at times silently.
    CutDatabase,
    /// A COMMIT is lost on the way, or its answer on the way back.
    LoseCommit,
    /// The database ends without warning and is started again.
    CrashDatabase,
    /// The database ends all sessions of the instances.
    EndSessions,
    /// An instance comes to this failpoint and does this there.
    Failpoint(&'static str),
    /// Redis is killed and started again.
    KillRedis,
    /// Redis forgets everything.
    FlushRedis,
    /// Redis is stopped.
    StopRedis,
    /// Redis throws its clients out.
    EndRedisClients,
    /// Some readers are away while this many messages are published, and return to any instance.
    Away(u64),
}

/// What a fault needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Any database.
    Nothing,
    /// More than one instance.
    Instances,
    /// A database that is a server.
    DatabaseServer,
    /// Redis.
    Redis,
    /// A server built with the feature `failpoints`.
    Failpoints,
}

/// A named scenario.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// What it does, for people.
    pub(crate) about: &'static str,
    /// What goes wrong.
    pub(crate) fault: Fault,
    /// What it needs.
    pub(crate) needs: Needs,
    /// Whether the short list has it.
    pub(crate) short: bool,
    /// Milliseconds between two faults, from and to.
    pub(crate) pause: (u64, u64),
    /// How long a fault that lasts, lasts, in the long list and in the short one.
    pub(crate) lasts: (Duration, Duration),
    /// Bytes of filling in each message.
    pub(crate) filling: usize,
    /// Arguments for Redis.
    pub(crate) redis: &'static [&'static str],
}

const PLAIN: Scenario = Scenario {
    name: "quiet",
    about: "nothing goes wrong",
    fault: Fault::None,
    needs: Needs::Nothing,
    short: false,
    pause: (1_000, 3_000),
    lasts: (Duration::from_secs(2), Duration::from_secs(1)),
    filling: 0,
    redis: &[],
};

const fn lasting(long: u64, short: u64) -> (Duration, Duration) {
    (Duration::from_secs(long), Duration::from_secs(short))
}

/// All scenarios.
pub(crate) const ALL: &[Scenario] = &[
    PLAIN,
    Scenario {
        name: "kill-instance",
        about: "kill -9 of a random instance every few seconds; it is started again",
        fault: Fault::KillInstance,
        short: true,
        ..PLAIN
    },
    Scenario {
        name: "stop-instance",
        about: "SIGSTOP of a random instance for longer than it may hold the lock, then SIGCONT",
        fault: Fault::StopInstance,
        lasts: lasting(7, 3),
        ..PLAIN
    },
    Scenario {
        name: "rolling-restart",
        about: "SIGTERM to one instance after the other under load; each must end well and is started again",
        fault: Fault::RollingRestart,
        short: true,
        ..PLAIN
    },
    Scenario {
        name: "move-sockets",
        about: "all sockets are on one instance, which is told to stop: they move to another at once",
        fault: Fault::MoveSockets,
        needs: Needs::Instances,
        ..PLAIN
    },
    Scenario {
        name: "stall-readers",
        about: "5 % of the readers (one at least) stop reading under load and go on later",
        fault: Fault::StallReaders,
        lasts: lasting(35, 4),
        filling: 8 * 1024,
        ..PLAIN
    },
    Scenario {
        name: "half-open",
        about: "sockets stop forwarding and stay open; the client notices by silence",
        fault: Fault::HalfOpen,
        pause: (3_000, 6_000),
        lasts: lasting(70, 70),
        ..PLAIN
    },
    Scenario {
        name: "cut-database",
        about: "an instance is cut off from the database: connections closed, or silently",
        fault: Fault::CutDatabase,
        needs: Needs::DatabaseServer,
        short: true,
        lasts: lasting(6, 2),
        ..PLAIN
    },
    Scenario {
        name: "lose-commit",
        about: "the connection ends at COMMIT: before it reaches the database, or before its answer returns",
        fault: Fault::LoseCommit,
        needs: Needs::DatabaseServer,
        short: true,
        pause: (200, 800),
        ..PLAIN
    },
    Scenario {
        name: "crash-database",
        about: "PostgreSQL stopped in immediate mode, MariaDB killed with -9; started again",
        fault: Fault::CrashDatabase,
        needs: Needs::DatabaseServer,
        short: true,
        pause: (3_000, 6_000),
        ..PLAIN
    },
    Scenario {
        name: "end-sessions",
        about: "the database ends every session of the instances",
        fault: Fault::EndSessions,
        needs: Needs::DatabaseServer,
        ..PLAIN
    },
    Scenario {
        name: "stop-in-transaction",
        about: "an instance stops (SIGSTOP) inside its transaction, with the head locked",
        fault: Fault::Failpoint("in-transaction=stop"),
        needs: Needs::Failpoints,
        short: true,
        lasts: lasting(8, 6),
        ..PLAIN
    },
    Scenario {
        name: "die-in-transaction",
        about: "an instance dies inside its transaction",
        fault: Fault::Failpoint("in-transaction=die"),
        needs: Needs::Failpoints,
        ..PLAIN
    },
    Scenario {
        name: "die-after-commit",
        about: "an instance dies after COMMIT, before anybody is told",
        fault: Fault::Failpoint("after-commit=die"),
        needs: Needs::Failpoints,
        short: true,
        ..PLAIN
    },
    Scenario {
        name: "die-before-ack",
        about: "an instance dies when some of a batch are answered and others are not",
        fault: Fault::Failpoint("before-ack=die"),
        needs: Needs::Failpoints,
        ..PLAIN
    },
    Scenario {
        name: "die-before-bus",
        about: "an instance dies after the answers, before other instances are told",
        fault: Fault::Failpoint("before-bus=die"),
        needs: Needs::Failpoints,
        ..PLAIN
    },
    Scenario {
        name: "kill-redis",
        about: "kill -9 of Redis; started again later",
        fault: Fault::KillRedis,
        needs: Needs::Redis,
        short: true,
        lasts: lasting(6, 2),
        ..PLAIN
    },
    Scenario {
        name: "flush-redis",
        about: "FLUSHALL",
        fault: Fault::FlushRedis,
        needs: Needs::Redis,
        pause: (300, 1_500),
        ..PLAIN
    },
    Scenario {
        name: "stop-redis",
        about: "SIGSTOP of Redis for longer than its output buffer lasts, then SIGCONT",
        fault: Fault::StopRedis,
        needs: Needs::Redis,
        short: true,
        lasts: lasting(15, 3),
        ..PLAIN
    },
    Scenario {
        name: "end-redis-clients",
        about: "CLIENT KILL of every connection to Redis, subscriptions first",
        fault: Fault::EndRedisClients,
        needs: Needs::Redis,
        pause: (300, 1_500),
        ..PLAIN
    },
    Scenario {
        name: "tiny-redis-buffer",
        about: "Redis drops subscribers as soon as they are 4 KiB behind",
        fault: Fault::StopRedis,
        needs: Needs::Redis,
        lasts: lasting(3, 1),
        redis: &["--client-output-buffer-limit", "pubsub 4096 4096 1"],
        ..PLAIN
    },
    Scenario { name: "away-1", about: "return after 1 missed event", fault: Fault::Away(1), ..PLAIN },
    Scenario {
        name: "away-1000",
        about: "return after 1,000 missed events, on any instance",
        fault: Fault::Away(1_000),
        ..PLAIN
    },
    Scenario {
        name: "away-100000",
        about: "return after 100,000 missed events, on any instance",
        fault: Fault::Away(100_000),
        ..PLAIN
    },
];

/// The scenario of a name.
pub(crate) fn named(name: &str) -> Option<&'static Scenario> {
    ALL.iter().find(|scenario| scenario.name == name)
}

impl Scenario {
    /// Whether it can run with these.
    pub(crate) fn suits(&self, database: Kind, redis: bool) -> bool {
        match self.needs {
            Needs::Nothing | Needs::Failpoints => true,
            Needs::Instances | Needs::DatabaseServer => database.is_server(),
            Needs::Redis => redis && database.is_server(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for scenario in ALL {
            assert_eq!(ALL.iter().filter(|other| other.name == scenario.name).count(), 1, "{}", scenario.name);
            assert!(named(scenario.name).is_some());
        }
    }
}
