//! `summary.txt`: the cells as a terminal shows them.

use super::page::Kept;
use super::why;
use super::{Condition, Experiment};
use crate::laboratory::compare::short;
use crate::report::harmless;

/// Cells that are shown.
const MOST: usize = 60;

pub(super) fn table(experiment: &Experiment, kept: &Kept) -> String {
    let varied = kept.varied();
    let mut rows: Vec<Vec<String>> = vec![varied.iter().map(|at| Condition::COLUMNS[*at].to_owned()).collect()];
    rows[0].extend(["strategy", "median", "95 % CI", "tries", "failed"].map(str::to_owned));
    for row in kept.rows.iter().take(MOST) {
        let own = row.cell.condition.columns();
        let mut cells: Vec<String> = varied.iter().map(|at| harmless(&short(&own[*at])).into_owned()).collect();
        cells.extend([short(&row.cell.arm.name), row.median(), row.interval(), row.n.to_string(), row.failed.to_string()]);
        rows.push(cells);
    }
    let wide = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(wide).collect();
    let mut text =
        format!("{} · {} · makespan in seconds of virtual time\n", experiment.name(), count(experiment.cells(), "cell"));
    for row in &rows {
        let words = varied.len() + 1;
        let padded = row.iter().zip(&widths).enumerate().map(|(n, (cell, width))| {
            let fill = " ".repeat(width - cell.chars().count());
            if n < words { format!("{cell}{fill}") } else { format!("{fill}{cell}") }
        });
        text.push_str(&format!("  {}\n", padded.collect::<Vec<_>>().join("  ").trim_end()));
    }
    let more = kept.rows.len().saturating_sub(MOST) as u64 + kept.more;
    if more > 0 {
        text.push_str(&format!("  {} more in summary.csv\n", count(more, "cell")));
    }
    for sentence in why::failures(kept) {
        text.push_str(&format!("  {sentence}\n"));
    }
    text
}

fn count(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
