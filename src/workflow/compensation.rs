//! What undoes a task: read, and checked.

use super::check::Check;
use super::draft::{At, Draft, DraftTask, collect, templates};
use super::expression::Expression;
use super::model::{Action, Compensation, OnFailure};
use super::policies;
use super::problem::Problem;
use super::read::{Reader, binding};
use super::reference::Root;
use super::yaml::Node;
use crate::lifecycle::RetryPolicy;
use std::sync::Arc;

impl Compensation {
    /// Its expressions, in a fixed order: the action, then `with`.
    pub(super) fn expressions(&self) -> Vec<&Expression> {
        let mut all: Vec<&Expression> = Vec::new();
        if let Some(script) = self.action.script() {
            templates(script).for_each(|t| all.extend(t.bindings()));
        }
        self.with.iter().for_each(|(_, b)| collect(b, &mut all));
        all
    }
    /// The policy of an undo that says nothing of it.
    pub(super) fn usual_retry() -> RetryPolicy {
        RetryPolicy { attempts: Compensation::ATTEMPTS, ..RetryPolicy::default() }
    }
}

impl Reader<'_> {
    /// `compensate`.
    pub(super) fn compensation(&mut self, node: &Node, task: &mut DraftTask) {
        let id = task.id.value.clone();
        let ways: Vec<&str> = ["run", "fn", "simulate"].into_iter().filter(|key| node.get(key).is_some()).collect();
        if ways.len() != 1 {
            let message = format!("`compensate` of task \"{id}\" must say once how it is undone, by run, fn or simulate");
            self.problems.push(Problem::new(node.span, message));
            return;
        }
        let action = match (node.get("run"), node.get("fn"), node.get("simulate")) {
            (Some(run), ..) => self.script(run, node).map(|script| Action::Run(Arc::new(script))),
            (_, Some(function), _) => function.text().map(|name| Action::Function(name.into())),
            (.., Some(simulate)) => Some(Action::Simulate(Arc::new(policies::simulation(simulate, &mut self.problems)))),
            _ => None,
        };
        let Some(action) = action else { return }; // the shape check has reported it
        let usual = Compensation::usual_retry();
        let compensation = Compensation {
            action,
            with: node.get("with").into_iter().flat_map(Node::entries).map(|(k, _, v)| (k.into(), binding(v))).collect(),
            timeouts: node.get("timeout").map(policies::timeouts).unwrap_or_default(),
            retry: node.get("retry").map_or_else(|| usual.clone(), |n| policies::retry(n, Some(&usual))),
        };
        let mut places = Vec::new();
        if let Action::Run(script) = &compensation.action {
            self.script_places(node, script, &mut places);
        }
        for (name, bound) in &compensation.with {
            if let Some(value) = node.get("with").and_then(|with| with.get(name)) {
                self.places_of(value, bound, &mut places);
            }
        }
        task.undo_places = places;
        task.compensate = Some(At::new(compensation, node.span));
    }
}

impl Check<'_> {
    /// What undoes a task may use what the task has made, and what it waits for. `upstream`: the ids of the latter.
    pub(super) fn compensation(&mut self, task: &DraftTask, draft: (&[String], bool)) {
        let Some(At { value, span }) = &task.compensate else { return };
        let (upstream, has_item) = draft;
        let id = &task.id.value;
        if let Some(name) = value.action.function()
            && !self.known.functions.contains(name)
        {
            let message = format!("`compensate` of task \"{id}\" calls \"{name}\", which is no registered function");
            self.problems.push(Problem::new(*span, message));
        }
        for (at, expression) in value.expressions().into_iter().enumerate() {
            let span = task.undo_places.get(at).copied().unwrap_or(*span);
            for reference in expression.references() {
                let fine = match reference.root {
                    Root::Tasks => upstream.iter().any(|known| *known == *reference.name),
                    Root::Item | Root::Index => has_item,
                    Root::Secrets | Root::Error | Root::Attempt => false,
                    Root::Inputs | Root::State | Root::Env | Root::Run | Root::Workflow | Root::Output => true,
                };
                if !fine {
                    let what =
                        if reference.root == Root::Tasks { format!("tasks.{}", reference.name) } else { expression.to_string() };
                    let message = format!("`compensate` of task \"{id}\" uses {what}, which it can't see");
                    let help = "it sees the task's `output`, the tasks that the task waits for, inputs, item, index, state, env, run and workflow";
                    self.problems.push(Problem::new(span, message).help(help));
                }
            }
        }
    }
    /// Undoing must be wanted, and possible.
    pub(super) fn compensations(&mut self, draft: &Draft) {
        let some = draft.tasks.iter().find_map(|task| task.compensate.as_ref());
        match (draft.on_failure, some) {
            (OnFailure::Compensate, None) => {
                let message = "`on_failure: compensate` undoes what was done, and no task says what undoes it";
                self.warnings.push(Problem::new(draft.failure_span, message).help("add `compensate` to those that have effects"));
            }
            (OnFailure::Continue | OnFailure::FailFast, Some(compensation)) => {
                let message = "`compensate` is done where `on_failure: compensate`, and here it is not";
                self.warnings.push(Problem::new(compensation.span, message).help("add `on_failure: compensate`"));
            }
            _ => {}
        }
    }
}
