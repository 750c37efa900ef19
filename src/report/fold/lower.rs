//! What agents did in the runs below a run: of each that has ended nothing else is kept.

use super::Report;
use crate::event::{Event, RunId, What};
use crate::report::record::Work;
use polity_protocols::AgentId;
use std::collections::BTreeMap;

/// The runs below a run.
#[derive(Clone, Default)]
pub(super) struct Lower {
    open: BTreeMap<RunId, Report>,
    ended: BTreeMap<AgentId, Work>,
}
impl Lower {
    /// Takes an event of another run than `above`; it counts if that is one below it.
    pub(super) fn take(&mut self, above: RunId, event: &Event) {
        if let What::RunStarted(head) = &event.what
            && head.parent.is_some_and(|parent| parent.run == above || self.open.contains_key(&parent.run))
        {
            self.open.insert(event.run, Report::default());
        }
        let Some(report) = self.open.get_mut(&event.run) else { return };
        report.take(event);
        if matches!(event.what, What::RunEnded(_))
            && let Some(report) = self.open.remove(&event.run)
        {
            add(&mut self.ended, &report);
        }
    }
    /// By agent, as far as the events have told.
    pub(super) fn work(&self) -> BTreeMap<AgentId, Work> {
        let mut all = self.ended.clone();
        self.open.values().for_each(|report| add(&mut all, report));
        all
    }
}

fn add(all: &mut BTreeMap<AgentId, Work>, report: &Report) {
    for (id, agent) in report.agents() {
        let one = Work { done: agent.done, failed: agent.failed, busy: agent.busy };
        if one != Work::default() {
            let sum = all.entry(id).or_default();
            *sum = sum.and(one);
        }
    }
}
