//! What is asked of the machine: a core each for server and generator, file descriptors, memory and time of a process.

use std::{
    env, fmt, fs,
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::failure::{Context, Failure};

/// How the pinned generator, whose own affinity is one core, learns which core is the server's.
const PINNED: &str = "LOADTEST_CORES";

/// Linux reports process times in 1/100 s to user space on every architecture (`USER_HZ`), whatever the kernel's own tick.
const TICKS_PER_SECOND: u64 = 100;

/// Who runs where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cores {
    /// A core each.
    Pinned {
        /// The server's, and in its turn the bare loop's.
        server: u32,
        /// The generator's.
        generator: u32,
    },
    /// All share all, for this reason.
    Shared(String),
}

impl fmt::Display for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pinned { server, generator } => write!(f, "server on core {server}, generator on core {generator}"),
            Self::Shared(reason) => write!(f, "NOT pinned, numbers are less steady: {reason}"),
        }
    }
}

impl Cores {
    /// Gives the generator a core of its own by starting it anew under `taskset`, once; then reports who runs where.
    /// A program cannot set its own affinity without unsafe code.
    pub(crate) fn settle() -> Result<Self, Failure> {
        if let Ok(told) = env::var(PINNED) {
            return Self::parse(&told);
        }
        let status = fs::read_to_string("/proc/self/status").context("reading /proc/self/status")?;
        let allowed = field(&status, "Cpus_allowed_list:").map(core_list).unwrap_or_default();
        let [server, generator, ..] = allowed[..] else {
            return Ok(Self::Shared("there is only one core".to_owned()));
        };
        if !has_taskset() {
            return Ok(Self::Shared("taskset is missing (on Debian: apt-get install util-linux)".to_owned()));
        }
        let own = env::current_exe().context("finding the load generator's own file")?;
        let error = Command::new("taskset")
            .args(["-c", &generator.to_string()])
            .arg(own)
            .args(env::args_os().skip(1))
            .env(PINNED, format!("{server},{generator}"))
            .exec();
        Err(Failure::new(format!("starting anew under taskset: {error}")))
    }

    fn parse(told: &str) -> Result<Self, Failure> {
        let cores: Vec<u32> = told.split(',').filter_map(|core| core.parse().ok()).collect();
        match cores[..] {
            [server, generator] => Ok(Self::Pinned { server, generator }),
            _ => Err(Failure::new(format!("{PINNED} is set by the load generator for itself; unset it"))),
        }
    }

    /// A command that runs on the server's core. `taskset` becomes the program, so the process id is the program's.
    pub(crate) fn on_server_core(&self, program: &Path) -> tokio::process::Command {
        match self {
            Self::Shared(_) => tokio::process::Command::new(program),
            Self::Pinned { server, .. } => {
                let mut command = tokio::process::Command::new("taskset");
                command.args(["-c", &server.to_string()]).arg(program);
                command
            }
        }
    }
}

fn has_taskset() -> bool {
    let asked = Command::new("taskset").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

/// Reads the kernel's lists, like `0-2,5`.
fn core_list(list: &str) -> Vec<u32> {
    let range = |part: &str| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        Some(from.parse::<u32>().ok()?..=to.parse::<u32>().ok()?)
    };
    list.split(',').filter_map(range).flatten().collect()
}

/// The value of a `Name:  value` line of a file in /proc.
fn field<'a>(file: &'a str, name: &str) -> Option<&'a str> {
    file.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

/// Refuses to begin what would run out of file descriptors in the middle. The server inherits the same limit.
pub(crate) fn check_open_files(needed: usize) -> Result<(), Failure> {
    let limits = fs::read_to_string("/proc/self/limits").context("reading /proc/self/limits")?;
    let soft = field(&limits, "Max open files").and_then(|line| line.split_whitespace().next()).unwrap_or("unlimited");
    match soft.parse::<usize>() {
        Ok(limit) if limit < needed => Err(Failure::new(format!(
            "{needed} open files are needed and the limit is {limit}. Run: ulimit -n {needed} (or measure with --quick)"
        ))),
        _ => Ok(()),
    }
}

/// Bytes of a process that are in memory.
pub(crate) fn resident_bytes(pid: u32) -> Result<u64, Failure> {
    let path = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&path).context(&path)?;
    let kib =
        field(&status, "VmRSS:").and_then(|value| value.strip_suffix(" kB")).and_then(|kib| kib.parse::<u64>().ok());
    kib.map(|kib| kib * 1024).ok_or_else(|| Failure::new(format!("{path} has no VmRSS: the process has ended")))
}

/// Sends a process a signal.
pub(crate) fn signal(pid: u32, signal: Signal) -> Result<(), Failure> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or_else(|| Failure::new("no process id"))?;
    kill_process(pid, signal).context("a signal")
}

/// Processor time of a process so far, user and system, all its threads.
pub(crate) fn cpu_time(pid: u32) -> Result<Duration, Failure> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).context(&path)?;
    let ticks = cpu_ticks(&stat).ok_or_else(|| Failure::new(format!("{path} is not as proc(5) says")))?;
    Ok(Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND))
}

fn cpu_ticks(stat: &str) -> Option<u64> {
    // The second field is the program's name in brackets and may hold anything; the third follows the last bracket.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(14 - 3);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_cores_are_read_as_the_kernel_writes_them() {
        assert_eq!(core_list("0-2,5,7-8"), [0, 1, 2, 5, 7, 8]);
        assert_eq!(core_list("3"), [3]);
        assert_eq!(core_list(""), [0; 0]);
    }

    #[test]
    fn processor_time_is_fields_14_and_15_whatever_the_program_is_called() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194304 91 0 0 0 250 50 9 9 20 0 1 0 33 1 2";
        assert_eq!(cpu_ticks(stat), Some(300));
    }

    #[test]
    fn this_process_has_memory_and_a_limit() {
        assert!(resident_bytes(std::process::id()).unwrap() > 100 * 1024);
        assert!(cpu_time(std::process::id()).is_ok());
        assert!(check_open_files(3).is_ok());
    }
}
