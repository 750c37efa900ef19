//! How an end travels down the graph. A work list, no recursion: a million tasks in a chain may all be blocked by one.

use super::{InstanceId, Ledger, LedgerEffect, NodeIx, NodeState, StopMode, Wants};
use crate::mutation::planted;
use std::sync::Arc;

/// What the ledger keeps of one task.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) waiting: u32, // upstream tasks whose end it has not heard of
    cause: NodeIx,           // the upstream task because of which it is blocked or skipped
    root: NodeIx,            // where that chain began; itself if there is none
    pub(super) expansion: Option<u32>,
    pub(super) state: NodeState,
}
impl Entry {
    /// One that waits for `waiting` others.
    pub(super) fn new(waiting: u32) -> Entry {
        Entry { waiting, cause: NONE, root: NONE, expansion: None, state: NodeState::Pending }
    }
    /// The upstream task because of which this one is blocked or skipped.
    pub(super) fn cause(&self) -> Option<NodeIx> {
        (self.cause != NONE).then_some(self.cause)
    }
}
/// No node: plans are smaller, by [`LIMIT`](super::graph::LIMIT).
const NONE: NodeIx = NodeIx(u32::MAX);

/// What a task becomes once everything upstream of it has ended and nothing that it must have is lost.
enum Verdict {
    Ready,
    Skipped(NodeIx),
}

impl Ledger {
    /// The one place where a task's state changes. An expanded task is counted among the instances by its instances.
    pub(super) fn set(&mut self, node: NodeIx, state: NodeState) {
        let entry = &mut self.entries[node.index()];
        self.nodes.shift(entry.state, state);
        if entry.expansion.is_none() {
            self.instances.shift(entry.state, state);
        }
        entry.state = state;
    }

    /// A task ends; those that wait for it hear of it with the next [`Ledger::propagate`].
    pub(super) fn end(&mut self, node: NodeIx, state: NodeState) {
        self.set(node, state);
        self.ended.push_back(node);
    }

    /// An expanded task ends with the last of its instances.
    pub(super) fn join(&mut self, node: NodeIx, state: NodeState, effects: &mut Vec<LedgerEffect>) {
        effects.push(LedgerEffect::Joined { node, state });
        self.end(node, state);
    }

    /// An instance of an expanded task ends, and perhaps the task with it.
    pub(super) fn end_instance(&mut self, instance: InstanceId, state: NodeState, effects: &mut Vec<LedgerEffect>) {
        if let Some(before) = self.expansions.state(instance) {
            self.instances.shift(before, state);
            if let Some((node, joined)) = self.expansions.end(instance, state) {
                self.join(node, joined, effects);
            }
        }
    }

    /// Tells the dependents of all that has ended, nearest first, until nothing more follows.
    pub(super) fn propagate(&mut self, effects: &mut Vec<LedgerEffect>) {
        let plan = Arc::clone(&self.plan);
        while let Some(node) = self.ended.pop_front() {
            for &(dependent, wants) in plan.dependents(node) {
                self.tell(dependent, node, wants, effects);
            }
        }
        self.finish(effects);
    }

    /// `upstream`, of which `node` wants so much, has ended.
    fn tell(&mut self, node: NodeIx, upstream: NodeIx, wants: Wants, effects: &mut Vec<LedgerEffect>) {
        let lost = self.entries[upstream.index()].state.is_loss();
        let entry = &mut self.entries[node.index()];
        entry.waiting -= 1;
        if entry.state != NodeState::Pending {
            return; // it has been blocked or withdrawn meanwhile
        }
        if lost && matches!(wants, Wants::Success | Wants::Output) {
            let root = self.end_because(node, upstream, NodeState::Blocked);
            effects.push(LedgerEffect::Blocked { node, cause: upstream, root });
        } else if entry.waiting == 0 || (planted("ignore_a_dependency") && entry.waiting == 1) {
            match self.verdict(node) {
                Verdict::Ready => {
                    self.set(node, NodeState::Ready);
                    effects.push(LedgerEffect::Ready(node));
                }
                Verdict::Skipped(because) => {
                    self.end_because(node, because, NodeState::Skipped);
                    effects.push(LedgerEffect::Skipped { node, because });
                }
            }
        }
    }

    /// Skipped if an output that it uses was skipped, or if it has upstream tasks joined by `all_success` and nothing that it wants
    /// succeeded.
    fn verdict(&self, node: NodeIx) -> Verdict {
        let mut first_skipped = None; // of those joined by `all_success`
        let mut some_succeeded = false;
        for &(upstream, wants) in self.plan.dependencies(node) {
            let skipped = self.entries[upstream.index()].state == NodeState::Skipped;
            match wants {
                Wants::Output if skipped => return Verdict::Skipped(upstream),
                Wants::Success if skipped => first_skipped = first_skipped.or(Some(upstream)),
                // What it works on has succeeded too, so that not all was skipped.
                Wants::Success | Wants::Output => some_succeeded = true,
                Wants::Ended | Wants::MaybeOutput => {}
            }
        }
        match first_skipped {
            Some(upstream) if !some_succeeded => Verdict::Skipped(upstream),
            _ => Verdict::Ready,
        }
    }

    /// Ends `node` because of `cause`, which has ended; gives the root of the chain.
    fn end_because(&mut self, node: NodeIx, cause: NodeIx, state: NodeState) -> NodeIx {
        let above = self.entries[cause.index()].root;
        let root = if above == NONE { cause } else { above };
        let entry = &mut self.entries[node.index()];
        (entry.cause, entry.root) = (cause, root);
        self.end(node, state);
        root
    }

    /// A run is stopped: what becomes of one task.
    pub(super) fn stop_node(&mut self, node: NodeIx, mode: StopMode, effects: &mut Vec<LedgerEffect>) {
        let entry = &self.entries[node.index()];
        match (entry.state, entry.expansion) {
            (NodeState::Pending | NodeState::Ready, _) => {
                effects.push(LedgerEffect::Withdrawn(node.into()));
                self.end(node, NodeState::Cancelled);
            }
            (NodeState::Open, None) if mode == StopMode::Cancel => effects.push(LedgerEffect::Cancelled(node.into())),
            (NodeState::Open, Some(expansion)) => self.stop_instances(expansion, mode, effects),
            _ => {}
        }
    }

    fn stop_instances(&mut self, expansion: u32, mode: StopMode, effects: &mut Vec<LedgerEffect>) {
        for instance in self.expansions.instances(expansion).iter() {
            match self.expansions.state(instance) {
                Some(NodeState::Ready) => {
                    effects.push(LedgerEffect::Withdrawn(instance));
                    self.end_instance(instance, NodeState::Cancelled, effects);
                }
                Some(NodeState::Open) if mode == StopMode::Cancel => effects.push(LedgerEffect::Cancelled(instance)),
                _ => {}
            }
        }
    }

    /// Says once that all has ended.
    pub(super) fn finish(&mut self, effects: &mut Vec<LedgerEffect>) {
        if !self.finished && self.nodes.ended() as usize == self.plan.len() {
            self.finished = true;
            effects.push(LedgerEffect::Finished(self.nodes));
        }
    }
}
