//! How long it must take: ranks, the critical path and the lower bound.

use super::adjacency::Adjacency;
use super::order::Order;
use super::{NodeIx, Plan};

/// Upward ranks of all nodes, computed once, since protocols ask for them with every announcement.
#[derive(Clone, Debug)]
pub(super) struct Ranks {
    ranks: Box<[f64]>,
    greatest: f64,
    total: f64,
}

impl Ranks {
    pub(super) fn new(weights: &[f64], downstream: &Adjacency, order: &Order) -> Ranks {
        let mut ranks = vec![0.0f64; weights.len()];
        for node in order.nodes().iter().rev() {
            let below = downstream.row(node.index()).iter().map(|(next, _)| ranks[next.index()]).fold(0.0, f64::max);
            ranks[node.index()] = weights[node.index()] + below;
        }
        let greatest = ranks.iter().copied().fold(0.0, f64::max);
        Ranks { ranks: ranks.into(), greatest, total: weights.iter().sum() }
    }
    pub(super) fn of(&self, node: NodeIx) -> f64 {
        self.ranks[node.index()]
    }
    pub(super) fn greatest(&self) -> f64 {
        self.greatest
    }
    pub(super) fn total_work(&self) -> f64 {
        self.total + 0.0 // the sum of no floats is -0.0
    }
    /// From a source of the greatest rank always on to the dependent of the greatest rank.
    pub(super) fn critical_path(&self, plan: &Plan) -> Vec<NodeIx> {
        let sources = plan.levels().next().unwrap_or(&[]);
        let mut path = Vec::new();
        let mut next = self.most_urgent(sources.iter().copied());
        while let Some(node) = next {
            path.push(node);
            next = self.most_urgent(plan.dependents(node).iter().map(|&(down, _)| down));
        }
        path
    }
    /// The first of those with the greatest rank.
    fn most_urgent(&self, nodes: impl Iterator<Item = NodeIx>) -> Option<NodeIx> {
        nodes.reduce(|best, node| if self.of(node) > self.of(best) { node } else { best })
    }
}

/// See [`Plan::lower_bound`].
pub(super) fn lower_bound(critical: f64, work: f64, speeds: &[f64]) -> f64 {
    if work == 0.0 {
        return 0.0;
    }
    let able = || speeds.iter().copied().filter(|speed| speed.is_finite() && *speed > 0.0);
    let fastest = able().fold(0.0, f64::max);
    let together: f64 = able().sum();
    if fastest == 0.0 { f64::INFINITY } else { (critical / fastest).max(work / together) }
}
