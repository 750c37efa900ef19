//! How good the awards are: makespans of random graphs, by the lower bound and beside the baselines.

use super::digger;
use crate::baselines::{FifoFastestIdle, MinCompletion};
use crate::hierarchical::{Hierarchical, Reporting};
use crate::testing::Table;
use crate::{Demand, DemandId, Protocol, Rng, TaskId, TaskView, Time};
use std::sync::Arc;

/// Measured speeds of eight unequal machines, and of eight more.
const SPEEDS: [f64; 16] = [0.57, 0.95, 0.51, 1.82, 1.91, 1.08, 1.84, 0.77, 1.27, 0.55, 0.92, 0.71, 0.9, 1.73, 1.73, 0.83];
const GRAPHS: u64 = 30;

/// A graph in layers: each task with its work and those before it.
struct Graph(Vec<(f64, Vec<usize>)>);

impl Graph {
    fn random(seed: u64) -> Graph {
        let mut rng = Rng::new(seed, "graph");
        let (mut all, mut last): (Vec<(f64, Vec<usize>)>, Vec<usize>) = (Vec::new(), Vec::new());
        for _ in 0..4 + rng.below(8) {
            let mut layer = Vec::new();
            for _ in 0..2 + rng.below(24) {
                let before = if last.is_empty() { 0 } else { 1 + rng.below(3) };
                let mut before: Vec<usize> = (0..before).map(|_| last[rng.below(last.len())]).collect();
                before.sort_unstable();
                before.dedup();
                layer.push(all.len());
                all.push((0.2 + rng.exponential(4.0), before));
            }
            last = layer;
        }
        Graph(all)
    }
    /// The work on the heaviest path from each task to an end.
    fn ranks(&self) -> Vec<f64> {
        let mut ranks: Vec<f64> = self.0.iter().map(|(work, _)| *work).collect();
        let mut below = vec![0.0_f64; self.0.len()];
        for task in (0..self.0.len()).rev() {
            ranks[task] += below[task];
            for before in &self.0[task].1 {
                below[*before] = below[*before].max(ranks[task]);
            }
        }
        ranks
    }
    /// No schedule is shorter: neither than all work on all agents, nor than the heaviest path on the fastest.
    fn bound(&self, speeds: &[f64]) -> f64 {
        let work: f64 = self.0.iter().map(|(work, _)| work).sum();
        let path = self.ranks().into_iter().fold(0.0, f64::max);
        (work / speeds.iter().sum::<f64>()).max(path / speeds.iter().copied().fold(0.0, f64::max))
    }
    fn makespan<P: Protocol>(&self, protocol: P, speeds: &[f64]) -> f64 {
        let agents = speeds.iter().enumerate().map(|(n, speed)| digger(&format!("a{n}")).speed(*speed));
        let mut table = agents.fold(Table::new(protocol, 1), Table::agent);
        let (demand, id) = (Arc::new(Demand::of_kind(DemandId(0), "dig")), |n: usize| TaskId::new(0, n as u32));
        for (n, ((work, before), rank)) in self.0.iter().zip(self.ranks()).enumerate() {
            let mut task = TaskView::new(id(n), demand.clone()).work(*work);
            task.rank = rank;
            let before: Vec<TaskId> = before.iter().copied().map(id).collect();
            // The team is in its places before the work begins.
            table = match before.is_empty() {
                true => table.announce_at(Time::from_secs_f64(1.0), task),
                false => table.announce_after(&before, task),
            };
        }
        let report = table.run_until_quiet();
        assert_eq!((report.done(), report.violations.len()), (self.0.len(), 0), "{:?}", report.violations);
        report.makespan.as_secs_f64()
    }
}

/// The geometric mean over all graphs of the makespan by the lower bound.
fn quality<P: Protocol>(make: impl Fn() -> P, speeds: &[f64]) -> f64 {
    let logs = (0..GRAPHS).map(Graph::random).map(|graph| {
        let times = graph.makespan(make(), speeds) / graph.bound(speeds);
        assert!(times >= 1.0 - 1e-6, "{times} of the lower bound");
        libm::log(times)
    });
    libm::exp(logs.sum::<f64>() / GRAPHS as f64)
}

#[test]
fn schedules_are_shorter_than_those_of_the_baselines() {
    for speeds in [&SPEEDS[..8], &SPEEDS[..]] {
        let direct = quality(|| Hierarchical { reporting: Reporting::Direct, ..Hierarchical::default() }, speeds);
        let tree = quality(|| Hierarchical { span: 4, ..Hierarchical::default() }, speeds);
        let (fifo, greedy) = (quality(FifoFastestIdle::default, speeds), quality(MinCompletion::default, speeds));
        println!(
            "{} agents: direct {direct:.4}, tree {tree:.4}, fifo_fastest_idle {fifo:.4}, min_completion {greedy:.4}",
            speeds.len()
        );
        assert!(direct < fifo && direct < greedy, "direct {direct}, fifo {fifo}, greedy {greedy}");
        assert!(direct < 1.2, "direct {direct}");
        // What it costs to decide by sums: the desk sees of each lead only its fastest free slot and its soonest busy ones.
        assert!(tree < 1.05 * direct, "tree {tree}, direct {direct}");
    }
}
