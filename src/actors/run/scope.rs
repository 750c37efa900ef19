//! What the expressions of a run may see: its inputs, and what has become of its tasks.

use super::progress::Progress;
use crate::event::RunId;
use crate::plan::{Ledger, NodeIx, NodeState};
use crate::workflow::{Scope, TaskFacts, Workflow, error_value};
use crate::world::World;
use polity_protocols::Name;
use serde_json::{Map, Value};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A moment of a run, as one of its tasks sees it.
pub(super) struct RunScope<'a> {
    pub(super) workflow: &'a Workflow,
    pub(super) name: &'a Name,
    pub(super) inputs: &'a BTreeMap<Name, Arc<Value>>,
    pub(super) places: &'a OnceCell<BTreeMap<Name, u32>>,
    pub(super) ledger: &'a Ledger,
    pub(super) progress: &'a Progress,
    /// The item of the instance that is looked at, and its place.
    pub(super) item: Option<(Arc<Value>, usize)>,
    /// The output of the task that is looked at, where it is to be undone.
    pub(super) own: Option<Arc<Value>>,
    /// Why the task that is looked at failed, where it is done in another way.
    pub(super) error: Option<Arc<Value>>,
    pub(super) run: RunId,
    pub(super) world: &'a World,
}

impl Scope for RunScope<'_> {
    fn input(&self, name: &str) -> Option<Arc<Value>> {
        self.inputs.get(name).cloned()
    }
    fn task(&self, name: &str) -> Option<TaskFacts> {
        let tasks = self.workflow.tasks.iter().enumerate();
        let places = self.places.get_or_init(|| tasks.map(|(n, task)| (task.id.clone(), n as u32)).collect());
        let node = NodeIx(*places.get(name)?);
        let state = self.ledger.state(node)?;
        let mut facts = TaskFacts { status: word(state).into(), ..TaskFacts::default() };
        if self.ledger.is_expanded(node) {
            self.gather(node, &mut facts);
        } else if let Some(result) = self.progress.of(node.0) {
            facts.output = result.output.clone();
            facts.error = result.failure.as_deref().map(error_value);
            facts.attempts = result.attempts;
            facts.agent = result.agent.and_then(|agent| self.world.directory.name_of(agent));
        }
        Some(facts)
    }
    fn state(&self, name: &str) -> Option<Arc<Value>> {
        self.world.boards.value(self.run, name)
    }
    fn item(&self) -> Option<Arc<Value>> {
        self.item.as_ref().map(|(item, _)| item.clone())
    }
    fn output(&self) -> Option<Arc<Value>> {
        self.own.clone()
    }
    fn error(&self) -> Option<Arc<Value>> {
        self.error.clone()
    }
    fn index(&self) -> Option<usize> {
        self.item.as_ref().map(|(_, index)| *index)
    }
    fn run_id(&self) -> Option<Name> {
        Some(self.name.clone())
    }
    fn workflow_name(&self) -> Option<Name> {
        Some(self.workflow.name.clone())
    }
    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

impl RunScope<'_> {
    /// A `for_each` task: its list of outputs, the first failure, all attempts.
    fn gather(&self, node: NodeIx, facts: &mut TaskFacts) {
        facts.output = self.progress.list(node.0);
        facts.keys = self.progress.keys(node.0);
        for instance in self.ledger.instances(node).iter() {
            let Some(result) = self.progress.of(instance.0) else { continue };
            facts.attempts += result.attempts;
            if let (None, Some(failure)) = (&facts.error, &result.failure) {
                facts.error = Some(error_value(failure));
            }
        }
    }
}

/// A state as expressions see it.
pub(super) fn word(state: NodeState) -> &'static str {
    match state {
        NodeState::Pending => "pending",
        NodeState::Ready => "ready",
        NodeState::Open => "executing",
        NodeState::Succeeded => "completed",
        NodeState::Failed => "failed",
        NodeState::Skipped => "skipped",
        NodeState::Blocked => "blocked",
        NodeState::Cancelled => "cancelled",
    }
}

/// The inputs as one JSON object.
pub(super) fn inputs_object(inputs: &BTreeMap<Name, Arc<Value>>) -> Value {
    Value::Object(inputs.iter().map(|(name, value)| (name.to_string(), (**value).clone())).collect::<Map<_, _>>())
}
