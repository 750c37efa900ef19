//! A run ends: before its time, or when all of its tasks have.

use super::RunActor;
use super::hold::Hold;
use super::nest::Finish;
use crate::actors::Inquiry;
use crate::actors::messages::CoordinatorMail;
use crate::event::{Counts, Governance, RunStatus, RunTail, What};
use crate::plan::StopMode;
use crate::runtime::RunResult;
use crate::workflow::EvalError;
use crate::world::Letter;
use actix::{ActorContext, AsyncContext, Context};
use serde_json::{Map, Value};
use std::sync::Arc;
use tokio::sync::oneshot;

impl RunActor {
    /// All tasks have ended: the coordinators are asked what it cost, and then it ends.
    pub(super) fn inquire(&mut self, context: &mut Context<RunActor>) {
        self.news = None; // it belongs to the books that are about to be closed
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
    pub(super) fn reported(&mut self, answer: Option<Arc<Governance>>, context: &mut Context<RunActor>) {
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
    pub(super) fn finish(&mut self, context: &mut Context<RunActor>) {
        self.asked = None;
        let tally = self.ledger.instance_tally();
        let outputs = if self.status.is_none() { self.outputs() } else { Map::new() };
        let all_well = self.ledger.went_well() && self.problems.is_empty();
        let failed = if self.overspent { RunStatus::Overspent } else { RunStatus::Failed };
        let status = self.status.unwrap_or(if all_well && !self.goes_back { RunStatus::Completed } else { failed });
        let (compensated, left) = self.undone_and_left();
        let status = if left.is_empty() || status == RunStatus::Escalated { status } else { RunStatus::Stuck };
        let child_end = matches!(self.finish, Some(Finish::Parent(_))).then(|| self.child_end(status, &outputs, &left));
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
    pub(super) fn give_back(&mut self, done: oneshot::Sender<RunResult>, tail: Arc<RunTail>) {
        let (workflow, ledger) = (self.workflow.clone(), self.ledger.clone());
        let result = RunResult { name: self.name.clone(), tail, workflow, progress: std::mem::take(&mut self.progress), ledger };
        let _ = done.send(result); // whoever asked may have stopped waiting
        self.world.tell_outside();
    }
    /// What was made for it alone goes.
    pub(super) fn leave_house(&self) {
        if self.nest.origin.parent.is_some() {
            self.nest.launcher.end_child(self.id);
            self.nest.origin.lineage.agents_left(self.nest.origin.agents);
        }
    }
    pub(super) fn outputs(&mut self) -> Map<String, Value> {
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
    pub(super) fn stop(&mut self, status: RunStatus, reason: Option<&str>, context: &mut Context<RunActor>) {
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
}
