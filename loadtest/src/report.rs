//! Numbers, their aims, and how both are shown.

use std::{fmt, fmt::Write as _, time::Duration};

use serde::Serialize;
use serde_json::json;

use crate::tally::Findings;

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Unit {
    /// 1,024 bytes.
    #[serde(rename = "KiB")]
    KiB,
    /// 10⁻⁶ s.
    #[serde(rename = "us")]
    Microseconds,
    /// 10⁻³ s.
    #[serde(rename = "ms")]
    Milliseconds,
    /// A rate.
    #[serde(rename = "per_second")]
    PerSecond,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KiB => "KiB",
            Self::Microseconds => "µs",
            Self::Milliseconds => "ms",
            Self::PerSecond => "/s",
        })
    }
}

/// What a number should be. Missing it fails nothing: machines differ, and losses are what must not happen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Aim {
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
}

impl Aim {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtMost(bound) => value <= bound,
            Self::AtLeast(bound) => value >= bound,
        }
    }
}

impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(bound) => write!(f, "<= {bound}"),
            Self::AtLeast(bound) => write!(f, ">= {bound}"),
        }
    }
}

/// One result.
#[derive(Clone, Debug)]
pub(crate) struct Number {
    name: &'static str,
    what: String,
    unit: Unit,
    measured: f64,
    against: Option<(String, f64)>,
    aim: Option<Aim>,
}

impl Number {
    /// `name` is for programs, `what` for people.
    pub(crate) fn new(name: &'static str, what: String, unit: Unit, measured: f64) -> Self {
        Self { name, what, unit, measured, against: None, aim: None }
    }

    /// What it is compared with, in the same unit; the aim is then one for the ratio.
    pub(crate) fn against(self, what: String, value: f64) -> Self {
        Self { against: Some((what, value)), ..self }
    }

    /// What it should be.
    pub(crate) fn aim(self, aim: Aim) -> Self {
        Self { aim: Some(aim), ..self }
    }

    fn ratio(&self) -> Option<f64> {
        self.against.as_ref().map(|(_, reference)| self.measured / reference)
    }

    /// Whether it is what it should be, where something is asked.
    pub(crate) fn is_met(&self) -> Option<bool> {
        self.aim.map(|aim| aim.is_met(self.ratio().unwrap_or(self.measured)))
    }

    fn row(&self) -> String {
        let measured = format!("{:.2} {}", self.measured, self.unit);
        let against = self.against.as_ref();
        let against = against.map_or(String::new(), |(what, value)| format!("{value:.2} {} ({what})", self.unit));
        let ratio = self.ratio().map_or(String::new(), |ratio| format!("{ratio:.2} x"));
        let aim = self.aim.map_or(String::new(), |aim| aim.to_string());
        let verdict = match self.is_met() {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        };
        format!("{:<60} {measured:>13}   {against:<36} {ratio:>8}  {aim:<7} {verdict}", self.what)
    }

    fn json(&self) -> String {
        json!({
            "name": self.name,
            "what": self.what,
            "unit": self.unit,
            "measured": self.measured,
            "against": self.against.as_ref().map(|(_, value)| value),
            "against_what": self.against.as_ref().map(|(what, _)| what),
            "ratio": self.ratio(),
            "aim": self.aim.map(|aim| aim.to_string()),
            "pass": self.is_met(),
        })
        .to_string()
    }
}

/// Everything a run has to say.
#[derive(Debug)]
pub(crate) struct Report {
    surroundings: String,
    numbers: Vec<Number>,
    findings: Findings,
}

impl Report {
    /// Nothing measured yet. The surroundings are what a reader must know to believe the numbers.
    pub(crate) fn new(surroundings: String) -> Self {
        Self { surroundings, numbers: Vec::new(), findings: Findings::default() }
    }

    /// Adds a measurement's.
    pub(crate) fn add(&mut self, numbers: Vec<Number>, findings: Findings) {
        self.numbers.extend(numbers);
        self.findings.merge(findings);
    }

    /// Whether every acknowledged message reached every listener once and in order.
    pub(crate) fn is_clean(&self) -> bool {
        self.findings.is_clean()
    }

    /// For people.
    pub(crate) fn table(&self) -> String {
        let mut table = format!("{}\n\n", self.surroundings);
        for number in &self.numbers {
            table.push_str(number.row().trim_end());
            table.push('\n');
        }
        let found = &self.findings;
        // Writing to a String cannot fail.
        let _ = write!(
            table,
            "\nchecked {} deliveries on {} sockets: {} lost, {} repeated, {} out of order, {} unknown, {} miscounted, {} complaints\n",
            found.delivered,
            found.sockets,
            found.lost,
            found.repeated,
            found.reordered,
            found.unknown,
            found.miscounted,
            found.complaints
        );
        if let Some(first) = &found.first {
            let _ = writeln!(table, "VIOLATION, the first: {first}");
        }
        table
    }

    /// For programs: a line of JSON for each number, and one for the account.
    pub(crate) fn json_lines(&self) -> String {
        let account = json!({
            "name": "account",
            "surroundings": self.surroundings,
            "pass": self.is_clean(),
            "findings": self.findings,
        });
        let lines = self.numbers.iter().map(Number::json).chain(std::iter::once(account.to_string()));
        lines.fold(String::new(), |text, line| text + &line + "\n")
    }
}

/// The smallest value that at least `percent` of all do not exceed (nearest rank); zero of none. Sorts them.
pub(crate) fn percentile(values: &mut [Duration], percent: usize) -> Duration {
    values.sort_unstable();
    let rank = (values.len() * percent).div_ceil(100).max(1);
    values.get(rank - 1).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(values: impl IntoIterator<Item = u64>) -> Vec<Duration> {
        values.into_iter().map(Duration::from_millis).collect()
    }

    #[test]
    fn percentiles_are_values_that_occurred_at_the_nearest_rank() {
        let mut hundred = millis((1..=100).rev());
        for percent in [1, 50, 99, 100] {
            assert_eq!(percentile(&mut hundred, percent), Duration::from_millis(percent as u64));
        }
        assert_eq!(percentile(&mut millis([15, 20, 35, 40, 50]), 40), Duration::from_millis(20));
        assert_eq!(percentile(&mut millis([15, 20, 35, 40, 50]), 41), Duration::from_millis(35));
    }

    #[test]
    fn percentiles_of_few_values() {
        assert_eq!(percentile(&mut millis([7]), 99), Duration::from_millis(7));
        assert_eq!(percentile(&mut millis([7, 9]), 50), Duration::from_millis(7));
        assert_eq!(percentile(&mut millis([7, 9]), 0), Duration::from_millis(7));
        assert_eq!(percentile(&mut [], 50), Duration::ZERO);
    }

    #[test]
    fn an_aim_is_for_the_ratio_where_there_is_one_and_for_the_number_elsewhere() {
        let number = |measured| Number::new("n", "n".to_owned(), Unit::Microseconds, measured).aim(Aim::AtMost(2.0));
        assert_eq!(number(2.0).is_met(), Some(true));
        assert_eq!(number(8.0).is_met(), Some(false));
        assert_eq!(number(8.0).against("m".to_owned(), 4.0).is_met(), Some(true));
        assert_eq!(Number::new("n", String::new(), Unit::KiB, 1.0).is_met(), None);
    }

    #[test]
    fn a_ratio_that_cannot_be_computed_does_not_pass() {
        let number = Number::new("n", String::new(), Unit::Milliseconds, 0.0).against(String::new(), 0.0);
        assert_eq!(number.clone().aim(Aim::AtMost(2.0)).is_met(), Some(false));
        assert!(number.json().contains(r#""ratio":null"#));
    }

    #[test]
    fn each_number_is_a_line_of_json_and_the_account_is_the_last() {
        let mut report = Report::new("one core".to_owned());
        report.add(vec![Number::new("n", "what".to_owned(), Unit::PerSecond, 3.5)], Findings::default());
        let lines = report.json_lines();
        let parsed: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((parsed.len(), &parsed[0]["measured"], &parsed[1]["pass"]), (2, &json!(3.5), &json!(true)));
    }
}
