//! Other ways to do a task that has failed for good: read, and checked.

use super::check::Check;
use super::draft::{At, Draft, DraftFallback, DraftTask};
use super::expression::Expression;
use super::model::{Action, Dependency, Fallback};
use super::policies;
use super::problem::{Problem, Span};
use super::read::Reader;
use super::reference::Root;
use super::text::nearest;
use super::ways::{Sight, way_expressions};
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
        let whose = format!("`fallback` of task \"{}\"", task.id.value);
        if let Some((value, places)) = self.instead(node, &whose, task) {
            task.fallback.push(DraftFallback { value, span: node.span, places });
        }
    }
    /// What is executed instead of a task that has failed, and where its expressions stand.
    pub(super) fn instead(&mut self, node: &Node, whose: &str, task: &DraftTask) -> Option<(Fallback, Vec<Span>)> {
        let (mut action, with) = self.other_way(node, whose, "executed")?;
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
        Some((value, places))
    }
}

impl Check<'_> {
    /// Another way may use why the task failed, and what the task waits for. `upstream`: the ids of the latter.
    pub(super) fn fallback(&mut self, task: &DraftTask, upstream: &[String]) {
        let whose = format!("`fallback` of task \"{}\"", task.id.value);
        let sight = Sight { whose, upstream, has_item: task.for_each.is_some(), root: Root::Error };
        for fallback in &task.fallback {
            self.calls(&fallback.value.action, fallback.span, &sight.whose);
            self.sees(&fallback.value.expressions(), &fallback.places, fallback.span, &sight);
        }
    }

    /// Who takes whose place. A stand-in is done only if it is needed, so that it can stand in for one task only, and can't wait for it.
    pub(super) fn stand_ins(&mut self, draft: &Draft, edges: &[Vec<Dependency>]) {
        let all = StandIns::of(draft);
        let mut taken: BTreeMap<usize, usize> = BTreeMap::new();
        for (at, task) in draft.tasks.iter().enumerate() {
            for (key, to) in task.stand_ins() {
                let (id, name) = (&task.id.value, &to.value);
                let Some(on) = all.places.get(name).copied() else {
                    let near = nearest(name, draft.tasks.iter().map(|t| &*t.id.value)).map(|w| format!("did you mean \"{w}\"?"));
                    let message = format!("`{key}` of task \"{id}\" is \"{name}\", which is not a task");
                    self.problems.push(Problem::new(to.span, message).maybe(near));
                    continue;
                };
                let mut say = |message: String, help: &str| {
                    self.problems.push(Problem::new(to.span, message).help(help.to_owned()));
                };
                let other = *taken.entry(on).or_insert(at);
                if on == at {
                    say(format!("task \"{id}\" falls back to itself"), "name another task, or use `retry`");
                } else if task.for_each.is_some() {
                    let message = format!("task \"{id}\" has `for_each`: one task can't take the place of some of its instances");
                    let way = if key == "fallback_to" { "`fallback`" } else { "`run` or `fn`" };
                    say(message, &format!("use {way}, which each instance has for itself"));
                } else if all.waits_for(on, at, edges) {
                    let message = format!("task \"{id}\" falls back to \"{name}\", which itself waits for \"{id}\"");
                    say(message, "let it depend on what the task depends on; it begins only when the task has failed anyway");
                } else if other != at {
                    let other = &draft.tasks[other].id.value;
                    say(format!("task \"{name}\" takes the place of both \"{other}\" and \"{id}\""), "give each its own");
                }
            }
        }
    }
}

/// Who may take whose place, by number; names that are no tasks are left out.
struct StandIns<'a> {
    places: BTreeMap<&'a Name, usize>,
    /// Of each task, who may take its place.
    of: Vec<Vec<usize>>,
    /// Of each task, whose place it may take.
    for_whom: Vec<Vec<usize>>,
}
impl<'a> StandIns<'a> {
    fn of(draft: &'a Draft) -> StandIns<'a> {
        let places: BTreeMap<&Name, usize> = draft.tasks.iter().enumerate().map(|(at, task)| (&task.id.value, at)).collect();
        let (mut of, mut for_whom) = (vec![Vec::new(); draft.tasks.len()], vec![Vec::new(); draft.tasks.len()]);
        for (at, task) in draft.tasks.iter().enumerate() {
            for on in task.stand_ins().filter_map(|(_, to)| places.get(&to.value)) {
                of[at].push(*on);
                for_whom[*on].push(at);
            }
        }
        StandIns { places, of, for_whom }
    }
    /// True if one task can only end when the other has, also by way of stand-ins: whoever has one may end with it, and whoever is one begins
    /// or is skipped when it is known whether it is needed. For the task itself, which is to stand in for the other, the latter goes without
    /// saying.
    fn waits_for(&self, task: usize, on: usize, edges: &[Vec<Dependency>]) -> bool {
        let (mut seen, mut open) = (vec![false; edges.len()], vec![task]);
        while let Some(at) = open.pop() {
            if at == on {
                return true;
            }
            if !std::mem::replace(&mut seen[at], true) {
                open.extend(edges[at].iter().map(|edge| edge.on));
                open.extend(&self.of[at]);
                open.extend(self.for_whom[at].iter().filter(|_| at != task));
            }
        }
        false
    }
}
