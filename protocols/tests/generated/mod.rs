//! Task graphs that are made up, and a round table that works them off.

use polity_protocols::testing::{Report, Table};
use polity_protocols::{
    Capabilities, Delay, Demand, DemandId, Profile, Protocol, Rng, TaskId, TaskView, Weather, seconds_to_duration,
};
use std::sync::Arc;

/// A task graph.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    pub name: String,
    /// Kind and work of each task.
    pub tasks: Vec<(usize, f64)>,
    /// What each task needs; always tasks before it.
    pub before: Vec<Vec<usize>>,
}

impl Graph {
    fn named(name: impl Into<String>) -> Graph {
        Graph { name: name.into(), ..Graph::default() }
    }
    /// One more task, which needs these.
    pub fn task(&mut self, kind: usize, work: f64, before: &[usize]) -> usize {
        self.tasks.push((kind, work));
        self.before.push(before.to_vec());
        self.tasks.len() - 1
    }
    /// The longest path to the end from each task, in seconds of work.
    pub fn ranks(&self) -> Vec<f64> {
        let mut below = vec![0.0_f64; self.tasks.len()];
        for at in (0..self.tasks.len()).rev() {
            below[at] += self.tasks[at].1;
            for earlier in &self.before[at] {
                below[*earlier] = below[*earlier].max(below[at]);
            }
        }
        below
    }
    /// No schedule is shorter: the longest path on the fastest, or all work on all.
    pub fn lower_bound(&self, speeds: &[f64]) -> f64 {
        let path = self.ranks().into_iter().fold(0.0, f64::max) / speeds.iter().copied().fold(0.0, f64::max);
        path.max(self.tasks.iter().map(|(_, work)| work).sum::<f64>() / speeds.iter().sum::<f64>())
    }
    /// A table with this graph and agents of these speeds who can do all of it; what is quick is not cheap.
    pub fn table<P: Protocol>(&self, protocol: P, speeds: &[f64], seed: u64) -> Table<P> {
        let kinds = self.tasks.iter().map(|(kind, _)| kind + 1).max().unwrap_or(0);
        let can = (0..kinds).fold(Capabilities::default(), |can, kind| can.and(format!("kind-{kind}"), 1.0));
        let demands: Vec<_> =
            (0..kinds).map(|kind| Arc::new(Demand::of_kind(DemandId(kind as u32), format!("kind-{kind}")))).collect();
        let ranks = self.ranks();
        let mut table =
            Table::new(protocol, seed).weather(Weather { delay: Delay::Constant(seconds_to_duration(1e-6)), ..Weather::CALM });
        for (n, speed) in speeds.iter().enumerate() {
            table = table.agent(Profile::new(format!("agent-{n}"), can.clone()).speed(*speed).cost(speed * speed));
        }
        let id = |n: usize| TaskId::new(0, n as u32);
        for (n, (kind, work)) in self.tasks.iter().enumerate() {
            let mut task = TaskView::new(id(n), demands[*kind].clone()).work(*work);
            task.rank = ranks[n];
            let before: Vec<TaskId> = self.before[n].iter().map(|earlier| id(*earlier)).collect();
            table = table.announce_after(&before, task);
        }
        table
    }
}

/// What came of it, against the lower bound.
pub fn over_bound(report: &Report, graph: &Graph, speeds: &[f64]) -> f64 {
    assert!(report.violations.is_empty(), "{}: {:?}", graph.name, report.violations);
    assert_eq!(report.done(), graph.tasks.len(), "{}", graph.name);
    report.makespan.as_secs_f64() / graph.lower_bound(speeds)
}

/// The geometric mean.
pub fn geometric(values: &[f64]) -> f64 {
    (values.iter().map(|value| value.ln()).sum::<f64>() / values.len() as f64).exp()
}

/// One after the other, side by side in the middle: `stages` forks of `width` tasks.
pub fn fork_join(stages: usize, width: usize, rng: &mut Rng) -> Graph {
    let mut graph = Graph::named(format!("fork_join {stages} {width}"));
    let mut last = graph.task(0, rng.between(1.0, 20.0), &[]);
    for _ in 0..stages {
        let inner: Vec<usize> = (0..width).map(|_| graph.task(1, rng.between(1.0, 60.0), &[last])).collect();
        last = graph.task(0, rng.between(1.0, 20.0), &inner);
    }
    graph
}

/// Layers, each task of which needs one or more of the layer before.
pub fn layered(layers: usize, width: usize, density: f64, rng: &mut Rng) -> Graph {
    let mut graph = Graph::named(format!("layered {layers} {width} {density}"));
    let mut last: Vec<usize> = Vec::new();
    for layer in 0..layers {
        let mut next = Vec::new();
        for _ in 0..width {
            let mut before: Vec<usize> = last.iter().copied().filter(|_| rng.chance(density)).collect();
            if before.is_empty() && !last.is_empty() {
                before.push(last[rng.below(last.len())]);
            }
            next.push(graph.task(layer % 3, rng.between(1.0, 60.0), &before));
        }
        last = next;
    }
    graph
}

/// A mosaic of pictures: project each, compare neighbours, fit, correct each, add.
pub fn mosaic(images: usize, rng: &mut Rng) -> Graph {
    let mut graph = Graph::named(format!("mosaic {images}"));
    let all = images as f64;
    let projected: Vec<usize> = (0..images).map(|_| graph.task(0, rng.between(8.0, 24.0), &[])).collect();
    let mut compared = Vec::new();
    for (n, here) in projected.iter().enumerate() {
        for there in projected.iter().skip(n + 1).take(1 + rng.below(5)) {
            compared.push(graph.task(1, rng.between(3.0, 8.0), &[*here, *there]));
        }
    }
    let fit = graph.task(2, 0.4 * all, &compared);
    let model = graph.task(3, all, &[fit]);
    let corrected: Vec<usize> = projected.iter().map(|here| graph.task(4, rng.between(0.2, 20.0), &[*here, model])).collect();
    let table = graph.task(5, 0.1 * all, &corrected);
    let added = graph.task(6, 0.8 * all, &[table]);
    graph.task(7, 0.2 * all, &[added]);
    graph
}

/// Pipelines that are split in chunks, with one long step, and merged.
pub fn pipelines(lanes: usize, chunks: usize, rng: &mut Rng) -> Graph {
    let mut graph = Graph::named(format!("pipelines {lanes} {chunks}"));
    let mut merged = Vec::new();
    for _ in 0..lanes {
        let split = graph.task(0, rng.between(5.0, 20.0), &[]);
        let ends: Vec<usize> = (0..chunks)
            .map(|_| {
                let short = (1..4).fold(split, |before, kind| graph.task(kind, rng.between(0.2, 1.5), &[before]));
                graph.task(4, rng.between(20.0, 120.0), &[short])
            })
            .collect();
        merged.push(graph.task(5, rng.between(3.0, 9.0), &ends));
    }
    let all = graph.task(5, 6.0, &merged);
    graph.task(6, 25.0, &[all]);
    graph
}

/// Each earlier task comes before each later one with this probability.
pub fn random(tasks: usize, density: f64, rng: &mut Rng) -> Graph {
    let mut graph = Graph::named(format!("random {tasks} {density}"));
    for n in 0..tasks {
        let before: Vec<usize> = (0..n).filter(|_| rng.chance(density)).collect();
        graph.task(n % 3, rng.exponential(30.0) + 0.1, &before);
    }
    graph
}

/// One graph of each of some shapes.
pub fn shapes(seed: u64) -> Vec<Graph> {
    let mut rng = Rng::new(seed, "graphs");
    let rng = &mut rng;
    vec![
        fork_join(1 + rng.below(6), 10 + rng.below(60), rng),
        layered(4 + rng.below(12), 8 + rng.below(40), rng.between(0.05, 0.4), rng),
        mosaic(6 + rng.below(60), rng),
        pipelines(1 + rng.below(4), 8 + rng.below(30), rng),
        random(40 + rng.below(200), rng.between(0.005, 0.05), rng),
    ]
}

/// Agents of unequal speed.
pub fn speeds(agents: usize, seed: u64) -> Vec<f64> {
    let mut rng = Rng::new(seed, "speeds");
    (0..agents).map(|_| rng.between(0.5, 2.0)).collect()
}
