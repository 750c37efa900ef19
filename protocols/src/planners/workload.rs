//! What is to be planned: tasks, what each costs each agent, and what comes after what.

use core::fmt;
use std::collections::BTreeSet;

/// One task comes after another, and needs what that one made.
///
/// ```
/// let edge = polity_protocols::planners::Edge::new(0, 1, 2.5);
/// assert_eq!((edge.from, edge.to), (0, 1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// The task that comes first.
    pub from: usize,
    /// The task that comes after it.
    pub to: usize,
    /// Seconds to bring its result to another agent; on the same agent it takes none.
    pub transfer: f64,
}
impl Edge {
    /// `to` comes after `from`, and waits so many seconds more on another agent.
    pub fn new(from: usize, to: usize, transfer: f64) -> Edge {
        Edge { from, to, transfer }
    }
}

/// A workload that cannot be planned: the sentence says where, what was expected and what was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadWorkload(String);
impl fmt::Display for BadWorkload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for BadWorkload {}

/// A workflow in numbers: tasks and agents by index. Checked when it is made, so that planners cannot fail.
///
/// ```
/// use polity_protocols::planners::{Edge, Workload};
/// let circle = vec![Edge::new(0, 1, 0.0), Edge::new(1, 0, 0.0)];
/// let error = Workload::new(vec![vec![1.0], vec![1.0]], circle).unwrap_err();
/// assert_eq!(error.to_string(), "the edges must not form a circle, but task 0 comes after itself");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    costs: Vec<Vec<f64>>,
    agents: usize,
    edges: Vec<Edge>,
    before: Vec<Vec<(usize, f64)>>,
    after: Vec<Vec<(usize, f64)>>,
    order: Vec<usize>,
}

impl Workload {
    /// Tasks by what each costs each agent: `costs[task][agent]`, in seconds; infinite if the agent is not able.
    ///
    /// # Errors
    /// [`BadWorkload`] for rows of different lengths, a cost or transfer that is negative or NaN, a task that nobody is able to
    /// do, an edge to no task, and a circle. O(tasks · agents + edges).
    pub fn new(costs: Vec<Vec<f64>>, edges: Vec<Edge>) -> Result<Workload, BadWorkload> {
        let agents = costs.first().map_or(0, Vec::len);
        let fault = costs.iter().enumerate().find_map(|(task, row)| cost_fault(task, row, agents));
        let fault = fault.or_else(|| edges.iter().find_map(|edge| edge_fault(edge, costs.len())));
        if let Some(sentence) = fault {
            return Err(BadWorkload(sentence));
        }
        let mut before = vec![Vec::new(); costs.len()];
        let mut after = vec![Vec::new(); costs.len()];
        for edge in &edges {
            before[edge.to].push((edge.from, edge.transfer));
            after[edge.from].push((edge.to, edge.transfer));
        }
        let order = topological(&before, &after)
            .map_err(|task| BadWorkload(format!("the edges must not form a circle, but task {task} comes after itself")))?;
        Ok(Workload { costs, agents, edges, before, after, order })
    }
    /// Tasks by their work, which an agent of speed `s` does in `work / s` seconds.
    ///
    /// # Errors
    /// As [`new`](Workload::new); a speed must be above 0 and finite.
    pub fn by_speed(work: &[f64], speeds: &[f64], edges: Vec<Edge>) -> Result<Workload, BadWorkload> {
        if let Some((agent, speed)) = speeds.iter().enumerate().find(|(_, speed)| !(**speed > 0.0 && speed.is_finite())) {
            return Err(BadWorkload(format!("the speed of agent {agent} must be above 0 and finite, but is {speed}")));
        }
        Workload::new(work.iter().map(|work| speeds.iter().map(|speed| work / speed).collect()).collect(), edges)
    }
    /// How many tasks there are.
    pub fn tasks(&self) -> usize {
        self.costs.len()
    }
    /// How many agents there are.
    pub fn agents(&self) -> usize {
        self.agents
    }
    /// What comes after what.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }
    /// How many seconds the task takes this agent; infinite if it is not able.
    ///
    /// # Panics
    /// If there is no such task or agent.
    pub fn cost(&self, task: usize, agent: usize) -> f64 {
        self.costs[task][agent]
    }
    /// What the task costs on the average of the agents that are able.
    pub(super) fn mean_cost(&self, task: usize) -> f64 {
        let able = self.costs[task].iter().filter(|cost| cost.is_finite());
        able.clone().sum::<f64>() / able.count() as f64
    }
    /// What comes right before the task, with transfers.
    pub(super) fn before(&self, task: usize) -> &[(usize, f64)] {
        &self.before[task]
    }
    /// What comes right after the task, with transfers.
    pub(super) fn after(&self, task: usize) -> &[(usize, f64)] {
        &self.after[task]
    }
    /// All tasks, each after what comes before it.
    pub(super) fn order(&self) -> &[usize] {
        &self.order
    }
}

fn cost_fault(task: usize, row: &[f64], agents: usize) -> Option<String> {
    if row.len() != agents {
        return Some(format!("each task must have a cost for each of the {agents} agents, but task {task} has {}", row.len()));
    }
    if let Some((agent, cost)) = row.iter().enumerate().find(|(_, cost)| cost.is_nan() || **cost < 0.0) {
        return Some(format!("the cost of task {task} on agent {agent} must be at least 0, but is {cost}"));
    }
    let able = row.iter().any(|cost| cost.is_finite());
    (!able).then(|| format!("task {task} must have a finite cost on some agent, but has none"))
}

fn edge_fault(edge: &Edge, tasks: usize) -> Option<String> {
    let Edge { from, to, transfer } = edge;
    if *from >= tasks || *to >= tasks {
        return Some(format!("an edge must be between two of the {tasks} tasks, counted from 0, but one is from {from} to {to}"));
    }
    let good = transfer.is_finite() && *transfer >= 0.0;
    (!good).then(|| format!("the transfer from task {from} to {to} must be finite and at least 0, but is {transfer}"))
}

/// Kahn's order, the lowest number first among those that are ready; or a task on a circle.
fn topological(before: &[Vec<(usize, f64)>], after: &[Vec<(usize, f64)>]) -> Result<Vec<usize>, usize> {
    let mut missing: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut ready: BTreeSet<usize> = (0..before.len()).filter(|task| missing[*task] == 0).collect();
    let mut order = Vec::with_capacity(before.len());
    while let Some(task) = ready.pop_first() {
        order.push(task);
        for (next, _) in &after[task] {
            missing[*next] -= 1;
            if missing[*next] == 0 {
                ready.insert(*next);
            }
        }
    }
    match missing.iter().position(|count| *count > 0) {
        None => Ok(order),
        Some(stuck) => Err(on_circle(stuck, before, &missing)),
    }
}

/// Each stuck task has a stuck one before it: going back for as many steps as there are tasks ends on a circle.
fn on_circle(stuck: usize, before: &[Vec<(usize, f64)>], missing: &[usize]) -> usize {
    let back = |task: usize| before[task].iter().map(|(earlier, _)| *earlier).find(|earlier| missing[*earlier] > 0);
    let last = (0..before.len()).fold(stuck, |task, _| back(task).unwrap_or(task));
    // Around once more, to name the lowest of it.
    let mut lowest = last;
    let mut task = back(last).unwrap_or(last);
    while task != last {
        lowest = lowest.min(task);
        task = back(task).unwrap_or(last);
    }
    lowest
}
