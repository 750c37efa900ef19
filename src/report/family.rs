//! A run with all runs below it.

use crate::event::{Event, RunId, What};
use std::collections::BTreeSet;

/// Which runs belong together: told from the events that begin them.
pub(super) struct Family(BTreeSet<RunId>);

impl Family {
    pub(super) fn of(root: RunId) -> Family {
        Family([root].into())
    }
    /// True for the events of the run, of those below it, and of the society. The event that begins a sub-run makes it one of them.
    pub(super) fn concerns(&mut self, event: &Event) -> bool {
        if let What::RunStarted(head) = &event.what
            && head.parent.is_some_and(|parent| self.0.contains(&parent.run))
        {
            self.0.insert(event.run);
        }
        let concerns = !event.run.is_run() || self.0.contains(&event.run);
        if matches!(event.what, What::RunEnded(_)) && self.0.first() != Some(&event.run) {
            self.0.remove(&event.run);
        }
        concerns
    }
}
