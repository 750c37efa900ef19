//! How an end travels down the graph. A work list, no recursion: a million tasks in a chain may all be blocked by one.

use super::{Ends, InstanceId, Join, Ledger, LedgerEffect, NodeIx, NodeState, StopMode, Verdict, Wants};
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

/// What becomes of a pending task.
enum Fate {
    Waits,
    Ready,
    /// Because of this upstream task.
    Blocked(NodeIx),
    /// Because that one was.
    Skipped(NodeIx),
    /// Its join is not met; that one decided it.
    Unmet(NodeIx),
}

impl Ledger {
    /// The one place where a task's state changes. An expanded task is counted among the instances by its instances.
    pub(super) fn set(&mut self, node: NodeIx, state: NodeState) {
        if self.entries[node.index()].state == NodeState::Pending {
            self.leave(node);
        }
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

    /// Tells the dependents of all that has ended, nearest first, and calls off what is needed no more, until nothing more follows.
    pub(super) fn propagate(&mut self, effects: &mut Vec<LedgerEffect>) {
        let plan = Arc::clone(&self.plan);
        loop {
            while let Some(node) = self.ended.pop_front() {
                for &(dependent, wants) in plan.dependents(node) {
                    self.tell(dependent, node, wants, effects);
                }
            }
            if self.patient || !self.call_off_next(effects) {
                break;
            }
        }
        self.finish(effects);
    }

    /// `upstream`, of which `node` wants so much, has ended.
    fn tell(&mut self, node: NodeIx, upstream: NodeIx, wants: Wants, effects: &mut Vec<LedgerEffect>) {
        let end = self.entries[upstream.index()].state;
        let special = self.plan.specials().of_node(node);
        if let Some(at) = special {
            let heard = &mut self.heard[at];
            if wants.is_joined() {
                heard.ends.take(end);
            }
            heard.others -= u32::from(wants != Wants::Success);
        }
        let entry = &mut self.entries[node.index()];
        entry.waiting -= 1;
        if entry.state != NodeState::Pending {
            return; // it has begun, or been blocked or withdrawn meanwhile
        }
        let fate = match special {
            _ if end.is_loss() && wants.is_required() => Fate::Blocked(upstream),
            Some(at) => self.by_its_own_join(node, at, (upstream, wants)),
            None => self.by_all_success(node, upstream, wants),
        };
        match fate {
            Fate::Waits => {}
            Fate::Ready => {
                self.set(node, NodeState::Ready);
                effects.push(LedgerEffect::Ready(node));
                self.release(node);
            }
            Fate::Blocked(cause) => {
                let root = self.end_because(node, cause, NodeState::Blocked);
                effects.push(LedgerEffect::Blocked { node, cause, root });
            }
            Fate::Skipped(because) => {
                self.end_because(node, because, NodeState::Skipped);
                effects.push(LedgerEffect::Skipped { node, because });
            }
            Fate::Unmet(by) => {
                self.end(node, NodeState::Skipped);
                effects.push(LedgerEffect::Unmet { node, by });
            }
        }
    }

    /// The usual join needs no counts: a loss blocks at once, and else all is looked at when all have ended.
    fn by_all_success(&self, node: NodeIx, upstream: NodeIx, wants: Wants) -> Fate {
        let entry = &self.entries[node.index()];
        if wants.is_joined() && self.entries[upstream.index()].state.is_loss() {
            return Fate::Blocked(upstream);
        }
        if entry.waiting > 0 && !(planted("ignore_a_dependency") && entry.waiting == 1) {
            return Fate::Waits;
        }
        let mut ends = Ends::default();
        let mut first_skipped = None; // of those that count for the join
        let mut works_on_some = false;
        for &(upstream, wants) in self.plan.dependencies(node) {
            let end = self.entries[upstream.index()].state;
            match (wants.is_required(), end) {
                (true, NodeState::Skipped) => return Fate::Skipped(upstream),
                (required, _) => works_on_some |= required, // it has succeeded, so that not all was skipped
            }
            if wants.is_joined() {
                ends.of += 1;
                ends.take(end);
                first_skipped = first_skipped.or((end == NodeState::Skipped).then_some(upstream));
            }
        }
        match (Join::AllSuccess.verdict(ends), first_skipped) {
            (Verdict::Skip, Some(upstream)) if !works_on_some => Fate::Skipped(upstream),
            _ => Fate::Ready,
        }
    }

    /// By the join that it has, and by what it needs besides. That it is skipped is only known when nothing that it must have can be lost.
    fn by_its_own_join(&self, node: NodeIx, at: usize, (upstream, wants): (NodeIx, Wants)) -> Fate {
        let (rule, heard) = (self.plan.specials().joins()[at].rule, &self.heard[at]);
        let state = |node: &NodeIx| self.entries[node.index()].state;
        let dependencies = self.plan.dependencies(node);
        let blame = || {
            let joined = dependencies.iter().filter(|(_, wants)| wants.is_joined());
            rule.blame(joined.map(|(upstream, _)| (*upstream, state(upstream)))).unwrap_or(upstream)
        };
        let verdict = rule.verdict(heard.ends);
        match verdict {
            Verdict::Block if wants.is_joined() && state(&upstream).is_loss() => Fate::Blocked(upstream),
            Verdict::Block => Fate::Blocked(blame()),
            Verdict::Wait => Fate::Waits,
            _ if heard.others > 0 => Fate::Waits,
            Verdict::Start | Verdict::Skip => {
                let without = dependencies.iter().find(|(up, wants)| wants.is_required() && state(up) == NodeState::Skipped);
                match (without, verdict) {
                    (Some((upstream, _)), _) => Fate::Skipped(*upstream),
                    (None, Verdict::Skip) => Fate::Unmet(blame()),
                    (None, _) => Fate::Ready,
                }
            }
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
