//! What a later run of the same workflow need not do again.

use super::children::Children;
use super::fold::Report;
use super::record::State;
use super::tables::Say;
use crate::event::{Names, RunStatus};
use crate::mutation::planted;
use crate::workflow::Workflow;
use polity_agents::{Failure, Job};
use polity_protocols::Name;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Why a run does not undo what an earlier one did: the task is gone, or is an instance of a list that it turned back before.
pub(crate) const NO_PLACE: &str = "the earlier run did it, and this one has no such task, or did not come to it";

/// What a run of before has to say of its tasks: outputs of those that completed, and failures of those that shall not be tried again.
///
/// ```
/// use polity::report::Recall;
/// let recall = Recall::default().output("fetch", 42);
/// assert!(!recall.is_empty() && !recall.undoing());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Recall {
    tasks: BTreeMap<Name, Recalled>,
    /// Tasks that were expanded.
    expanded: BTreeSet<Name>,
    /// What was undone already.
    undone: BTreeSet<Name>,
    /// Of a run that had not come to an end with undoing: how it would have ended.
    because: Option<RunStatus>,
    /// What agents had in their hands when its process died.
    doubtful: Vec<Name>,
    /// Effects that are left, and of which nothing else is known.
    lost: Vec<(Name, String)>,
    /// The run that all this is of.
    run: Option<Name>,
    /// What is in its idempotency keys beside its name.
    salt: Option<Name>,
    /// By task: what its sub-runs did and nobody has undone, in the order in which they were.
    below: BTreeMap<Name, Vec<Below>>,
    /// Of a sub-run: what has something that undoes it, and, where the process that did it still lives, what that is.
    undos: BTreeMap<Name, Option<Result<Job, String>>>,
    /// The lists of tasks that were expanded, where they are known.
    lists: BTreeMap<Name, Vec<Arc<Value>>>,
    /// What the sub-runs below it did that are gone on with.
    children: Option<Arc<Children>>,
}

/// A sub-run that is over, as far as what it did is to be undone with the task that it was a part of.
#[derive(Clone, Debug)]
pub(crate) struct Below {
    /// Its name, which is in the idempotency keys of its tasks.
    pub(crate) name: Name,
    /// It came to its end: then its task's own `compensate` stands for what it did.
    pub(crate) completed: bool,
    /// Its inputs, a map.
    pub(crate) inputs: Value,
    /// What it did. It says nothing of what is undone.
    pub(crate) recall: Recall,
    /// Its workflow, and its team if it had one of its own; none if only a record knows of it.
    pub(crate) flow: Option<(Arc<Workflow>, Option<Vec<Name>>)>,
}
impl Below {
    /// What it did and is not undone, by path: `order/book_hotel`.
    pub(crate) fn effects(&self, task: &str) -> Vec<Name> {
        self.recall.effects().into_iter().map(|effect| Name::from(format!("{task}/{effect}"))).collect()
    }
}

/// See [`Recall`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Recalled {
    Output(Arc<Value>),
    /// It is a dead letter, if the hash of what it was to work on is known.
    Failure(Arc<Failure>, Option<Name>),
    /// Why it was not needed.
    Skipped(Name),
}

impl Recall {
    /// All that a run leaves: each task instance that completed has its output. Of those that failed for good, `again` says which are to be
    /// done again, by name; the others fail again by what is recorded, and are dead letters of
    /// the later run. What was blocked or cancelled is decided anew, and what was skipped too, if anything failed
    /// or was cancelled: that may have been why. What began since a task was lost, or whatever had become of it (by its join), is done again with that task,
    /// and so is what stands on it.
    ///
    /// If the run had [begun to undo](Recall::undoing) what it did and is not done with that, nothing is done again, whatever `again` says. Of
    /// one that was undone as a whole, what was undone is not completed any more, and neither is what stood downstream of it; the later run's
    /// tasks have idempotency keys of their own.
    pub fn of(report: &Report, names: &Names, again: impl Fn(&str) -> bool) -> Recall {
        let say = Say { report, names };
        let name = |n: u32| Name::from(say.raw_task(n));
        let because = report.undoing();
        let back = because.is_some();
        let nothing_failed = !report.tasks().any(|(_, task)| matches!(task.state, State::Failed | State::Cancelled));
        let single = || report.tasks().filter(|(n, _)| report.family(*n).is_none());
        let undone: BTreeSet<u32> = single().filter(|(_, task)| task.state == State::Compensated).map(|(n, _)| n).collect();
        let anew = single().filter(|(n, task)| match task.state {
            State::Failed => again(&name(*n)),
            state => matches!(state, State::Blocked | State::Cancelled),
        });
        let anew: BTreeSet<u32> = anew.map(|(n, _)| report.node(n)).collect();
        let void = undone.iter().map(|n| report.node(*n)).chain(stood_on(report, &anew));
        let void = if back { BTreeSet::new() } else { downstream(report, void) };
        let recalled = single().filter_map(|(n, task)| {
            let name = name(n);
            let what = match (task.state, task.output(), &task.failure) {
                (State::Completed, Some(output), _) if !void.contains(&report.node(n)) => Recalled::Output(output.clone()),
                (State::Compensated, Some(output), _) if back || planted("take_undone_for_done") => {
                    Recalled::Output(output.clone())
                }
                (State::Failed, _, Some(failure)) if back || !again(&name) => {
                    Recalled::Failure(failure.clone(), task.dead().cloned())
                }
                // What it was skipped for is known: it failed, and its handler said so.
                (State::Skipped, ..) if back || nothing_failed || task.handled().is_some() => {
                    Recalled::Skipped(task.reason.clone().unwrap_or_else(|| "it was not needed".into()))
                }
                _ => return None,
            };
            Some((name, what))
        });
        let tasks: BTreeMap<Name, Recalled> = recalled.collect();
        let in_hand = single().filter(|(_, task)| back && report.tail().is_none() && task.state.is_held());
        let left = report.tail().filter(|_| back).map(|tail| tail.left.clone()).unwrap_or_default();
        let keys_of = report.head().filter(|_| back || undone.is_empty());
        Recall {
            expanded: report.tasks().filter(|(n, _)| report.family(*n).is_some()).map(|(n, _)| name(n)).collect(),
            doubtful: in_hand.map(|(n, _)| name(n)).collect(),
            lost: left.into_iter().filter(|(task, _)| !tasks.contains_key(task)).collect(),
            undone: undone.iter().filter(|_| back).map(|n| name(*n)).collect(),
            run: keys_of.map(|head| head.resumes.clone().unwrap_or_else(|| head.name.clone())),
            salt: keys_of.map(|head| head.salt.clone().unwrap_or_else(|| "".into())),
            tasks,
            because,
            ..Recall::default()
        }
    }
    /// Of a sub-run that is over: it has done this, by instance, and this undoes it. What is not named is not to be undone.
    pub(crate) fn of_sub_run(run: Name) -> Recall {
        Recall { run: Some(run), ..Recall::default() }
    }
    /// An instance gave this, and can be undone: so, if that is known.
    pub(crate) fn can_undo(&mut self, instance: Name, output: Option<Arc<Value>>, undo: Option<Result<Job, String>>) {
        self.gave(&instance, output);
        self.undos.insert(instance, undo);
    }
    /// What an instance did itself is undone already; what its sub-runs did is not.
    pub(crate) fn is_half_undone(&mut self, instance: Name) {
        self.undone.insert(instance);
    }
    /// An instance gave this.
    pub(crate) fn gave(&mut self, instance: &Name, output: Option<Arc<Value>>) {
        self.tasks.extend(output.map(|output| (instance.clone(), Recalled::Output(output))));
    }
    /// A task became instances, of this list if it is known.
    pub(crate) fn became_many(&mut self, task: Name, list: Option<Vec<Arc<Value>>>) {
        self.lists.extend(list.map(|list| (task.clone(), list)));
        self.expanded.insert(task);
    }
    /// What the sub-runs of an instance did.
    pub(crate) fn did_below(&mut self, instance: Name, below: Vec<Below>) {
        self.below.insert(instance, below);
    }
    /// The same, for a run that does nothing but undo it.
    pub(crate) fn going_back(self, because: RunStatus) -> Recall {
        Recall { because: Some(because), ..self }
    }
    /// With what sub-runs did: what of it is left is known then.
    pub(crate) fn above(mut self, below: BTreeMap<Name, Vec<Below>>) -> Recall {
        self.below = below;
        let known: BTreeSet<Name> = self.effects().into_iter().collect();
        self.lost.retain(|(effect, _)| !known.contains(effect));
        self
    }
    /// The effects that nobody has undone, by path.
    pub(crate) fn effects(&self) -> Vec<Name> {
        let below = self.below.iter().flat_map(|(task, all)| all.iter().flat_map(move |below| below.effects(task)));
        self.undos.keys().cloned().chain(below).collect()
    }
    /// What undoes an instance, if that is known.
    pub(crate) fn undo_of(&mut self, instance: &str) -> Option<Result<Job, String>> {
        self.undos.remove(instance).flatten()
    }
    /// The list that a task was expanded by, if that is known.
    pub(crate) fn list(&self, task: &str) -> Option<Vec<Arc<Value>>> {
        self.lists.get(task).cloned()
    }
    /// What sub-runs did, by task.
    pub(crate) fn take_below(&mut self) -> BTreeMap<Name, Vec<Below>> {
        std::mem::take(&mut self.below)
    }
    /// True if the earlier run had begun to undo what it did, and was not done with that: then the later one does nothing but go on with it.
    pub fn undoing(&self) -> bool {
        self.because.is_some()
    }
    /// How the earlier run would have ended, had it not been for undoing.
    pub(crate) fn because(&self) -> Option<RunStatus> {
        self.because
    }
    /// With what an earlier life of the same run gave, where this one says nothing of it.
    pub(super) fn over(mut self, earlier: Recall) -> Recall {
        let given = earlier.tasks.into_iter().filter(|(_, recalled)| matches!(recalled, Recalled::Output(_)));
        for (task, recalled) in given {
            self.tasks.entry(task).or_insert(recalled);
        }
        self.expanded.extend(earlier.expanded);
        self
    }
    pub(super) fn children(&self) -> Option<&Arc<Children>> {
        self.children.as_ref()
    }
    pub(super) fn knowing(self, children: Arc<Children>) -> Recall {
        Recall { children: Some(children), ..self }
    }
    /// The run whose idempotency keys its tasks have.
    pub(crate) fn run(&self) -> Option<Name> {
        self.run.clone()
    }
    /// What is in the idempotency keys of its tasks beside that run's name; none if it is not told.
    pub(crate) fn salt(&self) -> Option<Name> {
        self.salt.clone()
    }
    /// True if a task was undone already.
    pub(crate) fn is_undone(&self, task: &str) -> bool {
        self.undone.contains(task)
    }
    /// True if it knows that a task of the workflow became instances, or knows one of them.
    pub(crate) fn is_expanded(&self, task: &Name) -> bool {
        let start = Name::from(format!("{task}["));
        self.expanded.contains(task)
            || self.tasks.range(start.clone()..).next().is_some_and(|(name, _)| name.starts_with(&*start))
    }
    /// True if a task failed and shall not be tried again.
    pub(crate) fn has_failure(&self) -> bool {
        self.tasks.values().any(|recalled| matches!(recalled, Recalled::Failure(..)))
    }
    /// What agents had in their hands when its process died.
    pub(crate) fn doubtful(&self) -> &[Name] {
        &self.doubtful
    }
    /// Effects that nobody can undo any more: what was left before, and outputs that the later run had no place for. `has_undo` says of a task
    /// of the workflow whether anything would undo it.
    pub(crate) fn lost(&self, has_undo: impl Fn(&str) -> bool) -> Vec<(Name, String)> {
        let untaken = self.tasks.iter().filter(|(name, recalled)| {
            let task = name.split_once('[').map_or(&***name, |(task, _)| task);
            matches!(recalled, Recalled::Output(_)) && !self.is_undone(name) && has_undo(task)
        });
        self.lost.iter().cloned().chain(untaken.map(|(name, _)| (name.clone(), NO_PLACE.to_owned()))).collect()
    }
    /// With the output of a task, or of an instance (`analyse[2013]`).
    pub fn output(mut self, task: impl Into<Name>, output: impl Into<Value>) -> Recall {
        self.tasks.insert(task.into(), Recalled::Output(Arc::new(output.into())));
        self
    }
    /// True if it has nothing to say.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty() && self.because.is_none() && self.below.is_empty()
    }
    /// How many outputs it has.
    pub fn outputs(&self) -> usize {
        self.tasks.values().filter(|recalled| matches!(recalled, Recalled::Output(_))).count()
    }
    pub(crate) fn knows(&self, task: &str) -> bool {
        self.tasks.contains_key(task)
    }
    pub(crate) fn take(&mut self, task: &str) -> Option<Recalled> {
        self.tasks.remove(task)
    }
}

/// These tasks of the workflow, and all that wait for them. `O(tasks + edges)`: dependencies may stand in any order.
/// Tasks that began since others were lost, or whatever became of them: where those are done again, these are decided anew.
fn stood_on(report: &Report, lost: &BTreeSet<u32>) -> Vec<u32> {
    use crate::plan::Join::{AllDone, AllFailed, AnyDone, OneFailed};
    let dependencies = report.head().map(|head| head.dependencies.clone()).unwrap_or_default();
    let stands = |node: u32| matches!(report.join(node), Some(AllDone | AllFailed | AnyDone | OneFailed));
    let of = |(node, on): (u32, &Vec<u32>)| (stands(node) && on.iter().any(|on| lost.contains(on))).then_some(node);
    (0..).zip(dependencies.iter()).filter_map(of).collect()
}
fn downstream(report: &Report, from: impl Iterator<Item = u32>) -> BTreeSet<u32> {
    let Some(head) = report.head() else { return from.collect() };
    let mut below: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (node, dependencies) in head.dependencies.iter().enumerate() {
        dependencies.iter().for_each(|on| below.entry(*on).or_default().push(node as u32));
    }
    let (mut found, mut turn) = (BTreeSet::new(), from.collect::<Vec<u32>>());
    while let Some(node) = turn.pop() {
        if found.insert(node) {
            turn.extend(below.get(&node).into_iter().flatten());
        }
    }
    found
}
