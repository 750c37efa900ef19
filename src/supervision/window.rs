//! How many restarts may still begin: a sliding window.

use core::time::Duration;
use polity_protocols::Time;
use std::collections::VecDeque;

/// The restarts of the last period, and those that were granted and have not begun.
///
/// A restart is granted when a child fails and counts from then on, so that children that fail together are seen together; it
/// begins after its delay, and counts for one period more. So no window of one period ever sees more begin than the limit:
/// of those that begin in it, the one granted last was granted while all others counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    begun: VecDeque<Time>,
    granted: u32,
}

impl Window {
    /// Grants one more restart, if the limit bears it. Amortised O(1).
    pub(super) fn grant(&mut self, limit: u32, period: Duration, now: Time) -> bool {
        while self.begun.front().is_some_and(|at| now - *at >= period) {
            self.begun.pop_front();
        }
        let bears = self.begun.len() as u64 + u64::from(self.granted) < u64::from(limit);
        self.granted += u32::from(bears);
        bears
    }
    /// Restarts that were granted begin.
    pub(super) fn begin(&mut self, how_many: u32, now: Time) {
        self.give_back(how_many);
        self.begun.extend((0..how_many).map(|_| now));
    }
    /// Restarts that were granted are not wanted any more.
    pub(super) fn give_back(&mut self, how_many: u32) {
        self.granted = self.granted.saturating_sub(how_many);
    }
}
