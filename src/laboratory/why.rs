//! Why a run did not end well: it is made once more, to be asked.

use super::Trial;
use crate::report::{Report, State, harmless};
use polity_agents::Failure;
use std::sync::Arc;

impl Trial<'_> {
    /// The first thing that went wrong for good; none if it can't be made, or ends well. It is tried once for it.
    pub(super) fn why(&self) -> Option<String> {
        let (measures, failed) = match self.subject().coming() {
            Some(coming) => {
                let (measures, reports) = self.stream(coming).ok()?;
                (measures, reports.iter().find_map(failure))
            }
            None => {
                let (measures, chronicle) = self.watch().ok()?;
                (measures, failure(chronicle.report()))
            }
        };
        if measures.well {
            return None;
        }
        Some(match failed {
            _ if measures.given_up => format!(
                "it comes to no end: given up after {:.0} s of virtual time with {} of its tasks done; what hangs needs a `timeout`, and what goes wrong may do so faster than a task is done",
                measures.makespan, measures.completed
            ),
            Some(failure) => harmless(&failure.message).into_owned(),
            None => "its tasks did not end".to_owned(),
        })
    }
}

/// Of the first task that failed.
fn failure(report: &Report) -> Option<Arc<Failure>> {
    report.tasks().filter(|(_, task)| task.state == State::Failed).find_map(|(_, task)| task.failure.clone())
}
