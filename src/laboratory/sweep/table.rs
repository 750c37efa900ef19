//! `summary.txt`: the cells as a terminal shows them.

use super::page::Kept;
use super::why;
use super::{Condition, Experiment, Measure};
use crate::laboratory::compare::{short, signed};
use crate::laboratory::picture::Unit;
use crate::laboratory::statistics::SIGNIFICANT;
use crate::report::harmless;

/// Cells that are shown.
const MOST: usize = 60;

pub(super) fn table(experiment: &Experiment, kept: &Kept) -> String {
    let varied = kept.varied();
    let mut rows: Vec<Vec<String>> = vec![varied.iter().map(|at| Condition::COLUMNS[*at].to_owned()).collect()];
    let first = format!("vs {}", short(&experiment.parts().arms[0].name));
    rows[0].extend(["strategy", "median", "95 % CI", &first, "tries", "failed"].map(str::to_owned));
    let ps = kept.corrected(experiment.parts().arms.len());
    let mut starred = false;
    for (row, p) in kept.rows.iter().zip(ps).take(MOST) {
        let own = row.cell.condition.columns();
        let mut cells: Vec<String> = varied.iter().map(|at| harmless(&short(&own[*at])).into_owned()).collect();
        let star = if p.is_some_and(|p| p < SIGNIFICANT) { " *" } else { "  " };
        starred |= star == " *";
        let versus = row.versus.map_or_else(|| "—  ".to_owned(), |versus| format!("{}{star}", signed(versus.share)));
        cells.extend([
            short(&row.cell.arm.name),
            row.median(),
            row.interval(),
            versus,
            row.n.to_string(),
            row.failed.to_string(),
        ]);
        rows.push(cells);
    }
    let wide = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(wide).collect();
    let mut text =
        format!("{} · {} · {}\n", experiment.name(), count(experiment.cells(), "cell"), heading(experiment.parts().main()));
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
    if starred {
        text.push_str("  * by Wilcoxon's signed ranks over the same seeds, Holm-corrected within a condition\n");
    }
    for sentence in why::failures(kept) {
        text.push_str(&format!("  {sentence}\n"));
    }
    text
}

fn heading(main: Measure) -> String {
    if main.unit() == Unit::Seconds {
        format!("{} in seconds of virtual time", main.name.replace('_', " "))
    } else {
        main.words()
    }
}

fn count(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
