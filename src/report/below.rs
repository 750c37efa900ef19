//! What the record of a run says of the sub-runs below it: what they did, and what of that is to be undone with the tasks of the run above.

use super::read::by_run;
use super::recall::{Below, Recall};
use super::record::State;
use crate::event::{Event, RunId, RunStatus};
use polity_protocols::{Name, TaskId};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Sub-runs may be so deep in a record: it is input, and may have been changed.
const DEEP: u32 = 64;

/// What is known of a sub-run, and of the runs that undid what it did.
#[derive(Default)]
struct Known {
    /// The run above, or the one that this one goes on with; none for the first.
    parent: Option<Name>,
    task: Name,
    completed: bool,
    inputs: Value,
    outputs: BTreeMap<Name, Arc<Value>>,
    can_undo: BTreeSet<Name>,
    undone: BTreeSet<Name>,
    expanded: BTreeSet<Name>,
}

impl Recall {
    /// With what the sub-runs below the run did, so that it is undone if the later run undoes anything. `logs` are the events of the run and of
    /// those that it went on with, the first of them first: each knows only what happened while it lived. `O(events)`, and keeps them all.
    ///
    /// ```
    /// use polity::report::Recall;
    /// assert!(Recall::default().with_sub_runs(&[]).is_empty());
    /// ```
    pub fn with_sub_runs(self, logs: &[Vec<Event>]) -> Recall {
        let (mut all, mut order) = (BTreeMap::new(), Vec::new());
        logs.iter().for_each(|events| read(events, &mut all, &mut order));
        self.above(below(None, &all, &order, 0))
    }
}

fn read(events: &[Event], all: &mut BTreeMap<Name, Known>, order: &mut Vec<Name>) {
    let (names, runs) = by_run(events);
    // A run that goes on with another counts as that one. Of the first of a log only the sub-runs are asked for.
    let base = |run: RunId| {
        let head = runs.get(&run)?.head()?;
        head.parent.map(|_| head.resumes.clone().unwrap_or_else(|| head.name.clone()))
    };
    for (run, report) in &runs {
        let (Some(head), Some(name)) = (report.head(), base(*run)) else { continue };
        let Some(parent) = head.parent.filter(|parent| runs.contains_key(&parent.run)) else { continue };
        let known = all.entry(name.clone()).or_insert_with(|| {
            order.push(name);
            let task = names.task(TaskId::new(parent.run.0, parent.task));
            Known { parent: base(parent.run), task, ..Known::default() }
        });
        if head.resumes.is_none() {
            known.inputs = head.inputs.clone();
            // Its task must have heard of it: else it is done again, and what undoes the task undoes that.
            let heard = runs
                .get(&parent.run)
                .and_then(|above| above.task(parent.task))
                .is_some_and(|task| matches!(task.state, State::Completed | State::Compensated));
            known.completed = heard && report.tail().is_some_and(|tail| tail.status == RunStatus::Completed);
        }
        for (n, task) in report.tasks() {
            let name = names.task(TaskId::new(run.0, n));
            if report.family(n).is_some() {
                known.expanded.insert(name);
                continue;
            }
            if let (State::Completed | State::Compensated, Some(output)) = (task.state, task.output()) {
                known.outputs.insert(name.clone(), output.clone());
                if head.undoes.contains(&report.node(n)) {
                    known.can_undo.insert(name.clone());
                }
            }
            if task.state == State::Compensated {
                known.undone.insert(name);
            }
        }
    }
}

/// What the sub-runs of a run did, by task. Where nothing of it is left, the task has none: it is undone.
fn below(run: Option<&Name>, all: &BTreeMap<Name, Known>, order: &[Name], depth: u32) -> BTreeMap<Name, Vec<Below>> {
    let mut found: BTreeMap<Name, Vec<Below>> = BTreeMap::new();
    let of_run = order.iter().filter_map(|name| Some((name, all.get(name)?))).filter(|(_, known)| known.parent.as_ref() == run);
    for (name, known) in of_run.filter(|_| depth < DEEP) {
        let mut recall = Recall::of_sub_run(name.clone());
        let output = |task: &Name| known.outputs.get(task).cloned();
        for task in known.can_undo.difference(&known.undone) {
            recall.can_undo(task.clone(), output(task), None);
        }
        let mut had_some = !known.can_undo.is_empty();
        for (task, mut deeper) in below(Some(name), all, order, depth + 1) {
            had_some = true;
            if known.can_undo.contains(&task) {
                deeper.retain(|below| !below.completed); // it has something of its own that stands for them
            }
            if !deeper.is_empty() {
                recall.gave(&task, output(&task));
                if known.can_undo.contains(&task) && known.undone.contains(&task) {
                    recall.is_half_undone(task.clone());
                }
                recall.did_below(task, deeper);
            }
        }
        known.expanded.iter().for_each(|task| recall.became_many(task.clone(), None));
        if had_some {
            let of_task = found.entry(known.task.clone()).or_default();
            if !recall.effects().is_empty() {
                let (name, completed, inputs) = (name.clone(), known.completed, known.inputs.clone());
                of_task.push(Below { name, completed, inputs, recall, flow: None });
            }
        }
    }
    found
}
