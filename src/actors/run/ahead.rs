//! What becomes ready soon, for governments that make use of that.

use super::RunActor;
use crate::plan::{Join, NodeIx, NodeState};
use crate::workflow::{Action, Task};
use polity_protocols::{Awaited, Prospect, TaskView, seconds_to_duration};
use std::sync::Arc;

/// How far a run has come with announcing what its tasks wait for.
#[derive(Default)]
pub(super) struct Ahead {
    /// By task, how many of those that it waits for were not announced and have not ended; empty until somebody wants to know.
    unannounced: Vec<u32>,
    /// By task, whether it was counted.
    counted: Vec<bool>,
}

impl RunActor {
    /// What is announced with a task: its dependents that wait for nothing that was not announced. Where it makes no difference it is nothing.
    /// Each edge of the plan is looked at once in a run.
    pub(super) fn prospects(&mut self, node: NodeIx) -> Option<Arc<[Prospect]>> {
        let pays = self.ranks.as_ref().is_some_and(|found| found.ahead);
        if !pays || self.ledger.plan().dependents(node).is_empty() || !self.offices.of(node).government.foresees() {
            return None;
        }
        let next = self.count_announced(node).into_iter();
        let next: Vec<NodeIx> = next.filter(|next| self.can_be_foretold(*next)).collect();
        (!next.is_empty()).then(|| next.into_iter().map(|next| self.prospect(next)).collect())
    }
    /// True if it is announced as it is as soon as all that it waits for has succeeded, and one coordinator hears of all of that.
    fn can_be_foretold(&self, node: NodeIx) -> bool {
        let plan = self.ledger.plan();
        let office = self.offices.of(node).id;
        let ends_with_its_job = |on: NodeIx| !matches!(self.workflow.tasks[on.index()].action, Action::Delegate(_));
        self.ledger.state(node) == Some(NodeState::Pending)
            && is_plain(&self.workflow.tasks[node.index()])
            && !self.detours.is_stand_in(node)
            && plan.join(node) == Join::AllSuccess
            && plan.dependencies(node).iter().all(|(on, _)| self.offices.of(*on).id == office && ends_with_its_job(*on))
    }
    /// A task ended. What was never announced (it was skipped, or an earlier run did it) is waited for no more.
    pub(super) fn count_ended(&mut self, instance: u32) {
        if !self.ahead.unannounced.is_empty()
            && let Some((node, _)) = self.ledger.locate(instance).filter(|(node, _)| node.0 == instance)
        {
            self.count_announced(node);
        }
    }
    /// Those that wait for nothing but what was announced, since this one was.
    fn count_announced(&mut self, node: NodeIx) -> Vec<NodeIx> {
        let plan = self.ledger.plan();
        let ahead = &mut self.ahead;
        if ahead.unannounced.is_empty() {
            let has_ended =
                |node: NodeIx| !matches!(self.ledger.state(node), Some(NodeState::Pending | NodeState::Ready | NodeState::Open));
            ahead.counted = plan.nodes().map(has_ended).collect();
            let left = |node: NodeIx| plan.dependencies(node).iter().filter(|(on, _)| !ahead.counted[on.index()]).count() as u32;
            ahead.unannounced = plan.nodes().map(left).collect();
        }
        if std::mem::replace(&mut ahead.counted[node.index()], true) {
            return Vec::new();
        }
        let mut next = Vec::new();
        for (dependent, _) in plan.dependents(node) {
            let left = &mut ahead.unannounced[dependent.index()];
            *left -= 1;
            if *left == 0 {
                next.push(*dependent);
            }
        }
        next
    }
    fn prospect(&mut self, node: NodeIx) -> Prospect {
        let (id, work) = (self.task(node.0), self.ledger.plan().weight(node));
        let kit = self.kit(node);
        let mut task = TaskView::new(id, kit.demand.clone());
        (task.work, task.rank) = (work, kit.rank);
        let name = &self.workflow.tasks[node.index()].id;
        task.data = self.world.inputs_of(&self.key_name(), name).unwrap_or(task.data);
        let pending = self.ledger.plan().dependencies(node).iter().map(|(on, _)| *on);
        let pending = pending.filter(|on| matches!(self.ledger.state(*on), Some(NodeState::Ready | NodeState::Open)));
        let awaited = pending.map(|on| Awaited {
            task: self.task(on.0),
            travel: seconds_to_duration(self.world.travel(&self.workflow.tasks[on.index()].id, name)),
        });
        Prospect { after: awaited.collect(), task }
    }
}

/// True if it is one job, done under no condition and with nothing that it would wait for besides.
fn is_plain(task: &Task) -> bool {
    let is_one = task.for_each.is_none() && task.redundancy.is_none() && task.hedge.is_none();
    is_one && task.when.is_none() && task.action.is_job() && task.resources.is_empty() && task.concurrency.is_none()
}
