//! The head-and-tail bound of a task graph.

use super::TaskGraph;
use crate::plan::{NodeIx, Plan};

/// See [`TaskGraph::strong_lower_bound`].
///
/// Thresholds sweep downwards over the heads that occur; at each, the tree holds for every tail that occurs *tail ÷ fastest + work of the
/// tasks so far with at least that tail ÷ all speeds*. Tails that no task so far reaches are not asked for.
pub(super) fn strong_lower_bound(graph: &TaskGraph, speeds: &[f64]) -> f64 {
    if graph.total_work() == 0.0 {
        return 0.0;
    }
    let able = || speeds.iter().copied().filter(|speed| speed.is_finite() && *speed > 0.0);
    let (fastest, together) = (able().fold(0.0, f64::max), able().sum::<f64>());
    if fastest == 0.0 {
        return f64::INFINITY;
    }
    let plan = graph.plan();
    let heads = heads(plan);
    let tails: Vec<f64> = (0..).take(plan.len()).map(|n| tail(plan, NodeIx(n))).collect();
    let mut thresholds = tails.clone();
    thresholds.sort_unstable_by(f64::total_cmp);
    thresholds.dedup();
    let mut by_head: Vec<usize> = (0..heads.len()).collect();
    by_head.sort_unstable_by(|a, b| heads[*b].total_cmp(&heads[*a]));
    let mut tree = Tree::new(thresholds.iter().map(|tail| tail / fastest));
    let (mut best, mut reached) = (graph.lower_bound(speeds), 0);
    for (n, task) in by_head.iter().enumerate() {
        // Every tail occurs, so it is found.
        let place = thresholds.partition_point(|tail| *tail <= tails[*task]);
        reached = reached.max(place);
        tree.add(place, graph.tasks()[*task].work / together);
        if by_head.get(n + 1).is_none_or(|next| heads[*next] < heads[*task]) {
            best = best.max(heads[*task] / fastest + tree.greatest(reached));
        }
    }
    best
}

/// The most work on a path to each task, without itself.
fn heads(plan: &Plan) -> Vec<f64> {
    let mut heads = vec![0.0f64; plan.len()];
    for node in plan.topological() {
        let end = heads[node.index()] + plan.weight(*node);
        for (next, _) in plan.dependents(*node) {
            heads[next.index()] = heads[next.index()].max(end);
        }
    }
    heads
}

fn tail(plan: &Plan, node: NodeIx) -> f64 {
    plan.dependents(node).iter().map(|(next, _)| plan.rank(*next)).fold(0.0, f64::max)
}

/// Values in a row: adds to all of the first few, and tells the greatest of the first few. Both in O(log values).
struct Tree {
    leaves: usize,
    /// Of each node, the greatest below it without what is to be added to all of it; then that.
    nodes: Vec<(f64, f64)>,
}
impl Tree {
    fn new(values: impl ExactSizeIterator<Item = f64>) -> Tree {
        let leaves = values.len().next_power_of_two();
        let mut nodes = vec![(f64::NEG_INFINITY, 0.0); 2 * leaves];
        values.enumerate().for_each(|(n, value)| nodes[leaves + n].0 = value);
        (1..leaves).rev().for_each(|n| nodes[n].0 = nodes[2 * n].0.max(nodes[2 * n + 1].0));
        Tree { leaves, nodes }
    }
    /// The greatest of a node's values.
    fn top(&self, node: usize) -> f64 {
        self.nodes[node].0 + self.nodes[node].1
    }
    /// Adds to the first `count`: from the leaf behind them upwards, each left neighbour is one of them whole.
    fn add(&mut self, count: usize, value: f64) {
        if count >= self.leaves {
            self.nodes[1].1 += value;
            return;
        }
        let mut node = self.leaves + count;
        while node > 1 {
            if node % 2 == 1 {
                self.nodes[node - 1].1 += value;
            }
            node /= 2;
            self.nodes[node].0 = self.top(2 * node).max(self.top(2 * node + 1));
        }
    }
    /// The greatest of the first `count`; below every number if there are none.
    fn greatest(&self, count: usize) -> f64 {
        if count >= self.leaves {
            return self.top(1);
        }
        let (mut node, mut best) = (self.leaves + count, f64::NEG_INFINITY);
        while node > 1 {
            if node % 2 == 1 {
                best = best.max(self.top(node - 1));
            }
            node /= 2;
            best += self.nodes[node].1;
        }
        best
    }
}
