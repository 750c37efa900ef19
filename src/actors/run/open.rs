//! A task is opened: its words are rendered, and it is handed to an actor, a panel or a sub-run.

use super::RunActor;
use super::copies::Judge;
use super::render::{Rendered, Unready};
use crate::actors::messages::{TaskEnd, TaskMail, TaskResult, ToTask};
use crate::actors::{Errand, TaskActor, TaskSetup};
use crate::event::What;
use crate::mutation::planted;
use crate::plan::{NodeIx, NodeState};
use crate::workflow::Action;
use crate::world::Letter;
use actix::{AsyncContext, Context};
use polity_agents::{Failure, FailureKind, Job, JobId};
use polity_protocols::{Name, TaskView};
use std::cmp::Reverse;
use std::sync::Arc;

impl RunActor {
    /// Opens ready tasks while there is room. True if the ledger has something to say of it.
    pub(super) fn open_more(&mut self, context: &mut Context<RunActor>) -> bool {
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
    pub(super) fn open_one(&mut self, instance: u32, context: &mut Context<RunActor>) {
        let Some((node, index)) = self.ledger.locate(instance) else { return };
        if let Some(reason) = self.uninvited(node) {
            return self.skip(instance, reason);
        }
        let item = if self.ledger.is_expanded(node) { self.item(node, index as usize) } else { None };
        let is_read = self.read[node.index()];
        if let Some(why) = self.nest.origin.purse.as_ref().and_then(|purse| purse.spent_by(self.world.now())) {
            return self.unready(instance, Unready::Fails(Failure::new(FailureKind::Budget, why)));
        }
        if let Action::Interleave(_) = &self.workflow.tasks[node.index()].action {
            return self.interleave(instance); // those that it names wait for it, and for their turn
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
        let mut errand = self.errand(instance, node, rendered);
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
            None => {
                if instance == node.0
                    && let Some(prospects) = self.prospects(node)
                {
                    Arc::make_mut(&mut errand.view).prospects = prospects;
                }
                self.hand_out(instance, node, errand, context);
            }
        }
    }
    /// A task that only lets others begin ends as it begins.
    fn interleave(&mut self, instance: u32) {
        let (task, output) = (self.task(instance), Arc::new(serde_json::Value::Null));
        self.world.record(self.id, What::Synthesized { task, took: core::time::Duration::ZERO, output: output.clone() });
        self.record_end(task, TaskResult::new(None, 0, TaskEnd::Completed(output)));
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
                TaskActor::begun(&self.world, setup)
            }
        };
        self.open.insert(instance, addr);
        self.hold_new(instance);
    }
    /// The name in the idempotency keys of its tasks: of the run that this one goes on with.
    pub(super) fn key_name(&self) -> Name {
        self.recall.run().unwrap_or_else(|| self.name.clone())
    }
    pub(super) fn errand(&mut self, instance: u32, node: NodeIx, rendered: Rendered) -> Box<Errand> {
        let name = self.name_of(instance);
        let estimate = self.ledger.plan().weight(node);
        let task = &self.workflow.tasks[node.index()];
        // `Job::new` would allocate three things that are thrown away here; its id and its fit are the award's.
        let job = Job {
            id: JobId { task: self.task(instance), attempt: 1, launch: 1 },
            name,
            run: self.key_name(),
            salt: self.nest.origin.salt.clone(),
            kind: task.kind.clone(),
            work: rendered.work,
            input: rendered.input,
            estimate,
            fit: 1.0,
            timeout: task.timeouts.attempt,
            heartbeat: task.timeouts.heartbeat,
        };
        self.errand_of(instance, node, job)
    }
    pub(super) fn errand_of(&mut self, instance: u32, node: NodeIx, job: Job) -> Box<Errand> {
        let id = self.task(instance);
        let estimate = self.ledger.plan().weight(node);
        let data = self.world.inputs_of(&job.run, &job.name);
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
            news: self.news.clone(),
        })
    }
}
