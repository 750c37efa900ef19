//! What the work of a try really is, before anybody has done it: for a bound that holds for that try, and not only for the estimates.

use crate::actors::seed_of_job;
use crate::workflow::{Action, Task, Workflow};
use crate::workloads::TaskGraph;
use polity_agents::{Distribution, JobId, Simulation, drawn_work};
use polity_protocols::{Rng, TaskId};

/// True if every task is done once and by itself, and nothing but its length is left to chance, if that: then what it takes is known by the seed.
pub(super) fn is_foreseeable(flow: &Workflow) -> bool {
    flow.tasks.iter().all(|task| {
        let once = task.for_each.is_none() && task.redundancy.is_none() && task.hedge.is_none() && task.when.is_none();
        once && matches!(&task.action, Action::Simulate(simulation) if is_only_long(simulation))
    })
}
fn is_only_long(Simulation { failure, crash, hang, past, .. }: &Simulation) -> bool {
    [failure, crash, hang].iter().all(|chance| **chance == 0.0) && past.is_none()
}

/// True if work is drawn anywhere.
pub(super) fn strays(flow: &Workflow) -> bool {
    let is_drawn = |task: &Task| match &task.action {
        Action::Simulate(simulation) => !matches!(simulation.work, None | Some(Distribution::Constant(_))),
        _ => false,
    };
    flow.tasks.iter().any(is_drawn)
}

/// The graph with the work that the first attempt at each task comes to in run number `run` of a try. The workflow must be
/// [foreseeable](is_foreseeable), and its tasks be those of the graph.
pub(super) fn realised(flow: &Workflow, graph: &TaskGraph, run: u32, seed: u64) -> Option<TaskGraph> {
    let work = |n: usize, estimate: f64| {
        let Some(Action::Simulate(simulation)) = flow.tasks.get(n).map(|task| &task.action) else { return estimate };
        let first = JobId { task: TaskId::new(run, n as u32), attempt: 1, launch: 1 };
        drawn_work(simulation, estimate, &mut Rng::new(seed_of_job(seed, first), "simulate"))
    };
    graph.with_work(|n, task| work(n, task.work)).ok()
}
