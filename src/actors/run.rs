//! The run's actor: the ledger of one workflow instance, its bindings, its end.

use super::copies::{Ballots, Judge, Step};
use super::dead::dead_letter;
use super::detour::{Detours, Setback};
use super::doors::Doors;
use super::hedge::Hedges;
use super::hold::Hold;
use super::messages::{CoordinatorMail, RunMail, TaskEnd, TaskMail, TaskResult, ToTask};
use super::nest::{ChildEnd, Finish, Launch, Nest, Origin};
use super::progress::{Expansion, Fact, Progress};
use super::rank::Rank;
use super::render::{Rendered, Unready, read_tasks};
use super::saga::Saga;
use super::scope::{RunScope, inputs_object, word};
use super::{Book, Errand, Holders, Inquiry, Offices, TaskActor, TaskSetup};
use crate::event::{Counts, Governance, Office, RunHead, RunId, RunStatus, RunTail, What};
use crate::lifecycle::Policy;
use crate::mutation::planted;
use crate::plan::{InstanceId, Join, Ledger, LedgerEffect, NodeIx, NodeState, Plan, Settlement, StopMode};
use crate::report::Recall;
use crate::runtime::RunResult;
use crate::workflow::{Action, Conditions, EvalError, OnFailure, Workflow};
use crate::world::{Letter, Mail, Ticket, World};
use actix::{Actor, ActorContext, Addr, AsyncContext, Context, Handler};
use polity_agents::{Failure, FailureKind, Job};
use polity_protocols::{AgentId, Demand, Judged, Name, TaskId, TaskView, Time};
use serde_json::{Map, Value};
use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::oneshot;

/// What a run is, before it begins.
pub(crate) struct RunSetup {
    pub(crate) id: RunId,
    pub(crate) name: Name,
    pub(crate) workflow: Arc<Workflow>,
    pub(crate) plan: Arc<Plan>,
    pub(crate) inputs: BTreeMap<Name, Arc<Value>>,
    pub(crate) offices: Offices,
    /// What need not be done again.
    pub(crate) recall: Recall,
    /// The hash of what coordinators began with.
    pub(crate) memory: Option<String>,
    /// Task actors that may be there at a time.
    pub(crate) max_open: usize,
    /// Strategies of its teams and tasks count, and so do those of its sub-runs.
    pub(crate) their_own: bool,
    pub(crate) origin: Origin,
    pub(crate) launcher: Rc<dyn Launch>,
    pub(crate) finish: Finish,
}

/// What every instance of a task shares, computed once.
struct Kit {
    demand: Arc<Demand>,
    policy: Option<Arc<Policy>>,
    conditions: Option<Arc<Conditions>>,
    rank: f64,
}

/// One run.
pub(crate) struct RunActor {
    pub(super) world: Rc<World>,
    pub(super) id: RunId,
    pub(super) name: Name,
    pub(super) workflow: Arc<Workflow>,
    inputs: BTreeMap<Name, Arc<Value>>,
    pub(super) offices: Offices,
    pub(super) recall: Recall,
    memory: Option<String>,
    pub(super) max_open: usize,
    finish: Option<Finish>,
    pub(super) ledger: Ledger,
    /// Tasks by id, made when an expression first asks: most runs of many tasks have none.
    places: OnceCell<BTreeMap<Name, u32>>,
    kits: Vec<Option<Kit>>,
    /// The demand that was looked up last: most tasks demand what their neighbour does.
    demand: Option<Arc<Demand>>,
    pub(super) progress: Progress,
    /// Tasks whose output somebody works on.
    read: Vec<bool>,
    /// Ready and not yet open, the highest rank first, then the order of the file.
    pub(super) ready: BinaryHeap<(Rank, Reverse<u32>)>,
    pub(super) open: BTreeMap<u32, Addr<TaskActor>>,
    /// Actors whose task has settled, to be used again.
    idle: Vec<Addr<TaskActor>>,
    /// Redundant tasks that are being done.
    pub(super) ballots: Ballots,
    /// Tasks that failed, and are done in another way.
    pub(super) detours: Detours,
    /// What its tasks share, if they do.
    pub(super) doors: Option<Doors>,
    /// Tasks that a second agent does if they take too long.
    pub(super) hedges: Hedges,
    /// What was told to wait.
    pub(super) hold: Hold,
    /// What copies ask for, when nobody is at hand to do it.
    pub(super) steps: Vec<Step>,
    /// What is undone if it does not come to its end.
    pub(super) saga: Saga,
    /// Tasks that are done by sub-runs.
    pub(super) nest: Nest,
    pub(super) effects: Vec<LedgerEffect>,
    pub(super) problems: Vec<String>,
    pub(super) status: Option<RunStatus>,
    /// A task failed since a budget was spent.
    pub(super) overspent: bool,
    /// What an earlier run knows is being taken: true if that made a task fail.
    pub(super) recalling: Option<bool>,
    /// Nothing is done but to undo what an earlier run did.
    pub(super) goes_back: bool,
    /// Coordinators that were asked what it cost, and have not answered; all tasks have ended.
    pub(super) asked: Option<usize>,
    /// Since when nothing has been there that could move it.
    pub(super) stalled: Option<Time>,
    birth: Option<Ticket>,
}

impl RunActor {
    pub(crate) fn new(world: Rc<World>, setup: RunSetup) -> RunActor {
        let kits = setup.workflow.tasks.iter().map(|_| None).collect();
        let birth = Some(world.ticket());
        let read = read_tasks(&setup.workflow, setup.origin.parent.is_some());
        let now = world.now();
        let detours = Detours::new(&setup.workflow);
        let doors = Doors::of(&setup.workflow, setup.origin.alone);
        let nest = Nest::new(setup.launcher, setup.origin, setup.their_own, &setup.workflow, now);
        RunActor {
            world,
            id: setup.id,
            name: setup.name,
            workflow: setup.workflow,
            inputs: setup.inputs,
            offices: setup.offices,
            recall: setup.recall,
            memory: setup.memory,
            max_open: setup.max_open.max(1),
            finish: Some(setup.finish),
            ledger: Ledger::new(setup.plan),
            places: OnceCell::new(),
            kits,
            demand: None,
            progress: Progress::default(),
            read,
            ready: BinaryHeap::new(),
            open: BTreeMap::new(),
            idle: Vec::new(),
            ballots: Ballots::default(),
            detours,
            doors,
            hedges: Hedges::default(),
            hold: Hold::default(),
            steps: Vec::new(),
            saga: Saga::default(),
            nest,
            effects: Vec::new(),
            problems: Vec::new(),
            status: None,
            overspent: false,
            recalling: None,
            goes_back: false,
            asked: None,
            stalled: None,
            birth,
        }
    }

    fn begin(&mut self, context: &mut Context<RunActor>) {
        self.world.record(self.id, What::RunStarted(Arc::new(self.head())));
        self.world.boards.open(self.id, &self.workflow.state);
        self.ledger.start(&mut self.effects);
        self.take_recalls(context);
        self.proceed(context);
    }
    fn head(&self) -> RunHead {
        let tasks = &self.workflow.tasks;
        let roster = self.world.directory.roster();
        RunHead {
            name: self.name.clone(),
            workflow: self.workflow.name.clone(),
            hash: self.workflow.hash.clone(),
            strategy: self.offices.usual().government.name().into(),
            settings: self.offices.usual().government.settings(),
            offices: self.office_heads(),
            compensates: self.compensates(),
            resumes: self.recall.run(),
            parent: self.nest.origin.parent,
            memory: self.memory.clone(),
            seed: self.world.seed(),
            simulated: self.world.is_virtual(),
            tasks: tasks.iter().map(|task| task.id.clone()).collect(),
            kinds: tasks.iter().map(|task| task.kind.clone()).collect(),
            dependencies: tasks.iter().map(|t| t.dependencies.iter().map(|d| d.on as u32).collect()).collect(),
            joins: (0..).zip(tasks).map(|(n, task)| (n, task.join)).filter(|(_, join)| *join != Join::AllSuccess).collect(),
            agents: roster.iter().map(|profile| profile.name.clone()).collect(),
            slots: roster.iter().map(|profile| profile.slots).collect(),
            inputs: inputs_object(&self.inputs),
        }
    }

    /// What is governed by another coordinator than the usual one.
    fn office_heads(&self) -> Vec<Office> {
        let head = |(book, tasks): (Rc<Book>, Vec<u32>)| Office {
            team: book.team().cloned(),
            strategy: book.government.name().into(),
            settings: book.government.settings(),
            tasks,
        };
        self.offices.all().into_iter().skip(1).map(head).collect()
    }

    /// Performs what the ledger asks for until it asks for nothing more, then opens what may be open.
    pub(super) fn proceed(&mut self, context: &mut Context<RunActor>) {
        loop {
            let steps = std::mem::take(&mut self.steps);
            self.perform_steps(steps, context);
            let mut effects = std::mem::take(&mut self.effects);
            for effect in effects.drain(..) {
                self.perform(effect, context);
            }
            if self.effects.is_empty() {
                self.effects = effects; // the larger buffer, for the next time
            }
            self.take_detours(context);
            if self.effects.is_empty() && !self.open_more(context) && !self.detours.is_due() {
                return self.look_for_stall(context);
            }
        }
    }
    pub(super) fn perform(&mut self, effect: LedgerEffect, context: &mut Context<RunActor>) {
        match effect {
            LedgerEffect::Ready(node) => self.admit(node),
            LedgerEffect::Joined { node, state } => self.join(node, state),
            LedgerEffect::Skipped { node, because } => {
                let reason = format!("it works on what \"{}\" gives, which was skipped", self.id_of(because));
                self.world.record(self.id, What::Skipped { task: self.task(node.0), reason: reason.into() });
            }
            LedgerEffect::Unmet { node, by } => {
                let reason = self.unmet(node, by);
                self.world.record(self.id, What::Skipped { task: self.task(node.0), reason: reason.into() });
            }
            LedgerEffect::CalledOff { node, by } => {
                self.world.record(self.id, What::CalledOff { task: self.task(node.0), by: by.0 });
            }
            LedgerEffect::Blocked { node, .. } => {
                let causes = self.ledger.cause(node).iter().skip(1).map(|cause| cause.0).collect();
                self.world.record(self.id, What::Blocked { task: self.task(node.0), causes });
            }
            LedgerEffect::Withdrawn(instance) => {
                self.leaves(instance.0); // it may have been let in, and not have begun
                self.world.record(self.id, What::Cancelled { task: self.task(instance.0) });
            }
            LedgerEffect::Cancelled(instance) => {
                self.stop_instance(instance.0);
                let steps = std::mem::take(&mut self.steps);
                self.perform_steps(steps, context);
            }
            LedgerEffect::Finished(_) => {
                if !self.begin_undo(context) {
                    self.inquire(context);
                }
            }
        }
    }
    /// Why a task is skipped whose join is not met.
    fn unmet(&self, node: NodeIx, by: NodeIx) -> String {
        let rule = self.ledger.plan().join(node);
        let became = self.ledger.state(by).map_or("unknown", word);
        match rule {
            Join::OneFailed => format!("nothing that it depends on failed (join: {rule})"),
            Join::OneSuccess | Join::AtLeast(_) => {
                format!(
                    "too little of what it depends on was done, and nothing failed (join: {rule}); \"{}\" was {became}",
                    self.id_of(by)
                )
            }
            _ => format!("\"{}\" is {became} (join: {rule})", self.id_of(by)),
        }
    }
    /// A task became ready: it is skipped, becomes several, or waits in the order of ranks for its turn to be opened.
    pub(super) fn admit(&mut self, node: NodeIx) {
        if self.ledger.stopped().is_some() || self.ledger.state(node) != Some(NodeState::Ready) {
            return; // it is withdrawn by the ledger, called off in the same turn, or ended by what an earlier run knew
        }
        if self.was_called_off(node) || self.stands_by(node) {
            return;
        }
        let workflow = self.workflow.clone();
        let task = &workflow.tasks[node.index()];
        if task.for_each.is_none() && self.recalled(node.0) {
            return;
        }
        if let Some(when) = task.when.as_ref().filter(|_| task.for_each.is_none()) {
            match when.is_true(&self.scope(None)) {
                Ok(true) => {}
                Ok(false) => return self.skip(node.0, format!("`when` is false: {}", when.source())),
                Err(error) => return self.unready(node.0, Unready::of(error, "when")),
            }
        }
        if task.for_each.is_some() {
            return self.expand(node);
        }
        self.queue(node.0, node);
    }
    fn queue(&mut self, instance: u32, node: NodeIx) {
        let rank = self.kit(node).rank;
        self.ready.push((Rank(rank), Reverse(instance)));
    }
    fn kit(&mut self, node: NodeIx) -> &Kit {
        let at = node.index();
        if self.kits[at].is_none() {
            let task = &self.workflow.tasks[at];
            let plain = task.retry.is_none() && task.timeouts == crate::lifecycle::Timeouts::default();
            let policy = (!plain).then(|| Arc::new(Policy { retry: task.retry.clone(), timeouts: task.timeouts }));
            let same = |d: &Arc<Demand>| d.kind == task.kind && d.needs == task.needs && d.agent == task.agent;
            let demand = match self.demand.take().filter(same) {
                Some(demand) => demand,
                None => self.world.demand(&task.kind, &task.needs, task.agent.as_ref()),
            };
            self.demand = Some(demand.clone());
            let rank = Rank::of(task.priority, self.ledger.plan().rank(node)).0;
            // A condition that can't be read was refused by the check.
            let conditions = task.retry.as_ref().and_then(|retry| Conditions::of(retry).ok().flatten()).map(Arc::new);
            self.kits[at] = Some(Kit { demand, policy, conditions, rank });
        }
        self.kits[at].as_ref().expect("it was made in the lines above")
    }
    pub(super) fn expand(&mut self, node: NodeIx) {
        let workflow = self.workflow.clone();
        let task = &workflow.tasks[node.index()];
        let Some(list) = &task.for_each else { return };
        let items = match list.evaluate_shared(&self.scope(None)) {
            Ok(items) => items,
            Err(error) => return self.unready(node.0, Unready::of(error, "for_each")),
        };
        let items: Vec<Arc<Value>> = match &*items {
            Value::Array(items) => items.iter().cloned().map(Arc::new).collect(),
            Value::Object(map) => map.iter().map(|(k, v)| Arc::new(serde_json::json!({ "key": k, "value": v }))).collect(),
            other => {
                let message =
                    format!("`for_each` of task \"{}\" must give a list or a map, but gives {}", task.id, kind_of(other));
                return self.unready(node.0, Unready::Fails(Failure::new(FailureKind::Binding, message)));
            }
        };
        let room = (self.workflow.limits.max_tasks as usize).saturating_sub(self.ledger.instance_tally().total() as usize);
        if items.len() > room + 1 {
            let message = format!(
                "`for_each` of task \"{}\" has {} items, but the run may have {} tasks in all; raise limits.max_tasks",
                task.id,
                items.len(),
                self.workflow.limits.max_tasks
            );
            return self.unready(node.0, Unready::Fails(Failure::new(FailureKind::Binding, message)));
        }
        let keys = super::render::labels(&items);
        // The list of an empty one is complete at once, and the ledger says so in this very call.
        let labels: Arc<[Name]> = keys.iter().map(|key| Name::from(key.as_str())).collect();
        let count = items.len() as u32;
        self.progress.expansions.insert(node.0, Expansion { items, keys: keys.into(), list: None });
        let mut effects = std::mem::take(&mut self.effects);
        let instances = self.ledger.expand(node, count, &mut effects);
        self.effects = effects;
        let Some(instances) = instances else { return };
        self.world.record(self.id, What::Expanded { task: self.task(node.0), first: instances.range().start, labels });
        for (index, instance) in instances.iter().enumerate() {
            self.admit_instance(node, instance, index);
        }
    }
    fn admit_instance(&mut self, node: NodeIx, instance: InstanceId, index: usize) {
        if self.ledger.instance_state(instance) != Some(NodeState::Ready) {
            return; // what became of the one before it has stopped the run
        }
        if self.recalled(instance.0) || self.goes_back {
            return;
        }
        let workflow = self.workflow.clone();
        if let Some(when) = &workflow.tasks[node.index()].when {
            match when.is_true(&self.scope(self.item(node, index))) {
                Ok(true) => {}
                Ok(false) => return self.skip(instance.0, format!("`when` is false: {}", when.source())),
                Err(error) => return self.unready(instance.0, Unready::of(error, "when")),
            }
        }
        self.queue(instance.0, node);
    }
    pub(super) fn item(&self, node: NodeIx, index: usize) -> Option<(Arc<Value>, usize)> {
        Some((self.progress.expansions.get(&node.0)?.items.get(index)?.clone(), index))
    }

    /// Opens ready tasks while there is room. True if the ledger has something to say of it.
    fn open_more(&mut self, context: &mut Context<RunActor>) -> bool {
        while (self.open.len() < self.max_open || planted("open_too_many")) && !self.hold.run {
            let Some((rank, Reverse(instance))) = self.ready.pop() else { break };
            if self.put_aside(rank, instance) {
                continue;
            }
            if self.ledger.instance_state(instance) == Some(NodeState::Ready) && self.enters(rank, instance) {
                self.open_one(instance, context);
            }
            if !self.effects.is_empty() {
                return true;
            }
        }
        false
    }
    fn open_one(&mut self, instance: u32, context: &mut Context<RunActor>) {
        let Some((node, index)) = self.ledger.locate(instance) else { return };
        if let Some(reason) = self.uninvited(node) {
            return self.skip(instance, reason);
        }
        let item = if self.ledger.is_expanded(node) { self.item(node, index as usize) } else { None };
        let is_read = self.read[node.index()];
        if let Some(why) = self.nest.origin.purse.as_ref().and_then(|purse| purse.spent_by(self.world.now())) {
            return self.unready(instance, Unready::Fails(Failure::new(FailureKind::Budget, why)));
        }
        let rendered = Rendered::of(&self.workflow.tasks[node.index()], &self.scope(item), is_read);
        let rendered = match rendered {
            Ok(rendered) => rendered,
            Err(unready) => return self.unready(instance, unready),
        };
        self.ledger.open_instance(instance);
        if let Some(key) = &self.workflow.tasks[node.index()].set_state {
            self.world.boards.look(self.task(instance), key); // what others set from now on is a conflict
        }
        let errand = self.errand(instance, node, rendered);
        if let Action::Workflow(flow) = &self.workflow.tasks[node.index()].action {
            let flow = flow.clone();
            return self.nest(instance, node, flow, errand.job, context);
        }
        let task = &self.workflow.tasks[node.index()];
        let judge = task.redundancy.clone().map(Judge::vote).or_else(|| task.hedge.map(|_| Judge::race()));
        match judge {
            Some(judge) => {
                let steps = self.ballots.begin(instance, node, judge, errand.job, &self.world);
                self.perform_steps(steps, context);
            }
            None => self.hand_out(instance, node, errand, context),
        }
    }
    /// Whether somebody works on a task's output.
    pub(super) fn is_read(&self, node: NodeIx) -> bool {
        self.read[node.index()]
    }
    /// Gives a task to an actor, one that is idle if there is one.
    pub(super) fn hand_out(&mut self, instance: u32, node: NodeIx, errand: Box<Errand>, context: &mut Context<RunActor>) {
        let addr = match self.idle.pop() {
            Some(addr) => {
                let begin = ToTask { task: errand.view.id, word: TaskMail::Begin(errand) };
                self.world.send(Letter::Task(addr.clone(), begin));
                addr
            }
            None => {
                let (run, coordinator) = (context.address(), self.offices.of(node).clone());
                let budget = self.nest.origin.budget.clone();
                let setup = TaskSetup { run, coordinator, budget, errand };
                TaskActor::new(self.world.clone(), setup).start()
            }
        };
        self.open.insert(instance, addr);
        self.hold_new(instance);
    }
    /// What the copies of a redundant task ask for.
    fn perform_steps(&mut self, steps: Vec<Step>, context: &mut Context<RunActor>) {
        for step in steps {
            match step {
                Step::Open { instance, copy, number, holders } => self.open_copy((instance, copy, number), holders, context),
                Step::Cancel(copy) => {
                    if let Some(addr) = self.open.get(&copy) {
                        self.cancel(copy, addr);
                    }
                }
                Step::Tell { instance, agree, differ, why } => {
                    let (agree, differ) = (agree.into(), differ.into());
                    self.world.record(self.id, What::Voted { task: self.task(instance), agree, differ, reason: why.into() });
                }
                Step::Judged { node, copy, agent, quality } => {
                    let judged = Judged { task: self.task(copy), demand: self.kit(node).demand.id, agent, quality };
                    self.world.send(Letter::Coordinator(self.offices.of(node).clone(), CoordinatorMail::Judged(judged)));
                }
                Step::Settle { instance, result, began, job } => self.conclude(instance, result, began, &job),
            }
        }
    }
    fn open_copy(&mut self, (instance, copy, number): (u32, u32, u32), holders: Holders, context: &mut Context<RunActor>) {
        let Some(ballot) = self.ballots.get(instance) else { return };
        let (node, job) = (ballot.node, ballot.job.clone());
        self.world.record(self.id, What::Copied { task: self.task(instance), copy, number });
        let job = Job { name: format!("{}/{number}", job.name).into(), ..job };
        let errand = Errand { holders: Some(holders), ..*self.errand_of(copy, node, job) };
        self.hand_out(copy, node, Box::new(errand), context);
    }
    /// A redundant task has ended, as its copies decided.
    fn conclude(&mut self, instance: u32, result: TaskResult, began: Time, job: &Job) {
        let (task, attempts) = (self.task(instance), result.attempts);
        self.hedge_over(instance);
        match &result.end {
            TaskEnd::Completed(output) => {
                let (agent, took) = (result.agent.unwrap_or(AgentId(u32::MAX)), self.world.now().since(began));
                self.world.record(self.id, What::Completed { task, agent, attempts, took, output: output.clone() });
            }
            TaskEnd::Failed(failure)
                if self.ledger.locate(instance).is_some_and(|(node, _)| self.has_another_way(instance, node)) =>
            {
                let (agent, failure, job) = (result.agent, failure.clone(), job.clone());
                self.world.record(self.id, What::Replanned { task, agent, attempts, failure: failure.clone() });
                return self.detours.add(instance, Setback { failure, job, by: agent, attempts, asked: true });
            }
            TaskEnd::Failed(failure) => {
                self.world.record(self.id, What::Failed { task, agent: None, attempts, failure: failure.clone() });
                dead_letter(task, job, failure).into_iter().for_each(|what| self.world.record(self.id, what));
            }
            TaskEnd::Cancelled | TaskEnd::Handed(_) | TaskEnd::Setback(_) => self.world.record(self.id, What::Cancelled { task }),
        }
        self.record_end(task, result);
    }
    /// The name in the idempotency keys of its tasks: of the run that this one goes on with.
    pub(super) fn key_name(&self) -> Name {
        self.recall.run().unwrap_or_else(|| self.name.clone())
    }
    fn errand(&mut self, instance: u32, node: NodeIx, rendered: Rendered) -> Box<Errand> {
        let name = self.name_of(instance);
        let estimate = self.ledger.plan().weight(node);
        let task = &self.workflow.tasks[node.index()];
        let job = Job {
            run: self.key_name(),
            kind: task.kind.clone(),
            work: rendered.work,
            input: rendered.input,
            estimate,
            timeout: task.timeouts.attempt,
            heartbeat: task.timeouts.heartbeat,
            ..Job::new(name, polity_agents::Work::Own)
        };
        self.errand_of(instance, node, job)
    }
    pub(super) fn errand_of(&mut self, instance: u32, node: NodeIx, job: Job) -> Box<Errand> {
        let id = self.task(instance);
        let estimate = self.ledger.plan().weight(node);
        let data = self.world.inputs_of(&job);
        let kit = self.kit(node);
        let mut view = TaskView::new(id, kit.demand.clone());
        (view.work, view.rank) = (estimate, kit.rank);
        view.data = data.unwrap_or(view.data);
        let (policy, conditions) = (kit.policy.clone(), kit.conditions.clone());
        Box::new(Errand {
            view: Arc::new(view),
            coordinator: self.offices.of(node).id,
            holders: None,
            job,
            policy,
            conditions,
            decomposes: matches!(self.workflow.tasks[node.index()].action, Action::Delegate(_)),
            detours: self.has_detour(node),
            purse: self.nest.origin.purse.clone(),
        })
    }

    /// What a task gives goes onto the blackboard, if it says so. A conflict, and a bound that is met, are told, and change nothing of how
    /// the task ended.
    pub(super) fn publish(&mut self, task: TaskId, output: &Arc<Value>) {
        let Some((node, _)) = self.ledger.locate(task.instance()) else { return };
        let Some(key) = self.workflow.tasks[node.index()].set_state.clone() else { return };
        if let Err(failure) = self.world.set_state(task, &key, output.clone(), None) {
            self.world.record(self.id, What::Noted { task, note: format!("state.{key} was not set: {failure}").into() });
        }
    }
    /// A task's life is over.
    fn settled(&mut self, task: TaskId, result: TaskResult, context: &mut Context<RunActor>) {
        let instance = task.instance();
        let Some(addr) = self.open.remove(&instance) else {
            self.world.ignore();
            return self.look_for_stall(context);
        };
        if addr.connected() {
            self.idle.push(addr);
        }
        if let Some(purse) = self.nest.origin.purse.as_ref().filter(|_| !planted("charge_no_purse")) {
            purse.draw(result.spent);
        }
        if self.saga.undoes(instance) {
            return self.undo_settled(instance, result, context);
        }
        if self.detours.is_fallback(instance) {
            self.fallback_settled(instance, result, context);
        } else if self.nest.asks.contains_key(&instance) {
            self.answered(instance, result, context);
        } else if self.ballots.is_copy(instance) {
            self.world.boards.forget(task);
            self.hedge_settled(instance, matches!(result.end, TaskEnd::Completed(_)), context);
            let steps = self.ballots.settled(instance, result);
            self.perform_steps(steps, context);
        } else {
            self.ended(task, result, context);
        }
        self.proceed(context);
    }
    /// An actor's task is over, and with it the task of the run, unless sub-runs go on with it.
    fn ended(&mut self, task: TaskId, mut result: TaskResult, context: &mut Context<RunActor>) {
        match std::mem::replace(&mut result.end, TaskEnd::Cancelled) {
            TaskEnd::Handed(_) | TaskEnd::Setback(_)
                if self.is_called_off(task.instance()) || self.ledger.stopped() == Some(StopMode::Cancel) =>
            {
                self.world.record(self.id, What::Cancelled { task }); // its end and its cancellation crossed
                self.record_end(task, result);
            }
            TaskEnd::Handed(handed) => self.handed(task, *handed, &result, context),
            TaskEnd::Setback(setback) => {
                let (failure, job) = *setback;
                let (by, attempts) = (result.agent, result.attempts);
                self.detours.add(task.instance(), Setback { failure, job, by, attempts, asked: false });
            }
            end => self.record_end(task, TaskResult { end, ..result }),
        }
    }
    /// True if nobody wants it any more: a join called it off, or a person cancelled it.
    pub(super) fn is_called_off(&self, instance: u32) -> bool {
        self.hold.cancelled.contains(&instance)
            || self.ledger.locate(instance).is_some_and(|(node, _)| self.ledger.called_off(node).is_some())
    }
    /// What became of a task, for expressions and for the ledger.
    pub(super) fn record_end(&mut self, task: TaskId, result: TaskResult) {
        let instance = task.instance();
        let mut fact = Fact { attempts: result.attempts, agent: result.agent, ..Fact::default() };
        let settlement = match result.end {
            TaskEnd::Completed(output) => {
                self.publish(task, &output);
                if let Some((node, _)) = self.ledger.locate(instance) {
                    self.plan_undo(instance, node, &output);
                }
                fact.output = Some(output);
                Settlement::Succeeded
            }
            TaskEnd::Failed(failure) => {
                self.overspent |= failure.kind == FailureKind::Budget;
                fact.failure = Some(failure);
                Settlement::Failed
            }
            TaskEnd::Cancelled | TaskEnd::Handed(_) | TaskEnd::Setback(_) => Settlement::Cancelled,
        };
        self.world.boards.forget(task);
        self.progress.set(instance, fact);
        self.settle(instance, settlement);
    }
    /// It was cancelled before it began.
    pub(super) fn settle_cancelled(&mut self, instance: u32) {
        self.settle(instance, Settlement::Cancelled);
    }
    pub(super) fn settle(&mut self, instance: u32, settlement: Settlement) {
        self.settle_quietly(instance, settlement);
        if settlement == Settlement::Failed && self.workflow.on_failure != OnFailure::Continue {
            match &mut self.recalling {
                Some(failed) => *failed = true, // it stops once all that is known is taken
                None => self.stop_for_failure(),
            }
        }
    }
    /// The same, and nothing stops for it.
    pub(super) fn settle_quietly(&mut self, instance: u32, settlement: Settlement) {
        self.leaves(instance);
        self.ledger.settle_instance(instance, settlement, &mut self.effects);
    }
    pub(super) fn stop_for_failure(&mut self) {
        if planted("go_on_after_a_failure") {
            return;
        }
        self.turn_back(self.status.unwrap_or(RunStatus::Failed));
        self.ledger.stop(StopMode::FailFast, &mut self.effects);
    }
    pub(super) fn skip(&mut self, instance: u32, reason: String) {
        self.world.record(self.id, What::Skipped { task: self.task(instance), reason: reason.into() });
        self.settle(instance, Settlement::Skipped);
    }
    /// All instances have ended: their outputs become one list, in order. What was skipped is not in it.
    fn join(&mut self, node: NodeIx, state: NodeState) {
        let succeeded = state == NodeState::Succeeded;
        if succeeded {
            let outputs = self.ledger.instances(node).iter().filter_map(|i| self.progress.of(i.0)?.output.as_deref().cloned());
            let list = Arc::new(Value::Array(outputs.collect()));
            if let Some(expansion) = self.progress.expansions.get_mut(&node.0) {
                expansion.list = Some(list);
            }
        }
        // Where none was needed, none failed.
        let unneeded = state == NodeState::Skipped || (state == NodeState::Cancelled && self.ledger.called_off(node).is_some());
        let succeeded = succeeded || unneeded;
        self.world.record(self.id, What::Joined { task: self.task(node.0), succeeded });
    }

    /// All tasks have ended: the coordinators are asked what it cost, and then it ends.
    pub(super) fn inquire(&mut self, context: &mut Context<RunActor>) {
        if self.world.directory.escalated().is_some() {
            return self.finish(context); // nobody may be left to answer
        }
        let offices = self.offices.all();
        self.asked = Some(offices.len());
        for (book, _) in offices {
            let inquiry = Inquiry::new(self.id.0, context.address());
            self.world.send(Letter::Coordinator(book, CoordinatorMail::Report(inquiry)));
        }
    }
    fn reported(&mut self, answer: Option<Arc<Governance>>, context: &mut Context<RunActor>) {
        if let Some(governance) = answer {
            self.world.record(self.id, What::Governed(governance));
        }
        if let Some(left) = self.asked.map(|asked| asked.saturating_sub(1)) {
            self.asked = Some(left);
            if left == 0 {
                self.finish(context);
            }
        }
    }
    fn finish(&mut self, context: &mut Context<RunActor>) {
        self.asked = None;
        let tally = self.ledger.instance_tally();
        let outputs = if self.status.is_none() { self.outputs() } else { Map::new() };
        let all_well = self.ledger.went_well() && self.problems.is_empty();
        let failed = if self.overspent { RunStatus::Overspent } else { RunStatus::Failed };
        let status = self.status.unwrap_or(if all_well { RunStatus::Completed } else { failed });
        let (compensated, left) = self.saga.tell();
        let mut left: Vec<(Name, String)> = left.into_iter().map(|(instance, why)| (self.name_of(instance), why)).collect();
        left.append(&mut self.saga.lost);
        let status = if left.is_empty() || status == RunStatus::Escalated { status } else { RunStatus::Stuck };
        let child_end = matches!(self.finish, Some(Finish::Parent(_))).then(|| self.child_end(status, &outputs));
        let tally = Counts {
            completed: tally.succeeded,
            failed: tally.failed,
            skipped: tally.skipped,
            blocked: tally.blocked,
            cancelled: tally.cancelled,
        };
        let problems = std::mem::take(&mut self.problems);
        let tail = Arc::new(RunTail {
            status,
            tally,
            outputs: Value::Object(outputs),
            problems,
            compensated,
            left,
            ignored: self.world.ignored(),
        });
        self.world.record(self.id, What::RunEnded(tail.clone()));
        self.world.boards.close(self.id);
        self.world.directory.leave_run(self.id.0);
        self.leave_house();
        match (self.finish.take(), child_end) {
            (Some(Finish::Outside(done)), _) => self.give_back(done, tail),
            (Some(Finish::Parent(line)), Some(end)) => line.tell(&self.world, end),
            _ => {}
        }
        context.stop();
    }
    fn give_back(&mut self, done: oneshot::Sender<RunResult>, tail: Arc<RunTail>) {
        let (workflow, ledger) = (self.workflow.clone(), self.ledger.clone());
        let result = RunResult { name: self.name.clone(), tail, workflow, progress: std::mem::take(&mut self.progress), ledger };
        let _ = done.send(result); // whoever asked may have stopped waiting
        self.world.tell_outside();
    }
    /// What was made for it alone goes.
    fn leave_house(&self) {
        if self.nest.origin.parent.is_some() {
            self.nest.launcher.end_child(self.id);
            self.nest.origin.lineage.agents_left(self.nest.origin.agents);
        }
    }
    fn outputs(&mut self) -> Map<String, Value> {
        let workflow = self.workflow.clone();
        let mut outputs = Map::new();
        for output in &workflow.outputs {
            match output.from.evaluate(&self.scope(None)) {
                Ok(value) => drop(outputs.insert(output.name.to_string(), value)),
                // A skipped task is no failure; an output that reads it has no value.
                Err(EvalError::SkippedOutput { .. }) => drop(outputs.insert(output.name.to_string(), Value::Null)),
                // The failure itself was told already.
                Err(EvalError::NoOutput { .. }) => {}
                Err(error) => {
                    self.problems.push(format!("output \"{}\" (from: {}): {error}", output.name, output.from.source()));
                }
            }
        }
        outputs
    }

    /// Ends the run before its time.
    fn stop(&mut self, status: RunStatus, reason: Option<&str>, context: &mut Context<RunActor>) {
        let because = *self.status.get_or_insert(status);
        self.turn_back(because);
        self.problems.extend(reason.map(str::to_owned));
        self.ready.clear();
        self.hold = Hold::default(); // what is paused ends with the rest
        self.stop_ledger(StopMode::Cancel);
        self.proceed(context);
    }
    pub(super) fn stop_ledger(&mut self, mode: StopMode) {
        let mut effects = std::mem::take(&mut self.effects);
        self.ledger.stop(mode, &mut effects);
        self.effects = effects;
    }

    pub(super) fn scope(&self, item: Option<(Arc<Value>, usize)>) -> RunScope<'_> {
        RunScope {
            workflow: &self.workflow,
            name: &self.name,
            inputs: &self.inputs,
            places: &self.places,
            ledger: &self.ledger,
            progress: &self.progress,
            item,
            own: None,
            error: None,
            run: self.id,
            world: &self.world,
        }
    }
    pub(super) fn cancel(&self, instance: u32, addr: &Addr<TaskActor>) {
        let cancel = ToTask { task: self.task(instance), word: TaskMail::Cancel };
        self.world.send(Letter::Task(addr.clone(), cancel));
    }
    pub(super) fn task(&self, instance: u32) -> TaskId {
        TaskId::new(self.id.0, instance)
    }
    pub(super) fn id_of(&self, node: NodeIx) -> &Name {
        &self.workflow.tasks[node.index()].id
    }
    /// `analyse`, or `analyse[2013]` of an instance.
    pub(super) fn name_of(&self, instance: u32) -> Name {
        let Some((node, index)) = self.ledger.locate(instance) else { return self.name.clone() };
        let id = self.id_of(node);
        match self.progress.expansions.get(&node.0).and_then(|expansion| expansion.keys.get(index as usize)) {
            Some(key) => format!("{id}[{key}]").into(),
            None => id.clone(),
        }
    }
}

/// What a value is, for people.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

impl Actor for RunActor {
    type Context = Context<RunActor>;

    fn started(&mut self, context: &mut Self::Context) {
        let birth = self.birth.take();
        self.world.tick();
        self.begin(context);
        drop(birth);
    }
}
impl Handler<Mail<RunMail>> for RunActor {
    type Result = ();
    fn handle(&mut self, mail: Mail<RunMail>, context: &mut Self::Context) {
        self.world.tick();
        match mail.body {
            RunMail::Settled { task, result } => self.settled(task, result, context),
            RunMail::Held { task, agent, fit } => {
                self.hedge_awarded(task.instance(), context);
                let step = self.ballots.held(task.instance(), agent, fit);
                self.perform_steps(step.into_iter().collect(), context);
            }
            RunMail::ChildEnded { task, number, end } => {
                self.child_ended(task, number, end, context);
                self.proceed(context);
            }
            RunMail::Overdue { task } => {
                self.overdue(task);
                self.proceed(context);
            }
            RunMail::Stalled { since } => self.stalled_since(since, context),
            RunMail::Reported(answer) => self.reported(answer, context),
            RunMail::Slow { task } => self.hedge(task, context),
            RunMail::Pause => self.hold_run(true, context),
            RunMail::Resume => self.hold_run(false, context),
            RunMail::Order(order) => self.order(order, context),
            RunMail::Escalate { .. } if self.asked.is_some() => self.finish(context), // nobody may be left to answer
            RunMail::Cancel | RunMail::Terminate if self.asked.is_some() => {}
            RunMail::Cancel if self.saga.goes_on() => {} // what is undone already can't be called off
            RunMail::Terminate if self.saga.goes_on() => self.stop_undoing("the run was ended at once"),
            RunMail::Escalate { reason } if self.saga.goes_on() => {
                self.stop_undoing("nobody is left to undo it");
                self.give_up_undoing();
                self.status = Some(RunStatus::Escalated);
                self.problems.push(reason.to_string());
                self.finish(context);
            }
            RunMail::Cancel => self.stop(RunStatus::Cancelled, None, context),
            RunMail::Terminate => {
                self.saga.off = true;
                self.stop(RunStatus::Cancelled, None, context);
            }
            RunMail::Escalate { reason } => self.stop(RunStatus::Escalated, Some(&reason), context),
        }
        drop(mail.ticket);
    }
}
impl Drop for RunActor {
    /// A run that is cut short (by a defect of ours) leaves no task behind. Whoever waits for it sees that its line is dead.
    fn drop(&mut self) {
        for (instance, addr) in &self.open {
            self.cancel(*instance, addr);
        }
        for compound in self.nest.all.values() {
            if let Some((_, child)) = &compound.child {
                self.world.send(Letter::Run(child.clone(), RunMail::Cancel));
            }
        }
        self.world.boards.close(self.id);
        self.world.directory.leave_run(self.id.0);
        if let Some(Finish::Parent(line)) = self.finish.take() {
            self.leave_house();
            line.tell(&self.world, ChildEnd::lost());
        }
    }
}
