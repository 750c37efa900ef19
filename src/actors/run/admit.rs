//! A task becomes ready: it is skipped, becomes several, or waits for its turn to be opened.

use super::RunActor;
use super::progress::Expansion;
use super::rank::Rank;
use super::render::Unready;
use crate::event::What;
use crate::lifecycle::Policy;
use crate::plan::{InstanceId, NodeIx, NodeState};
use crate::workflow::Conditions;
use polity_agents::{Failure, FailureKind};
use polity_protocols::{Demand, Name};
use serde_json::Value;
use std::cmp::Reverse;
use std::sync::Arc;

/// What every instance of a task shares, computed once.
pub(super) struct Kit {
    pub(super) demand: Arc<Demand>,
    pub(super) policy: Option<Arc<Policy>>,
    pub(super) conditions: Option<Arc<Conditions>>,
    pub(super) rank: f64,
}

impl RunActor {
    /// A task became ready: it is skipped, becomes several, or waits in the order of ranks for its turn to be opened.
    pub(super) fn admit(&mut self, node: NodeIx) {
        if self.ledger.stopped().is_some() || self.ledger.state(node) != Some(NodeState::Ready) {
            return; // it is withdrawn by the ledger, called off in the same turn, or ended by what an earlier run knew
        }
        if self.was_called_off(node) || self.stands_by(node) {
            return;
        }
        let workflow = self.workflow.clone();
        let task = &workflow.tasks[node.index()];
        if task.for_each.is_none() && self.recalled(node.0) {
            return;
        }
        if let Some(when) = task.when.as_ref().filter(|_| task.for_each.is_none()) {
            match when.is_true(&self.scope(None)) {
                Ok(true) => {}
                Ok(false) => return self.skip(node.0, format!("`when` is false: {}", when.source())),
                Err(error) => return self.unready(node.0, Unready::of(error, "when")),
            }
        }
        if task.for_each.is_some() {
            return self.expand(node);
        }
        self.queue(node.0, node);
    }
    pub(super) fn queue(&mut self, instance: u32, node: NodeIx) {
        let rank = self.kit(node).rank;
        self.ready.push((Rank(rank), Reverse(instance)));
    }
    pub(super) fn kit(&mut self, node: NodeIx) -> &Kit {
        let at = node.index();
        if self.kits[at].is_none() {
            let task = &self.workflow.tasks[at];
            let plain = task.retry.is_none() && task.timeouts == crate::lifecycle::Timeouts::default();
            let policy = (!plain).then(|| Arc::new(Policy { retry: task.retry.clone(), timeouts: task.timeouts }));
            let same = |d: &Arc<Demand>| d.kind == task.kind && d.needs == task.needs && d.agent == task.agent;
            let demand = match self.demand.take().filter(same) {
                Some(demand) => demand,
                None => self.world.demand(&task.kind, &task.needs, task.agent.as_ref()),
            };
            self.demand = Some(demand.clone());
            let refined = self.ranks.as_ref().and_then(|found| found.ranks.as_ref()?.get(at).copied());
            let rank = Rank::of(task.priority, refined.unwrap_or_else(|| self.ledger.plan().rank(node))).0;
            // A condition that can't be read was refused by the check.
            let conditions = task.retry.as_ref().and_then(|retry| Conditions::of(retry).ok().flatten()).map(Arc::new);
            self.kits[at] = Some(Kit { demand, policy, conditions, rank });
        }
        self.kits[at].as_ref().expect("it was made in the lines above")
    }
    pub(super) fn expand(&mut self, node: NodeIx) {
        let workflow = self.workflow.clone();
        let task = &workflow.tasks[node.index()];
        let Some(list) = &task.for_each else { return };
        let known =
            self.recall.list(&task.id).map(|known| Ok(Arc::new(Value::Array(known.iter().map(|i| (**i).clone()).collect()))));
        let items = match known.unwrap_or_else(|| list.evaluate_shared(&self.scope(None))) {
            Ok(items) => items,
            Err(error) => return self.unready(node.0, Unready::of(error, "for_each")),
        };
        let items: Vec<Arc<Value>> = match &*items {
            Value::Array(items) => items.iter().cloned().map(Arc::new).collect(),
            Value::Object(map) => map.iter().map(|(k, v)| Arc::new(serde_json::json!({ "key": k, "value": v }))).collect(),
            other => {
                let message =
                    format!("`for_each` of task \"{}\" must give a list or a map, but gives {}", task.id, kind_of(other));
                return self.unready(node.0, Unready::Fails(Failure::new(FailureKind::Binding, message)));
            }
        };
        let room = (self.workflow.limits.max_tasks as usize).saturating_sub(self.ledger.instance_tally().total() as usize);
        if items.len() > room + 1 {
            let message = format!(
                "`for_each` of task \"{}\" has {} items, but the run may have {} tasks in all; raise limits.max_tasks",
                task.id,
                items.len(),
                self.workflow.limits.max_tasks
            );
            return self.unready(node.0, Unready::Fails(Failure::new(FailureKind::Binding, message)));
        }
        let keys = super::render::labels(&items);
        // The list of an empty one is complete at once, and the ledger says so in this very call.
        let labels: Arc<[Name]> = keys.iter().map(|key| Name::from(key.as_str())).collect();
        let count = items.len() as u32;
        self.progress.expansions.insert(node.0, Expansion { items, keys: keys.into(), list: None });
        let mut effects = std::mem::take(&mut self.effects);
        let instances = self.ledger.expand(node, count, &mut effects);
        self.effects = effects;
        let Some(instances) = instances else { return };
        self.world.record(self.id, What::Expanded { task: self.task(node.0), first: instances.range().start, labels });
        for (index, instance) in instances.iter().enumerate() {
            self.admit_instance(node, instance, index);
        }
    }
    pub(super) fn admit_instance(&mut self, node: NodeIx, instance: InstanceId, index: usize) {
        if self.ledger.instance_state(instance) != Some(NodeState::Ready) {
            return; // what became of the one before it has stopped the run
        }
        if self.recalled(instance.0) || self.goes_back {
            return;
        }
        let workflow = self.workflow.clone();
        if let Some(when) = &workflow.tasks[node.index()].when {
            match when.is_true(&self.scope(self.item(node, index))) {
                Ok(true) => {}
                Ok(false) => return self.skip(instance.0, format!("`when` is false: {}", when.source())),
                Err(error) => return self.unready(instance.0, Unready::of(error, "when")),
            }
        }
        self.queue(instance.0, node);
    }
    pub(super) fn item(&self, node: NodeIx, index: usize) -> Option<(Arc<Value>, usize)> {
        Some((self.progress.expansions.get(&node.0)?.items.get(index)?.clone(), index))
    }
}

/// What a value is, for people.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}
