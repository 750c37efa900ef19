//! Every try as a row: tidy, one observation a line.

use super::Comparison;
use core::fmt::Write;

const HEAD: &str = "workload,agents,strategy,seed,makespan,over_bound,well,cost,paid,messages,rounds,utilisation,fairness,lost_work,retries,displaced,completed,failed,late\n";

pub(super) fn csv(comparison: &Comparison) -> String {
    let mut text = String::from(HEAD);
    let plan = &comparison.plan;
    for (size, subject) in plan.subjects.iter().enumerate() {
        let bounds = comparison.bounds(size);
        for (at, arm) in plan.arms.iter().enumerate() {
            for (n, m) in comparison.tries(size, at).iter().enumerate() {
                let _ = writeln!(
                    text,
                    "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}",
                    quoted(subject.name()),
                    subject.size(),
                    quoted(&arm.name),
                    plan.first.wrapping_add(n as u64),
                    m.makespan,
                    number(m.makespan / bounds[n]),
                    m.well,
                    m.cost,
                    m.paid,
                    m.messages,
                    m.rounds,
                    m.utilisation,
                    m.fairness,
                    m.lost_work,
                    m.retries,
                    m.displaced,
                    m.completed,
                    m.failed,
                    m.late
                ); // writing to a text does not fail
            }
        }
    }
    text
}

/// Empty if it is none.
fn number(x: f64) -> String {
    if x.is_finite() { x.to_string() } else { String::new() }
}

/// By RFC 4180, where that is needed; a spreadsheet must not take a name for a formula.
pub(in crate::laboratory) fn quoted(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t']);
    if formula || text.contains([',', '"', '\n', '\r']) {
        let shy = if formula { "'" } else { "" };
        return format!("\"{shy}{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}
