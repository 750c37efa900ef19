//! One task, many instances: how `for_each` instances are numbered and found again.
//!
//! A plain task's instance has the task's own number, and costs nothing. Those of an expanded task are a range appended after the plan's
//! numbers, one byte each. So numbers are dense, unique in the run, and never change.

use super::{NodeIx, NodeState};
use core::fmt;
use serde::{Deserialize, Serialize};

/// An instance of a task, unique within its run. What becomes [`TaskId::instance`](polity_protocols::TaskId::instance).
///
/// ```
/// use polity::plan::{InstanceId, NodeIx};
/// assert_eq!(InstanceId::from(7), InstanceId::from(NodeIx(7))); // the instance of a plain task
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstanceId(pub u32);

impl InstanceId {
    /// The number as an index into a table.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}
impl From<u32> for InstanceId {
    fn from(number: u32) -> InstanceId {
        InstanceId(number)
    }
}
impl From<NodeIx> for InstanceId {
    fn from(node: NodeIx) -> InstanceId {
        InstanceId(node.0)
    }
}
impl fmt::Debug for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "i{}", self.0)
    }
}

/// The instances of one task: a range of numbers, in the order of the items.
///
/// ```
/// use polity::plan::{Ledger, Node, NodeIx, Plan};
/// use std::sync::Arc;
/// let mut ledger = Ledger::new(Arc::new(Plan::new(vec![Node::new(1.0)])?));
/// let mut effects = Vec::new();
/// ledger.start(&mut effects);
/// let three = ledger.expand(NodeIx(0), 3, &mut effects).unwrap();
/// assert_eq!(three.len(), 3);
/// assert_eq!(ledger.locate(three.get(2).unwrap()), Some((NodeIx(0), 2)));
/// # Ok::<(), polity::plan::PlanError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instances {
    pub(super) first: u32,
    pub(super) count: u32,
}
impl Instances {
    /// How many.
    pub fn len(self) -> usize {
        self.count as usize
    }
    /// True if there are none.
    pub fn is_empty(self) -> bool {
        self.count == 0
    }
    /// The instance of item number `index`.
    pub fn get(self, index: u32) -> Option<InstanceId> {
        (index < self.count).then(|| InstanceId(self.first + index))
    }
    /// True if `instance` is one of these.
    pub fn contains(self, instance: InstanceId) -> bool {
        self.range().contains(&instance.0)
    }
    /// All, in order.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = InstanceId> + ExactSizeIterator {
        self.range().map(InstanceId)
    }
    /// Their numbers.
    pub fn range(self) -> core::ops::Range<u32> {
        self.first..self.first + self.count
    }
}

/// A task that was expanded.
#[derive(Clone, Debug)]
struct Expansion {
    node: NodeIx,
    instances: Instances,
    left: u32,          // not yet ended
    outcome: [bool; 4], // whether some ended as succeeded, failed, skipped, cancelled
}

/// All expanded tasks of a run, in the order of their expansion, and so of their numbers.
#[derive(Clone, Debug)]
pub(super) struct Expansions {
    first: u32,
    expansions: Vec<Expansion>,
    states: Vec<NodeState>, // of instance `first + i`
}

impl Expansions {
    /// Numbers are given from `first` on.
    pub(super) fn new(first: u32) -> Expansions {
        Expansions { first, expansions: Vec::new(), states: Vec::new() }
    }
    /// Numbers `count` new instances of `node`; the expansion's own number comes back too. `None` if numbers have run out.
    pub(super) fn add(&mut self, node: NodeIx, count: u32) -> Option<(u32, Instances)> {
        let first = self.first + self.states.len() as u32;
        if first.checked_add(count)? as usize > super::graph::LIMIT {
            return None;
        }
        let instances = Instances { first, count };
        self.states.resize(self.states.len() + count as usize, NodeState::Ready);
        self.expansions.push(Expansion { node, instances, left: count, outcome: [false; 4] });
        Some((self.expansions.len() as u32 - 1, instances))
    }
    /// The instances of expansion number `expansion`.
    pub(super) fn instances(&self, expansion: u32) -> Instances {
        self.expansions[expansion as usize].instances
    }
    /// An instance's state; `None` if it has none here.
    pub(super) fn state(&self, instance: InstanceId) -> Option<NodeState> {
        self.states.get(instance.0.checked_sub(self.first)? as usize).copied()
    }
    pub(super) fn open(&mut self, instance: InstanceId) {
        self.states[(instance.0 - self.first) as usize] = NodeState::Open;
    }
    /// The expansion that an instance is of. `O(log expansions)`; empty expansions share their start with the next and are passed over.
    pub(super) fn find(&self, instance: InstanceId) -> Option<(NodeIx, u32)> {
        self.state(instance)?;
        let of = &self.expansions[self.position(instance)];
        Some((of.node, instance.0 - of.instances.first))
    }
    /// Ends an instance that has not ended. If it was the last of its task: the task, and how that ended.
    pub(super) fn end(&mut self, instance: InstanceId, state: NodeState) -> Option<(NodeIx, NodeState)> {
        self.states[(instance.0 - self.first) as usize] = state;
        let at = self.position(instance);
        let of = &mut self.expansions[at];
        of.left -= 1;
        if let Some(seen) = JOINED_BY.iter().position(|&s| s == state) {
            of.outcome[seen] = true;
        }
        (of.left == 0).then(|| (of.node, of.joined()))
    }
    fn position(&self, instance: InstanceId) -> usize {
        self.expansions.partition_point(|e| e.instances.first <= instance.0) - 1
    }
}

/// What a task of several instances is, strongest first: one of these if any of its instances is.
const JOINED_BY: [NodeState; 4] = [NodeState::Failed, NodeState::Cancelled, NodeState::Succeeded, NodeState::Skipped];

impl Expansion {
    /// Failed if one failed, else cancelled if one was, else succeeded if one did or there are none; skipped if all were.
    fn joined(&self) -> NodeState {
        JOINED_BY.into_iter().zip(self.outcome).find(|(_, seen)| *seen).map_or(NodeState::Succeeded, |(state, _)| state)
    }
}
