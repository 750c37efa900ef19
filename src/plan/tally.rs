//! How many are in which state.

use super::NodeState;
use serde::{Deserialize, Serialize};

/// Counts by state, of a run's tasks or of their instances.
///
/// ```
/// use polity::plan::{NodeState, Tally};
/// let tally = Tally { succeeded: 5, blocked: 1, ..Tally::default() };
/// assert_eq!((tally.total(), tally.of(NodeState::Blocked), tally.is_success()), (6, 1, false));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // each counts the state of the same name
pub struct Tally {
    pub pending: u32,
    pub ready: u32,
    pub open: u32,
    pub succeeded: u32,
    pub failed: u32,
    pub skipped: u32,
    pub blocked: u32,
    pub cancelled: u32,
}

impl Tally {
    /// How many are in `state`.
    pub fn of(&self, state: NodeState) -> u32 {
        let mut copy = *self;
        *copy.slot(state)
    }
    /// All.
    pub fn total(&self) -> u32 {
        self.pending + self.ready + self.open + self.ended()
    }
    /// Those that have ended, however.
    pub fn ended(&self) -> u32 {
        self.succeeded + self.failed + self.skipped + self.blocked + self.cancelled
    }
    /// True if all have ended and each succeeded or was skipped.
    pub fn is_success(&self) -> bool {
        self.succeeded + self.skipped == self.total()
    }
    pub(super) fn add(&mut self, state: NodeState, count: u32) {
        *self.slot(state) += count;
    }
    pub(super) fn remove(&mut self, state: NodeState, count: u32) {
        *self.slot(state) -= count;
    }
    pub(super) fn shift(&mut self, from: NodeState, to: NodeState) {
        self.remove(from, 1);
        self.add(to, 1);
    }
    fn slot(&mut self, state: NodeState) -> &mut u32 {
        match state {
            NodeState::Pending => &mut self.pending,
            NodeState::Ready => &mut self.ready,
            NodeState::Open => &mut self.open,
            NodeState::Succeeded => &mut self.succeeded,
            NodeState::Failed => &mut self.failed,
            NodeState::Skipped => &mut self.skipped,
            NodeState::Blocked => &mut self.blocked,
            NodeState::Cancelled => &mut self.cancelled,
        }
    }
}
