//! The scenarios, as data: who writes and reads how much, and what goes wrong meanwhile.

use std::time::Duration;

use super::{backing::Kind, bounds::Bounds};

mod list;

pub(crate) use list::ALL;

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
    /// SIGKILL to the instance that has the sockets: all move to another at once.
    MoveSockets,
    /// Some readers' processes are stopped, and go on later.
    StopReaders,
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
    /// The same, and when it goes on it drops subscribers who are behind.
    OverflowRedis,
    /// Redis throws its clients out.
    EndRedisClients,
    /// Some readers are away while the log grows by so many events, and return to any instance.
    Away(u64),
    /// One instance is started again with a clock that is wrong, in turn by so much too early and too late.
    WrongClock(Duration),
    /// History is trimmed at once to so many events, while some are away for about as many.
    Trim(u64),
    /// A backup is made, and put back later, as the manual says.
    Restore,
    /// An older copy takes the place of the database's file under the running instance.
    ReplaceFile,
    /// The log goes back under the running instances.
    Rewind,
}

/// Who may be told `reset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resets {
    /// Nobody: nothing cuts the log.
    None,
    /// Those who were away: history may be trimmed where they stand.
    OfThoseAway,
    /// All: the log goes back.
    OfAll,
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
    /// A database that is a file.
    DatabaseFile,
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
    /// Seconds for which faults go on in the long list, where it is not the usual.
    pub(crate) long_seconds: Option<u64>,
    /// Bytes of filling in each message.
    pub(crate) filling: usize,
    /// Who reads.
    pub(crate) readers: usize,
    /// Who may be told `reset`.
    pub(crate) resets: Resets,
    /// What it may take.
    pub(crate) bounds: Bounds,
    /// What all instances are started with, in the words of `FAILPOINTS`.
    pub(crate) failpoints: Option<&'static str>,
    /// Arguments for Redis.
    pub(crate) redis: &'static [&'static str],
}

/// The scenario of a name.
pub(crate) fn named(name: &str) -> Option<&'static Scenario> {
    ALL.iter().find(|scenario| scenario.name == name)
}

/// For how many seconds faults go on where nothing else is said.
const SECONDS: u64 = 6;

impl Scenario {
    /// For how long faults go on in the long list.
    pub(crate) fn seconds(&self) -> u64 {
        self.long_seconds.unwrap_or(SECONDS)
    }

    /// Whether it can run with these.
    pub(crate) fn suits(&self, database: Kind, redis: bool) -> bool {
        match self.needs {
            Needs::Nothing | Needs::Failpoints => true,
            Needs::Instances | Needs::DatabaseServer => database.is_server(),
            Needs::DatabaseFile => !database.is_server(),
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

    /// A release on two cores that do nothing else; what a fault takes beyond its own time is generous.
    fn seconds_at_most(scenario: &Scenario) -> u64 {
        let lasts = scenario.lasts.0.as_secs();
        let around = 6;
        let fault = match scenario.fault {
            Fault::HalfOpen => 70,
            Fault::Away(count) | Fault::Trim(count) => 3 + count / 1_500,
            Fault::StopReaders
            | Fault::KillRedis
            | Fault::StopRedis
            | Fault::OverflowRedis
            | Fault::StopInstance
            | Fault::CutDatabase
            | Fault::Failpoint("in-transaction=stop") => lasts,
            Fault::Restore | Fault::ReplaceFile => 4,
            _ => 2,
        };
        around + scenario.seconds().max(fault)
    }

    #[test]
    fn the_long_list_takes_less_than_half_an_hour() {
        let runs = Kind::ALL.into_iter().flat_map(|database| ALL.iter().filter(move |one| one.suits(database, true)));
        let seconds: u64 = runs.map(seconds_at_most).sum();
        assert!(seconds < 27 * 60, "{seconds} s");
    }
}
