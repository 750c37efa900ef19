//! What a run does about tasks that have failed for good: other ways to execute them, tasks that take their place.

use super::RunActor;
use super::handlers::Detour;
use super::render::{Rendered, Unready};
use crate::actors::Errand;
use crate::actors::dead::dead_letter;
use crate::actors::messages::{TaskEnd, TaskResult};
use crate::event::What;
use crate::lifecycle::Policy;
use crate::mutation::planted;
use crate::plan::{NodeIx, NodeState, StopMode};
use crate::workflow::{Conditions, Fallback, Handler, Workflow};
use actix::Context;
use polity_agents::{Failure, FailureKind, Job, Work};
use polity_protocols::{AgentId, Time};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// A task that has failed for good, unless there is another way.
pub(super) struct Setback {
    pub(super) failure: Arc<Failure>,
    pub(super) job: Job,
    pub(super) by: Option<AgentId>,
    pub(super) attempts: u32,
    /// Nobody is asked for another way any more.
    pub(super) asked: bool,
}

/// Which other way a job does: a fallback, counted from 0, or the way of a handler.
#[derive(Clone, Copy)]
pub(super) enum Which {
    Fallback(usize),
    Handler(usize),
}

/// What was tried of an instance that failed.
struct Begun {
    /// So many of its fallbacks.
    tried: usize,
    /// Its handlers were asked.
    handlers: bool,
    since: Time,
}
impl Begun {
    fn at(since: Time) -> Begun {
        Begun { tried: 0, handlers: false, since }
    }
}

/// A task that waits for its stand-in.
struct Held {
    setback: Setback,
    stand_in: NodeIx,
    since: Time,
}

/// The tasks of a run that failed, and are done in another way.
#[derive(Default)]
pub(super) struct Detours {
    /// What was not decided yet, in order.
    due: VecDeque<(u32, Setback)>,
    /// Instances for which another way was looked for.
    begun: BTreeMap<u32, Begun>,
    /// The jobs that do one, by number.
    open: BTreeMap<u32, (u32, Setback)>,
    /// Which task takes the place of which, by number of the former.
    stand_ins: BTreeMap<u32, u32>,
    /// Stand-ins that could begin, if they were needed.
    waiting: BTreeSet<u32>,
    /// Tasks that have failed, and whose stand-in has not ended.
    held: BTreeMap<u32, Held>,
}
impl Detours {
    /// True if a task waits until it is needed in the place of another.
    pub(super) fn is_stand_in(&self, node: NodeIx) -> bool {
        self.stand_ins.contains_key(&node.0)
    }
    pub(super) fn new(workflow: &Workflow) -> Detours {
        let all = workflow.tasks.iter().enumerate();
        let named = all.flat_map(|(at, task)| task.stand_ins().map(move |stand_in| (stand_in as u32, at as u32)));
        let stand_ins = named.collect();
        Detours { stand_ins, ..Detours::default() }
    }
    /// True if something is still to be decided.
    pub(super) fn is_due(&self) -> bool {
        !self.due.is_empty()
    }
    /// The instance that a job does a fallback of.
    pub(super) fn of(&self, number: u32) -> Option<u32> {
        self.open.get(&number).map(|(instance, _)| *instance)
    }
    /// True if a job does a fallback.
    pub(super) fn is_fallback(&self, number: u32) -> bool {
        self.open.contains_key(&number)
    }
    /// True the first time: then the handlers of an instance are asked.
    pub(super) fn ask_handlers(&mut self, instance: u32, now: Time) -> bool {
        let begun = self.begun.entry(instance).or_insert_with(|| Begun::at(now));
        !std::mem::replace(&mut begun.handlers, true)
    }
    /// How long other ways were looked for; an instance has ended by one.
    pub(super) fn took(&mut self, instance: u32, now: Time) -> core::time::Duration {
        self.begun.remove(&instance).map_or(core::time::Duration::ZERO, |begun| now.since(begun.since))
    }
    /// An instance has ended.
    pub(super) fn forget(&mut self, instance: u32) {
        self.begun.remove(&instance);
    }
    /// True if a task waits for this one to take its place.
    fn waits_for(&self, first: u32, stand_in: NodeIx) -> bool {
        self.held.get(&first).is_some_and(|held| held.stand_in == stand_in)
    }
    /// A task has failed for good, unless there is another way.
    pub(super) fn add(&mut self, instance: u32, setback: Setback) {
        self.due.push_back((instance, setback));
    }
}

impl RunActor {
    /// When a task that fails is done in another way.
    pub(super) fn has_detour(&self, node: NodeIx) -> Detour {
        let task = &self.workflow.tasks[node.index()];
        match self.workflow.adaptive || !task.fallback.is_empty() || task.fallback_to.is_some() {
            true => Detour::Always,
            false if task.on_error.is_empty() => Detour::Never,
            false => Detour::If(task.on_error.clone()),
        }
    }
    /// True if a handler takes the failure of an instance, or a fallback or a stand-in is left for it. A decomposer is not asked for what
    /// copies or sub-runs did.
    pub(super) fn has_another_way(&self, instance: u32, node: NodeIx, failure: &Failure, attempts: u32) -> bool {
        let task = &self.workflow.tasks[node.index()];
        let (tried, handlers) = self.detours.begun.get(&instance).map_or((0, false), |begun| (begun.tried, begun.handlers));
        let handled = || !handlers && Handler::first(&task.on_error, failure, attempts).is_some();
        tried < task.fallback.len() || task.fallback_to.is_some() || handled()
    }
    /// Decides what is due. To be called until [`Detours::is_due`] says no.
    pub(super) fn take_detours(&mut self, context: &mut Context<RunActor>) {
        while let Some((instance, setback)) = self.detours.due.pop_front() {
            self.detour(instance, setback, context);
        }
        // The end of one may be what another waited for; what the ledger has to say of ends comes before.
        while self.effects.is_empty() && self.look_at_stand_ins() {}
    }
    fn detour(&mut self, instance: u32, setback: Setback, context: &mut Context<RunActor>) {
        let Some((node, _)) = self.ledger.locate(instance) else { return };
        if self.is_called_off(instance) {
            return self.call_off(instance, setback.by, setback.attempts);
        }
        let hopeless = matches!(setback.failure.kind, FailureKind::Cancelled | FailureKind::Budget);
        if hopeless || self.ledger.stopped() == Some(StopMode::Cancel) {
            return self.fail_for_good(instance, setback);
        }
        let Some(setback) = self.handle(instance, node, setback, context) else { return };
        let workflow = self.workflow.clone();
        let task = &workflow.tasks[node.index()];
        let tried = self.detours.begun.get(&instance).map_or(0, |begun| begun.tried);
        let tried = tried + usize::from(planted("skip_a_fallback") && tried == 1);
        if let Some(way) = task.fallback.get(tried) {
            return self.execute_instead(instance, node, (way, Which::Fallback(tried)), setback, context);
        }
        if let Some(stand_in) = task.fallback_to {
            return self.stand_in(instance, NodeIx(stand_in as u32), setback);
        }
        if workflow.adaptive && !setback.asked {
            let result = TaskResult::new(setback.by, setback.attempts, TaskEnd::Cancelled);
            return self.replan(self.task(instance), (setback.failure, setback.job), &result, context);
        }
        self.fail_for_good(instance, setback);
    }
    /// Another task takes its place, if it ends well.
    pub(super) fn stand_in(&mut self, instance: u32, stand_in: NodeIx, setback: Setback) {
        let note = format!("\"{}\" takes its place", self.id_of(stand_in)).into();
        self.world.record(self.id, What::Noted { task: self.task(instance), note });
        self.detours.held.insert(instance, Held { setback, stand_in, since: self.world.now() });
        self.leaves(instance); // its stand-in may need the same
    }
    pub(super) fn fail_for_good(&mut self, instance: u32, setback: Setback) {
        self.detours.forget(instance);
        let (task, Setback { failure, job, by, attempts, .. }) = (self.task(instance), setback);
        self.world.record(self.id, What::Failed { task, agent: None, attempts, failure: failure.clone() });
        dead_letter(task, &job, &failure).into_iter().for_each(|what| self.world.record(self.id, what));
        self.record_end(task, TaskResult::new(by, attempts, TaskEnd::Failed(failure)));
    }

    /// Executes a task in another way: a job of its own, numbered like a copy.
    pub(super) fn execute_instead(
        &mut self,
        instance: u32,
        node: NodeIx,
        (way, which): (&Fallback, Which),
        setback: Setback,
        context: &mut Context<RunActor>,
    ) {
        let begun = self.detours.begun.entry(instance).or_insert_with(|| Begun::at(self.world.now()));
        // Each way has a number of its own, whatever was tried before: the fallbacks first, then those of the handlers.
        let fallbacks = self.workflow.tasks[node.index()].fallback.len();
        let (name, copy, what) = match which {
            Which::Fallback(at) => (format!("fallback{}", at + 1), at + 1, "its fallback"),
            Which::Handler(at) => (format!("on_error{}", at + 1), fallbacks + at + 1, "its handler"),
        };
        if let Which::Fallback(at) = which {
            begun.tried = at + 1;
        }
        let is_read = self.is_read(node);
        let rendered = match self.seeing(instance, node, &setback, |scope| Rendered::fallback(way, scope, is_read)) {
            Ok(rendered) => rendered,
            Err(Unready::Fails(failure)) => return self.not_so(instance, setback, failure, what),
            Err(Unready::Skips(reason)) => {
                return self.not_so(instance, setback, Failure::new(FailureKind::Binding, reason), what);
            }
        };
        let Some(number) = self.ballots.number() else { return self.fail_for_good(instance, setback) };
        let first = &setback.job;
        let job = Job {
            run: first.run.clone(),
            salt: first.salt.clone(),
            kind: first.kind.clone(),
            work: rendered.work,
            input: rendered.input.unwrap_or_else(|| first.input.clone()),
            estimate: first.estimate,
            timeout: way.timeouts.attempt,
            heartbeat: way.timeouts.heartbeat,
            ..Job::new(format!("{}/{name}", self.name_of(instance)), Work::Own)
        };
        self.world.record(self.id, What::Copied { task: self.task(instance), copy: number, number: copy as u32 });
        self.detours.open.insert(number, (instance, setback));
        let policy = Policy { retry: way.retry.clone(), timeouts: way.timeouts };
        let conditions = way.retry.as_ref().and_then(|retry| Conditions::of(retry).ok().flatten()).map(Arc::new);
        let errand = self.errand_of(number, node, job);
        let errand = Errand { policy: Some(Arc::new(policy)), conditions, decomposes: false, detours: Detour::Never, ..*errand };
        self.hand_out(number, node, Box::new(errand), context);
    }
    /// Another way did not work: the next is tried.
    pub(super) fn not_so(&mut self, instance: u32, setback: Setback, failure: Failure, what: &str) {
        let note = format!("{what} can't begin: {failure}").into();
        self.world.record(self.id, What::Noted { task: self.task(instance), note });
        self.detours.add(instance, Setback { failure: Arc::new(failure), ..setback });
    }
    /// The job that does a fallback has ended.
    pub(super) fn fallback_settled(&mut self, number: u32, result: TaskResult, context: &mut Context<RunActor>) {
        let Some((instance, setback)) = self.detours.open.remove(&number) else { return };
        let task = self.task(instance);
        self.world.boards.forget(self.task(number));
        let attempts = setback.attempts.saturating_add(result.attempts);
        match result.end {
            TaskEnd::Completed(output) => {
                let took = self.detours.took(instance, self.world.now());
                let agent = result.agent.unwrap_or(AgentId(u32::MAX));
                self.world.record(self.id, What::Completed { task, agent, attempts, took, output: output.clone() });
                self.record_end(task, TaskResult::new(result.agent, attempts, TaskEnd::Completed(output)));
            }
            TaskEnd::Failed(failure) => {
                let by = result.agent.or(setback.by);
                self.detours.add(instance, Setback { failure, by, attempts, ..setback });
            }
            TaskEnd::Setback(again) => self.detours.add(instance, Setback { failure: again.0, attempts, ..setback }),
            TaskEnd::Handed(handed) => {
                let result = TaskResult::new(result.agent, attempts, TaskEnd::Cancelled);
                self.handed(task, *handed, &result, context);
            }
            TaskEnd::Cancelled => self.call_off(instance, setback.by, attempts),
        }
    }
    fn call_off(&mut self, instance: u32, by: Option<AgentId>, attempts: u32) {
        self.detours.forget(instance);
        self.world.record(self.id, What::Cancelled { task: self.task(instance) });
        self.record_end(self.task(instance), TaskResult::new(by, attempts, TaskEnd::Cancelled));
    }
    /// A task that is done in another way is no longer wanted.
    pub(super) fn cancel_detour(&mut self, instance: u32) {
        for (number, _) in self.detours.open.iter().filter(|(_, (of, _))| *of == instance) {
            if let Some(addr) = self.open.get(number) {
                self.cancel(*number, addr);
            }
        }
        let held = self.detours.held.remove(&instance).map(|held| held.setback);
        let due = self.detours.due.iter().position(|(of, _)| *of == instance);
        let due = due.and_then(|at| self.detours.due.remove(at)).map(|(_, setback)| setback);
        if let Some(setback) = held.or(due) {
            self.call_off(instance, setback.by, setback.attempts);
        }
    }

    /// Whether a task that became ready is a stand-in that may not be needed: then it waits, or is skipped at once.
    pub(super) fn stands_by(&mut self, node: NodeIx) -> bool {
        let Some(first) = self.detours.stand_ins.get(&node.0) else { return false };
        if self.detours.waits_for(*first, node) || planted("stand_in_uninvited") {
            return false;
        }
        self.detours.waiting.insert(node.0);
        true
    }
    /// Why a stand-in that could begin shall not: what it stood in for is no longer waiting for it (somebody cancelled it meanwhile).
    pub(super) fn uninvited(&self, node: NodeIx) -> Option<String> {
        let first = NodeIx(*self.detours.stand_ins.get(&node.0)?);
        if self.detours.waits_for(first.0, node) {
            return None;
        }
        let state = super::scope::word(self.ledger.state(first).unwrap_or(NodeState::Cancelled));
        Some(format!("it takes the place of \"{}\" if that fails, which is {state}", self.id_of(first)))
    }
    /// Stand-ins that are needed now begin, others are skipped; tasks whose stand-in has ended end too. True if any was.
    pub(super) fn look_at_stand_ins(&mut self) -> bool {
        if self.detours.waiting.is_empty() && self.detours.held.is_empty() {
            return false;
        }
        let before = (self.detours.waiting.len(), self.detours.held.len());
        for stand_in in self.detours.waiting.clone() {
            let Some(first) = self.detours.stand_ins.get(&stand_in).copied() else { continue };
            let state = self.ledger.state(NodeIx(first)).unwrap_or(NodeState::Cancelled);
            if self.ledger.state(NodeIx(stand_in)) != Some(NodeState::Ready) {
                self.detours.waiting.remove(&stand_in); // it was withdrawn
            } else if self.detours.waits_for(first, NodeIx(stand_in)) {
                self.detours.waiting.remove(&stand_in);
                self.admit(NodeIx(stand_in));
            } else if state.is_end() {
                self.detours.waiting.remove(&stand_in);
                let first = self.id_of(NodeIx(first));
                self.skip(
                    stand_in,
                    format!("it takes the place of \"{first}\" if that fails, which is {}", super::scope::word(state)),
                );
            }
        }
        let over = self.detours.held.iter().filter_map(|(first, held)| {
            Some((*first, held.stand_in, self.ledger.state(held.stand_in).filter(|state| state.is_end())?))
        });
        for (first, stand_in, state) in over.collect::<Vec<_>>() {
            let Some(Held { setback, since, .. }) = self.detours.held.remove(&first) else { continue };
            let list = self.progress.list(stand_in.0);
            let output = list.or_else(|| self.progress.of(stand_in.0)?.output.clone());
            match output.filter(|_| state == NodeState::Succeeded) {
                Some(output) => {
                    let (task, took) = (self.task(first), self.world.now().since(since));
                    self.detours.forget(first);
                    self.world.record(self.id, What::Synthesized { task, took, output: output.clone() });
                    self.record_end(task, TaskResult::new(setback.by, setback.attempts, TaskEnd::Completed(output)));
                }
                None => self.fail_for_good(first, setback),
            }
        }
        (self.detours.waiting.len(), self.detours.held.len()) != before
    }
}
