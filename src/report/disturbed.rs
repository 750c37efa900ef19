//! What went wrong on purpose, as a run's page tells of it.

use super::tables::Say;
use super::text::{clipped, count, listed, put};
use crate::event::Disturbance;
use polity_protocols::{AgentId, Name, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Disturbances that a report keeps one by one; of others it keeps the number.
const KEPT: usize = 1_000;
/// Disturbances that are told one by one.
const TOLD: usize = 20;
/// Agents that are named.
const NAMED: usize = 8;

/// One fault on purpose, or its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Disturbed {
    /// When.
    pub at: Time,
    /// What.
    pub fault: Disturbance,
    /// With whom; none: with all.
    pub agents: Arc<[AgentId]>,
    /// More of it.
    pub reason: Name,
}

/// All faults of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Faulted {
    pub(super) all: Vec<Disturbed>,
    pub(super) counts: BTreeMap<Disturbance, u64>,
}
impl Faulted {
    pub(super) fn take(&mut self, what: Disturbed) {
        *self.counts.entry(what.fault).or_default() += 1;
        if self.all.len() < KEPT {
            self.all.push(what);
        }
    }
}

/// The section of a run's page.
pub(super) fn section(text: &mut String, say: Say<'_>) {
    let faulted = say.report.faulted();
    if faulted.counts.is_empty() {
        return;
    }
    let counts: Vec<String> = faulted.counts.iter().map(|(fault, n)| format!("{n} {}", fault.word().replace('_', " "))).collect();
    put(text, format_args!("\nfaults on purpose: {}\n", listed(&counts, 10)));
    for disturbed in faulted.all.iter().take(TOLD) {
        put(text, format_args!("  {} {}\n", say.at(disturbed.at), line(say, disturbed)));
    }
    let more = faulted.counts.values().sum::<u64>().saturating_sub(TOLD as u64);
    if more > 0 {
        put(text, format_args!("  and {}\n", count(more, "more fault")));
    }
}
fn line(say: Say<'_>, disturbed: &Disturbed) -> String {
    let names: Vec<String> = disturbed.agents.iter().map(|agent| say.agent(*agent)).collect();
    let who = if names.is_empty() { String::new() } else { format!(" {}", listed(&names, NAMED)) };
    format!("{}{who}: {}", disturbed.fault.word().replace('_', " "), clipped(&disturbed.reason, 120))
}
