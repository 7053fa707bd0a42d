//! One server process with its port and folder.

use std::{
    fs,
    io::{self, Error},
    net::{Ipv4Addr, TcpListener},
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};

use crate::{StartError, keeper::Keeper};

/// Machines that build meanwhile are slow.
const ANSWERS_WITHIN: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// Below the ports the kernel gives to clients, which may take one between two starts of a server.
const PORTS: std::ops::Range<u16> = 15_000..32_000;
/// `PostgreSQL` and `MariaDB` refuse to be root. Nobody's number is this one on every Linux.
const NOBODY: u32 = 65_534;

/// A server that runs, or was stopped by a test.
#[derive(Debug)]
pub struct Server {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
    port: u16,
    child: Mutex<Option<Child>>,
    keeper: Keeper,
    folder: PathBuf,
}

impl Server {
    /// Its port on 127.0.0.1, the same after every start.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its data and its log are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its process id, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child().as_ref().map(Child::id)
    }

    /// How many lines of its log hold these words.
    pub fn logged(&self, words: &str) -> usize {
        fs::read_to_string(self.log()).unwrap_or_default().lines().filter(|line| line.contains(words)).count()
    }

    /// SIGKILL to it and its children, as when the machine fails. Returns when they are gone.
    pub fn kill(&self) {
        self.signal_all(Signal::KILL);
        self.wait();
    }

    /// SIGSTOP to it and its children: connections stay open and nothing answers, until [`Self::thaw`].
    pub fn freeze(&self) {
        self.signal_all(Signal::STOP);
    }

    /// Undoes [`Self::freeze`].
    pub fn thaw(&self) {
        self.signal_all(Signal::CONT);
    }

    /// A folder, a keeper and a port for a server whose program is `name`.
    pub(crate) fn prepare(name: &'static str, program: PathBuf) -> Result<Self, StartError> {
        let folder = tempfile::Builder::new().prefix(&format!("testbed-{name}-")).tempdir()?.keep();
        let keeper = Keeper::of(&folder)?;
        if is_root(&folder)? {
            chown(&folder, Some(NOBODY), Some(NOBODY))?;
        }
        let port = free_port()?;
        Ok(Self { name, program, arguments: Vec::new(), port, child: Mutex::new(None), keeper, folder })
    }

    /// Runs a program to its end, as the user the server will be.
    pub(crate) fn run(&self, program: &Path, arguments: &[String]) -> Result<(), StartError> {
        let status = self.command(program)?.args(arguments).status()?;
        if status.success() { Ok(()) } else { Err(self.failed(&format!("{}: {status}", program.display()))) }
    }

    /// Starts it with these arguments and waits until `answers` says so.
    pub(crate) async fn first_start(
        &mut self,
        arguments: Vec<String>,
        answers: impl AsyncFn() -> bool,
    ) -> Result<(), StartError> {
        self.arguments = arguments;
        self.start(answers).await
    }

    /// Starts it again as it was, after it was stopped.
    pub(crate) async fn start(&self, answers: impl AsyncFn() -> bool) -> Result<(), StartError> {
        let child = self.command(&self.program)?.args(&self.arguments).spawn()?;
        self.keeper.watch(child.id())?;
        *self.child() = Some(child);
        let deadline = Instant::now() + ANSWERS_WITHIN;
        while !answers().await {
            if let Some(status) = self.ended()? {
                return Err(self.failed(&status.to_string()));
            }
            if Instant::now() > deadline {
                return Err(self.failed("no answer"));
            }
            sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// Sends a signal to the server alone and waits for its end.
    pub(crate) fn stop_with(&self, signal: Signal) {
        if let Some(pid) = self.pid() {
            send(signal, pid);
        }
        self.wait();
    }

    /// A command in a session of signals of its own, with its output in the log, as an ordinary user.
    fn command(&self, program: &Path) -> io::Result<Command> {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.log())?;
        let mut command = if is_root_process()? {
            let mut command = Command::new("setpriv");
            command.args([&format!("--reuid={NOBODY}"), &format!("--regid={NOBODY}"), "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(&self.folder).process_group(0).stdin(Stdio::null());
        command.stdout(log.try_clone()?).stderr(log);
        Ok(command)
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    fn failed(&self, why: &str) -> StartError {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let last: Vec<_> = log.lines().rev().take(20).collect();
        let last: Vec<_> = last.into_iter().rev().collect();
        StartError::Failed { name: self.name, why: format!("{why}\n{}", last.join("\n")) }
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it ended, if it did. It is not waited for, so that its id stays its own until the keeper forgot it.
    fn ended(&self) -> io::Result<Option<ExitStatus>> {
        let mut child = self.child();
        match child.as_mut() {
            Some(running) if is_dead(running.id()) => {
                self.keeper.forget()?;
                let status = running.wait()?;
                *child = None;
                Ok(Some(status))
            }
            _ => Ok(None),
        }
    }

    fn wait(&self) {
        let Some(mut child) = self.child().take() else { return };
        let waited = wait_until_dead(child.id()).and_then(|()| self.keeper.forget()).and_then(|()| child.wait());
        if let Err(error) = waited {
            eprintln!("{}: {error}", self.name);
        }
    }

    /// The parent first, so that it has no new children in between; waits for the children that a kill ends.
    fn signal_all(&self, signal: Signal) {
        let Some(pid) = self.pid() else { return };
        send(signal, pid);
        let children = children(pid);
        for child in &children {
            send(signal, *child);
        }
        if signal == Signal::KILL {
            for child in children {
                if let Err(error) = wait_until_dead(child) {
                    eprintln!("{}: {error}", self.name);
                }
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The keeper ends what runs, and what does not is waited for: an id that is not waited for is nobody else's.
        self.kill();
    }
}

fn send(signal: Signal, pid: u32) {
    // One that ended meanwhile has what it was to have.
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ended_meanwhile = kill_process(pid, signal);
    }
}

fn children(pid: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

/// Gone, or only waiting to be waited for.
fn is_dead(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name before the state stands in parentheses and may hold anything.
    status.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with(['Z', 'X']))
}

fn wait_until_dead(pid: u32) -> io::Result<()> {
    let deadline = std::time::Instant::now() + ANSWERS_WITHIN;
    while !is_dead(pid) {
        if std::time::Instant::now() > deadline {
            return Err(Error::other(format!("process {pid} does not end")));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

/// Whose a new folder is tells who we are.
fn is_root(folder: &Path) -> io::Result<bool> {
    Ok(fs::metadata(folder)?.uid() == 0)
}

fn is_root_process() -> io::Result<bool> {
    is_root(Path::new("/proc/self"))
}

fn free_port() -> io::Result<u16> {
    const TRIES: usize = 100;
    (0..TRIES)
        .map(|_| rand::random_range(PORTS))
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .ok_or_else(|| Error::other("no free port"))
}
