//! What a later run of the same workflow need not do again.

use super::fold::Report;
use super::record::State;
use super::tables::Say;
use crate::event::Names;
use polity_agents::Failure;
use polity_protocols::Name;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a run of before has to say of its tasks: outputs of those that completed, and failures of those that shall not be tried again.
///
/// ```
/// use polity::report::Recall;
/// let recall = Recall::default().output("fetch", 42);
/// assert!(!recall.is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Recall {
    tasks: BTreeMap<Name, Recalled>,
    /// What was undone already.
    undone: BTreeSet<Name>,
    /// The run that all this is of.
    run: Option<Name>,
}

/// See [`Recall`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Recalled {
    Output(Arc<Value>),
    /// It is a dead letter, if the hash of what it was to work on is known.
    Failure(Arc<Failure>, Option<Name>),
}

impl Recall {
    /// All that a run leaves: each task instance that completed has its output. Of those that failed for good, `again` says which are to be
    /// done again, by name; the others fail again by what is recorded, and are dead letters of
    /// the later run. What was blocked, cancelled or skipped is decided anew.
    pub fn of(report: &Report, names: &Names, again: impl Fn(&str) -> bool) -> Recall {
        let say = Say { report, names };
        let tasks = report.tasks().filter(|(n, _)| report.family(*n).is_none());
        let recalled = tasks.filter_map(|(n, task)| {
            let name = say.raw_task(n);
            let what = match (task.state, task.output(), &task.failure) {
                (State::Completed | State::Compensated, Some(output), _) => Recalled::Output(output.clone()),
                (State::Failed, _, Some(failure)) if !again(&name) => Recalled::Failure(failure.clone(), task.dead().cloned()),
                _ => return None,
            };
            Some((Name::from(name), what))
        });
        let undone =
            report.tasks().filter(|(_, task)| task.state == State::Compensated).map(|(n, _)| Name::from(say.raw_task(n)));
        let run = report.head().map(|head| head.resumes.clone().unwrap_or_else(|| head.name.clone()));
        Recall { tasks: recalled.collect(), undone: undone.collect(), run }
    }
    /// The run whose idempotency keys its tasks have.
    pub(crate) fn run(&self) -> Option<Name> {
        self.run.clone()
    }
    /// True if a task was undone already.
    pub(crate) fn is_undone(&self, task: &str) -> bool {
        self.undone.contains(task)
    }
    /// With the output of a task, or of an instance (`analyse[2013]`).
    pub fn output(mut self, task: impl Into<Name>, output: impl Into<Value>) -> Recall {
        self.tasks.insert(task.into(), Recalled::Output(Arc::new(output.into())));
        self
    }
    /// True if it has nothing to say.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }
    /// How many outputs it has.
    pub fn outputs(&self) -> usize {
        self.tasks.values().filter(|recalled| matches!(recalled, Recalled::Output(_))).count()
    }
    pub(crate) fn take(&mut self, task: &str) -> Option<Recalled> {
        self.tasks.remove(task)
    }
}
