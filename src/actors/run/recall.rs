//! What a run takes over from an earlier one of the same workflow.

use super::RunActor;
use super::progress::Fact;
use super::render::Unready;
use crate::event::{DeathCause, What};
use crate::mutation::planted;
use crate::plan::{LedgerEffect, NodeIx, NodeState, Settlement, StopMode};
use crate::report::Recalled;
use crate::workflow::Root;
use actix::Context;
use polity_protocols::Name;
use std::collections::BTreeSet;
use std::sync::Arc;

impl RunActor {
    /// What the earlier run knows is taken before anything else happens: were it taken when its turn comes, a failure or a cancel before that
    /// would have the rest of it done again, or lost. Where there is nothing but to go on undoing, the run ends here.
    pub(super) fn take_recalls(&mut self, context: &mut Context<RunActor>) {
        self.goes_back =
            (self.recall.undoing() && !planted("go_on_forwards")) || (self.compensates() && self.recall.has_failure());
        if self.recall.is_empty() || planted("take_what_is_known_late") {
            return;
        }
        let mut later = std::mem::take(&mut self.effects);
        self.recalling = Some(false);
        self.ledger.be_patient(true, &mut later); // else what is known of a task would be lost with it
        let plan = self.ledger.shared_plan();
        for &node in plan.topological() {
            self.take_recall(node);
            for effect in std::mem::take(&mut self.effects) {
                match effect {
                    LedgerEffect::Ready(_) | LedgerEffect::Finished(_) => later.push(effect),
                    told => self.perform(told, context),
                }
            }
        }
        self.effects = later;
        self.ledger.be_patient(false, &mut self.effects);
        let failed = self.recalling.take() == Some(true);
        if self.goes_back {
            self.go_back();
        } else if failed {
            self.stop_for_failure();
        }
    }
    /// Nothing is done any more but to undo.
    fn go_back(&mut self) {
        use crate::event::RunStatus::{Cancelled, Failed};
        let because = self.recall.because().unwrap_or(Failed);
        if self.nest.origin.parent.is_some() {
            self.status = Some(crate::event::RunStatus::Completed); // it is there for nothing else
        }
        self.status =
            self.status.or(Some(because).filter(|because| *because == Cancelled && !planted("forget_that_it_was_cancelled")));
        self.turn_back(because);
        for task in self.recall.doubtful() {
            let doubt =
                format!("{task} was under way when the earlier run's process died: what it did, if anything, is not undone");
            self.problems.push(doubt);
        }
        self.ready.clear();
        self.ledger.stop(StopMode::Cancel, &mut self.effects);
    }
    fn take_recall(&mut self, node: NodeIx) {
        let id = self.id_of(node).clone();
        if self.workflow.tasks[node.index()].for_each.is_none() {
            if self.recall.knows(&id) && self.ledger.hasten(node) {
                self.recalled(node.0);
            }
            return;
        }
        // Its list may be made of what others gave. Where nothing is begun any more, it need not wait for those that it is not made of: one that
        // was cancelled will never end, and what stood on the others is known and to be undone.
        let ended = |on: NodeIx| self.ledger.state(on).is_some_and(NodeState::is_end);
        let workflow = &self.workflow;
        let list = workflow.tasks[node.index()].for_each.iter().flat_map(|list| list.references());
        let made_of: BTreeSet<&Name> =
            list.filter(|reference| reference.root == Root::Tasks).map(|reference| &reference.name).collect();
        let needs = |on: NodeIx| !self.goes_back || made_of.contains(&workflow.tasks[on.index()].id);
        let has_list = self.ledger.plan().dependencies(node).iter().all(|(on, _)| ended(*on) || !needs(*on));
        if has_list && self.recall.is_expanded(&id) && self.ledger.hasten(node) {
            self.expand(node);
        }
    }
    /// Ends a task by what is known of it from an earlier run. False if nothing is.
    pub(super) fn recalled(&mut self, instance: u32) -> bool {
        if self.recall.is_empty() {
            return false;
        }
        let Some(recalled) = self.recall.take(&self.name_of(instance)) else { return false };
        match recalled {
            Recalled::Failure(failure, dead) => {
                let cause = DeathCause::of(failure.kind);
                self.failed_before_its_turn(instance, failure);
                if let (Some(input), Some(cause)) = (dead, cause) {
                    self.world.record(self.id, What::DeadLettered { task: self.task(instance), cause, input });
                }
                // It is no news, so that it stops nothing: what was asked for is done again, though the run fails fast.
                self.settle_quietly(instance, Settlement::Failed);
            }
            Recalled::Skipped(reason) => self.skip(instance, reason.to_string()),
            Recalled::Output(output) => {
                self.publish(self.task(instance), &output);
                self.world.record(self.id, What::Recalled { task: self.task(instance), output: output.clone() });
                if let Some((node, _)) = self.ledger.locate(instance) {
                    self.plan_undo(instance, node, &output);
                }
                self.progress.set(instance, Fact { output: Some(output), ..Fact::default() });
                self.settle(instance, Settlement::Succeeded);
            }
        }
        true
    }
    /// A task can't begin, since something that it is made of has no value.
    pub(super) fn unready(&mut self, instance: u32, unready: Unready) {
        match unready {
            Unready::Skips(reason) => self.skip(instance, reason),
            Unready::Fails(failure) => {
                self.failed_before_its_turn(instance, Arc::new(failure));
                self.settle(instance, Settlement::Failed);
            }
        }
    }
    fn failed_before_its_turn(&mut self, instance: u32, failure: Arc<polity_agents::Failure>) {
        self.overspent |= failure.kind == polity_agents::FailureKind::Budget;
        let what = What::Failed { task: self.task(instance), agent: None, attempts: 0, failure: failure.clone() };
        self.world.record(self.id, what);
        self.progress.set(instance, Fact { failure: Some(failure), ..Fact::default() });
    }
}
