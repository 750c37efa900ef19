//! The plan: an immutable directed acyclic graph of tasks.

use super::adjacency::Adjacency;
use super::measure::Ranks;
use super::order::Order;
use super::special::Specials;
use super::{Join, Node, NodeIx, PlanError, Wants};

/// Nodes, and edges, that a plan can have: numbers are `u32`, and the last two are kept to mean "none".
pub(super) const LIMIT: usize = u32::MAX as usize - 2;

/// What is to be done: tasks with weights, and what each wants of those upstream of it. Immutable and acyclic.
///
/// Built in `O(n + e log e)`; about 32 bytes a node and 16 an edge.
///
/// ```
/// use polity::plan::{Node, NodeIx, Plan, Wants};
///
/// // 0 -> 1 -> 3, 0 -> 2 -> 3
/// let plan = Plan::new(vec![
///     Node::new(1.0),
///     Node::new(5.0).after(0, Wants::Success),
///     Node::new(2.0).after(0, Wants::Success),
///     Node::new(1.0).after(1, Wants::Output).after(2, Wants::Ended),
/// ])?;
/// assert_eq!(plan.dependencies(NodeIx(3)), [(NodeIx(1), Wants::Output), (NodeIx(2), Wants::Ended)]);
/// assert_eq!(plan.critical_path(), [NodeIx(0), NodeIx(1), NodeIx(3)]);
/// assert_eq!(plan.width(), 2);
/// # Ok::<(), polity::plan::PlanError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Plan {
    weights: Box<[f64]>,
    upstream: Adjacency,
    downstream: Adjacency,
    order: Order,
    ranks: Ranks,
    specials: Specials,
}

impl Plan {
    /// The plan of these nodes; a node's place in the list is its [`NodeIx`]. Parallel edges become one, which wants what they want together
    /// ([`Wants::and`]).
    ///
    /// # Errors
    /// [`PlanError::TooMany`], [`PlanError::BadWeight`], [`PlanError::UnknownDependency`], [`PlanError::BadJoin`], [`PlanError::NoRest`],
    /// [`PlanError::Cycle`]: the first found, in this order.
    pub fn new(nodes: Vec<Node>) -> Result<Plan, PlanError> {
        check_size(nodes.len(), nodes.iter().map(|node| node.dependencies.len()).sum())?;
        nodes.iter().enumerate().try_for_each(|(n, node)| check_node(NodeIx::at(n), node, nodes.len()))?;
        let weights: Box<[f64]> = nodes.iter().map(Node::weight).collect();
        let mut specials = Specials::of(&nodes);
        let upstream = Adjacency::from_rows(nodes.into_iter().map(|node| node.dependencies));
        specials.check(&upstream)?;
        let downstream = upstream.reversed();
        let order = Order::new(&upstream, &downstream)?;
        let ranks = Ranks::new(&weights, &downstream, &order);
        Ok(Plan { weights, upstream, downstream, order, ranks, specials })
    }

    /// Tasks.
    pub fn len(&self) -> usize {
        self.weights.len()
    }
    /// True if there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }
    /// Dependencies, parallel ones counted once.
    pub fn edge_count(&self) -> usize {
        self.upstream.edge_count()
    }
    /// Every task, by number.
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = NodeIx> + ExactSizeIterator + use<> {
        (0..self.len() as u32).map(NodeIx)
    }
    /// True if `node` is one of this plan's.
    pub fn contains(&self, node: NodeIx) -> bool {
        node.index() < self.len()
    }
    /// A task's work, in seconds at speed 1.
    ///
    /// # Panics
    /// If `node` is not of this plan, as every method that takes a node.
    pub fn weight(&self, node: NodeIx) -> f64 {
        self.weights[node.index()]
    }
    /// What a task waits for, by number, each with what it wants of it.
    pub fn dependencies(&self, node: NodeIx) -> &[(NodeIx, Wants)] {
        self.upstream.row(node.index())
    }
    /// What waits for a task, by number, each with what it wants of it.
    pub fn dependents(&self, node: NodeIx) -> &[(NodeIx, Wants)] {
        self.downstream.row(node.index())
    }
    /// The rule by which a task waits for those that count for its join. `O(log tasks with a join of their own)`.
    pub fn join(&self, node: NodeIx) -> Join {
        self.specials.of_node(node).map_or(Join::AllSuccess, |at| self.specials.joins()[at].rule)
    }
    /// True if a task calls the rest of its join off once that is met.
    pub fn cancels_rest(&self, node: NodeIx) -> bool {
        self.specials.of_node(node).is_some_and(|at| self.specials.joins()[at].cancel_rest)
    }
    pub(super) fn specials(&self) -> &Specials {
        &self.specials
    }
    /// All tasks, each after everything that it waits for: level by level, within a level by number.
    ///
    /// ```
    /// use polity::plan::{Node, NodeIx, Plan, Wants};
    /// let plan = Plan::new(vec![Node::new(1.0).after(2, Wants::Success), Node::new(1.0), Node::new(1.0)])?;
    /// assert_eq!(plan.topological(), [NodeIx(1), NodeIx(2), NodeIx(0)]);
    /// # Ok::<(), polity::plan::PlanError>(())
    /// ```
    pub fn topological(&self) -> &[NodeIx] {
        self.order.nodes()
    }
    /// The tasks by level. A task's level is the number of edges of the longest path that leads to it; so no task waits for another of
    /// its level, and those of level 0 wait for nothing.
    pub fn levels(&self) -> impl DoubleEndedIterator<Item = &[NodeIx]> + ExactSizeIterator {
        self.order.levels()
    }
    /// Tasks of the widest level. At least so many can be done side by side; at most how many is a question of antichains, which is dearer.
    pub fn width(&self) -> usize {
        self.levels().map(<[NodeIx]>::len).max().unwrap_or(0)
    }
    /// Upward rank: the weight of the heaviest path from `node` to an end, itself included. The larger, the more urgent.
    ///
    /// Source: HEFT, Topcuoglu, Hariri and Wu (2002), here without costs of communication. `O(1)`.
    ///
    /// ```
    /// use polity::plan::{Node, NodeIx, Plan, Wants};
    /// let plan = Plan::new(vec![Node::new(2.0), Node::new(3.0).after(0, Wants::Output)])?;
    /// assert_eq!((plan.rank(NodeIx(0)), plan.rank(NodeIx(1))), (5.0, 3.0));
    /// # Ok::<(), polity::plan::PlanError>(())
    /// ```
    pub fn rank(&self, node: NodeIx) -> f64 {
        self.ranks.of(node)
    }
    /// Weight of the heaviest path: no number of agents of speed 1 finishes sooner. `O(1)`.
    pub fn critical_length(&self) -> f64 {
        self.ranks.greatest()
    }
    /// The heaviest path, from a task that waits for nothing to one that nothing waits for; of equal ones that with the smaller numbers.
    pub fn critical_path(&self) -> Vec<NodeIx> {
        self.ranks.critical_path(self)
    }
    /// The weights of all tasks together, in seconds at speed 1. `O(1)`.
    pub fn total_work(&self) -> f64 {
        self.ranks.total_work()
    }
    /// No schedule on slots of these speeds can be shorter, in seconds: the greater of the critical path on the fastest slot and the
    /// total work spread over all slots. An agent with several slots is given as its speed repeated.
    ///
    /// A speed that is not finite and above 0 does no work and is passed over; where there is work and no slot for it, the bound is infinite.
    /// The bound takes every task as done, so a run that skips some can be shorter.
    ///
    /// Source: Graham (1969) for equal machines, Horvath, Lam and Sethi (1977) for unequal ones. `O(number of speeds)`.
    ///
    /// ```
    /// use polity::plan::{Node, Plan};
    /// let plan = Plan::new(vec![Node::new(6.0), Node::new(2.0), Node::new(1.0)])?;
    /// assert_eq!(plan.lower_bound(&[2.0, 1.0]), 3.0); // both 6 / 2 and 9 / 3
    /// assert_eq!(plan.lower_bound(&[2.0]), 4.5);
    /// # Ok::<(), polity::plan::PlanError>(())
    /// ```
    pub fn lower_bound(&self, speeds: &[f64]) -> f64 {
        super::measure::lower_bound(self.critical_length(), self.total_work(), speeds)
    }
}

fn check_size(nodes: usize, edges: usize) -> Result<(), PlanError> {
    if nodes > LIMIT || edges > LIMIT { Err(PlanError::TooMany { nodes, edges }) } else { Ok(()) }
}

fn check_node(ix: NodeIx, node: &Node, len: usize) -> Result<(), PlanError> {
    if !(node.weight.is_finite() && node.weight >= 0.0) {
        return Err(PlanError::BadWeight { node: ix, weight: node.weight });
    }
    match node.dependencies.iter().find(|(upstream, _)| upstream.index() >= len) {
        Some(&(dependency, _)) => Err(PlanError::UnknownDependency { node: ix, dependency, len }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_has_at_most_as_many_nodes_and_edges_as_can_be_numbered() {
        assert_eq!(check_size(LIMIT, LIMIT), Ok(()));
        assert_eq!(check_size(LIMIT + 1, 0), Err(PlanError::TooMany { nodes: LIMIT + 1, edges: 0 }));
        assert_eq!(check_size(0, LIMIT + 1), Err(PlanError::TooMany { nodes: 0, edges: LIMIT + 1 }));
    }
}
