//! `join`: read, checked, and what it makes of a task in the plan.

use super::check::Check;
use super::draft::{At, DraftTask};
use super::model::{Task, Workflow};
use super::policies;
use super::problem::Problem;
use super::read::{Reader, word};
use super::reference::{Field, Reference, Root};
use super::yaml::Node;
use crate::plan::{self, Join, NodeIx, Wants};
use polity_protocols::Name;
use std::collections::BTreeSet;

impl Reader<'_> {
    /// A word, or `{ rule: … }`, `{ at_least: n }`, each with `cancel_rest`. What the shape check has reported is passed over.
    pub(super) fn join(&mut self, node: &Node, task: &mut DraftTask) {
        let rule = if node.map().is_some() { node.get("rule") } else { Some(node) };
        let at_least = node.get("at_least");
        if rule.is_some() == at_least.is_some() {
            let message =
                format!("`join` of task \"{}\" must say once how many it waits for, by rule or at_least", task.id.value);
            self.problems.push(Problem::new(node.span, message).help("write { at_least: 2 } or { rule: one_success }"));
            return;
        }
        let join = match at_least {
            Some(n) => policies::whole(Some(n)).filter(|n| *n > 0).map(Join::AtLeast),
            None => word::<Option<Join>>(rule),
        };
        task.join = join.map(|join| At::new(join, at_least.or(rule).unwrap_or(node).span));
        let cancel_rest = node.get("cancel_rest").filter(|cancel| cancel.bool() == Some(true));
        task.cancel_rest = cancel_rest.map(|cancel| cancel.span);
    }
}

impl Check<'_> {
    /// A join that can be met, over tasks that it can range over.
    pub(super) fn join(&mut self, task: &DraftTask) {
        let id = &task.id.value;
        if let Some(At { value: join, span }) = task.join {
            let optional: BTreeSet<&Name> = task.depends_on.iter().filter(|d| d.optional).map(|d| &d.task.value).collect();
            let named: BTreeSet<&Name> = task.depends_on.iter().map(|d| &d.task.value).collect();
            let joined = named.difference(&optional).count();
            match join {
                _ if named.is_empty() => {
                    let message = format!("task \"{id}\" has a `join`, and no `depends_on` that it could range over");
                    let help = "name the tasks under `depends_on`; what its expressions need is waited for in any case";
                    self.problems.push(Problem::new(span, message).help(help));
                }
                _ if joined == 0 => {
                    let message =
                        format!("task \"{id}\" has a `join`, and all that it depends on is `optional`, which counts for none");
                    self.problems.push(Problem::new(span, message).help("take `optional` or `join` away"));
                }
                Join::AtLeast(n) if n as usize > joined => {
                    let message = format!("task \"{id}\" waits for at least {n} that succeed, but `depends_on` names {joined}");
                    self.problems.push(Problem::new(span, message).help(format!("ask for a number from 1 to {joined}")));
                }
                _ => self.uses_under(join, task),
            }
        }
        let join = task.join.as_ref().map_or(Join::AllSuccess, |join| join.value);
        if let Some(span) = task.cancel_rest.filter(|_| !join.can_cancel_rest()) {
            let message =
                format!("task \"{id}\" has `cancel_rest`, which is for `one_success` and `at_least`, but waits by `{join}`");
            self.problems.push(Problem::new(span, message).help("write { rule: one_success, cancel_rest: true }"));
        }
    }
    /// Outputs that are used without a default, of tasks that the join would not wait for.
    fn uses_under(&mut self, join: Join, task: &DraftTask) {
        let id = &task.id.value;
        let own = task.expressions().into_iter().chain(&task.for_each).flat_map(|e| e.references());
        let undo = task.compensate.iter().flat_map(|undo| undo.value.expressions()).flat_map(|e| e.references());
        let (own, undo) = (needed(own), needed(undo));
        for upstream in task.depends_on.iter().filter(|d| !d.optional) {
            let (on, span) = (&upstream.task.value, upstream.task.span);
            if own.contains(on) && join == Join::AllFailed {
                let message = format!("task \"{id}\" can never start: it starts when \"{on}\" has failed, and needs its output");
                self.problems.push(Problem::new(span, message).help(format!("write {on}.output | default(…)")));
            } else if own.contains(on) && join.is_early() {
                let message = format!(
                    "task \"{id}\" needs the output of \"{on}\", and so waits until that succeeds, whatever its join says"
                );
                self.warnings
                    .push(Problem::new(span, message).help(format!("to take what is there write {on}.output | default(…)")));
            } else if undo.contains(on) && join != Join::AllSuccess {
                let message =
                    format!("what undoes task \"{id}\" needs the output of \"{on}\", which may not be there under its join");
                self.warnings.push(Problem::new(span, message).help(format!("write {on}.output | default(…)")));
            }
        }
    }
}

/// Tasks whose output is used by something that doesn't go on without it.
fn needed<'a>(references: impl Iterator<Item = &'a Reference>) -> BTreeSet<Name> {
    references.filter(|r| is_output(r) && !r.handled_by_default).map(|r| r.name.clone()).collect()
}
/// True if a task's output is used.
pub(super) fn is_output(reference: &Reference) -> bool {
    reference.root == Root::Tasks && matches!(reference.field, Some(Field::Output) | None)
}

impl Task {
    /// It as a node of a plan, of so much work: what it waits for, and by which join.
    ///
    /// ```
    /// use polity::plan::{Join, NodeIx, Plan};
    /// use polity::workflow::{Workflow, kind};
    /// let pick = kind("k").depends_on("a").depends_on("b").join(Join::OneSuccess).cancel_rest();
    /// let flow = Workflow::new("w").task("a", kind("k")).task("b", kind("k")).task("pick", pick).build().unwrap();
    /// let plan = Plan::new(flow.tasks.iter().map(|task| task.node(1.0)).collect()).unwrap();
    /// assert_eq!((plan.join(NodeIx(2)), plan.cancels_rest(NodeIx(2))), (Join::OneSuccess, true));
    /// ```
    pub fn node(&self, work: f64) -> plan::Node {
        let edges = self.dependencies.iter();
        let node = edges.fold(plan::Node::new(work), |node, edge| node.after(NodeIx(edge.on as u32), edge.wants)).join(self.join);
        if self.cancel_rest { node.cancel_rest() } else { node }
    }
}

impl Workflow {
    /// Of each task, whether an output of the workflow needs its result (and does not say `default(…)`): no join calls such a task off.
    pub(crate) fn kept(&self) -> Vec<bool> {
        let wanted = needed(self.outputs.iter().flat_map(|output| output.from.references()));
        self.tasks.iter().map(|task| wanted.contains(&task.id)).collect()
    }
}

/// What one use of an upstream task wants of it.
pub(super) fn wants(reference: &Reference) -> Wants {
    match (is_output(reference), reference.handled_by_default) {
        (true, true) => Wants::MaybeOutput,
        (true, false) => Wants::Output,
        (false, _) => Wants::Ended,
    }
}
