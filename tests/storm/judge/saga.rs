//! What was done is undone, or named as left: exactly that, backwards, and once.

use super::super::play::Storm;
use super::super::seen::Seen;
use super::must;
use polity::event::{COPIES, Event, Names, RunId, RunStatus, RunTail, What};
use polity::protocols::{Name, TaskId};
use polity::workflow::Workflow;
use std::collections::{BTreeMap, BTreeSet};

type Checked = Result<(), String>;

/// The undoing of one run, as far as its log was read.
pub struct SagaLog<'a> {
    run: RunId,
    flow: &'a Workflow,
    names: Names,
    /// Which tasks lie downstream of each.
    below: Vec<BTreeSet<u32>>,
    /// How it would end without undoing, if it has turned back.
    turned: Option<RunStatus>,
    escalated: bool,
    /// What completed, and could be undone: instance → task.
    done: BTreeMap<u32, u32>,
    failed: u32,
    cancelled: u32,
    /// Jobs that undo: number → instance.
    jobs: BTreeMap<u32, u32>,
    ended_well: BTreeSet<u32>,
    undone: BTreeSet<u32>,
    /// What could not be undone, though its turn had come.
    given_up: BTreeSet<u32>,
    /// What an earlier run had undone.
    before: &'a BTreeSet<Name>,
    /// Instances that have begun and not ended.
    going: BTreeSet<u32>,
}

/// All that stands on each task, however far below. A task may stand in the file before what it depends on.
pub fn downstream(flow: &Workflow) -> Vec<BTreeSet<u32>> {
    let upstream = |node: usize| flow.tasks[node].dependencies.iter().map(|dependency| dependency.on);
    let mut below = vec![BTreeSet::new(); flow.tasks.len()];
    for node in 0..flow.tasks.len() {
        let mut turn: Vec<usize> = upstream(node).collect();
        while let Some(on) = turn.pop() {
            if below[on].insert(node as u32) {
                turn.extend(upstream(on));
            }
        }
    }
    below
}

impl<'a> SagaLog<'a> {
    pub fn new(run: RunId, flow: &'a Workflow, before: &'a BTreeSet<Name>) -> SagaLog<'a> {
        SagaLog {
            run,
            flow,
            below: downstream(flow),
            before,
            names: Names::default(),
            turned: None,
            escalated: false,
            done: BTreeMap::new(),
            failed: 0,
            cancelled: 0,
            jobs: BTreeMap::new(),
            ended_well: BTreeSet::new(),
            undone: BTreeSet::new(),
            given_up: BTreeSet::new(),
            going: BTreeSet::new(),
        }
    }
    fn compensates(&self) -> bool {
        self.flow.on_failure == polity::workflow::OnFailure::Compensate
    }
    fn name(&self, instance: u32) -> Name {
        self.names.task(TaskId::new(self.run.0, instance))
    }

    pub fn take(&mut self, event: &Event) -> Checked {
        self.names.take(event);
        if event.run != self.run {
            return Ok(());
        }
        let instance = event.what.task().map(|task| task.instance());
        match (&event.what, instance) {
            (What::TurnedBack { because }, _) => {
                must(self.compensates(), || "it undoes nothing".into())?;
                must(self.jobs.is_empty(), || "it had begun to undo".into())?;
                self.turned = Some(*because);
            }
            (What::Compensating { undo, .. }, Some(instance)) => self.begin(instance, *undo)?,
            (What::Compensated { .. }, Some(instance)) => {
                let job = self.jobs.iter().find(|(_, of)| **of == instance).map(|(job, _)| *job);
                let known = self.before.contains(&self.name(instance));
                must(job.is_some_and(|job| self.ended_well.contains(&job)) != known, || {
                    format!("its undo, {job:?}, did not end well")
                })?;
                self.in_order(instance)?;
                must(self.undone.insert(instance), || "it was undone before".into())?;
            }
            (What::Uncompensated { .. }, Some(instance)) => {
                must(!self.undone.contains(&instance) && self.done.contains_key(&instance), || {
                    "there is nothing to undo".into()
                })?;
                must(self.given_up.insert(instance), || "it was given up before".into())?;
            }
            (What::Completed { .. }, Some(job)) if self.jobs.contains_key(&job) => drop(self.ended_well.insert(job)),
            (_, Some(copy)) if copy >= COPIES => {}
            (What::Completed { .. } | What::Synthesized { .. } | What::Recalled { .. }, Some(instance)) => {
                self.going.remove(&instance);
                let node = self.names.node(TaskId::new(self.run.0, instance));
                if self.compensates() && self.flow.tasks[node as usize].compensate.is_some() {
                    self.done.insert(instance, node);
                }
            }
            (What::Skipped { .. }, Some(instance)) => drop(self.going.remove(&instance)),
            (What::Failed { .. }, Some(instance)) => {
                self.going.remove(&instance);
                self.failed += 1;
            }
            (What::Cancelled { .. }, Some(instance)) => {
                self.cancelled += 1;
                self.going.remove(&instance);
            }
            (What::Announced { .. } | What::Copied { .. }, Some(instance)) => {
                must(self.jobs.is_empty(), || "the run goes forwards after it began to undo".into())?;
                self.going.insert(instance);
            }
            (What::RunEnded(tail), _) => self.end(tail)?,
            _ => {}
        }
        Ok(())
    }
    fn begin(&mut self, instance: u32, undo: u32) -> Checked {
        must(self.turned.is_some(), || "the run had not turned back".into())?;
        must(self.going.is_empty(), || format!("tasks were under way: {:?}", self.going))?;
        must(self.done.contains_key(&instance), || "there is nothing to undo".into())?;
        must(!self.jobs.values().any(|of| *of == instance), || "its undo had begun before".into())?;
        must(!self.before.contains(&self.name(instance)), || "an earlier run had undone it".into())?;
        must(undo >= COPIES && self.jobs.insert(undo, instance).is_none(), || "the number of its undo is none".into())?;
        self.in_order(instance)
    }
    /// All that stands on it must have been undone.
    fn in_order(&self, instance: u32) -> Checked {
        let node = *self.done.get(&instance).ok_or("there is nothing to undo")?;
        let standing =
            self.done.iter().find(|(other, of)| self.below[node as usize].contains(of) && !self.undone.contains(other));
        must(standing.is_none(), || format!("what stands on it was not undone: {standing:?}"))
    }
    fn end(&mut self, tail: &RunTail) -> Checked {
        let left: BTreeSet<&str> = tail.left.iter().map(|(name, _)| &**name).collect();
        must(left.len() == tail.left.len(), || format!("an effect is left twice: {:?}", tail.left))?;
        must(tail.compensated as usize == self.undone.len(), || format!("{} are said to be undone", tail.compensated))?;
        self.escalated = tail.status == RunStatus::Escalated;
        let ends_well = tail.tally.failed + tail.tally.blocked + tail.tally.cancelled == 0;
        match self.turned {
            None => {
                // What a join called off was needed no more.
                let may = !self.compensates() || ends_well || tail.status == RunStatus::Completed;
                must(may, || format!("it undoes what it did and ended with {:?}, and did not turn back", tail.tally))?;
                must(self.undone.is_empty() && left.is_empty(), || "it undid though it did not turn back".into())?;
            }
            Some(because) => {
                must(because != RunStatus::Failed || self.failed + self.cancelled > 0, || {
                    "it turned back for a failure, and nothing failed or was cancelled".into()
                })?;
                let done: BTreeSet<Name> = self.done.keys().map(|n| self.name(*n)).collect();
                let undone: BTreeSet<Name> = self.undone.iter().map(|n| self.name(*n)).collect();
                let forgotten = done.iter().find(|name| undone.contains(*name) == left.contains(&***name));
                must(forgotten.is_none(), || format!("{forgotten:?} was done, and is neither undone nor left, or both"))?;
                let never_done = left.iter().find(|name| !done.contains(**name));
                must(never_done.is_none(), || format!("{never_done:?} is left, and was not done"))?;
                self.left_for_a_reason()?;
            }
        }
        self.status(tail, because_of(self.turned))
    }
    /// What is left could not be undone, or stands upstream of what could not.
    fn left_for_a_reason(&self) -> Checked {
        for (instance, node) in self.done.iter().filter(|(n, _)| !self.undone.contains(n)) {
            let stands = |given_up: &u32| self.done.get(given_up).is_some_and(|of| self.below[*node as usize].contains(of));
            let reason = self.given_up.contains(instance) || self.given_up.iter().any(stands);
            must(reason || self.escalated, || format!("{instance} is left for no reason"))?;
        }
        Ok(())
    }
    /// The run ends as it must: stuck if something is left, else as it would without undoing.
    fn status(&self, tail: &RunTail, because: Option<RunStatus>) -> Checked {
        let stuck = tail.status == RunStatus::Stuck;
        must(stuck != tail.left.is_empty() || self.escalated, || {
            format!("{:?} are left and it is {:?}", tail.left, tail.status)
        })?;
        if !stuck && let Some(because) = because {
            must(tail.status == because || self.escalated, || {
                format!("it turned back for {because:?} and is {:?}", tail.status)
            })?;
        }
        let code = match tail.status {
            RunStatus::Completed => 0,
            RunStatus::Failed => 1,
            RunStatus::Overspent => 5,
            RunStatus::Cancelled => 6,
            RunStatus::Stuck => 7,
            RunStatus::Escalated => 70,
        };
        must(tail.status.exit_code() == code, || format!("{:?} has the exit code {}", tail.status, tail.status.exit_code()))
    }
    /// Notes what it has seen.
    pub fn note(&self, tail: Option<&RunTail>, seen: &mut Seen) {
        let Some(tail) = tail else { return };
        seen.undone += self.undone.len() as u64;
        if self.turned.is_none() || self.done.is_empty() {
            return;
        }
        let stuck = tail.status == RunStatus::Stuck;
        seen.undone_whole += u64::from(tail.left.is_empty());
        seen.stuck += u64::from(stuck);
        seen.cancelled_and_undone += u64::from(tail.status == RunStatus::Cancelled);
        seen.cancelled_and_stuck += u64::from(stuck && self.turned == Some(RunStatus::Cancelled));
        seen.left_upstream += u64::from(self.done.len() > self.undone.len() + self.given_up.len());
    }
}
fn because_of(turned: Option<RunStatus>) -> Option<RunStatus> {
    turned.filter(|because| matches!(because, RunStatus::Failed | RunStatus::Cancelled))
}

/// Judges the undoing of all runs of a storm.
pub fn judge(storm: &Storm, seen: &mut Seen) -> Checked {
    let nothing = BTreeSet::new();
    for (n, (flow, _)) in storm.scene.runs.iter().enumerate() {
        judge_run(&storm.events, RunId(n as u32), flow, &nothing, seen)?;
    }
    Ok(())
}
/// One run, and what a run before it had undone.
pub fn judge_run(events: &[Event], run: RunId, flow: &Workflow, before: &BTreeSet<Name>, seen: &mut Seen) -> Checked {
    let mut log = SagaLog::new(run, flow, before);
    let mut tail = None;
    for event in events {
        log.take(event).map_err(|what| format!("{what}, at event {} of run {}: {:?}", event.seq, run.0, event.what))?;
        if let (What::RunEnded(ended), true) = (&event.what, event.run == run) {
            tail = Some(ended.clone());
        }
        let displaced = matches!(&event.what, What::Displaced { task, .. } if log.jobs.contains_key(&task.instance()));
        seen.undos_displaced += u64::from(displaced && event.run == run);
    }
    log.note(tail.as_deref(), seen);
    Ok(())
}
