//! What the sub-runs below a run left, for a run that goes on with it: what had completed there is not done again.

use super::fold::Report;
use super::read::by_run;
use super::recall::Recall;
use crate::event::{Event, Names, RunHead};
use polity_protocols::Name;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Sub-runs, by the names in their idempotency keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Children(BTreeMap<Name, Child>);

#[derive(Clone, Debug)]
struct Child {
    /// With other inputs it would have done something else.
    inputs: Value,
    recall: Recall,
}

impl Children {
    /// Of the events of a run, and of those that it goes on with, the first of them first. Runs that may have to undo what was done below them are left
    /// out: that is recalled otherwise.
    fn of(logs: &[Vec<Event>]) -> Children {
        let mut all = Children::default();
        for events in logs {
            let (names, runs) = by_run(events);
            runs.values().for_each(|report| all.take(report, &names));
        }
        all
    }
    /// A later life may have ended before it came to what an earlier one had done.
    fn take(&mut self, report: &Report, names: &Names) {
        let is_of_it = |head: &&Arc<RunHead>| head.parent.is_some() && head.undoes.is_empty() && !head.compensates;
        let Some(head) = report.head().filter(is_of_it) else { return };
        let name = head.resumes.clone().unwrap_or_else(|| head.name.clone());
        let (inputs, recall) = (head.inputs.clone(), Recall::of(report, names, |_| true));
        let recall = match self.0.remove(&name).filter(|child| child.inputs == inputs) {
            Some(earlier) => recall.over(earlier.recall),
            None => recall,
        };
        self.0.insert(name, Child { inputs, recall });
    }
    /// Inputs that are not given have their defaults, now as then.
    fn get(&self, name: &str, inputs: &BTreeMap<Name, Value>) -> Option<Recall> {
        let same = |child: &&Child| inputs.iter().all(|(name, value)| child.inputs.get(&**name) == Some(value));
        self.0.get(name).filter(same).map(|child| child.recall.clone())
    }
}

impl Recall {
    /// With what the sub-runs below the run did, by its events and those of the runs that it went on with, the first of them first: where the later run begins such a sub-run with the same inputs, what had completed in
    /// it is not done again, and the rest has the same idempotency keys. Not of runs that undo what they did. O(events), and keeps what they gave.
    ///
    /// ```
    /// use polity::report::Recall;
    /// assert!(Recall::default().with_children(&[]).is_empty());
    /// ```
    pub fn with_children(self, logs: &[Vec<Event>]) -> Recall {
        self.knowing(Arc::new(Children::of(logs)))
    }
    /// What the sub-run of this name did, if it had these inputs.
    pub(crate) fn child(&self, name: &str, inputs: &BTreeMap<Name, Value>) -> Recall {
        let children = self.children();
        let found = children.and_then(|children| Some(children.get(name, inputs)?.knowing(children.clone())));
        found.unwrap_or_default()
    }
}
