//! A task as the plan sees it: how much work it is, and what it waits for.

use super::{Join, Wants};
use core::fmt;
use serde::{Deserialize, Serialize};

/// A task's place in its [`Plan`](super::Plan): dense, from 0, in the order in which the nodes were given.
///
/// ```
/// use polity::plan::NodeIx;
/// assert_eq!(NodeIx::from(3).index(), 3);
/// assert_eq!(format!("{:?}", NodeIx(3)), "n3");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeIx(pub u32);

impl NodeIx {
    /// The number as an index into a table.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
    /// The node at `index`, which is below the limit of [`Plan::new`](super::Plan::new).
    pub(super) const fn at(index: usize) -> NodeIx {
        NodeIx(index as u32)
    }
}
impl From<u32> for NodeIx {
    fn from(number: u32) -> NodeIx {
        NodeIx(number)
    }
}
impl fmt::Debug for NodeIx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

/// A task that is to become part of a [`Plan`](super::Plan).
///
/// ```
/// use polity::plan::{Node, NodeIx, Wants};
/// let publish = Node::new(1.5).after(NodeIx(0), Wants::Output).after(NodeIx(1), Wants::Success);
/// assert_eq!(publish.weight(), 1.5);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub(super) weight: f64,
    pub(super) dependencies: Vec<(NodeIx, Wants)>,
    pub(super) join: Join,
    pub(super) cancel_rest: bool,
    pub(super) kept: bool,
}

impl Node {
    /// A task of `weight` seconds of work at speed 1 that waits for nothing.
    pub fn new(weight: f64) -> Node {
        Node { weight, dependencies: Vec::new(), join: Join::default(), cancel_rest: false, kept: false }
    }
    /// The same, but it waits for `upstream` too. If it already does, what the two want together counts.
    #[must_use]
    pub fn after(mut self, upstream: impl Into<NodeIx>, wants: Wants) -> Node {
        self.dependencies.push((upstream.into(), wants));
        self
    }
    /// The same, but it waits by this rule for those that count for the join.
    ///
    /// ```
    /// use polity::plan::{Join, Node, NodeIx, Plan, Wants};
    /// let first = Node::new(1.0).after(0, Wants::Success).after(1, Wants::Success).join(Join::OneSuccess).cancel_rest();
    /// let plan = Plan::new(vec![Node::new(1.0), Node::new(1.0), first])?;
    /// assert_eq!((plan.join(NodeIx(2)), plan.join(NodeIx(0))), (Join::OneSuccess, Join::AllSuccess));
    /// # Ok::<(), polity::plan::PlanError>(())
    /// ```
    #[must_use]
    pub fn join(mut self, rule: Join) -> Node {
        self.join = rule;
        self
    }
    /// The same, but those of its join that have not ended when it is met are called off, if nothing else waits for them. For rules that
    /// are met by successes ([`Join::can_cancel_rest`]).
    #[must_use]
    pub fn cancel_rest(mut self) -> Node {
        self.cancel_rest = true;
        self
    }
    /// The same, but its result is wanted for its own sake: no join calls it off.
    #[must_use]
    pub fn kept(mut self) -> Node {
        self.kept = true;
        self
    }
    /// Its estimated work, in seconds at speed 1.
    pub fn weight(&self) -> f64 {
        self.weight
    }
}
