//! How a run carries its sub-runs: asks agents for them, begins them, takes their results, closes them.

use super::RunActor;
use super::detour::Setback;
use super::nest::{Cause, ChildEnd, ChildSetup, Closing, Compound, Finish, Handed, Origin, ParentLine};
use crate::actors::dead::{dead_letter, input_hash};
use crate::actors::messages::{RunMail, TaskEnd, TaskResult};
use crate::actors::{Detour, Errand};
use crate::delegation::{Request, Step, synthesize};
use crate::event::{Parent, RunStatus, What};
use crate::plan::NodeIx;
use crate::report::{Below, Recall};
use crate::workflow::{Action, Delegate, ParentClose, Workflow, error_value, is_description};
use crate::world::Letter;
use actix::{AsyncContext, Context};
use polity_agents::{Failure, FailureKind, HandedOn, Job, Work};
use polity_protocols::{Name, TaskId};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The capability of those who are asked for another way.
pub(crate) const DECOMPOSE: &str = "decompose";

impl RunActor {
    /// A task that is a workflow begins: no agent is asked.
    pub(super) fn nest(&mut self, instance: u32, node: NodeIx, flow: Arc<Workflow>, job: Job, context: &mut Context<RunActor>) {
        let inputs = job.input.as_object().into_iter().flatten().map(|(name, value)| (name.as_str().into(), value.clone()));
        let inputs = inputs.collect();
        let compound = Compound::new(node, Cause::Fixed, job, self.world.now());
        self.nest.all.insert(instance, compound);
        self.sub_run(instance, flow, inputs, None, context);
    }
    /// An agent gave work instead of a result, under the task's own number.
    pub(super) fn handed(
        &mut self,
        task: TaskId,
        (handed, job): (Handed, Job),
        result: &TaskResult,
        context: &mut Context<RunActor>,
    ) {
        let instance = task.instance();
        let Some((node, _)) = self.ledger.locate(instance) else { return };
        let cause = match &self.workflow.tasks[node.index()].action {
            Action::Delegate(delegate) => Cause::Delegate(self.with_defaults(delegate)),
            _ => Cause::HandedOn,
        };
        let mut compound = Compound::new(node, cause, job, self.world.now());
        (compound.by, compound.attempts) = (result.agent, result.attempts);
        self.nest.all.insert(instance, compound);
        self.take_work(instance, handed, context);
    }
    fn with_defaults(&self, delegate: &Arc<Delegate>) -> Arc<Delegate> {
        match (&delegate.converge, &self.nest.origin.lineage.bounds().converge) {
            (None, Some(converge)) => Arc::new(Delegate { converge: Some(converge.clone()), ..(**delegate).clone() }),
            _ => delegate.clone(),
        }
    }
    /// A task failed for good; another way is asked for.
    pub(super) fn replan(
        &mut self,
        task: TaskId,
        (failure, job): (Arc<Failure>, Job),
        result: &TaskResult,
        context: &mut Context<RunActor>,
    ) {
        let instance = task.instance();
        let Some((node, _)) = self.ledger.locate(instance) else { return };
        let usual = || Arc::new(Delegate { goal: None, by: Action::Own, converge: None, replans: 1 });
        let delegate = self.workflow.decomposer.clone().unwrap_or_else(usual);
        let mut compound = Compound::new(node, Cause::Alternative(delegate, failure.clone()), job, self.world.now());
        (compound.by, compound.attempts) = (result.agent, result.attempts);
        self.nest.all.insert(instance, compound);
        self.setback(instance, failure, context);
    }
    /// A job that asked an agent once more has ended.
    pub(super) fn answered(&mut self, number: u32, result: TaskResult, context: &mut Context<RunActor>) {
        let Some(instance) = self.nest.asks.remove(&number) else { return };
        self.world.boards.forget(self.task(number));
        let Some(compound) = self.nest.all.get_mut(&instance) else { return };
        compound.asking = None;
        compound.by = result.agent.or(compound.by);
        if compound.closing.is_some() {
            return self.close(instance);
        }
        match result.end {
            TaskEnd::Handed(handed) => self.take_work(instance, handed.0, context),
            TaskEnd::Failed(failure) => self.give_up(instance, failure),
            TaskEnd::Setback(setback) => self.give_up(instance, setback.0),
            TaskEnd::Completed(_) | TaskEnd::Cancelled => {
                self.give_up(instance, Arc::new(Failure::new(FailureKind::Cancelled, "cancelled")))
            }
        }
    }
    /// What an agent that was asked gave: work, or a text that holds it, or the result itself.
    fn take_work(&mut self, instance: u32, handed: Handed, context: &mut Context<RunActor>) {
        let Some(compound) = self.nest.all.get(&instance) else { return };
        let work = match handed {
            Handed::Work(HandedOn { flow, team }) => match flow.downcast::<Workflow>() {
                Ok(flow) => Ok((flow, team)),
                Err(_) => Err("what it hands on is no workflow; hand on by `context.delegate(…)`".into()),
            },
            Handed::Answer(answer) => match (described(&answer), &compound.cause) {
                (Some(text), _) => self.nest.launcher.read(&text).map(|flow| (Arc::new(flow), None)),
                (None, Cause::Alternative(..)) => {
                    let why = "whoever was asked gave no workflow";
                    return self.give_up(instance, Arc::new(Failure::new(FailureKind::Delegation, why)));
                }
                (None, _) => return self.result(instance, Value::clone(&answer), context),
            },
        };
        match work {
            Ok((flow, team)) => self.sub_run(instance, flow, BTreeMap::new(), team, context),
            Err(why) => self.give_up(instance, Arc::new(Failure::new(FailureKind::Delegation, why))),
        }
    }

    fn sub_run(
        &mut self,
        instance: u32,
        flow: Arc<Workflow>,
        inputs: BTreeMap<Name, Value>,
        team: Option<Vec<Name>>,
        context: &mut Context<RunActor>,
    ) {
        if let Err(failure) = self.begin_sub_run(instance, flow, inputs, team, context) {
            self.give_up(instance, Arc::new(failure));
        }
    }
    fn begin_sub_run(
        &mut self,
        instance: u32,
        flow: Arc<Workflow>,
        inputs: BTreeMap<Name, Value>,
        team: Option<Vec<Name>>,
        context: &mut Context<RunActor>,
    ) -> Result<(), Failure> {
        let (now, task_name) = (self.world.now(), self.name_of(instance));
        let refused = |why: String| Failure::new(FailureKind::Delegation, why);
        if let Some(why) = self.nest.purse.spent_by(now) {
            return Err(Failure::new(FailureKind::Budget, why));
        }
        let Some(compound) = self.nest.all.get(&instance) else { return Ok(()) };
        let (above, fixed) = (&self.nest.origin.lineage, matches!(compound.cause, Cause::Fixed));
        let agents = flow.agents.iter().map(|agent| agent.replicas).sum();
        let (lineage, team, agents) = if fixed {
            (above.beside(&flow.delegation), None, 0)
        } else {
            self.nest.launcher.team_of(team.as_deref().unwrap_or_default()).map_err(refused)?;
            let agent = compound.by.and_then(|agent| self.world.directory.profile(agent)).map(|profile| profile.group.clone());
            let content = input_hash(&compound.job);
            let (tasks, team) = (flow.tasks.len(), team.as_deref());
            let request = Request { task: &task_name, content: &content, agent: agent.as_ref(), tasks, agents, team };
            let leave = above.admit(&request).map_err(refused)?;
            (above.below(&leave, &flow.delegation), leave.team, agents)
        };
        let (depth, number, node) = (lineage.depth(), compound.children, compound.node);
        let last = Some((flow.clone(), team.clone()));
        let suffix = if number == 0 { String::new() } else { format!(".{}", number + 1) };
        // What an earlier life of this run did in it is known by the name that is in its keys.
        let recall = match fixed {
            true => self.recall.child(&format!("{}.{task_name}{suffix}", self.key_name()), &inputs),
            false => Recall::default(),
        };
        let setup = ChildSetup {
            workflow: flow,
            inputs,
            name: format!("{}.{task_name}{suffix}", self.name).into(),
            book: self.offices.of(node).clone(),
            their_own: self.nest.their_own,
            team,
            origin: Origin {
                parent: Some(Parent { run: self.id, task: instance }),
                lineage: lineage.clone(),
                purse: Some(self.nest.purse.clone()),
                agents,
                alone: self.workflow.sequential || self.nest.origin.alone,
                budget: self.nest.origin.budget.clone(),
                is_undone_above: self.may_undo(),
                salt: self.nest.origin.salt.clone(),
            },
            recall,
            finish: Finish::Parent(ParentLine { parent: context.address(), task: instance, number }),
        };
        let child = self.nest.launcher.begin_child(setup).map_err(|why| {
            lineage.agents_left(agents);
            refused(why)
        })?;
        let round = compound.rounds.round();
        self.world.record(self.id, What::Nested { task: self.task(instance), child: child.0, depth, round });
        let (limit, held) = (self.time_left(instance), self.is_held(instance, node));
        let Some(compound) = self.nest.all.get_mut(&instance) else { return Ok(()) };
        if self.hold.run || held {
            self.world.send(Letter::Run(child.1.clone(), RunMail::Pause));
        }
        (compound.child, compound.children, compound.last) = (Some(child), number + 1, last);
        if compound.alarm.is_none()
            && let Some(limit) = limit
        {
            let letter = Letter::Run(context.address(), RunMail::Overdue { task: instance });
            compound.alarm = Some(self.world.alarm(now + limit, letter));
        }
        Ok(())
    }
    /// How long the sub-runs of a task may still go on: its own limit, and the budgets'.
    fn time_left(&self, instance: u32) -> Option<core::time::Duration> {
        let compound = self.nest.all.get(&instance)?;
        let timeouts = self.workflow.tasks[compound.node.index()].timeouts;
        let fixed = matches!(compound.cause, Cause::Fixed);
        let own = timeouts.total.into_iter().chain(timeouts.attempt.filter(|_| fixed)).min();
        let own = own.map(|limit| limit.saturating_sub(self.world.now().since(compound.began)));
        own.into_iter().chain(self.nest.purse.time_left(self.world.now())).min()
    }

    /// A sub-run has ended.
    pub(super) fn child_ended(&mut self, instance: u32, number: u32, end: ChildEnd, context: &mut Context<RunActor>) {
        let Some(compound) = self.nest.all.get_mut(&instance).filter(|compound| compound.children == number + 1) else {
            return; // it was abandoned
        };
        compound.child = None;
        let (closes, last) = (compound.closing.is_some(), compound.last.take());
        if let Some(did) = end.did {
            self.saga.did_below(instance, Below { flow: last, ..*did });
        }
        if closes {
            return self.close(instance);
        }
        let Some(compound) = self.nest.all.get_mut(&instance) else { return };
        if end.status != RunStatus::Completed {
            let failure = end.failure.unwrap_or_else(|| Arc::new(Failure::error(format!("its sub-run {}", end.status.word()))));
            return self.setback(instance, failure, context);
        }
        let node = compound.node;
        let how = match &compound.cause {
            // Another way gives what the task would have given: one result is it.
            Cause::Alternative(..) if end.results.len() == 1 => {
                return self.finish_nested(instance, Ok(end.results[0].1.clone()));
            }
            _ => &self.workflow.tasks[node.index()].nesting.synthesize,
        };
        match synthesize(how, &end.results) {
            Ok(value) => self.result(instance, value, context),
            Err(failure) => self.setback(instance, Arc::new(failure), context),
        }
    }
    /// A round has a result.
    fn result(&mut self, instance: u32, value: Value, context: &mut Context<RunActor>) {
        let Some(compound) = self.nest.all.get_mut(&instance) else { return };
        match compound.rounds.take(&value) {
            Ok(Step::Done) => self.finish_nested(instance, Ok(value)),
            Ok(Step::Again) => self.ask(instance, None, context),
            Err(error) => {
                let failure = Failure::new(FailureKind::Binding, format!("`converge.until` has no value: {error}"));
                self.finish_nested(instance, Err(Arc::new(failure)));
            }
        }
    }
    /// It did not work this way: another is asked for, as often as may be.
    fn setback(&mut self, instance: u32, failure: Arc<Failure>, context: &mut Context<RunActor>) {
        let Some(compound) = self.nest.all.get_mut(&instance) else { return };
        let hopeless = matches!(failure.kind, FailureKind::Cancelled | FailureKind::Budget);
        if hopeless || compound.replans >= compound.most_replans() || self.ledger.stopped().is_some() {
            return self.give_up(instance, failure);
        }
        compound.replans += 1;
        self.ask(instance, Some(failure), context);
    }
    /// It is not tried in another way. Where the task itself had failed before, that counts, and this is a remark.
    fn give_up(&mut self, instance: u32, failure: Arc<Failure>) {
        let first = self.nest.all.get(&instance).and_then(|compound| match &compound.cause {
            Cause::Alternative(_, first) => Some(first.clone()),
            _ => None,
        });
        match first {
            Some(first) => {
                if !Arc::ptr_eq(&first, &failure) {
                    let note = format!("no other way was found: {failure}").into();
                    self.world.record(self.id, What::Noted { task: self.task(instance), note });
                }
                self.finish_nested(instance, Err(first));
            }
            None => self.finish_nested(instance, Err(failure)),
        }
    }

    /// Asks an agent for work once more: for another round, or for another way.
    fn ask(&mut self, instance: u32, failure: Option<Arc<Failure>>, context: &mut Context<RunActor>) {
        let task = self.task(instance);
        let Some(compound) = self.nest.all.get_mut(&instance) else { return };
        let Some(number) = self.ballots.number() else { return };
        compound.asked += 1;
        compound.asking = Some(number);
        let (node, mut job, last) = (compound.node, compound.job.clone(), compound.rounds.last().cloned());
        let (round, several, asked) = (compound.rounds.round(), compound.rounds.are_several(), compound.asked + 1);
        let alternative = match &compound.cause {
            Cause::Alternative(delegate, _) => Some(delegate.clone()),
            _ => None,
        };
        self.nest.asks.insert(number, instance);
        let mut input = match (&alternative, &*job.input) {
            (None, Value::Object(input)) => input.clone(),
            (None, _) => Map::new(),
            (Some(_), input) => self.situation(node, input.clone()),
        };
        input.extend(failure.map(|failure| ("failure".into(), error_value(&failure))));
        if several {
            input.insert("round".into(), json!(round));
            input.extend(last.map(|last| ("previous".into(), last)));
        }
        job.name = format!("{}/{asked}", job.name).into();
        job.input = Arc::new(Value::Object(input));
        let demand = alternative.map(|delegate| {
            job.work = self.work_of(&delegate, &job);
            job.kind = if matches!(job.work, Work::Own) { DECOMPOSE.into() } else { "".into() };
            self.world.demand(&job.kind, &[], None)
        });
        if let Work::Command(command) = &job.work
            && command.stdin_is_input
        {
            let command = polity_agents::Command { stdin: Some(job.input.to_string()), ..(**command).clone() };
            job.work = Work::Command(Arc::new(command));
        }
        self.world.record(self.id, What::Copied { task, copy: number, number: asked });
        let mut errand = Errand { decomposes: true, detours: Detour::Never, ..*self.errand_of(number, node, job) };
        if let Some(demand) = demand {
            (Arc::make_mut(&mut errand.view).demand, errand.policy, errand.conditions) = (demand, None, None);
        }
        self.hand_out(number, node, Box::new(errand), context);
    }
    /// What somebody who is asked for another way is told.
    fn situation(&self, node: NodeIx, input: Value) -> Map<String, Value> {
        let task = &self.workflow.tasks[node.index()];
        let goal = if task.description.is_empty() { task.id.to_string() } else { task.description.clone() };
        let word =
            |at: usize| super::scope::word(self.ledger.state(NodeIx(at as u32)).unwrap_or(crate::plan::NodeState::Pending));
        let states = self.workflow.tasks.iter().enumerate().map(|(at, task)| (task.id.to_string(), word(at).into()));
        let all = json!({ "goal": goal, "task": &*task.id, "type": &*task.kind, "input": input, "tasks": states.collect::<Map<_, _>>() });
        if let Value::Object(all) = all { all } else { Map::new() }
    }
    fn work_of(&self, delegate: &Delegate, job: &Job) -> Work {
        match &delegate.by {
            Action::Function(name) => Work::Function(name.clone()),
            Action::Run(script) => match super::render::command(script, &self.scope(None), true) {
                Ok(command) => {
                    Work::Command(Arc::new(polity_agents::Command { stdin_is_input: script.stdin.is_none(), ..command }))
                }
                Err(_) => job.work.clone(), // invariant: its bindings are of inputs only, which the check has seen
            },
            _ => Work::Own,
        }
    }

    /// The task is no longer wanted, or its time is over: what goes on for it is closed.
    pub(super) fn close_nested(&mut self, instance: u32, closing: Closing) {
        let Some(compound) = self.nest.all.get_mut(&instance) else { return };
        if compound.closing.is_some() {
            return;
        }
        compound.closing = Some(closing);
        let own = self.workflow.tasks[compound.node.index()].nesting.close;
        let policy = own.unwrap_or(self.nest.origin.lineage.bounds().close);
        if let Some(number) = compound.asking
            && let Some(addr) = self.open.get(&number)
        {
            return self.cancel(number, addr);
        }
        match (&compound.child, policy) {
            (Some((_, child)), ParentClose::Terminate) => self.world.send(Letter::Run(child.clone(), RunMail::Terminate)),
            (Some((_, child)), ParentClose::Cancel) => self.world.send(Letter::Run(child.clone(), RunMail::Cancel)),
            _ => self.close(instance),
        }
    }
    /// Nothing goes on for it any more.
    fn close(&mut self, instance: u32) {
        let Some(closing) = self.nest.all.get_mut(&instance).and_then(|compound| compound.closing.take()) else { return };
        match closing {
            Closing::Failed(failure) => self.finish_nested(instance, Err(Arc::new(failure))),
            Closing::Cancelled => {
                let compound = self.leave_nest(instance);
                self.world.record(self.id, What::Cancelled { task: self.task(instance) });
                let (agent, attempts) = compound.map_or((None, 0), |compound| (compound.by, compound.attempts));
                self.record_end(self.task(instance), TaskResult::new(agent, attempts, TaskEnd::Cancelled));
            }
        }
    }
    /// The time of a task with sub-runs is over.
    pub(super) fn overdue(&mut self, instance: u32) {
        let spent = self.nest.purse.spent_by(self.world.now());
        let Some(compound) = self.nest.all.get_mut(&instance) else { return };
        compound.alarm = None;
        let limits = self.workflow.tasks[compound.node.index()].timeouts;
        let failure = match (spent, limits.total.or(limits.attempt)) {
            (Some(why), _) => Failure::new(FailureKind::Budget, why),
            (None, limit) => {
                let limit = limit.map(crate::workflow::duration_text).unwrap_or_default();
                Failure::new(FailureKind::Timeout, format!("its sub-runs were stopped: the limit `timeout` is {limit}"))
            }
        };
        self.close_nested(instance, Closing::Failed(failure));
    }
    fn leave_nest(&mut self, instance: u32) -> Option<Compound> {
        let compound = self.nest.all.remove(&instance)?;
        if let Some(alarm) = compound.alarm {
            self.world.silence(alarm);
        }
        Some(compound)
    }
    /// The task has ended, by what its sub-runs gave.
    fn finish_nested(&mut self, instance: u32, result: Result<Value, Arc<Failure>>) {
        let Some(compound) = self.leave_nest(instance) else { return };
        let (task, attempts) = (self.task(instance), compound.attempts);
        let end = match result {
            Ok(value) => {
                let (output, took) = (Arc::new(value), self.world.now().since(compound.began));
                self.world.record(self.id, What::Synthesized { task, took, output: output.clone() });
                TaskEnd::Completed(output)
            }
            Err(failure) if self.has_another_way(instance, compound.node, &failure, attempts) => {
                let (by, job) = (compound.by, compound.job);
                self.world.record(self.id, What::Replanned { task, agent: None, attempts, failure: failure.clone() });
                return self.detours.add(instance, Setback { failure, job, by, attempts, asked: true });
            }
            Err(failure) => {
                let what = What::Failed { task, agent: None, attempts, failure: failure.clone() };
                self.world.record(self.id, what);
                dead_letter(task, &compound.job, &failure).into_iter().for_each(|what| self.world.record(self.id, what));
                TaskEnd::Failed(failure)
            }
        };
        self.record_end(task, TaskResult::new(compound.by, attempts, end));
    }

    /// The first task that failed, in the order of the file.
    fn first_failure(&self) -> Option<(Name, Arc<Failure>)> {
        let plan = self.ledger.plan();
        plan.nodes().find_map(|node| {
            let own = || self.progress.of(node.0)?.failure.clone();
            let instance = || self.ledger.instances(node).iter().find_map(|i| self.progress.of(i.0)?.failure.clone());
            let failure = if self.ledger.is_expanded(node) { instance() } else { own() };
            Some((self.id_of(node).clone(), failure?))
        })
    }
    /// What the run above is told.
    pub(super) fn child_end(&mut self, status: RunStatus, outputs: &Map<String, Value>, left: &[(Name, String)]) -> ChildEnd {
        let results = if self.workflow.outputs.is_empty() {
            let plan = self.ledger.plan();
            let last = plan.nodes().filter(|node| plan.dependents(*node).is_empty());
            last.filter_map(|node| Some((self.id_of(node).clone(), self.progress.output(node.0)?.clone()))).collect()
        } else {
            outputs.iter().map(|(name, value)| (name.as_str().into(), value.clone())).collect()
        };
        let first = self.first_failure().map(|(task, failure)| {
            let message = format!("in its sub-run {}, task \"{task}\" failed: {failure}", self.name);
            Arc::new(Failure { message, ..(*failure).clone() })
        });
        let problem =
            || self.problems.first().map(|problem| Arc::new(Failure::error(format!("in its sub-run {}: {problem}", self.name))));
        let failure = first.or_else(problem);
        let nothing_left = left.is_empty() && status != RunStatus::Escalated;
        ChildEnd { status, results, failure, did: self.leaves_above(status), nothing_left, left: left.to_vec() }
    }
}

/// The text of a workflow, if a value is one: a map with `tasks`, or a text that holds such a map.
fn described(answer: &Value) -> Option<String> {
    match answer {
        Value::Object(map) if map.contains_key("tasks") || map.contains_key("workflow_dsl") => Some(answer.to_string()),
        Value::String(text) if is_description(text) => Some(text.clone()),
        _ => None,
    }
}
