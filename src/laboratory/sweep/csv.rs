//! The lines of the files: `runs.csv`, a line for each try, and `summary.csv`, a line for each cell.

use super::cell::Cell;
use super::measure::Tried;
use super::{Condition, Measure};
use crate::laboratory::compare::quoted;
use crate::laboratory::statistics::{CONFIDENCE, Interval, Sample, Versus};
use core::fmt::Write;

/// What was measured, over the tries of a cell.
#[derive(Debug)]
pub(super) struct Figures {
    pub(super) median: Option<f64>,
    pub(super) interval: Option<Interval>,
}
impl Figures {
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Figures {
        let sample = Sample::of(values);
        Figures { median: sample.median(), interval: sample.median_interval(CONFIDENCE) }
    }
}

fn head(rest: impl Iterator<Item = String>) -> String {
    let names = ["cell"].into_iter().chain(Condition::COLUMNS).chain(["strategy"]).map(str::to_owned);
    names.chain(rest).collect::<Vec<_>>().join(",") + "\n"
}
pub(super) fn runs_head(measures: &[Measure]) -> String {
    head(["seed", "well"].into_iter().chain(measures.iter().map(|m| m.name)).map(str::to_owned))
}
pub(super) fn summary_head(measures: &[Measure]) -> String {
    let columns = measures.iter().flat_map(|m| ["median", "low", "high"].map(|figure| format!("{}_{figure}", m.name)));
    let versus = ["vs_first", "p", "effect"].map(str::to_owned);
    head(["n", "failed_runs"].into_iter().map(str::to_owned).chain(columns).chain(versus))
}

/// What the lines of a cell begin with: its number, from 1, and what it is.
pub(super) fn lead(cell: &Cell) -> String {
    let mut line = (cell.index + 1).to_string();
    for value in cell.condition.columns().iter().chain([&cell.arm.name]) {
        line.push(',');
        line.push_str(&quoted(value));
    }
    line
}
pub(super) fn run(lead: &str, seed: u64, tried: &Tried, measures: &[Measure]) -> String {
    let mut line = format!("{lead},{seed},{}", tried.measures.well);
    measures.iter().for_each(|measure| put(&mut line, Some((measure.of)(tried))));
    line + "\n"
}
pub(super) fn summary(lead: &str, n: u32, failed: u32, figures: &[Figures], versus: Option<Versus>) -> String {
    let mut line = format!("{lead},{n},{failed}");
    for Figures { median, interval } in figures {
        for value in [*median, interval.map(|i| i.low), interval.map(|i| i.high)] {
            put(&mut line, value);
        }
    }
    for value in [versus.map(|v| v.share), versus.and_then(|v| v.p), versus.and_then(|v| v.effect)] {
        put(&mut line, value);
    }
    line + "\n"
}
/// As Rust writes it, which reads back as the same; what is no number is left empty.
fn put(line: &mut String, value: Option<f64>) {
    line.push(',');
    if let Some(value) = value.filter(|value| value.is_finite()) {
        let _ = write!(line, "{value}"); // writing to a text does not fail
    }
}
