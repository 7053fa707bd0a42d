//! The scenarios, in the order in which a list runs them.

use std::time::Duration;

use super::{Fault, Needs, Resets, Scenario};
use crate::check::bounds::{self, Bounds};

/// What is usual, and the name of the run in which nothing is unusual.
const PLAIN: Scenario = Scenario {
    name: "quiet",
    about: "nothing goes wrong",
    fault: Fault::None,
    needs: Needs::Nothing,
    short: false,
    pause: (1_000, 3_000),
    lasts: (Duration::from_secs(2), Duration::from_secs(1)),
    long_seconds: None,
    filling: 0,
    readers: 12,
    resets: Resets::None,
    bounds: USUAL,
    failpoints: None,
    redis: &[],
};

const USUAL: Bounds = Bounds {
    staleness: bounds::HEALED,
    held: false,
    recovery: Duration::from_secs(15),
    catching_up: Duration::from_secs(15),
    reconnects: None,
    between: None,
    growth: None,
};

const fn late(seconds: u64) -> Bounds {
    Bounds { staleness: Duration::from_secs(seconds), ..USUAL }
}

const fn lasting(long: u64, short: u64) -> (Duration, Duration) {
    (Duration::from_secs(long), Duration::from_secs(short))
}

/// All scenarios.
pub(crate) const ALL: &[Scenario] = &[
    Scenario { bounds: Bounds { between: Some(bounds::BETWEEN), reconnects: Some(0), ..USUAL }, ..PLAIN },
    Scenario {
        name: "kill-instance",
        about: "kill -9 of a random instance every few seconds; it is started again",
        fault: Fault::KillInstance,
        short: true,
        long_seconds: Some(15),
        ..PLAIN
    },
    Scenario {
        name: "stop-instance",
        about: "SIGSTOP of a random instance for longer than it may hold the lock, then SIGCONT",
        fault: Fault::StopInstance,
        lasts: lasting(7, 3),
        bounds: Bounds { held: true, ..USUAL },
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
        about: "all sockets are on one instance, it is killed (-9), and all move to another at once",
        fault: Fault::MoveSockets,
        needs: Needs::Instances,
        ..PLAIN
    },
    Scenario {
        name: "stop-readers",
        about: "5 % of the readers' processes are stopped (SIGSTOP) under load and go on later",
        fault: Fault::StopReaders,
        lasts: lasting(35, 4),
        filling: 12 * 1024,
        readers: 40,
        // What is kept for all is 16 MiB; a copy of all for each who stopped would be ten times that.
        // Each of them replays half a minute of long messages.
        bounds: Bounds { growth: Some(48), catching_up: Duration::from_secs(30), ..USUAL },
        ..PLAIN
    },
    Scenario {
        name: "half-open",
        about: "sockets stop forwarding and stay open; the client notices by silence",
        fault: Fault::HalfOpen,
        pause: (3_000, 6_000),
        bounds: Bounds { recovery: Duration::from_secs(100), ..USUAL },
        ..PLAIN
    },
    Scenario {
        name: "cut-database",
        about: "an instance is cut off from the database: connections closed, or silently",
        fault: Fault::CutDatabase,
        needs: Needs::DatabaseServer,
        short: true,
        lasts: lasting(6, 2),
        // A connection that fell silent is given up after ten seconds.
        bounds: Bounds { held: true, ..late(11) },
        ..PLAIN
    },
    Scenario {
        name: "lose-commit",
        about: "the connection ends at COMMIT: before it reaches the database, or before its answer returns",
        fault: Fault::LoseCommit,
        needs: Needs::DatabaseServer,
        short: true,
        pause: (200, 800),
        bounds: late(3),
        ..PLAIN
    },
    Scenario {
        name: "crash-database",
        about: "PostgreSQL stopped in immediate mode, MariaDB killed with -9; started again",
        fault: Fault::CrashDatabase,
        needs: Needs::DatabaseServer,
        short: true,
        pause: (3_000, 6_000),
        // It is away for up to 1.5 s, and then recovers.
        bounds: late(8),
        ..PLAIN
    },
    Scenario {
        name: "end-sessions",
        about: "the database ends every session of the instances",
        fault: Fault::EndSessions,
        needs: Needs::DatabaseServer,
        bounds: late(3),
        ..PLAIN
    },
    Scenario {
        name: "stop-in-transaction",
        about: "an instance stops (SIGSTOP) inside its transaction, with the head locked",
        fault: Fault::Failpoint("in-transaction=stop"),
        needs: Needs::Failpoints,
        short: true,
        lasts: lasting(8, 6),
        bounds: Bounds { held: true, ..USUAL },
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
        lasts: lasting(3, 2),
        ..PLAIN
    },
    Scenario {
        name: "lose-redis",
        about: "Redis is killed (-9) and stays away for a minute",
        fault: Fault::KillRedis,
        needs: Needs::Redis,
        short: true,
        lasts: lasting(60, 10),
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
        about: "SIGSTOP of Redis for longer than the instances wait for it, then SIGCONT",
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
        fault: Fault::OverflowRedis,
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
        bounds: late(3),
        ..PLAIN
    },
    Scenario {
        name: "away-100000",
        about: "return after almost 100,000 missed events, the most that are replayed, on any instance",
        // What is under way when the last of them is seen is missed as well.
        fault: Fault::Away(99_000),
        long_seconds: Some(1),
        readers: 4,
        // The machine does nothing but write for a minute.
        bounds: Bounds { recovery: Duration::from_mins(2), catching_up: Duration::from_mins(2), ..late(10) },
        ..PLAIN
    },
    Scenario {
        name: "wrong-clock",
        about: "the clock of one instance is ten minutes ahead, then ten minutes behind",
        fault: Fault::WrongClock(Duration::from_mins(10)),
        needs: Needs::Failpoints,
        ..PLAIN
    },
    Scenario {
        name: "trim-history",
        about: "history is trimmed to 3,000 events while readers replay it; those it is cut off from are told `reset`",
        fault: Fault::Trim(3_000),
        needs: Needs::Failpoints,
        resets: Resets::OfThoseAway,
        bounds: late(5),
        failpoints: Some("log-events=3000,forget-ms=100,tail-bytes=65536"),
        ..PLAIN
    },
    Scenario {
        name: "restore-backup",
        about: "a backup made under load is restored as the manual says; everybody is told `reset`",
        fault: Fault::Restore,
        short: true,
        pause: (1_500, 3_000),
        resets: Resets::OfAll,
        ..PLAIN
    },
    Scenario {
        name: "replace-file",
        about: "an older copy is put over the database's file under the running instance, which is then started again",
        fault: Fault::ReplaceFile,
        needs: Needs::DatabaseFile,
        short: true,
        pause: (1_500, 3_000),
        resets: Resets::OfAll,
        ..PLAIN
    },
    Scenario {
        name: "rewind-log",
        about: "the log goes back by seconds under the running instances, as after the loss of a database server",
        fault: Fault::Rewind,
        needs: Needs::DatabaseServer,
        short: true,
        pause: (1_500, 3_000),
        resets: Resets::OfAll,
        ..PLAIN
    },
];
