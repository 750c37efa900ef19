//! What a join that is met needs no more, and when it is called off.

use super::{Join, Ledger, LedgerEffect, NodeIx, NodeState, Plan, StopMode, Wants};
use std::collections::VecDeque;
use std::sync::Arc;

/// No task.
const NONE: NodeIx = NodeIx(u32::MAX);

/// Who needs what. There only where some join calls the rest off.
///
/// A join that is met wants the rest of what it ranges over no more. Such a task is called off as soon as nothing else needs it: no pending
/// task needs its success or could be misled by its loss, and nobody wants its result for its own sake ([`Node::kept`](super::Node::kept)). Who goes on
/// however it ends (by `all_done` or `any_done`, by its `.status`, by its output under `default(…)`) is content with that end too; who has
/// begun has taken what it needed. With a task what it alone needed is wanted no more either.
#[derive(Clone, Debug)]
pub(super) struct Rest {
    /// Of each task, those that need it and are pending.
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
            let needs = |node| plan.dependents(node).iter().filter(|(down, wants)| does_need(plan, *down, *wants)).count() as u32;
            Box::new(Rest {
                needed: plan.nodes().map(needs).collect(),
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

/// True if `node` does not go on however that ends of which it wants so much.
fn does_need(plan: &Plan, node: NodeIx, wants: Wants) -> bool {
    wants.is_required() || (wants.is_joined() && !matches!(plan.join(node), Join::AllDone | Join::AnyDone))
}

impl Ledger {
    /// A task is pending no more: what it depends on is needed by one fewer.
    pub(super) fn leave(&mut self, node: NodeIx) {
        let Some(rest) = &mut self.rest else { return };
        let needs = |(_, wants): &&(NodeIx, Wants)| does_need(&self.plan, node, *wants);
        for &(upstream, _) in self.plan.dependencies(node).iter().filter(needs) {
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
