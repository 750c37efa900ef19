//! What is planned so far, and where a further task would fit.

use super::schedule::{Planned, Schedule};
use super::workload::Workload;

/// A schedule in the making.
#[derive(Clone, Debug)]
pub(super) struct Timeline<'a> {
    workload: &'a Workload,
    planned: Vec<Option<Planned>>,
    /// By agent: from when to when it is busy, in order.
    busy: Vec<Vec<(f64, f64)>>,
}

impl<'a> Timeline<'a> {
    pub(super) fn new(workload: &'a Workload) -> Timeline<'a> {
        Timeline { workload, planned: vec![None; workload.tasks()], busy: vec![Vec::new(); workload.agents()] }
    }
    /// When all that the task needs is there, on this agent. What comes before it must be planned.
    pub(super) fn arrival(&self, task: usize, agent: usize) -> f64 {
        let arrives = |(earlier, transfer): &(usize, f64)| {
            let first = self.planned[*earlier].expect("tasks are planned after what comes before them");
            first.finish + if first.agent == agent { 0.0 } else { *transfer }
        };
        self.workload.before(task).iter().map(arrives).fold(0.0, f64::max)
    }
    /// When the agent is done with all that it has.
    pub(super) fn end(&self, agent: usize) -> f64 {
        self.busy[agent].last().map_or(0.0, |(_, end)| *end)
    }
    /// The task on this agent in the first gap that is long enough: insertion, as in HEFT. The plan of a task that the agent is not
    /// able to do never ends.
    pub(super) fn fit(&self, task: usize, agent: usize) -> Planned {
        let (cost, arrival) = (self.workload.cost(task, agent), self.arrival(task, agent));
        let busy = &self.busy[agent];
        let mut start = arrival;
        for (from, to) in &busy[busy.partition_point(|(_, to)| *to <= arrival)..] {
            if start + cost <= *from {
                break;
            }
            start = start.max(*to);
        }
        Planned { agent, start, finish: start + cost }
    }
    /// The agent on which the task ends first, with gaps filled (ties: the lowest number).
    pub(super) fn earliest(&self, task: usize) -> Planned {
        let all = (0..self.workload.agents()).map(|agent| self.fit(task, agent));
        all.reduce(|best, other| if other.finish < best.finish { other } else { best })
            .expect("a workload with tasks has agents, since somebody is able to do each")
    }
    /// Plans the task so.
    pub(super) fn put(&mut self, task: usize, planned: Planned) {
        let busy = &mut self.busy[planned.agent];
        let at = busy.partition_point(|(from, to)| (*from, *to) <= (planned.start, planned.finish));
        busy.insert(at, (planned.start, planned.finish));
        self.planned[task] = Some(planned);
    }
    pub(super) fn finish(self) -> Schedule {
        Schedule::new(self.planned.into_iter().map(|planned| planned.expect("a planner plans every task")).collect())
    }
}
