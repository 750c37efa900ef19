//! The keys of work within work, as a draft.

use super::draft::{DraftTask, Sub};
use super::model::Action;
use super::nested::{Budget, Converge, Delegate, Delegation, ParentClose, Synthesis, over_item};
use super::policies::{duration, whole};
use super::problem::Problem;
use super::read::{Reader, template};
use super::yaml::Node;
use serde_json::Value;
use std::sync::Arc;

/// `delegation`.
pub(super) fn delegation(node: &Node) -> Delegation {
    let usual = Delegation::default();
    let list = |node: &Node| node.list().unwrap_or_default().iter().filter_map(|n| n.text().map(Into::into)).collect();
    Delegation {
        max_depth: whole(node.get("max_depth")).unwrap_or(usual.max_depth),
        max_tasks: whole(node.get("max_tasks")).unwrap_or(usual.max_tasks),
        max_total: whole(node.get("max_total")).unwrap_or(usual.max_total),
        max_agents: whole(node.get("max_agents")).unwrap_or(usual.max_agents),
        budget: node.get("budget").map(budget).unwrap_or_default(),
        may: node.get("may").into_iter().flat_map(Node::entries).map(|(key, _, value)| (key.into(), list(value))).collect(),
        close: node.get("parent_close").and_then(close).unwrap_or_default(),
        converge: node.get("converge").map(converge),
    }
}
fn budget(node: &Node) -> Budget {
    Budget {
        cost: node.get("cost").and_then(Node::number),
        tokens: node.get("tokens").and_then(Node::whole),
        wall: duration(node.get("wall")),
    }
}
fn close(node: &Node) -> Option<ParentClose> {
    serde_json::from_value(Value::from(node.text()?)).ok()
}
fn converge(node: &Node) -> Converge {
    let usual = Converge::default();
    Converge {
        until: node.get("until").and_then(|n| over_item(n.text()?).ok()),
        patience: whole(node.get("patience")).unwrap_or(usual.patience),
        max_rounds: whole(node.get("max_rounds")).unwrap_or(usual.max_rounds),
    }
}
fn synthesis(node: &Node) -> Synthesis {
    let expression = |key| node.get(key).and_then(|n| over_item(n.text()?).ok());
    match node.text() {
        Some("collect") => Synthesis::Collect,
        Some("merge") => Synthesis::Merge,
        Some("concat") => Synthesis::Concat,
        Some("vote") => Synthesis::Vote,
        Some(_) => Synthesis::Outputs,
        None => {
            let best = expression("best").map(Synthesis::Best);
            best.or_else(|| expression("reduce").map(Synthesis::Reduce)).unwrap_or_default()
        }
    }
}

impl Reader<'_> {
    /// `workflow`.
    pub(super) fn sub_workflow(&mut self, node: &Node, task: &mut DraftTask) {
        task.action_span = node.span;
        task.sub = match node.text() {
            Some(file) => Some(Sub::File(file.to_owned())),
            None if node.map().is_some() => Some(Sub::Inline(Box::new(self.workflow(node)))),
            None => None,
        };
    }
    /// `delegate`.
    pub(super) fn delegate(&mut self, node: &Node, task: &mut DraftTask) {
        task.action_span = node.span;
        if let (Some(_), Some(function)) = (node.get("run"), node.get("fn")) {
            let message = format!("task \"{}\" says twice how it is decomposed: run and fn", task.id.value);
            self.problems.push(Problem::new(function.span, message).help("keep one of them"));
        }
        let by = match (node.get("run"), node.get("fn").and_then(Node::text)) {
            (Some(run), _) => self.script(run, node).map(|script| Action::Run(Arc::new(script))),
            (None, Some(function)) => Some(Action::Function(function.into())),
            (None, None) => None,
        };
        if node.get("run").is_none() {
            for (name, key, _) in node.entries().filter(|(k, ..)| ["stdin", "env", "cwd"].contains(k)) {
                let message = format!("`{name}` is for a delegation with `run`, and that of task \"{}\" has none", task.id.value);
                self.problems.push(Problem::new(key.span, message));
            }
        }
        task.action = Action::Delegate(Arc::new(Delegate {
            goal: if node.map().is_some() { node.get("goal").and_then(template) } else { template(node) },
            by: by.unwrap_or(Action::Own),
            converge: node.get("converge").map(converge),
            replans: whole(node.get("replans")).unwrap_or(0),
        }));
    }
    /// `decomposer`.
    pub(super) fn decomposer(&mut self, node: &Node) -> Arc<Delegate> {
        let by = match (node.get("run"), node.get("fn").and_then(Node::text)) {
            (Some(run), _) => self.script(run, node).map(|script| Action::Run(Arc::new(script))),
            (None, Some(function)) => Some(Action::Function(function.into())),
            (None, None) => None,
        };
        let replans = whole(node.get("replans")).unwrap_or(1);
        Arc::new(Delegate { goal: None, by: by.unwrap_or(Action::Own), converge: None, replans })
    }
    /// What a task says of its sub-run.
    pub(super) fn nesting(&mut self, node: &Node, task: &mut DraftTask) {
        if let Some(how) = node.get("synthesize") {
            task.nesting.synthesize = synthesis(how);
            if how.map().is_some() && how.entries().count() != 1 {
                self.problems.push(Problem::new(how.span, "`synthesize` is exactly one of best and reduce, or a word"));
            }
        }
        task.nesting.close = node.get("parent_close").and_then(close);
        task.nesting_span = node.get("synthesize").or_else(|| node.get("parent_close")).map(|n| n.span);
    }
}
