//! `interleave`: tasks that are done in any order, never two at a time.
//!
//! It is interleaved parallel routing (pattern 17 of Russell, ter Hofstede, van der Aalst and Mulyar, *Workflow Control-Flow Patterns: A
//! Revised View*, 2006): among themselves the tasks may have dependencies. Where they have none it is interleaved routing (pattern 40).

use super::check::Check;
use super::draft::{At, Draft, DraftDependency, DraftTask};
use super::model::Action;
use super::problem::Problem;
use super::read::Reader;
use super::text::nearest;
use super::yaml::Node;
use polity_protocols::Name;
use std::collections::{BTreeMap, BTreeSet};

impl Reader<'_> {
    /// `interleave`: what the shape check has reported is passed over.
    pub(super) fn interleave(&mut self, node: &Node, task: &mut DraftTask) {
        let named = node.list().unwrap_or_default().iter();
        task.interleave = named.filter_map(|n| Some(At::new(Name::from(n.text()?), n.span))).collect();
        task.action = Action::Interleave([].into());
        task.action_span = node.span;
    }
}

impl Check<'_> {
    /// The tasks that a task interleaves are there, each once, and wait for it as for what they name under `depends_on`.
    pub(super) fn interleaved(&mut self, draft: &mut Draft) {
        let mut waits: Vec<(usize, At<Name>)> = Vec::new();
        {
            let places: BTreeMap<&Name, usize> = draft.tasks.iter().enumerate().map(|(at, task)| (&task.id.value, at)).collect();
            for task in draft.tasks.iter().filter(|task| task.interleaves()) {
                let id = &task.id.value;
                let mut seen = BTreeSet::new();
                if task.interleave.is_empty() {
                    let message = format!("task \"{id}\" interleaves nothing");
                    self.problems
                        .push(Problem::new(task.action_span, message).help("name the tasks: interleave: [check_a, check_b]"));
                }
                for At { value: name, span } in &task.interleave {
                    let mut say = |message: String, help: Option<String>| {
                        self.problems.push(Problem::new(*span, message).maybe(help));
                    };
                    match places.get(name) {
                        None => {
                            let near = nearest(name, places.keys().map(|id| &***id)).map(|w| format!("did you mean \"{w}\"?"));
                            say(format!("task \"{id}\" interleaves \"{name}\", which is not a task"), near);
                        }
                        Some(_) if name == id => {
                            let help = "it only lets others begin; take it off the list";
                            say(format!("task \"{id}\" interleaves itself"), Some(help.into()));
                        }
                        Some(_) if !seen.insert(name) => {
                            say(format!("task \"{id}\" interleaves \"{name}\" twice"), Some("name it once".into()));
                        }
                        Some(at) => waits.push((*at, At::new(id.clone(), *span))),
                    }
                }
                self.acts_on_nothing(task);
            }
        }
        for (at, on) in waits {
            let upstream = &mut draft.tasks[at].depends_on;
            if !upstream.iter().any(|known| known.task.value == on.value) {
                upstream.push(DraftDependency { task: on, optional: false });
            }
        }
    }
    /// It does nothing itself, so that what is said of how it does it means nothing.
    fn acts_on_nothing(&mut self, task: &DraftTask) {
        let said = [
            ("type", !task.kind.value.is_empty()),
            ("agent", task.agent.is_some()),
            ("team", task.team.is_some()),
            ("strategy", task.strategy.is_some()),
            ("needs", !task.needs.is_empty()),
            ("with", !task.with.is_empty()),
            ("for_each", task.for_each.is_some()),
            ("estimate", task.estimate.is_some()),
            ("timeout", task.timeouts.is_some()),
            ("retry", task.retry.is_some()),
            ("redundancy", task.redundancy.is_some()),
            ("concurrency", task.concurrency.is_some()),
            ("resources", !task.resources.is_empty()),
            ("hedge", task.hedge.is_some()),
            ("set_state", task.set_state.is_some()),
            ("compensate", task.compensate.is_some()),
            ("fallback", !task.fallback.is_empty()),
            ("fallback_to", task.fallback_to.is_some()),
            ("on_error", !task.on_error.is_empty()),
            ("synthesize", task.nesting_span.is_some()),
        ];
        let id = &task.id.value;
        for (key, _) in said.iter().filter(|(_, said)| *said) {
            let message = format!("task \"{id}\" only lets others begin, one at a time: `{key}` has nothing to act on");
            self.problems.push(Problem::new(task.id.span, message).help(format!("give `{key}` to those that it interleaves")));
        }
    }
}

impl DraftTask {
    /// True if it only lets others begin.
    pub(super) fn interleaves(&self) -> bool {
        matches!(self.action, Action::Interleave(_))
    }
    /// Its action, once it is known where the tasks stand that it interleaves.
    pub(super) fn acted(&self, places: &BTreeMap<Name, usize>) -> Action {
        match &self.action {
            Action::Interleave(_) => {
                Action::Interleave(self.interleave.iter().filter_map(|named| places.get(&named.value).copied()).collect())
            }
            action => action.clone(),
        }
    }
}
