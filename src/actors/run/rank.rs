//! Which of the ready tasks goes first.

use crate::workflow::Priority;

/// A priority outweighs any rank: an upward rank is in seconds of work, and a thousand years of them are fewer than this.
const PRIORITY_STEP: f64 = 1e11;

/// A rank with a total order.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Rank(pub(super) f64);
impl Eq for Rank {}
impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Rank) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Rank {
    fn cmp(&self, other: &Rank) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}
impl Rank {
    /// Of a task of this priority and this upward rank.
    pub(super) fn of(priority: Priority, upward: f64) -> Rank {
        let steps = match priority {
            Priority::Low => -1.0,
            Priority::Normal => 0.0,
            Priority::High => 1.0,
            Priority::Critical => 2.0,
        };
        Rank(upward + steps * PRIORITY_STEP)
    }
}
