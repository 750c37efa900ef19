//! A plan: who does which task, from when to when.

use super::workload::{Edge, Workload};
use crate::Name;
use crate::pinned::Pin;

/// How far, relative to the makespan, times may be apart by rounding.
const ROUNDING: f64 = 1e-9;

/// One task of a schedule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Planned {
    /// The agent that does it, by index.
    pub agent: usize,
    /// When it starts, in seconds.
    pub start: f64,
    /// When it ends.
    pub finish: f64,
}

/// A plan for a whole workload.
///
/// ```
/// use polity_protocols::pinned::Pin;
/// use polity_protocols::planners::{Workload, maxmin};
/// let workload = Workload::by_speed(&[1.0, 2.0], &[1.0, 2.0], vec![]).unwrap();
/// let plan = maxmin(&workload);
/// let pins = plan.into_pins(&["ann", "bob"]).unwrap();
/// assert_eq!(pins, [Pin::new(0, "ann").starting_at(0.0), Pin::new(1, "bob").starting_at(0.0)]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schedule {
    /// By task.
    pub assignments: Vec<Planned>,
    /// When the last task ends, in seconds.
    pub makespan: f64,
}

impl Schedule {
    pub(super) fn new(assignments: Vec<Planned>) -> Schedule {
        let makespan = assignments.iter().map(|planned| planned.finish).fold(0.0, f64::max);
        Schedule { assignments, makespan }
    }
    /// The plan as pins with their starts, in that order, for [`Pinned`](crate::pinned::Pinned). Task `n` of the workload must be instance `n` of
    /// the run, and agent `n` the one with the name `agents[n]`.
    ///
    /// # Errors
    /// A sentence, if an agent of the plan has no name.
    pub fn into_pins<N: Clone + Into<Name>>(self, agents: &[N]) -> Result<Vec<Pin>, String> {
        let names: Vec<Name> = agents.iter().cloned().map(Into::into).collect();
        let mut order: Vec<usize> = (0..self.assignments.len()).collect();
        let times = |task: usize| (self.assignments[task].start, self.assignments[task].finish);
        order.sort_by(|a, b| {
            let ((start, finish), (other_start, other_finish)) = (times(*a), times(*b));
            start.total_cmp(&other_start).then(finish.total_cmp(&other_finish)).then(a.cmp(b))
        });
        let pin = |task: usize| {
            let agent = self.assignments[task].agent;
            let name = names.get(agent).cloned();
            let name = name.ok_or_else(|| {
                format!(
                    "each agent of the plan must have a name, but agent {agent} of task {task} has none; {} were given",
                    names.len()
                )
            })?;
            let number = u32::try_from(task).map_err(|_| format!("a task's number must be below 2^32, but is {task}"))?;
            Ok(Pin::new(number, name).starting_at(self.assignments[task].start))
        };
        order.into_iter().map(pin).collect()
    }
    /// What is wrong with the plan for this workload, as a sentence; `None` if every task has an agent that is able, lasts as long as it
    /// costs, starts when its input has arrived, and shares its agent with no other. O(tasks log tasks + edges).
    pub fn fault(&self, workload: &Workload) -> Option<String> {
        if self.assignments.len() != workload.tasks() {
            return Some(format!("the plan must have {} tasks, but has {}", workload.tasks(), self.assignments.len()));
        }
        let slack = ROUNDING * self.makespan.max(1.0);
        let each = (0..workload.tasks()).find_map(|task| self.length_fault(task, workload, slack));
        each.or_else(|| workload.edges().iter().find_map(|edge| self.order_fault(edge, slack)))
            .or_else(|| self.overlap(slack))
            .or_else(|| self.makespan_fault(slack))
    }
    fn length_fault(&self, task: usize, workload: &Workload, slack: f64) -> Option<String> {
        let Planned { agent, start, finish } = self.assignments[task];
        if agent >= workload.agents() {
            return Some(format!("task {task} is planned for agent {agent}, but there are {}", workload.agents()));
        }
        let cost = workload.cost(task, agent);
        let good = start >= 0.0 && (finish - start - cost).abs() <= slack;
        (!good).then(|| format!("task {task} must take {cost} s on agent {agent}, but is planned from {start} to {finish}"))
    }
    fn order_fault(&self, edge: &Edge, slack: f64) -> Option<String> {
        let (first, then) = (self.assignments[edge.from], self.assignments[edge.to]);
        let arrives = first.finish + if first.agent == then.agent { 0.0 } else { edge.transfer };
        let early = then.start < arrives - slack;
        early.then(|| {
            format!("task {} starts at {}, but what it needs of task {} is there at {arrives}", edge.to, then.start, edge.from)
        })
    }
    fn overlap(&self, slack: f64) -> Option<String> {
        let mut all: Vec<(usize, Planned)> = self.assignments.iter().copied().enumerate().collect();
        all.sort_by(|(_, a), (_, b)| a.agent.cmp(&b.agent).then(a.start.total_cmp(&b.start)).then(a.finish.total_cmp(&b.finish)));
        let clash =
            all.windows(2).find(|pair| pair[0].1.agent == pair[1].1.agent && pair[1].1.start < pair[0].1.finish - slack)?;
        Some(format!("tasks {} and {} overlap on agent {}", clash[0].0, clash[1].0, clash[0].1.agent))
    }
    fn makespan_fault(&self, slack: f64) -> Option<String> {
        let last = self.assignments.iter().map(|planned| planned.finish).fold(0.0, f64::max);
        let good = (last - self.makespan).abs() <= slack;
        (!good).then(|| format!("the makespan must be {last}, when the last task ends, but is {}", self.makespan))
    }
}
