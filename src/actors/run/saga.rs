//! The saga of a run: what was done is undone when it does not come to its end.
//!
//! Source: Garcia-Molina and Salem, *Sagas* (SIGMOD 1987).

use super::RunActor;
use super::below::Back;
use super::render::{Rendered, Unready};
use crate::actors::messages::{RunMail, TaskEnd, TaskResult};
use crate::actors::{Detour, Errand};
use crate::event::{RunStatus, What};
use crate::lifecycle::Policy;
use crate::mutation::planted;
use crate::plan::{NodeIx, Undo};
use crate::report::Below;
use crate::workflow::{Conditions, OnFailure};
use actix::Context;
use polity_agents::Job;
use polity_protocols::{Name, TaskView};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// What a run has to undo.
#[derive(Default)]
pub(super) struct Saga {
    /// By instance: what undoes it, or why that can't be said. Made when the task completed, so that it does not depend on what came later.
    pub(super) plans: BTreeMap<u32, Result<Job, String>>,
    undo: Option<Undo>,
    /// What may be undone and waits for room.
    pub(super) ready: VecDeque<u32>,
    /// Jobs that undo, by number.
    open: BTreeMap<u32, u32>,
    /// By instance: what its sub-runs did and nobody has undone, the first of them first.
    pub(super) below: BTreeMap<u32, Vec<Below>>,
    /// Sub-runs that undo what others did, by instance.
    pub(super) back: BTreeMap<u32, Back>,
    /// Instances that have undone what they did themselves, and not yet what their sub-runs did.
    pub(super) half: BTreeSet<u32>,
    /// What could not be undone of what sub-runs did, by path.
    pub(super) left_below: BTreeMap<u32, Vec<(Name, String)>>,
    /// Why effects are left.
    reasons: BTreeMap<u32, String>,
    /// Effects of an earlier run that nobody can undo, and why.
    pub(super) lost: Vec<(Name, String)>,
    /// How the run would end without undoing, once it was said that it turns back.
    turned: Option<RunStatus>,
    /// Nothing is undone: the run was told to end at once.
    pub(super) off: bool,
    /// Why nothing is undone any more.
    why: String,
}
impl Saga {
    /// A sub-run of an instance is over, and did this.
    pub(super) fn did_below(&mut self, instance: u32, did: Below) {
        self.below.entry(instance).or_default().push(did);
    }
    /// What was undone.
    pub(super) fn undone(&self) -> BTreeSet<u32> {
        self.undo.as_ref().map(|undo| undo.done().clone()).unwrap_or_default()
    }
    /// How the run would end without undoing.
    pub(super) fn because(&self) -> RunStatus {
        self.turned.unwrap_or(RunStatus::Failed)
    }
    /// True while something is being undone.
    pub(super) fn goes_on(&self) -> bool {
        self.undo.as_ref().is_some_and(|undo| !undo.is_over())
    }
    /// The task that a job undoes.
    pub(super) fn undoes(&self, number: u32) -> bool {
        self.open.contains_key(&number)
    }
    /// The instance that a job undoes.
    pub(super) fn of(&self, number: u32) -> Option<u32> {
        self.open.get(&number).copied()
    }
    /// How many tasks were undone, and what is left.
    pub(super) fn tell(&self) -> (u32, Vec<(u32, String)>) {
        let Some(undo) = &self.undo else { return (0, Vec::new()) };
        let why = |instance: u32| match self.reasons.get(&instance) {
            Some(reason) => reason.clone(),
            None => "what stands on it could not be undone".to_owned(),
        };
        (undo.done().len() as u32, undo.left().into_iter().map(|instance| (instance, why(instance))).collect())
    }
}

impl RunActor {
    pub(super) fn compensates(&self) -> bool {
        self.goes_back || self.workflow.on_failure == OnFailure::Compensate
    }
    /// The run will not come to its end. That what it did is to be undone is told at once, so that who reads the record of a run that died
    /// knows it.
    pub(super) fn turn_back(&mut self, because: RunStatus) {
        if self.compensates() && !self.saga.off && self.saga.turned != Some(because) {
            self.saga.turned = Some(because);
            self.world.record(self.id, What::TurnedBack { because });
        }
    }
    /// A task has completed: what would undo it is made now.
    pub(super) fn plan_undo(&mut self, instance: u32, node: NodeIx, output: &Arc<Value>) {
        let workflow = self.workflow.clone();
        let task = &workflow.tasks[node.index()];
        let Some(compensation) = task.compensate.as_ref().filter(|_| self.may_undo()) else {
            return;
        };
        if let Some(below) = self.saga.below.get_mut(&instance) {
            below.retain(|below| !below.completed); // it stands for what they did
        }
        if let Some(known) = self.recall.undo_of(&self.name_of(instance)) {
            self.saga.plans.insert(instance, known);
            return;
        }
        let index = self.ledger.locate(instance).map_or(0, |(_, index)| index as usize);
        let item = if self.ledger.is_expanded(node) { self.item(node, index) } else { None };
        let mut scope = self.scope(item);
        scope.own = Some(output.clone());
        let plan = match Rendered::undo(compensation, &scope) {
            Ok(Rendered { work, input }) => {
                let (name, kind): (Name, _) = (format!("{}/undo", self.name_of(instance)).into(), task.kind.clone());
                let timeout = compensation.timeouts.attempt;
                let heartbeat = compensation.timeouts.heartbeat;
                Ok(Job {
                    run: self.key_name(),
                    salt: self.nest.origin.salt.clone(),
                    kind,
                    work,
                    input,
                    timeout,
                    heartbeat,
                    ..Job::new(name, polity_agents::Work::Own)
                })
            }
            Err(Unready::Fails(failure)) => Err(format!("what undoes it can't be said: {failure}")),
            Err(Unready::Skips(reason)) => Err(format!("what undoes it can't be said: {reason}")),
        };
        if planted("skip_an_undo") && instance % 5 == 3 {
            return;
        }
        self.saga.plans.insert(instance, plan);
    }
    /// All tasks have ended. True if something is to be undone first.
    pub(super) fn begin_undo(&mut self, context: &mut Context<RunActor>) -> bool {
        let ends_well = self.ledger.went_well() && self.status.is_none() && !self.goes_back;
        if self.saga.undo.is_some() || self.saga.off || ends_well || !self.compensates() {
            return self.saga.goes_on();
        }
        if self.saga.turned.is_none() {
            self.turn_back(RunStatus::Failed); // nothing failed, but a person cancelled a task
        }
        let tasks = &self.workflow.tasks;
        self.saga.lost = self.recall.lost(|id| tasks.iter().any(|task| *task.id == *id && task.compensate.is_some()));
        self.recall_below();
        let all: BTreeSet<u32> = self.saga.plans.keys().chain(self.saga.below.keys()).copied().collect();
        if all.is_empty() {
            return false;
        }
        let of = |instance: &u32| Some((self.ledger.locate(*instance)?.0, *instance));
        let mut undo = Undo::new(self.ledger.shared_plan(), all.iter().filter_map(of).collect::<Vec<_>>());
        let nobody = self.world.directory.escalated().is_some();
        self.saga.ready = undo.start().into();
        self.saga.undo = Some(undo);
        if nobody {
            self.stop_undoing("nobody is left to undo it");
        }
        self.undo_more(context);
        self.saga.goes_on()
    }
    pub(super) fn undo_more(&mut self, context: &mut Context<RunActor>) {
        let before = self.saga.open.len();
        self.undo_some(context);
        if self.saga.open.len() > before {
            // Were the process to die with the first of them done and nothing of it in the record, the run would be gone on with forwards.
            self.world.log.sync();
        }
    }
    fn undo_some(&mut self, context: &mut Context<RunActor>) {
        while self.open.len() < self.max_open && !self.hold.run {
            let Some(instance) = self.saga.ready.pop_front() else { return };
            if self.saga.off {
                self.left(instance, self.saga.why.clone());
                continue;
            }
            let task = self.task(instance);
            let known = self.recall.is_undone(&self.name_of(instance)) && !planted("undo_twice");
            if known && self.saga.half.insert(instance) {
                self.world.record(self.id, What::Compensated { task });
            }
            let plan = self.saga.plans.get(&instance).filter(|_| !self.saga.half.contains(&instance)).cloned();
            match (plan, self.saga.below.get_mut(&instance).and_then(Vec::pop)) {
                (Some(plan), below) => {
                    below.into_iter().for_each(|below| self.saga.did_below(instance, below)); // its turn comes later
                    match plan {
                        Ok(job) => self.undo_one(instance, job, context),
                        Err(reason) => self.left(instance, reason),
                    }
                }
                (None, Some(below)) => self.go_back_below(instance, below, context),
                (None, None) => self.wholly_undone(instance),
            }
        }
    }
    fn undo_one(&mut self, instance: u32, job: Job, context: &mut Context<RunActor>) {
        let (Some((node, _)), Some(number)) = (self.ledger.locate(instance), self.ballots.number()) else { return };
        let task = &self.workflow.tasks[node.index()];
        let Some(compensation) = task.compensate.clone() else { return };
        let policy = Policy { retry: Some(compensation.retry.clone()), timeouts: compensation.timeouts };
        let conditions = Conditions::of(&compensation.retry).ok().flatten().map(Arc::new);
        self.world.record(self.id, What::Compensating { task: self.task(instance), undo: number });
        self.saga.open.insert(number, instance);
        let errand = self.errand_of(number, node, job);
        let view = TaskView { work: 0.0, ..(*errand.view).clone() };
        let (policy, view) = (Some(Arc::new(policy)), Arc::new(view));
        // No budget stands in the way of what must be undone.
        let errand = Errand { view, policy, conditions, decomposes: false, detours: Detour::Never, purse: None, ..*errand };
        self.hand_out(number, node, Box::new(errand), context);
    }
    /// A job that undoes something has ended.
    pub(super) fn undo_settled(&mut self, number: u32, result: TaskResult, context: &mut Context<RunActor>) {
        let Some(instance) = self.saga.open.remove(&number) else { return };
        self.world.boards.forget(self.task(number));
        match result.end {
            TaskEnd::Completed(_) => {
                // Said at once: who goes on must not undo it again, though what its sub-runs did may be left.
                self.world.record(self.id, What::Compensated { task: self.task(instance) });
                self.saga.half.insert(instance);
                match self.saga.below.get(&instance).is_some_and(|below| !below.is_empty()) {
                    true => self.saga.ready.push_front(instance),
                    false => self.undone(instance, true),
                }
            }
            TaskEnd::Failed(failure) => {
                let attempts = if result.attempts == 1 { "1 attempt".into() } else { format!("{} attempts", result.attempts) };
                self.left(instance, format!("its undo failed after {attempts}: {failure}"));
            }
            TaskEnd::Cancelled if self.saga.off => self.left(instance, self.saga.why.clone()),
            TaskEnd::Cancelled => self.left(instance, "its undo was cancelled".into()),
            TaskEnd::Handed(_) | TaskEnd::Setback(_) => self.left(instance, "its undo handed its work on, which it can't".into()),
        }
        self.undo_more(context);
        if !self.saga.goes_on() {
            self.inquire(context);
        }
    }
    pub(super) fn left(&mut self, instance: u32, reason: String) {
        self.world.record(self.id, What::Uncompensated { task: self.task(instance), reason: reason.as_str().into() });
        self.saga.reasons.insert(instance, reason);
        self.undone(instance, false);
    }
    /// Nothing is left of an instance; it is said, if it was not when the instance had undone what it did itself.
    pub(super) fn wholly_undone(&mut self, instance: u32) {
        if !self.saga.half.contains(&instance) {
            self.world.record(self.id, What::Compensated { task: self.task(instance) });
        }
        self.undone(instance, true);
    }
    fn undone(&mut self, instance: u32, undone: bool) {
        if let Some(undo) = &mut self.saga.undo {
            let ready = undo.ended(instance, undone);
            self.saga.ready.extend(ready);
        }
    }
    /// Stops undoing at once: what is open is cancelled, the rest is left.
    pub(super) fn stop_undoing(&mut self, why: &str) {
        (self.saga.off, self.saga.why) = (true, why.to_owned());
        for instance in std::mem::take(&mut self.saga.ready) {
            self.left(instance, why.to_owned());
        }
        for number in self.saga.open.keys() {
            if let Some(addr) = self.open.get(number) {
                self.cancel(*number, addr);
            }
        }
        self.tell_those_who_go_back(|| RunMail::Terminate);
    }
    /// The same to a run that undoes: it ends once what is open has ended.
    pub(super) fn end_undoing(&mut self, why: &str, context: &mut Context<RunActor>) {
        self.stop_undoing(why);
        if !self.saga.goes_on() {
            self.inquire(context);
        }
    }
}
