//! `loadtest check`: proves the delivery guarantee, or shows where it was broken.
//!
//! Writers publish, readers read with the client every browser uses, and something goes wrong meanwhile ([`scenario`],
//! [`fault`]). When all is quiet, [`judge`] compares what was promised and what was seen ([`history`]) with what the
//! tables hold ([`tables`]), by a rule of its own ([`oracle`]), and [`timing`] with what the scenario allows ([`bounds`]).

mod backing;
mod bounds;
mod chance;
mod fault;
mod fleet;
mod history;
mod judge;
mod oracle;
mod people;
mod print;
mod proxy;
mod reader;
mod report;
mod rooms;
mod run;
mod sabotage;
mod scenario;
mod tables;
mod timing;
mod world;
mod writer;

pub(crate) use reader::process::run as read;

use std::{
    fs,
    net::{SocketAddr, ToSocketAddrs},
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::TempDir;

use self::{
    backing::{Kind, Servers},
    run::Outcome,
    sabotage::Sabotage,
    scenario::{Needs, Scenario},
    world::{Plan, Running},
};
use crate::failure::{Context, Failure};

/// Who publishes, where nothing else is said.
const WRITERS: usize = 4;
/// Publishes a second, where nothing else is said.
const RATE: u32 = 80;
/// How long faults go on in the short list.
const SHORT_SECONDS: u64 = 3;

/// What is asked for.
#[expect(clippy::doc_markdown, reason = "the comments are the help text, printed as they are")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Check {
    /// Scenarios to run; `--list` names them [default: quiet]
    #[arg(long, value_name = "NAME", value_delimiter = ',', conflicts_with_all = ["short", "long"])]
    fault: Vec<String>,
    /// The short list, on every database that is installed
    #[arg(long, conflicts_with = "long")]
    short: bool,
    /// The long list, on every database that is installed
    #[arg(long)]
    long: bool,
    /// Name the scenarios and end
    #[arg(long)]
    list: bool,
    /// On which database [default: sqlite; all for the lists]
    #[arg(long, value_enum, value_delimiter = ',')]
    database: Vec<Kind>,
    /// With a Redis between the instances (the lists always have one, except on SQLite)
    #[arg(long)]
    redis: bool,
    /// Server processes [default: 1 on SQLite, otherwise 2]
    #[arg(long)]
    instances: Option<usize>,
    /// Who publishes
    #[arg(long, default_value_t = WRITERS)]
    writers: usize,
    /// Who reads [default: the scenario's]
    #[arg(long)]
    readers: Option<usize>,
    /// Publishes a second, all writers together
    #[arg(long, default_value_t = RATE)]
    rate: u32,
    /// How long faults go on [default: the scenario's; in the short list 3]
    #[arg(long)]
    seconds: Option<u64>,
    /// For a machine that is slow or does other things: the bounds of times are multiplied by this
    #[arg(long, default_value_t = 1.0)]
    slack: f64,
    /// Of all choices that are not the machine's
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The server's program; scenarios with failpoints need one built with `--features failpoints`
    #[arg(long, default_value = "target/release/push-system")]
    server: PathBuf,
    /// Instances that run already (more than once for several); nothing is started then and nothing goes wrong
    #[arg(long, requires = "database_url", conflicts_with_all = ["fault", "short", "long"])]
    url: Vec<String>,
    /// Their database
    #[arg(long, requires = "url", conflicts_with = "database")]
    database_url: Option<String>,
    /// Damage one event of one reader's log, to see the checker fail
    #[arg(long, value_enum)]
    sabotage: Option<Sabotage>,
    /// Write the table there; in a document that has the two marks, between them
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
}

/// Runs what was asked for. Returns whether the guarantee held throughout.
pub(crate) async fn check(arguments: &Check) -> Result<bool, Failure> {
    if arguments.list {
        for scenario in scenario::ALL {
            println!("{:20} {}", scenario.name, scenario.about);
        }
        return Ok(true);
    }
    let mut servers = Servers::default();
    let mut outcomes = Vec::new();
    let mut held = true;
    println!("{}", report::header());
    for plan in arguments.plans()? {
        if arguments.url.is_empty() && !servers.prepare(plan.database).await {
            held &= arguments.may_be_missing();
            continue;
        }
        match run_in_folder(plan, &servers, arguments.running()?).await {
            Ok(outcome) => {
                held &= outcome.is_good();
                outcomes.push(outcome);
                // After each, so that a list that is interrupted leaves what it found.
                if let Some(file) = &arguments.table {
                    report::write(file, &outcomes)?;
                }
            }
            Err(failure) => {
                eprintln!("error: {failure}");
                held = false;
            }
        }
    }
    if arguments.long {
        println!("\n{}", report::table(&outcomes));
    }
    // What did not run has shown nothing.
    Ok(held && !outcomes.is_empty())
}

/// Runs a plan in a folder of its own, which stays where there is something to be found out.
async fn run_in_folder(mut plan: Plan, servers: &Servers, running: Option<Running>) -> Result<Outcome, Failure> {
    let folder = folder()?;
    plan.folder = fs::canonicalize(folder.path()).context("the run's folder")?;
    let (name, sabotaged) = (plan.scenario.name, plan.sabotage.is_some());
    let outcome = run::run(plan, servers, running).await;
    let clean = match &outcome {
        Ok(outcome) => {
            println!("{}\n{}", report::line(outcome), report::summary(outcome));
            if let Some(violation) = &outcome.verdict.first {
                println!("  VIOLATION: {violation}");
            }
            for sentence in &outcome.exceeded {
                println!("  EXCEEDED: {sentence}");
            }
            outcome.is_good()
        }
        Err(_) => false,
    };
    if !clean && !sabotaged {
        eprintln!("what {name} left is in {}", folder.keep().display());
    }
    outcome.map_err(|failure| Failure::new(format!("{name}: {failure}")))
}

/// Beside the program's other output and not in /tmp, which may be memory: what survives a kill is a question to a disk.
fn folder() -> Result<TempDir, Failure> {
    let parent = Path::new("target");
    fs::create_dir_all(parent).context(parent.display())?;
    tempfile::Builder::new().prefix("check-").tempdir_in(parent).context(parent.display())
}

impl Check {
    fn plans(&self) -> Result<Vec<Plan>, Failure> {
        let binary = if self.url.is_empty() {
            fs::canonicalize(&self.server).context(format!("{} cannot be checked", self.server.display()))?
        } else {
            PathBuf::new()
        };
        let mut plans = Vec::new();
        for database in self.databases() {
            for scenario in self.scenarios()? {
                let redis = self.redis || self.is_list() && database.is_server() || scenario.needs == Needs::Redis;
                let suits = scenario.suits(database, redis) && !self.is_left_out(scenario, database);
                if suits {
                    plans.push(self.plan(scenario, database, redis && database.is_server(), &binary));
                } else if !self.is_list() {
                    eprintln!("{} does not apply to {database}", scenario.name);
                }
            }
        }
        if plans.is_empty() { Err(Failure::new("nothing of that can be run")) } else { Ok(plans) }
    }

    fn plan(&self, scenario: &'static Scenario, database: Kind, redis: bool, binary: &Path) -> Plan {
        let seconds = self.seconds.unwrap_or(if self.short { SHORT_SECONDS } else { scenario.seconds() });
        Plan {
            scenario,
            database,
            redis,
            instances: self.instances(database),
            writers: self.writers,
            readers: self.readers.unwrap_or(scenario.readers),
            rate: self.rate,
            time: Duration::from_secs(seconds),
            lasts: if self.short { scenario.lasts.1 } else { scenario.lasts.0 },
            slack: self.slack,
            seed: self.seed,
            sabotage: self.sabotage,
            binary: binary.to_owned(),
            folder: PathBuf::new(),
        }
    }

    fn instances(&self, database: Kind) -> usize {
        match (self.url.len(), self.instances) {
            (0, Some(wanted)) => wanted,
            (0, None) => 1 + usize::from(database.is_server()),
            (running, _) => running,
        }
    }

    fn is_list(&self) -> bool {
        self.short || self.long
    }

    /// Whether a database that is not installed may be left out: only where all are taken that there are.
    fn may_be_missing(&self) -> bool {
        self.is_list() && self.database.is_empty()
    }

    /// The short list has what Redis does to one database only: it is the same everywhere.
    fn is_left_out(&self, scenario: &Scenario, database: Kind) -> bool {
        self.short && scenario.needs == Needs::Redis && database == Kind::Mysql
    }

    fn databases(&self) -> Vec<Kind> {
        match (&self.database_url, self.database.is_empty(), self.is_list()) {
            (Some(url), _, _) => vec![Kind::of(url)],
            (None, false, _) => self.database.clone(),
            (None, true, true) => Kind::ALL.to_vec(),
            (None, true, false) => vec![Kind::Sqlite],
        }
    }

    fn scenarios(&self) -> Result<Vec<&'static Scenario>, Failure> {
        if self.is_list() {
            return Ok(scenario::ALL.iter().filter(|scenario| self.long || scenario.short).collect());
        }
        if self.fault.is_empty() {
            return Ok(vec![&scenario::ALL[0]]);
        }
        let find = |name: &String| {
            scenario::named(name).ok_or_else(|| Failure::new(format!("there is no scenario {name}; --list names them")))
        };
        self.fault.iter().map(find).collect()
    }

    fn running(&self) -> Result<Option<Running>, Failure> {
        let Some(database) = self.database_url.clone().filter(|_| !self.url.is_empty()) else { return Ok(None) };
        let addresses = self.url.iter().map(|url| address(url)).collect::<Result<_, _>>()?;
        Ok(Some(Running { addresses, database }))
    }
}

fn address(url: &str) -> Result<SocketAddr, Failure> {
    let rest = url.strip_prefix("http://").ok_or_else(|| Failure::new(format!("{url} is not http://host:port")))?;
    let mut found = rest.trim_end_matches('/').to_socket_addrs().context(url)?;
    found.find(SocketAddr::is_ipv4).ok_or_else(|| Failure::new(format!("{url} has no IPv4 address")))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        check: Check,
    }

    #[test]
    fn only_a_list_of_all_there_are_may_leave_out_a_database_that_is_missing() {
        let may = |line: &str| Line::parse_from(line.split(' ')).check.may_be_missing();
        assert!(may("check --short") && may("check --long"));
        assert!(!may("check --short --database postgres"));
        assert!(!may("check --fault lose-commit --database postgres"));
        assert!(!may("check"));
    }
}
