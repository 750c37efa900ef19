//! In which order what was done is undone: the reverse of the partial order in which it was done.

use super::{NodeIx, Plan};
use crate::mutation::planted;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The undoing of a run: a task's instances are undone once everything downstream of it is, so that nothing is taken away from what still
/// stands on it. Independent tasks are undone side by side.
///
/// An undo that fails for good leaves its effect, and so everything upstream of it that would have to be undone later is left too: the
/// effect may stand on that. What does not lie upstream goes on.
///
/// Sources: Garcia-Molina and Salem, *Sagas* (1987), for the reverse order; van der Aalst's partial orders, for the parallel one. `O(tasks + edges)` in all.
///
/// ```
/// use polity::plan::{Node, NodeIx, Plan, Undo, Wants};
/// use std::sync::Arc;
/// // book -> pay -> print: `pay` has no undo.
/// let plan = Plan::new(vec![Node::new(1.0), Node::new(1.0).after(0, Wants::Output), Node::new(1.0).after(1, Wants::Output)])?;
/// let mut undo = Undo::new(Arc::new(plan), [(NodeIx(0), 0), (NodeIx(2), 2)]);
/// assert_eq!(undo.start(), [2]);
/// assert_eq!(undo.ended(2, true), [0]);
/// assert!(undo.ended(0, true).is_empty());
/// assert!(undo.is_over() && undo.left().is_empty());
/// # Ok::<(), polity::plan::PlanError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Undo {
    plan: Arc<Plan>,
    /// What is to be undone of each task, by number.
    todo: BTreeMap<NodeIx, BTreeSet<u32>>,
    node_of: BTreeMap<u32, NodeIx>,
    /// Downstream tasks that have not passed the word on.
    waiting: Vec<u32>,
    begun: BTreeSet<u32>,
    done: BTreeSet<u32>,
    failed: BTreeSet<u32>,
}

impl Undo {
    /// Of each task, the instances that are to be undone, by number; each once.
    pub fn new(plan: Arc<Plan>, instances: impl IntoIterator<Item = (NodeIx, u32)>) -> Undo {
        let (mut todo, mut node_of): (BTreeMap<NodeIx, BTreeSet<u32>>, _) = (BTreeMap::new(), BTreeMap::new());
        for (node, instance) in instances {
            todo.entry(node).or_default().insert(instance);
            node_of.insert(instance, node);
        }
        let before = |node| if planted("undo_forwards") { plan.dependencies(node).len() } else { plan.dependents(node).len() };
        let waiting = plan.nodes().map(|node| before(node) as u32).collect();
        Undo { plan, todo, node_of, waiting, begun: BTreeSet::new(), done: BTreeSet::new(), failed: BTreeSet::new() }
    }
    /// What can be undone at once, by number.
    pub fn start(&mut self) -> Vec<u32> {
        let last: Vec<NodeIx> = self.plan.nodes().filter(|node| self.waiting[node.index()] == 0).collect();
        self.pass(last)
    }
    /// An undo ended; what can be undone now. One that is told twice, or was not begun, changes nothing.
    pub fn ended(&mut self, instance: u32, undone: bool) -> Vec<u32> {
        if !self.begun.contains(&instance) || self.done.contains(&instance) || self.failed.contains(&instance) {
            return Vec::new();
        }
        let Some(node) = self.node_of.get(&instance).copied() else { return Vec::new() };
        if !undone && !planted("undo_what_it_stands_on") {
            self.failed.insert(instance);
            return Vec::new();
        }
        self.done.insert(instance);
        if !self.todo[&node].is_subset(&self.done) {
            return Vec::new();
        }
        let up = self.above(node);
        self.pass(up)
    }
    /// True if nothing more can be undone.
    pub fn is_over(&self) -> bool {
        self.begun.len() == self.done.len() + self.failed.len()
    }
    /// What was undone, by number.
    pub fn done(&self) -> &BTreeSet<u32> {
        &self.done
    }
    /// What is left, by number: undos that failed, and those that would have come after them.
    pub fn left(&self) -> Vec<u32> {
        self.node_of.keys().filter(|instance| !self.done.contains(instance)).copied().collect()
    }
    /// True if this undo failed, false if it was never begun.
    pub fn has_failed(&self, instance: u32) -> bool {
        self.failed.contains(&instance)
    }

    /// Tasks whose downstream tasks have all passed the word on, now that `node` has.
    fn above(&mut self, node: NodeIx) -> Vec<NodeIx> {
        let plan = self.plan.clone();
        let mut free = Vec::new();
        for &(upstream, _) in if planted("undo_forwards") { plan.dependents(node) } else { plan.dependencies(node) } {
            let waiting = &mut self.waiting[upstream.index()];
            *waiting -= 1;
            if *waiting == 0 {
                free.push(upstream);
            }
        }
        free
    }
    /// Begins the undos of these tasks; those that have none pass the word on at once.
    fn pass(&mut self, mut turn: Vec<NodeIx>) -> Vec<u32> {
        let mut ready = Vec::new();
        while let Some(node) = turn.pop() {
            match self.todo.get(&node) {
                Some(instances) => ready.extend(instances.iter().copied()),
                None => turn.extend(self.above(node)),
            }
        }
        ready.sort_unstable();
        self.begun.extend(&ready);
        ready
    }
}
