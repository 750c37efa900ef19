//! What can be asked of a ledger.

use super::{InstanceId, Instances, Ledger, NodeIx, NodeState, Plan, StopMode, Tally};
use std::sync::Arc;

/// A task that waits, and for what: an entry of [`Ledger::stalled`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The task.
    pub node: NodeIx,
    /// The upstream tasks that have not ended.
    pub on: Vec<NodeIx>,
}

impl Ledger {
    /// The plan that is carried out.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
    /// The same, shared.
    pub fn shared_plan(&self) -> Arc<Plan> {
        self.plan.clone()
    }
    /// What has become of a task; `None` if there is no such task.
    pub fn state(&self, node: impl Into<NodeIx>) -> Option<NodeState> {
        self.entries.get(node.into().index()).map(|entry| entry.state)
    }
    /// What has become of an instance; `None` if there is no such instance. The number of an expanded task is no instance.
    pub fn instance_state(&self, instance: impl Into<InstanceId>) -> Option<NodeState> {
        let instance = instance.into();
        match self.entries.get(instance.index()) {
            Some(entry) => entry.expansion.is_none().then_some(entry.state),
            None => self.expansions.state(instance),
        }
    }
    /// The task that an instance is of, and which of its instances, from 0. `O(log expanded tasks)`, `O(1)` for plain tasks.
    pub fn locate(&self, instance: impl Into<InstanceId>) -> Option<(NodeIx, u32)> {
        let instance = instance.into();
        match self.entries.get(instance.index()) {
            Some(entry) => entry.expansion.is_none().then_some((NodeIx(instance.0), 0)),
            None => self.expansions.find(instance),
        }
    }
    /// The instances of a task, in the order of its items: one, unless it was expanded; none of a task that isn't there. `O(1)`.
    pub fn instances(&self, node: impl Into<NodeIx>) -> Instances {
        let node = node.into();
        match self.entries.get(node.index()).map(|entry| entry.expansion) {
            Some(Some(expansion)) => self.expansions.instances(expansion),
            Some(None) => Instances { first: node.0, count: 1 },
            None => Instances { first: 0, count: 0 },
        }
    }
    /// True if the task was expanded, if only to nothing.
    pub fn is_expanded(&self, node: impl Into<NodeIx>) -> bool {
        self.entries.get(node.into().index()).is_some_and(|entry| entry.expansion.is_some())
    }

    /// Why a task was not done: it, what made it so, and so on to where that began. Of a task that failed, was cancelled, or was skipped
    /// for its own condition it is that task alone; of any other, and of one that isn't there, nothing. `O(length)`.
    pub fn cause(&self, node: impl Into<NodeIx>) -> Vec<NodeIx> {
        let node = node.into();
        let undone = |state: NodeState| state.is_loss() || state == NodeState::Skipped;
        let first = self.state(node).filter(|&state| undone(state)).map(|_| node);
        core::iter::successors(first, |node| self.entries[node.index()].cause()).collect()
    }

    /// Tasks by state. `O(1)`.
    pub fn tally(&self) -> Tally {
        self.nodes
    }
    /// Instances by state: one of each task that was not expanded, and all of each that was. `O(1)`.
    pub fn instance_tally(&self) -> Tally {
        self.instances
    }
    /// True if every task has ended, and that has been said.
    pub fn is_finished(&self) -> bool {
        self.finished
    }
    /// How the run was stopped, if it was.
    pub fn stopped(&self) -> Option<StopMode> {
        self.stop
    }
    /// What waits for what, if the run has begun, nothing is ready or open, and it is not finished; else nothing. A plan has no circles,
    /// so this can't happen; if it does, it is a defect, and this says where. `O(1)` while all is well.
    pub fn stalled(&self) -> Vec<Waiting> {
        if !self.started || self.finished || self.nodes.ready + self.nodes.open > 0 {
            return Vec::new();
        }
        let waits = |node: &NodeIx| self.state(*node) == Some(NodeState::Pending);
        self.plan.topological().iter().copied().filter(waits).map(|node| Waiting { node, on: self.awaited(node) }).collect()
    }
    /// A defect, for tests: a task waits for one more than there is.
    #[cfg(test)]
    pub(crate) fn lose_count(&mut self, node: impl Into<NodeIx>) {
        self.entries[node.into().index()].waiting += 1;
    }
    fn awaited(&self, node: NodeIx) -> Vec<NodeIx> {
        let upstream = self.plan.dependencies(node).iter().map(|&(upstream, _)| upstream);
        upstream.filter(|up| !self.entries[up.index()].state.is_end()).collect()
    }

    /// True if the number is that of a task, so of no instance of an expanded one.
    pub(super) fn is_own_number(&self, instance: InstanceId) -> bool {
        instance.index() < self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{LedgerEffect, Node, Settlement, Wants};
    use std::sync::Arc;

    #[test]
    fn a_ledger_that_lost_count_says_what_waits_for_what() {
        let nodes = vec![Node::new(1.0), Node::new(1.0).after(0, Wants::Success), Node::new(1.0).after(1, Wants::Success)];
        let mut ledger = Ledger::new(Arc::new(Plan::new(nodes).expect("acyclic")));
        let mut effects = Vec::new();
        ledger.lose_count(1);
        ledger.start(&mut effects);
        assert_eq!(ledger.stalled(), [], "one is ready");
        ledger.settle(0, Settlement::Succeeded, &mut effects);
        assert_eq!(effects, [LedgerEffect::Ready(NodeIx(0))]);
        let waiting = [Waiting { node: NodeIx(1), on: vec![] }, Waiting { node: NodeIx(2), on: vec![NodeIx(1)] }];
        assert_eq!(ledger.stalled(), waiting);
    }
}
