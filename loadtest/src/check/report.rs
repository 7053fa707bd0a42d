//! What is said of a run: a line for the person who waits, a row for docs/guarantee.md.

use std::{fs, path::Path, time::Duration};

use super::run::Outcome;
use crate::failure::{Context, Failure};

/// The fields of a line, in order.
const COLUMNS: [&str; 12] = [
    "scenario",
    "database",
    "instances",
    "load",
    "faults",
    "messages",
    "events checked",
    "lost",
    "duplicated",
    "reordered",
    "worst staleness",
    "recovery",
];
/// What the table in a document stands between.
const FROM: &str = "<!-- measured: from -->\n";
const TO: &str = "<!-- measured: to -->";

/// The names of the fields of [`line`].
pub(crate) fn header() -> String {
    COLUMNS.join(", ")
}

/// A run in one line.
pub(crate) fn line(outcome: &Outcome) -> String {
    cells(outcome).join(", ")
}

/// A run in more words.
pub(crate) fn summary(outcome: &Outcome) -> String {
    let Outcome { verdict, timing, .. } = outcome;
    let text = format!(
        "  published {}, acknowledged {}, events checked {}, reconnects {}, resets {}, staleness p99 {}, worst {}, took {:.0} s",
        verdict.published,
        verdict.acknowledged,
        verdict.checked,
        outcome.reconnects,
        outcome.resets,
        time(timing.p99),
        time(timing.worst),
        outcome.took.as_secs_f64(),
    );
    std::iter::once(text).chain(outcome.notes.iter().cloned()).collect::<Vec<_>>().join("\n  ")
}

fn cells(outcome: &Outcome) -> [String; 12] {
    let Outcome { plan, verdict, timing, .. } = outcome;
    let redis = if plan.redis { " + Redis" } else { "" };
    [
        plan.scenario.name.to_owned(),
        format!("{}{redis}", plan.database),
        plan.instances.to_string(),
        format!("{} writers at {}/s; {} readers; {} s", plan.writers, plan.rate, plan.readers, plan.time.as_secs()),
        outcome.injected.to_string(),
        verdict.acknowledged.to_string(),
        verdict.checked.to_string(),
        verdict.lost.to_string(),
        verdict.duplicated.to_string(),
        verdict.reordered.to_string(),
        time(timing.worst),
        timing.recovery.map_or_else(|| "–".to_owned(), time),
    ]
}

fn time(time: Duration) -> String {
    match time.as_millis() {
        millis @ 0..1_000 => format!("{millis} ms"),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

/// How a row is made again.
fn command(outcome: &Outcome) -> String {
    let plan = &outcome.plan;
    let database = format!("{:?}", plan.database).to_lowercase();
    let redis = if plan.redis { " --redis" } else { "" };
    let instances = plan.instances;
    let name = plan.scenario.name;
    let (seed, seconds) = (plan.seed, plan.time.as_secs());
    let what = format!("--fault {name} --database {database}{redis} --instances {instances}");
    format!("`make chaos ARGS=\"{what} --seconds {seconds} --seed {seed}\"`")
}

/// Puts the table into a document, in place of the one between its two marks.
pub(crate) fn write(document: &Path, outcomes: &[Outcome]) -> Result<(), Failure> {
    let text = fs::read_to_string(document).context(document.display())?;
    let marks = text.split_once(FROM).and_then(|(before, rest)| Some((before, rest.split_once(TO)?.1)));
    let (before, after) = marks.ok_or_else(|| Failure::new(format!("{} has no place for it", document.display())))?;
    fs::write(document, format!("{before}{FROM}{}{TO}{after}", table(outcomes))).context(document.display())
}

fn table(outcomes: &[Outcome]) -> String {
    let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut names: Vec<String> = COLUMNS.map(str::to_owned).to_vec();
    names.push("command".to_owned());
    let rule = format!("|{}\n", "---|".repeat(names.len()));
    let rows = outcomes.iter().map(|outcome| {
        let mut cells = cells(outcome).to_vec();
        cells.push(command(outcome));
        row(&cells)
    });
    [row(&names), rule].into_iter().chain(rows).collect()
}
