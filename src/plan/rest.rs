//! What a join that is met needs no more, and when it is called off.

use super::{Ledger, LedgerEffect, NodeIx, NodeState, Plan, StopMode};
use std::collections::VecDeque;
use std::sync::Arc;

/// No task.
const NONE: NodeIx = NodeIx(u32::MAX);

/// Who needs what. There only where some join calls the rest off.
///
/// A join that is met wants the rest of what it ranges over no more. Such a task is called off as soon as nothing else may need it: no task
/// that depends on it is still pending, and nobody wants its result for its own sake ([`Node::kept`](super::Node::kept)). With a task what it alone waits for is
/// wanted no more either. What began before is not looked at: who has started has taken what it needed.
#[derive(Clone, Debug)]
pub(super) struct Rest {
    /// Of each task, those that depend on it and are pending.
    needed: Box<[u32]>,
    /// Of each task, the join because of which it is wanted no more.
    by: Box<[NodeIx]>,
    called_off: Box<[bool]>,
    /// To be called off once all have heard of what ended.
    queue: VecDeque<NodeIx>,
}

impl Rest {
    pub(super) fn of(plan: &Plan) -> Option<Box<Rest>> {
        plan.specials().cancels().then(|| {
            Box::new(Rest {
                needed: plan.nodes().map(|node| plan.dependents(node).len() as u32).collect(),
                by: plan.nodes().map(|_| NONE).collect(),
                called_off: plan.nodes().map(|_| false).collect(),
                queue: VecDeque::new(),
            })
        })
    }
    fn look(&mut self, node: NodeIx) {
        let at = node.index();
        if self.needed[at] == 0 && self.by[at] != NONE && !self.called_off[at] {
            self.queue.push_back(node);
        }
    }
}

impl Ledger {
    /// A task is pending no more: what it depends on is needed by one fewer.
    pub(super) fn leave(&mut self, node: NodeIx) {
        let Some(rest) = &mut self.rest else { return };
        for &(upstream, _) in self.plan.dependencies(node) {
            rest.needed[upstream.index()] -= 1;
            rest.look(upstream);
        }
    }
    /// The join of `node` is met: if it says so, the rest is wanted no more.
    pub(super) fn release(&mut self, node: NodeIx) {
        if self.rest.is_none() || !self.plan.cancels_rest(node) {
            return;
        }
        let plan = Arc::clone(&self.plan);
        for (upstream, _) in plan.dependencies(node).iter().filter(|(_, wants)| wants.is_joined()) {
            self.want_no_more(*upstream, node);
        }
    }
    fn want_no_more(&mut self, node: NodeIx, by: NodeIx) {
        let free = !self.entries[node.index()].state.is_end() && !self.plan.specials().is_kept(node);
        let Some(rest) = self.rest.as_mut().filter(|rest| free && rest.by[node.index()] == NONE) else { return };
        rest.by[node.index()] = by;
        rest.look(node);
    }
    /// Calls off the next task that nothing needs any more. False if there is none, or the run is stopped: then what is open may end by itself.
    pub(super) fn call_off_next(&mut self, effects: &mut Vec<LedgerEffect>) -> bool {
        let Some(rest) = &mut self.rest else { return false };
        let Some(node) = rest.queue.pop_front() else { return false };
        if self.stop.is_some() || self.entries[node.index()].state.is_end() || rest.called_off[node.index()] {
            return true;
        }
        rest.called_off[node.index()] = true;
        let by = rest.by[node.index()];
        effects.push(LedgerEffect::CalledOff { node, by });
        let plan = Arc::clone(&self.plan);
        for (upstream, _) in plan.dependencies(node) {
            self.want_no_more(*upstream, by);
        }
        self.stop_node(node, StopMode::Cancel, effects);
        true
    }

    /// The task whose join called this one off; `None` if none did. It may have come to its own end all the same.
    pub fn called_off(&self, node: impl Into<NodeIx>) -> Option<NodeIx> {
        let at = node.into().index();
        self.rest.as_ref().filter(|rest| rest.called_off.get(at) == Some(&true)).map(|rest| rest.by[at])
    }
    /// True if every instance succeeded, was skipped, or was cancelled since a join needed it no more. `O(1)`; where joins call the rest
    /// off, `O(tasks + instances)`.
    pub fn went_well(&self) -> bool {
        let mut tally = self.instance_tally();
        let of = |node: NodeIx| self.instances(node).iter().filter_map(|instance| self.instance_state(instance));
        let spared = self.plan.nodes().filter(|node| self.rest.is_some() && self.called_off(*node).is_some());
        tally.cancelled -= spared.flat_map(of).filter(|state| *state == NodeState::Cancelled).count() as u32;
        tally.is_success()
    }
}
