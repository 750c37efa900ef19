//! An order in which the tasks can be done, or the circle because of which there is none.

use super::adjacency::Adjacency;
use super::{NodeIx, PlanError};
use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::VecDeque;

/// All nodes, level by level, within a level by number. So it is a topological order, and the same for the same plan.
#[derive(Clone, Debug)]
pub(super) struct Order {
    nodes: Box<[NodeIx]>,
    starts: Box<[u32]>, // of each level in `nodes`, and its end
}

impl Order {
    /// `O(n + e)`; nothing here recurses, since a chain may be a million long.
    pub(super) fn new(upstream: &Adjacency, downstream: &Adjacency) -> Result<Order, PlanError> {
        let some_order = toposort(&petgraph_of(upstream), None)
            .map_err(|cycle| PlanError::Cycle(shortest_circle(downstream, NodeIx::at(cycle.node_id().index()))))?;
        let mut level = vec![0u32; upstream.len()];
        for node in some_order {
            let deepest = upstream.row(node.index()).iter().map(|(up, _)| level[up.index()] + 1).max();
            level[node.index()] = deepest.unwrap_or(0);
        }
        Ok(Order::by_level(&level))
    }
    /// A counting sort, which is stable: within a level the numbers ascend.
    fn by_level(level: &[u32]) -> Order {
        let levels = level.iter().max().map_or(0, |&deepest| deepest as usize + 1);
        let mut starts = vec![0u32; levels + 1];
        for &l in level {
            starts[l as usize + 1] += 1;
        }
        for l in 1..starts.len() {
            starts[l] += starts[l - 1];
        }
        let mut next = starts.clone();
        let mut nodes = vec![NodeIx(0); level.len()];
        for (n, &l) in level.iter().enumerate() {
            nodes[next[l as usize] as usize] = NodeIx::at(n);
            next[l as usize] += 1;
        }
        Order { nodes: nodes.into(), starts: starts.into() }
    }
    pub(super) fn nodes(&self) -> &[NodeIx] {
        &self.nodes
    }
    pub(super) fn levels(&self) -> impl DoubleEndedIterator<Item = &[NodeIx]> + ExactSizeIterator {
        self.starts.windows(2).map(|ends| &self.nodes[ends[0] as usize..ends[1] as usize])
    }
}

fn petgraph_of(upstream: &Adjacency) -> DiGraph<(), (), u32> {
    let mut graph = DiGraph::with_capacity(upstream.len(), upstream.edge_count());
    for _ in 0..upstream.len() {
        graph.add_node(());
    }
    for n in 0..upstream.len() {
        for (up, _) in upstream.row(n) {
            graph.add_edge(NodeIndex::from(up.0), NodeIndex::new(n), ());
        }
    }
    graph
}

/// A shortest circle through `on_it`, which is on one: breadth first downstream until it comes round. It is told from its lowest number on.
fn shortest_circle(downstream: &Adjacency, on_it: NodeIx) -> Vec<NodeIx> {
    let mut came_from: Vec<Option<NodeIx>> = vec![None; downstream.len()];
    let mut queue = VecDeque::from([on_it]);
    while let Some(node) = queue.pop_front() {
        for &(next, _) in downstream.row(node.index()) {
            if came_from[next.index()].is_none() {
                came_from[next.index()] = Some(node);
                queue.push_back(next);
            }
        }
        if came_from[on_it.index()].is_some() {
            break;
        }
    }
    let mut circle = vec![on_it];
    let mut node = came_from[on_it.index()];
    while let Some(before) = node.filter(|&before| before != on_it) {
        circle.push(before);
        node = came_from[before.index()];
    }
    circle.reverse();
    let lowest = (0..circle.len()).min_by_key(|&at| circle[at]).unwrap_or(0);
    circle.rotate_left(lowest);
    circle
}
