//! The table for a terminal.

use super::Comparison;
use super::rows::{Row, Size};
use crate::laboratory::Subject;
use crate::laboratory::statistics::SIGNIFICANT;
use crate::planned::has_own_number;
use core::fmt::Write;

pub(super) fn table(comparison: &Comparison) -> String {
    let mut text = String::new();
    for (at, size) in comparison.sizes().iter().enumerate() {
        let seeds = comparison.plan.seeds;
        let paired = if seeds == 1 { "1 seed".into() } else { format!("{seeds} paired seeds") };
        let gap = if at > 0 { "\n" } else { "" };
        let tasks = comparison.plan.subjects[at].graph().tasks().len();
        let _ = writeln!(
            text,
            "{gap}  makespan, virtual seconds · {} · {tasks} task{} · {} agent{} · {paired} · lower bound {}",
            comparison.plan.subjects[at].name(),
            if tasks == 1 { "" } else { "s" },
            size.agents,
            if size.agents == 1 { "" } else { "s" },
            figure(size.bound)
        ); // writing to a text does not fail
        rows(&mut text, size, &comparison.plan.subjects[at]);
    }
    text
}

const HEAD: [&str; 11] =
    ["strategy", "median", "[95 % CI]", "vs bound", "", "cost", "messages/task", "rounds/task", "busy", "fairness", "lost work"];

fn rows(text: &mut String, size: &Size, subject: &Subject) {
    let first = &size.rows[0].arm.name;
    let mut lines: Vec<Vec<String>> = vec![HEAD.iter().map(ToString::to_string).collect()];
    lines[0][4] = format!("vs {}", short(first));
    lines.extend(size.rows.iter().map(cells));
    let widths: Vec<usize> =
        (0..HEAD.len()).map(|n| lines.iter().map(|line| line[n].chars().count()).max().unwrap_or(0)).collect();
    for line in &lines {
        let mut out = String::from(" ");
        for (n, cell) in line.iter().enumerate() {
            let fill = " ".repeat(widths[n] - cell.chars().count());
            let _ = if n == 0 { write!(out, " {cell}{fill}") } else { write!(out, "  {fill}{cell}") };
        }
        text.push_str(out.trim_end());
        text.push('\n');
    }
    for row in size.rows.iter().filter(|row| row.failed > 0) {
        let _ = writeln!(text, "  {}: {} of its runs did not end well; they are in no figure", row.arm.name, row.failed);
    }
    let compared = || size.rows.iter().skip(1).filter(|row| row.over_first.is_some());
    if compared().any(|row| row.p.is_some()) {
        let _ = writeln!(
            text,
            "  vs {0}: the median of the paired differences (Hodges–Lehmann) over the median of {0}; it need not be the difference of the medians",
            short(first)
        );
    }
    let failed = size.rows.iter().any(|row| row.failed > 0);
    if compared().any(|row| row.p.is_none()) && size.rows[0].makespan.len() > 1 && !failed {
        text.push_str("  where nothing is left to chance, since every seed gives the same, there is no *\n");
    }
    let significant = size.rows.iter().any(|row| row.p.is_some_and(is_significant));
    if significant {
        text.push_str("  * by Wilcoxon's signed ranks, Holm-corrected, chance alone makes such a difference in fewer than 5 of 100 comparisons\n");
    }
    if size.rows.iter().any(|row| row.arm.is_offline()) {
        let unplanned = subject.workflow().tasks.iter().any(|task| !has_own_number(task));
        let but = if unplanned {
            "; what becomes a list or copies is in no plan, and goes to whom it ends first with; a run of its own is planned when it begins, as if its agents had nothing else to do"
        } else {
            ""
        };
        let _ =
            writeln!(text, "  (offline): a static plan of somebody who knows every task and estimate before the run begins{but}");
    }
    let loopholes = subject.loopholes();
    if !loopholes.is_empty() {
        let _ = writeln!(text, "  the lower bound may be undercut: {}", loopholes.join("; "));
    }
}

fn cells(row: &Row) -> Vec<String> {
    let offline = if row.arm.is_offline() { " (offline)" } else { "" };
    let none = || "—".to_owned();
    vec![
        format!("{}{offline}", short(&row.arm.name)),
        row.median.map_or_else(none, figure),
        row.interval.map_or_else(none, |i| format!("[{}, {}]", figure(i.low), figure(i.high))),
        row.over_bound.map_or_else(none, |ratio| format!("{ratio:.3}×")),
        row.over_first.map_or_else(none, |share| {
            format!("{}{}", signed(share), if row.p.is_some_and(is_significant) { " *" } else { "  " })
        }),
        figure(row.cost),
        digits(row.messages, 1),
        digits(row.rounds, 1),
        percent(row.utilisation),
        digits(row.fairness, 2),
        percent(row.lost_work),
    ]
}

/// Whether chance alone seldom makes such a difference.
pub(super) fn is_significant(p: f64) -> bool {
    p < SIGNIFICANT
}

/// Four digits, or more before the point.
pub(in crate::laboratory) fn figure(x: f64) -> String {
    match x.abs() {
        _ if !x.is_finite() => "—".into(),
        size if size >= 1000.0 => format!("{x:.0}"),
        size if size >= 100.0 => format!("{x:.1}"),
        size if size >= 10.0 => format!("{x:.2}"),
        _ => format!("{x:.3}"),
    }
}
/// So many digits after the point.
pub(in crate::laboratory) fn digits(x: f64, after: usize) -> String {
    if x.is_finite() { format!("{x:.after$}") } else { "—".into() }
}
pub(in crate::laboratory) fn percent(x: f64) -> String {
    if x.is_finite() { format!("{:.1} %", x * 100.0) } else { "—".into() }
}
pub(in crate::laboratory) fn signed(share: f64) -> String {
    let percent = share * 100.0;
    let sign = if percent > 0.0 { "+" } else { "−" };
    if percent.abs() < 0.05 { "±0.0 %".into() } else { format!("{sign}{:.1} %", percent.abs()) }
}
/// Settings can be long.
pub(in crate::laboratory) fn short(name: &str) -> String {
    const MOST: usize = 40;
    if name.chars().count() <= MOST { name.to_owned() } else { name.chars().take(MOST - 1).chain(['…']).collect() }
}
