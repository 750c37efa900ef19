//! What has become of each task of one run.

use super::instances::Expansions;
use super::propagation::Entry;
use super::rest::Rest;
use super::special::Heard;
use super::{InstanceId, Instances, LedgerEffect, NodeIx, NodeState, Plan, Settlement, StopMode, Tally};
use std::collections::VecDeque;
use std::sync::Arc;

/// What has become of each task of one run: told what happened, it says what may happen next.
///
/// Its end states do not depend on the order in which tasks are settled (unless the run is stopped, or a join calls the rest off): a task is
/// blocked as soon as one that it must have done is lost, and skipped only once it is known that none of them will be. A task starts at most
/// once; what ends after it began changes nothing of it.
///
/// Each edge of the plan is walked once in a run, so an operation costs what it sets free. 20 bytes a task, 1 an expanded instance, 20 more
/// for a task with a join of its own, and 9 a task where joins call the rest off.
/// Input that makes no sense (a task settled twice, a number nobody has) changes nothing, has no effect, and is [counted](Ledger::refused).
///
/// ```
/// use polity::plan::{Ledger, LedgerEffect, Node, NodeIx, Plan, Settlement, Wants};
/// use std::sync::Arc;
///
/// let (build, test, notify) = (NodeIx(0), NodeIx(1), NodeIx(2));
/// let plan = Plan::new(vec![
///     Node::new(1.0),
///     Node::new(1.0).after(build, Wants::Output),
///     Node::new(1.0).after(test, Wants::Ended),
/// ])?;
/// let mut ledger = Ledger::new(Arc::new(plan));
/// let mut effects = Vec::new();
/// ledger.start(&mut effects);
/// ledger.open(build);
/// effects.clear();
/// ledger.settle(build, Settlement::Failed, &mut effects);
/// assert_eq!(effects, [LedgerEffect::Blocked { node: test, cause: build, root: build }, LedgerEffect::Ready(notify)]);
/// assert_eq!(ledger.cause(test), [test, build]);
/// # Ok::<(), polity::plan::PlanError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Ledger {
    pub(super) plan: Arc<Plan>,
    pub(super) entries: Box<[Entry]>,
    pub(super) expansions: Expansions,
    pub(super) heard: Box<[Heard]>, // of each task with a join of its own
    pub(super) rest: Option<Box<Rest>>,
    pub(super) nodes: Tally,
    pub(super) instances: Tally,
    pub(super) ended: VecDeque<NodeIx>, // whose dependents have not heard of it; empty between operations
    pub(super) started: bool,
    pub(super) stop: Option<StopMode>,
    pub(super) finished: bool,
    refused: u64,
    /// Nothing is called off for now.
    pub(super) patient: bool,
}

impl Ledger {
    /// The ledger of a run of `plan` in which nothing has happened.
    pub fn new(plan: Arc<Plan>) -> Ledger {
        let all = Tally { pending: plan.len() as u32, ..Tally::default() };
        Ledger {
            entries: plan.nodes().map(|node| Entry::new(plan.dependencies(node).len() as u32)).collect(),
            expansions: Expansions::new(plan.len() as u32),
            heard: plan.specials().joins().iter().map(Heard::nothing).collect(),
            rest: Rest::of(&plan),
            nodes: all,
            instances: all,
            ended: VecDeque::new(),
            started: false,
            stop: None,
            finished: false,
            refused: 0,
            patient: false,
            plan,
        }
    }

    /// Begins the run: the tasks that wait for nothing become ready, by number. A run with no tasks is finished at once.
    pub fn start(&mut self, effects: &mut Vec<LedgerEffect>) {
        if core::mem::replace(&mut self.started, true) {
            self.refuse();
            return;
        }
        let plan = Arc::clone(&self.plan);
        for &node in plan.levels().next().unwrap_or(&[]) {
            self.set(node, NodeState::Ready);
            effects.push(LedgerEffect::Ready(node));
        }
        self.finish(effects);
    }

    /// A ready task is being done now, as its one instance. False (and refused) if it isn't ready.
    pub fn open(&mut self, node: impl Into<NodeIx>) -> bool {
        let node = node.into();
        let sensible = self.state(node) == Some(NodeState::Ready);
        if sensible {
            self.set(node, NodeState::Open);
        }
        self.accept(sensible)
    }

    /// A ready task is to be done `count` times, once per item of its list: its instances, all ready. With no items it has succeeded at
    /// once, with an empty list. `None` (and refused) if it isn't ready, or if the run has no more numbers for instances.
    ///
    /// ```
    /// use polity::plan::{Ledger, LedgerEffect, Node, NodeIx, NodeState, Plan, Settlement};
    /// use std::sync::Arc;
    /// let mut ledger = Ledger::new(Arc::new(Plan::new(vec![Node::new(1.0)])?));
    /// let mut effects = Vec::new();
    /// ledger.start(&mut effects);
    /// for instance in ledger.expand(NodeIx(0), 2, &mut effects).unwrap().iter() {
    ///     ledger.open_instance(instance);
    ///     ledger.settle_instance(instance, Settlement::Succeeded, &mut effects);
    /// }
    /// assert!(effects.contains(&LedgerEffect::Joined { node: NodeIx(0), state: NodeState::Succeeded }));
    /// # Ok::<(), polity::plan::PlanError>(())
    /// ```
    pub fn expand(&mut self, node: impl Into<NodeIx>, count: u32, effects: &mut Vec<LedgerEffect>) -> Option<Instances> {
        let node = node.into();
        let sensible = self.state(node) == Some(NodeState::Ready);
        let Some((expansion, instances)) = sensible.then(|| self.expansions.add(node, count)).flatten() else {
            self.refuse();
            return None;
        };
        self.set(node, NodeState::Open);
        self.instances.remove(NodeState::Open, 1); // its own number stands for no instance any more
        self.instances.add(NodeState::Ready, count);
        self.entries[node.index()].expansion = Some(expansion);
        if count == 0 {
            self.join(node, NodeState::Succeeded, effects);
            self.propagate(effects);
        }
        Some(instances)
    }

    /// A ready or open task that was not expanded has ended so. False (and refused) if it is neither, or was expanded.
    pub fn settle(&mut self, node: impl Into<NodeIx>, settlement: Settlement, effects: &mut Vec<LedgerEffect>) -> bool {
        let node = node.into();
        let sensible = self.plan.contains(node) && self.can_settle(InstanceId::from(node));
        if sensible {
            self.end(node, settlement.into());
            self.propagate(effects);
        }
        self.accept(sensible)
    }

    /// A ready instance is being done now. False (and refused) if it isn't ready. Of a plain task the same as [`Ledger::open`].
    pub fn open_instance(&mut self, instance: impl Into<InstanceId>) -> bool {
        let instance = instance.into();
        let sensible = self.instance_state(instance) == Some(NodeState::Ready);
        if sensible && self.is_own_number(instance) {
            self.set(NodeIx(instance.0), NodeState::Open);
        } else if sensible {
            self.expansions.open(instance);
            self.instances.shift(NodeState::Ready, NodeState::Open);
        }
        self.accept(sensible)
    }

    /// A ready or open instance has ended so; with the last one its task ends. False (and refused) if it is neither.
    pub fn settle_instance(
        &mut self,
        instance: impl Into<InstanceId>,
        settlement: Settlement,
        effects: &mut Vec<LedgerEffect>,
    ) -> bool {
        let instance = instance.into();
        if self.is_own_number(instance) {
            return self.settle(NodeIx(instance.0), settlement, effects);
        }
        let sensible = self.can_settle(instance);
        if sensible {
            self.end_instance(instance, settlement.into(), effects);
            self.propagate(effects);
        }
        self.accept(sensible)
    }

    /// What became of a task is known before its turn, from an earlier run: it is ready although not all that it waits for has ended, and no
    /// [`LedgerEffect::Ready`] is said of it. False if it is neither pending nor ready: such a task is as it is. `O(1)`.
    ///
    /// ```
    /// use polity::plan::{Ledger, LedgerEffect, Node, NodeIx, NodeState, Plan, Settlement, Wants};
    /// use std::sync::Arc;
    /// let mut ledger = Ledger::new(Arc::new(Plan::new(vec![Node::new(1.0), Node::new(1.0).after(0, Wants::Ended)])?));
    /// let mut effects = Vec::new();
    /// ledger.start(&mut effects);
    /// assert!(ledger.hasten(NodeIx(1)));
    /// ledger.settle(NodeIx(1), Settlement::Succeeded, &mut effects);
    /// assert_eq!(effects, [LedgerEffect::Ready(NodeIx(0))]);
    /// # Ok::<(), polity::plan::PlanError>(())
    /// ```
    pub fn hasten(&mut self, node: impl Into<NodeIx>) -> bool {
        let node = node.into();
        if self.state(node) == Some(NodeState::Pending) {
            self.started = true;
            self.set(node, NodeState::Ready);
        }
        self.state(node) == Some(NodeState::Ready)
    }

    /// Brings the run to an early end: whatever is not open ends as cancelled, and in mode [`StopMode::Cancel`] the caller is asked to
    /// cancel what is. Again, or weaker than before: no effect. `O(tasks + instances)`.
    ///
    /// ```
    /// use polity::plan::{InstanceId, Ledger, LedgerEffect, Node, NodeIx, Plan, StopMode};
    /// use std::sync::Arc;
    /// let mut ledger = Ledger::new(Arc::new(Plan::new(vec![Node::new(1.0), Node::new(1.0)])?));
    /// let mut effects = Vec::new();
    /// ledger.start(&mut effects);
    /// ledger.open(NodeIx(0));
    /// effects.clear();
    /// ledger.stop(StopMode::Cancel, &mut effects);
    /// assert_eq!(effects, [LedgerEffect::Cancelled(InstanceId(0)), LedgerEffect::Withdrawn(InstanceId(1))]);
    /// # Ok::<(), polity::plan::PlanError>(())
    /// ```
    pub fn stop(&mut self, mode: StopMode, effects: &mut Vec<LedgerEffect>) {
        if self.finished || self.stop >= Some(mode) {
            return;
        }
        self.started = true;
        self.stop = Some(mode);
        for node in self.plan.nodes() {
            self.stop_node(node, mode, effects);
        }
        self.propagate(effects);
    }

    /// While it is patient, a join that is met calls nothing off: what is known of tasks already shall be told first. Afterwards it does.
    ///
    /// ```
    /// use polity::plan::{Join, Ledger, LedgerEffect, Node, NodeIx, Plan, Settlement, Wants};
    /// use std::sync::Arc;
    /// let first = Node::new(1.0).after(0, Wants::Success).after(1, Wants::Success).join(Join::OneSuccess).cancel_rest();
    /// let mut ledger = Ledger::new(Arc::new(Plan::new(vec![Node::new(1.0), Node::new(1.0), first])?));
    /// let mut effects = Vec::new();
    /// ledger.start(&mut effects);
    /// ledger.be_patient(true, &mut effects);
    /// ledger.settle(NodeIx(0), Settlement::Succeeded, &mut effects);
    /// assert!(ledger.settle(NodeIx(1), Settlement::Succeeded, &mut effects), "it was not called off");
    /// ledger.be_patient(false, &mut effects);
    /// assert!(!effects.iter().any(|effect| matches!(effect, LedgerEffect::CalledOff { .. })));
    /// # Ok::<(), polity::plan::PlanError>(())
    /// ```
    pub fn be_patient(&mut self, patient: bool, effects: &mut Vec<LedgerEffect>) {
        self.patient = patient;
        self.propagate(effects);
    }

    /// Counts input that made no sense. Anything but 0 is a defect of the caller, or mail from an earlier life.
    pub fn refused(&self) -> u64 {
        self.refused
    }
    fn accept(&mut self, sensible: bool) -> bool {
        if !sensible {
            self.refuse();
        }
        sensible
    }
    fn refuse(&mut self) {
        self.refused += 1;
    }
    fn can_settle(&self, instance: InstanceId) -> bool {
        matches!(self.instance_state(instance), Some(NodeState::Ready | NodeState::Open))
    }
}
