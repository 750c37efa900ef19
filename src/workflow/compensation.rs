//! What undoes a task: read, and checked.

use super::check::Check;
use super::draft::{At, Draft, DraftTask};
use super::expression::Expression;
use super::model::{Action, Compensation, OnFailure};
use super::policies;
use super::problem::Problem;
use super::read::Reader;
use super::reference::Root;
use super::ways::{Sight, way_expressions};
use super::yaml::Node;
use crate::lifecycle::RetryPolicy;

impl Compensation {
    /// Its expressions, in a fixed order: the action, then `with`.
    pub(super) fn expressions(&self) -> Vec<&Expression> {
        way_expressions(&self.action, &self.with)
    }
    /// The policy of an undo that says nothing of it.
    pub(super) fn usual_retry() -> RetryPolicy {
        RetryPolicy { attempts: Compensation::ATTEMPTS, ..RetryPolicy::default() }
    }
}

impl Reader<'_> {
    /// `compensate`.
    pub(super) fn compensation(&mut self, node: &Node, task: &mut DraftTask) {
        let whose = format!("`compensate` of task \"{}\"", task.id.value);
        let Some((action, with)) = self.other_way(node, &whose, "undone") else { return };
        let usual = Compensation::usual_retry();
        let compensation = Compensation {
            action,
            with: with.unwrap_or_default(),
            timeouts: node.get("timeout").map(policies::timeouts).unwrap_or_default(),
            retry: node.get("retry").map_or_else(|| usual.clone(), |n| policies::retry(n, Some(&usual))),
        };
        task.undo_places = self.way_places(node, &compensation.action, &compensation.with);
        task.compensate = Some(At::new(compensation, node.span));
    }
}

/// True if there is, or may be, something within that undoes what was done there.
fn undoes_within(action: &Action) -> bool {
    match action {
        Action::Workflow(flow) => flow.tasks.iter().any(|task| task.compensate.is_some() || undoes_within(&task.action)),
        Action::Delegate(_) => true, // its parts are not known yet
        _ => false,
    }
}

impl Check<'_> {
    /// What undoes a task may use what the task has made, and what it waits for. `upstream`: the ids of the latter.
    pub(super) fn compensation(&mut self, task: &DraftTask, upstream: &[String]) {
        let Some(At { value, span }) = &task.compensate else { return };
        let whose = format!("`compensate` of task \"{}\"", task.id.value);
        self.calls(&value.action, *span, &whose);
        let sight = Sight { whose, upstream, has_item: task.for_each.is_some(), root: Root::Output };
        self.sees(&value.expressions(), &task.undo_places, *span, &sight);
    }
    /// Undoing must be wanted, and possible.
    pub(super) fn compensations(&mut self, draft: &Draft) {
        let some = draft.tasks.iter().find_map(|task| task.compensate.as_ref());
        match (draft.on_failure, some) {
            (OnFailure::Compensate, None) if !draft.tasks.iter().any(|task| undoes_within(&task.action)) => {
                let message = "`on_failure: compensate` undoes what was done, and no task says what undoes it";
                self.warnings.push(Problem::new(draft.failure_span, message).help("add `compensate` to those that have effects"));
            }
            (OnFailure::Continue | OnFailure::FailFast, Some(compensation)) if !self.known.undone_above => {
                let message = "`compensate` is done where `on_failure: compensate`, and here it is not";
                self.warnings.push(Problem::new(compensation.span, message).help("add `on_failure: compensate`"));
            }
            _ => {}
        }
    }
}
