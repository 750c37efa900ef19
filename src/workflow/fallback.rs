//! Other ways to do a task that has failed for good: read, and checked.

use super::check::Check;
use super::compensation::way_expressions;
use super::draft::{At, Draft, DraftFallback, DraftTask};
use super::expression::Expression;
use super::model::{Action, Dependency, Fallback};
use super::policies;
use super::problem::Problem;
use super::read::Reader;
use super::reference::Root;
use super::text::nearest;
use super::yaml::Node;
use polity_agents::OutputFormat;
use polity_protocols::Name;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Fallback {
    /// Its expressions, in a fixed order: the action, then `with`.
    pub(super) fn expressions(&self) -> Vec<&Expression> {
        way_expressions(&self.action, self.with.as_deref().unwrap_or_default())
    }
}

impl Reader<'_> {
    /// `fallback` and `fallback_to`; the task's action is known.
    pub(super) fn fallbacks(&mut self, node: &Node, task: &mut DraftTask) {
        let one = |n: &Node| vec![n.clone()];
        let ways = node.get("fallback").map(|n| n.list().map_or_else(|| one(n), <[Node]>::to_vec)).unwrap_or_default();
        for way in &ways {
            self.fallback(way, task);
        }
        if let Some(at) = node.get("fallback_to").and_then(|n| Some(At::new(Name::from(n.text()?), n.span))) {
            task.fallback_to = Some(at);
        }
    }
    fn fallback(&mut self, node: &Node, task: &mut DraftTask) {
        let whose = format!("`fallback` of task \"{}\" must say once how it is executed", task.id.value);
        let Some((mut action, with)) = self.other_way(node, &whose) else { return };
        let own: Option<OutputFormat> = task.action.script().map(|script| script.output);
        if let (Action::Run(script), Some(own), None) = (&mut action, own, node.get("output")) {
            Arc::make_mut(script).output = own;
        }
        let value = Fallback {
            action,
            with,
            timeouts: node.get("timeout").map(policies::timeouts).unwrap_or_default(),
            retry: node.get("retry").map(|n| policies::retry(n, None)),
        };
        let places = self.way_places(node, &value.action, value.with.as_deref().unwrap_or_default());
        task.fallback.push(DraftFallback { value, span: node.span, places });
    }
}

impl Check<'_> {
    /// Another way may use why the task failed, and what the task waits for. `upstream`: the ids of the latter.
    pub(super) fn fallback(&mut self, task: &DraftTask, upstream: &[String]) {
        let (id, has_item) = (&task.id.value, task.for_each.is_some());
        for fallback in &task.fallback {
            if let Some(name) = fallback.value.action.function()
                && !self.known.functions.contains(name)
            {
                let near = nearest(name, self.known.functions.iter().map(|f| &**f)).map(|w| format!("did you mean \"{w}\"?"));
                let message = format!("`fallback` of task \"{id}\" calls \"{name}\", which is no registered function");
                self.problems.push(Problem::new(fallback.span, message).maybe(near));
            }
            for (at, expression) in fallback.value.expressions().into_iter().enumerate() {
                let span = fallback.places.get(at).copied().unwrap_or(fallback.span);
                for reference in expression.references() {
                    let fine = match reference.root {
                        Root::Tasks => upstream.iter().any(|known| *known == *reference.name),
                        Root::Item | Root::Index => has_item,
                        Root::Secrets | Root::Output | Root::Attempt => false,
                        Root::Inputs | Root::State | Root::Env | Root::Run | Root::Workflow | Root::Error => true,
                    };
                    if !fine {
                        let what = match reference.root {
                            Root::Tasks => format!("tasks.{}", reference.name),
                            _ => expression.to_string(),
                        };
                        let message = format!("`fallback` of task \"{id}\" uses {what}, which it can't see");
                        let help = "it sees `error`, the tasks that the task waits for, inputs, item, index, state, env, run and workflow";
                        self.problems.push(Problem::new(span, message).help(help));
                    }
                }
            }
        }
    }

    /// Who takes whose place. A stand-in is done only if it is needed, so that it can stand in for one task only, and can't wait for it.
    pub(super) fn stand_ins(&mut self, draft: &Draft, edges: &[Vec<Dependency>]) -> Vec<Option<usize>> {
        let mut taken: BTreeMap<usize, &Name> = BTreeMap::new();
        let mut all = vec![None; draft.tasks.len()];
        for (at, task) in draft.tasks.iter().enumerate() {
            let Some(to) = &task.fallback_to else { continue };
            let (id, name) = (&task.id.value, &to.value);
            let Some(on) = draft.tasks.iter().position(|other| other.id.value == *name) else {
                let near = nearest(name, draft.tasks.iter().map(|t| &*t.id.value)).map(|w| format!("did you mean \"{w}\"?"));
                let message = format!("`fallback_to` of task \"{id}\" is \"{name}\", which is not a task");
                self.problems.push(Problem::new(to.span, message).maybe(near));
                continue;
            };
            let mut say = |message: String, help: &str| {
                self.problems.push(Problem::new(to.span, message).help(help.to_owned()));
            };
            if on == at {
                say(format!("task \"{id}\" falls back to itself"), "name another task, or use `retry`");
            } else if task.for_each.is_some() {
                let message = format!("task \"{id}\" has `for_each`: one task can't take the place of some of its instances");
                say(message, "use `fallback`, which each instance has for itself");
            } else if waits_for(on, at, draft, edges) {
                let message = format!("task \"{id}\" falls back to \"{name}\", which itself waits for \"{id}\"");
                say(message, "let it depend on what the task depends on; it begins only when the task has failed anyway");
            } else if let Some(other) = taken.insert(on, id) {
                let message = format!("task \"{name}\" takes the place of both \"{other}\" and \"{id}\"");
                say(message, "give each its own");
            } else {
                all[at] = Some(on);
            }
        }
        all
    }
}

/// True if one task can only begin when the other has ended, also by way of stand-ins: whoever has one ends with it.
fn waits_for(task: usize, on: usize, draft: &Draft, edges: &[Vec<Dependency>]) -> bool {
    let places: BTreeMap<&Name, usize> = draft.tasks.iter().enumerate().map(|(at, task)| (&task.id.value, at)).collect();
    let (mut seen, mut open) = (vec![false; edges.len()], vec![task]);
    while let Some(at) = open.pop() {
        if at == on {
            return true;
        }
        if !std::mem::replace(&mut seen[at], true) {
            open.extend(edges[at].iter().map(|edge| edge.on));
            open.extend(draft.tasks[at].fallback_to.as_ref().and_then(|to| places.get(&to.value)));
        }
    }
    false
}
