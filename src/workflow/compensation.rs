//! What undoes a task: read, and checked.

use super::check::Check;
use super::draft::{At, Draft, DraftTask, collect, templates};
use super::expression::Expression;
use super::model::{Action, Binding, Compensation, OnFailure};
use super::policies;
use super::problem::{Problem, Span};
use super::read::{Reader, binding};
use super::reference::Root;
use super::yaml::Node;
use crate::lifecycle::RetryPolicy;
use polity_protocols::Name;
use std::sync::Arc;

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

/// How something is executed, and with what if that is given.
type Way = (Action, Option<Vec<(Name, Binding)>>);

impl Reader<'_> {
    /// `compensate`.
    pub(super) fn compensation(&mut self, node: &Node, task: &mut DraftTask) {
        let whose = format!("`compensate` of task \"{}\" must say once how it is undone", task.id.value);
        let Some((action, with)) = self.other_way(node, &whose) else { return };
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
    /// How something beside a task is executed, and with what if that is given. `whose` begins the sentence of what is wrong.
    pub(super) fn other_way(&mut self, node: &Node, whose: &str) -> Option<Way> {
        let ways = ["run", "fn", "simulate"].into_iter().filter(|key| node.get(key).is_some()).count();
        if ways != 1 {
            self.problems.push(Problem::new(node.span, format!("{whose}, by run, fn or simulate")));
            return None;
        }
        let action = match (node.get("run"), node.get("fn"), node.get("simulate")) {
            (Some(run), ..) => self.script(run, node).map(|script| Action::Run(Arc::new(script))),
            (_, Some(function), _) => function.text().map(|name| Action::Function(name.into())),
            (.., Some(simulate)) => Some(Action::Simulate(Arc::new(policies::simulation(simulate, &mut self.problems)))),
            _ => None,
        }; // what is none, the shape check has reported
        let with = |with: &Node| with.entries().map(|(k, _, v)| (k.into(), binding(v))).collect();
        Some((action?, node.get("with").map(with)))
    }
    /// Where its expressions stand, in the order of [`way_expressions`].
    pub(super) fn way_places(&self, node: &Node, action: &Action, with: &[(Name, Binding)]) -> Vec<Span> {
        let mut places = Vec::new();
        if let Action::Run(script) = action {
            self.script_places(node, script, &mut places);
        }
        for (name, bound) in with {
            if let Some(value) = node.get("with").and_then(|with| with.get(name)) {
                self.places_of(value, bound, &mut places);
            }
        }
        places
    }
}

/// The expressions of an action and its input, in a fixed order.
pub(super) fn way_expressions<'a>(action: &'a Action, with: &'a [(Name, Binding)]) -> Vec<&'a Expression> {
    let mut all: Vec<&Expression> = Vec::new();
    if let Some(script) = action.script() {
        templates(script).for_each(|t| all.extend(t.bindings()));
    }
    with.iter().for_each(|(_, b)| collect(b, &mut all));
    all
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
