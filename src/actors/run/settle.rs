//! A task has ended: what that means for expressions, for the ledger and for the rest of the run.

use super::RunActor;
use super::detour::Setback;
use super::progress::Fact;
use crate::actors::messages::{TaskEnd, TaskMail, TaskResult, ToTask};
use crate::event::{COPIES, RunStatus, What};
use crate::mutation::planted;
use crate::plan::{NodeIx, NodeState, Settlement, StopMode};
use crate::workflow::OnFailure;
use crate::world::Letter;
use actix::Context;
use polity_agents::FailureKind;
use polity_protocols::TaskId;
use serde_json::Value;
use std::sync::Arc;

impl RunActor {
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
    pub(super) fn settled(&mut self, task: TaskId, result: TaskResult, context: &mut Context<RunActor>) {
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
    pub(super) fn ended(&mut self, task: TaskId, mut result: TaskResult, context: &mut Context<RunActor>) {
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
        self.count_ended(instance);
        self.ledger.settle_instance(instance, settlement, &mut self.effects);
    }
    pub(super) fn stop_for_failure(&mut self) {
        if planted("go_on_after_a_failure") {
            return;
        }
        self.turn_back(self.status.unwrap_or(RunStatus::Failed));
        self.ledger.stop(StopMode::FailFast, &mut self.effects);
        // Copies, and other ways, belong to tasks that are under way.
        for (instance, addr) in self.open.iter().filter(|(instance, _)| **instance < COPIES) {
            let halt = ToTask { task: self.task(*instance), word: TaskMail::Halt };
            self.world.send(Letter::Task(addr.clone(), halt));
        }
    }
    pub(super) fn skip(&mut self, instance: u32, reason: String) {
        self.world.record(self.id, What::Skipped { task: self.task(instance), reason: reason.into() });
        self.settle(instance, Settlement::Skipped);
    }
    /// All instances have ended: their outputs become one list, in order. What was skipped is not in it.
    pub(super) fn join(&mut self, node: NodeIx, state: NodeState) {
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
}
