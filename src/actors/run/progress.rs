//! What has become of a run's tasks.

use polity_agents::Failure;
use polity_protocols::AgentId;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What has become of one instance, as far as expressions may ask.
#[derive(Clone, Default)]
pub(crate) struct Fact {
    pub(super) output: Option<Arc<Value>>,
    pub(crate) failure: Option<Arc<Failure>>,
    pub(super) attempts: u32,
    pub(super) agent: Option<AgentId>,
}

/// What has become of the run's tasks.
#[derive(Default)]
pub(crate) struct Progress {
    /// By instance; `None` until it has settled.
    facts: Vec<Option<Fact>>,
    /// Of `for_each` tasks: items, labels, and the list of outputs once it is complete.
    pub(super) expansions: BTreeMap<u32, Expansion>,
}
/// A `for_each` task's instances.
pub(super) struct Expansion {
    pub(super) items: Vec<Arc<Value>>,
    pub(super) keys: Arc<[String]>,
    pub(super) list: Option<Arc<Value>>,
}
impl Progress {
    pub(crate) fn of(&self, instance: u32) -> Option<&Fact> {
        self.facts.get(instance as usize)?.as_ref()
    }
    pub(super) fn list(&self, node: u32) -> Option<Arc<Value>> {
        self.expansions.get(&node)?.list.clone()
    }
    pub(super) fn keys(&self, node: u32) -> Option<Arc<[String]>> {
        Some(self.expansions.get(&node)?.keys.clone())
    }
    /// The output of a task of the workflow; the list of a `for_each` task.
    pub(crate) fn output(&self, node: u32) -> Option<&Value> {
        match self.expansions.get(&node) {
            Some(expansion) => expansion.list.as_deref(),
            None => self.of(node)?.output.as_deref(),
        }
    }
    pub(super) fn set(&mut self, instance: u32, fact: Fact) {
        let at = instance as usize;
        if self.facts.len() <= at {
            self.facts.resize(at + 1, None);
        }
        self.facts[at] = Some(fact);
    }
}
