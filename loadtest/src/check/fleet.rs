//! The instances of a run: real processes that are killed, stopped, drained and started again, each on its own port.

use std::{env, fs, net::SocketAddr, path::PathBuf, process::Stdio, sync::Arc, time::Duration};

use rustix::process::Signal;
use tokio::{
    process::{Child, Command},
    time,
};

use crate::{
    api::Api,
    failure::{Context, Failure},
    machine, server,
};

/// For a start; a database that was killed is recovered first.
const START: Duration = Duration::from_secs(40);
/// For an orderly end: the drain window and what is then finished.
const STOP: Duration = Duration::from_secs(15);
/// More sockets than any scenario opens.
const MANY: &str = "100000";
/// How long an instance drains on SIGTERM, in seconds.
const DRAIN: &str = "2";
/// What a build with the feature `failpoints` reads.
const FAILPOINTS: &str = "FAILPOINTS";

/// What all instances of a run are started with.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    /// The server's program, absolute.
    pub(crate) binary: PathBuf,
    /// The run's folder.
    pub(crate) folder: PathBuf,
    /// `REDIS_URL`, if there is a Redis.
    pub(crate) redis: Option<String>,
    /// `FAILPOINTS` of all of them, if the scenario has any.
    pub(crate) failpoints: Option<&'static str>,
}

/// One instance, running or not.
pub(crate) struct Instance {
    /// Where it listens, whenever it runs.
    pub(crate) address: SocketAddr,
    database: String,
    log: PathBuf,
    child: Option<Child>,
}

/// All instances.
pub(crate) struct Fleet {
    ground: Ground,
    /// By number.
    pub(crate) instances: Vec<Instance>,
}

impl Fleet {
    /// Starts an instance for each database URL, which may be one address behind several proxies.
    pub(crate) async fn start(ground: Ground, databases: Vec<String>) -> Result<Self, Failure> {
        let mut fleet = Self { ground, instances: Vec::new() };
        for (number, database) in databases.into_iter().enumerate() {
            let address = server::free_address()?;
            let log = fleet.ground.folder.join(format!("instance-{number}.log"));
            fleet.instances.push(Instance { address, database, log, child: None });
            fleet.begin(number, None).await?;
        }
        Ok(fleet)
    }

    /// Where the instances listen.
    pub(crate) fn addresses(&self) -> Arc<[SocketAddr]> {
        self.instances.iter().map(|instance| instance.address).collect()
    }

    /// Starts an instance and waits until it answers; with a failpoint, in the words of `FAILPOINTS`.
    pub(crate) async fn begin(&mut self, number: usize, failpoint: Option<&str>) -> Result<(), Failure> {
        let mut command = self.command(number, failpoint)?;
        let instance = &mut self.instances[number];
        instance.child = Some(command.spawn().context(format!("starting {}", self.ground.binary.display()))?);
        let up = time::timeout(START, instance.until_healthy()).await;
        up.unwrap_or_else(|_| Err(Failure::new("did not answer /healthz in time")))
            .map_err(|failure| Failure::new(format!("instance {number} {failure}\n{}", server::tail(&instance.log))))
    }

    fn command(&self, number: usize, failpoint: Option<&str>) -> Result<Command, Failure> {
        let instance = &self.instances[number];
        let log = fs::File::options().create(true).append(true).open(&instance.log).context("an instance's log")?;
        let mut command = Command::new(&self.ground.binary);
        command.arg("serve").env_clear().env("PATH", env::var_os("PATH").unwrap_or_default());
        command.env("PUSH_LISTEN", instance.address.to_string()).env("PUSH_DATA_DIR", self.ground.folder.join("data"));
        command.env("DATABASE_URL", &instance.database).env("PUSH_RATE_LIMITS", "off").env("PUSH_DRAIN_SECONDS", DRAIN);
        command.env("PUSH_MAX_SOCKETS_PER_USER", MANY).env("PUSH_MAX_SOCKETS_PER_ADDRESS", MANY);
        command.envs(self.ground.redis.iter().map(|url| ("REDIS_URL", url)));
        let failpoints: Vec<&str> = self.ground.failpoints.into_iter().chain(failpoint).collect();
        command.env(FAILPOINTS, failpoints.join(","));
        command.current_dir(&self.ground.folder).kill_on_drop(true).stdin(Stdio::null());
        command.stdout(log.try_clone().context("an instance's log")?).stderr(log);
        Ok(command)
    }

    /// SIGKILL, now; returns when it is gone.
    pub(crate) async fn kill(&mut self, number: usize) -> Result<(), Failure> {
        match self.instances[number].child.take() {
            Some(mut child) => child.kill().await.context("killing an instance"),
            None => Ok(()),
        }
    }

    /// SIGTERM; it must end in time and well.
    pub(crate) async fn terminate(&mut self, number: usize) -> Result<(), Failure> {
        self.signal(number, Signal::TERM)?;
        let Some(mut child) = self.instances[number].child.take() else { return Ok(()) };
        let ended = time::timeout(STOP, child.wait()).await;
        let status = ended.context("an instance did not end after SIGTERM")?.context("waiting for an instance")?;
        if status.success() {
            Ok(())
        } else {
            Err(Failure::new(format!("after SIGTERM an instance ended with {status}")))
        }
    }

    /// Sends a signal to an instance that runs.
    pub(crate) fn signal(&self, number: usize, signal: Signal) -> Result<(), Failure> {
        self.pid(number).map_or(Ok(()), |pid| machine::signal(pid, signal).context("signalling an instance"))
    }

    fn pid(&self, number: usize) -> Option<u32> {
        self.instances[number].child.as_ref().and_then(Child::id)
    }

    /// Whether its process ended without being asked to.
    pub(crate) fn has_died(&mut self, number: usize) -> Result<bool, Failure> {
        match &mut self.instances[number].child {
            Some(child) => Ok(child.try_wait().context("asking for an instance's state")?.is_some()),
            None => Ok(false),
        }
    }

    /// Whether its process is stopped, as by SIGSTOP.
    pub(crate) fn is_stopped(&self, number: usize) -> bool {
        let Some(pid) = self.pid(number) else { return false };
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('T'))
    }

    /// Memory of each instance.
    pub(crate) fn resident_bytes(&self) -> Vec<u64> {
        let pids = (0..self.instances.len()).filter_map(|number| self.pid(number));
        pids.map(|pid| machine::resident_bytes(pid).unwrap_or(0)).collect()
    }

    /// Runs the server's program as a tool on the database of the instances.
    pub(crate) async fn tool(&self, words: &[&str]) -> Result<(), Failure> {
        let instance = self.instances.first().ok_or_else(|| Failure::new("there is no instance of ours"))?;
        let mut command = Command::new(&self.ground.binary);
        command.args(words).env_clear().env("PATH", env::var_os("PATH").unwrap_or_default());
        command.env("DATABASE_URL", &instance.database).env("PUSH_DATA_DIR", self.ground.folder.join("data"));
        command.current_dir(&self.ground.folder).kill_on_drop(true).stdin(Stdio::null());
        let output = command.output().await.context(format!("push-system {}", words.join(" ")))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Failure::new(format!("push-system {} ended with {}: {said}", words.join(" "), output.status)))
    }

    /// Ends all, as they end on a machine that is switched off.
    pub(crate) async fn end(&mut self) -> Result<(), Failure> {
        for number in 0..self.instances.len() {
            self.kill(number).await?;
        }
        Ok(())
    }
}

impl Instance {
    async fn until_healthy(&mut self) -> Result<(), Failure> {
        loop {
            if let Some(child) = &mut self.child
                && let Some(status) = child.try_wait().context("asking for its state")?
            {
                return Err(Failure::new(format!("ended with {status}")));
            }
            if let Ok(mut api) = Api::connect(self.address).await
                && api.is_ok("/healthz").await.unwrap_or(false)
            {
                return Ok(());
            }
            time::sleep(Duration::from_millis(20)).await;
        }
    }
}
