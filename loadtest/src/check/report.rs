//! What is said of a run: a line for the person who waits, a row for docs/guarantee.md.

use std::{fs, path::Path, time::Duration};

use super::{RATE, WRITERS, run::Outcome, timing::Pair};
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
/// What the table stands between in a document.
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
        "  published {}, acknowledged {} and {} changes, events checked {}, reconnects {}, resets {}, staleness p99 {}, worst {}, took {:.0} s",
        verdict.published,
        verdict.acknowledged,
        verdict.done,
        verdict.checked,
        outcome.reconnects,
        outcome.resets,
        time(timing.p99),
        time(timing.worst),
        outcome.took.as_secs_f64(),
    );
    std::iter::once(text).chain(noted(outcome)).collect::<Vec<_>>().join("\n  ")
}

/// What only some scenarios measure.
fn noted(outcome: &Outcome) -> impl Iterator<Item = String> {
    let Outcome { plan, timing, .. } = outcome;
    let pair = |what: &str, pair: Option<Pair>| {
        pair.map(|Pair { calm, during }| format!("{what} p99 {}, before {}", time(during), time(calm)))
    };
    let between = timing.between.filter(|_| plan.scenario.bounds.between.is_some());
    let measured = [
        timing.caught_up.map(|took| format!("those kept from reading caught up in {}", time(took))),
        pair("delivery meanwhile", timing.others),
        pair("publish meanwhile", timing.publish),
        between.map(|added| format!("between instances the median grows by {} µs", added.as_micros())),
    ];
    measured.into_iter().flatten().chain(outcome.notes.iter().cloned())
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
        timing.recovery.max(timing.caught_up).map_or_else(|| "–".to_owned(), time),
    ]
}

fn time(time: Duration) -> String {
    match time.as_millis() {
        _ if time == Duration::MAX => "never".to_owned(),
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
    let unusual = [
        (plan.writers != WRITERS).then(|| format!(" --writers {}", plan.writers)),
        (plan.rate != RATE).then(|| format!(" --rate {}", plan.rate)),
        (plan.readers != plan.scenario.readers).then(|| format!(" --readers {}", plan.readers)),
    ];
    let unusual: String = unusual.into_iter().flatten().collect();
    format!("`make chaos ARGS=\"{what}{unusual} --seconds {seconds} --seed {seed}\"`")
}

/// Writes the table into a file: between its two marks where it has them, else as the whole of it.
pub(crate) fn write(file: &Path, outcomes: &[Outcome]) -> Result<(), Failure> {
    let present = fs::read_to_string(file).unwrap_or_default();
    fs::write(file, placed(&present, &table(outcomes))).context(file.display())
}

fn placed(document: &str, table: &str) -> String {
    let marks = document.split_once(FROM).and_then(|(before, rest)| Some((before, rest.split_once(TO)?.1)));
    marks.map_or_else(|| table.to_owned(), |(before, after)| format!("{before}{FROM}{table}{TO}{after}"))
}

/// The runs as a Markdown table.
pub(crate) fn table(outcomes: &[Outcome]) -> String {
    let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut names: Vec<String> = COLUMNS.map(str::to_owned).to_vec();
    names.extend(["noted", "command"].map(str::to_owned));
    let rule = format!("|{}\n", "---|".repeat(names.len()));
    let rows = outcomes.iter().map(|outcome| {
        let mut cells = cells(outcome).to_vec();
        cells.push(noted(outcome).collect::<Vec<_>>().join("; "));
        cells.push(command(outcome));
        row(&cells)
    });
    [row(&names), rule].into_iter().chain(rows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_takes_the_place_of_the_one_between_the_marks_and_nothing_else() {
        let document = format!("before\n{FROM}old\n{TO}after\n");
        assert_eq!(placed(&document, "new\n"), format!("before\n{FROM}new\n{TO}after\n"));
        assert_eq!(placed("an earlier table\n", "new\n"), "new\n");
    }
}
