//! A generated graph before anything but its shape is drawn.

use super::{Draws, GraphEdge, TaskGraph, WorkloadError};
use polity_protocols::Rng;

/// Tasks by kind, each with how much longer than others it is, and what comes after what.
#[derive(Default)]
pub(super) struct Sketch {
    tasks: Vec<(&'static str, f64)>,
    edges: Vec<(usize, usize)>,
}
impl Sketch {
    pub(super) fn task(&mut self, kind: &'static str, factor: f64) -> usize {
        self.tasks.push((kind, factor));
        self.tasks.len() - 1
    }
    pub(super) fn edge(&mut self, from: usize, to: usize) {
        self.edges.push((from, to));
    }
    /// Draws work and bytes, each in a stream of its own. A task is called by its kind and its number.
    pub(super) fn graph(self, name: String, draws: &Draws) -> Result<TaskGraph, WorkloadError> {
        let mut work = Rng::new(draws.seed, "workloads/work");
        let mut bytes = Rng::new(draws.seed, "workloads/bytes");
        let (low, high) = (*draws.bytes.start(), *draws.bytes.end());
        let width = usize::try_from(high - low).unwrap_or(usize::MAX).saturating_add(1);
        let tasks = self.tasks.iter().enumerate();
        let tasks = tasks.map(|(n, (kind, factor))| (format!("{kind}_{}", n + 1), *kind, draws.work.sample(&mut work) * factor));
        let edges = self.edges.iter().map(|(from, to)| GraphEdge::new(*from, *to, low + bytes.below(width) as u64));
        TaskGraph::new(name, tasks, edges)
    }
}

/// Which of the first `n` numbers are chosen, each with probability `p` and in order. O(1 + those chosen): what is passed over is leapt over
/// by geometric jumps (Batagelj and Brandes 2005).
pub(super) fn chosen(n: u64, p: f64, rng: &mut Rng) -> Vec<u64> {
    if p <= 0.0 {
        return Vec::new();
    }
    if p >= 1.0 {
        return (0..n).collect();
    }
    let (passed, mut at, mut chosen) = (libm::log1p(-p), 0, Vec::new());
    loop {
        // The least u above 0 is 2⁻⁵³, so that a leap is at most 37 / p; beyond all numbers it saturates.
        let leap = libm::floor(libm::log(1.0 - rng.unit()) / passed);
        at = (leap as u64).saturating_add(at);
        if at >= n {
            return chosen;
        }
        chosen.push(at);
        at += 1;
    }
}
