//! The plan by task, and the tasks that wait for their agents.

use super::settings::Pin;
use crate::{AgentId, Name, TaskId, TaskView, Time};
use std::collections::BTreeMap;

/// What the plan says of a task.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub(super) agent: Name,
    /// Its place among the tasks of its agent, from 1 on.
    pub(super) place: u32,
    /// Of so many.
    pub(super) of: u32,
}

/// The plan by the number of the task. O(log n) a look.
#[derive(Clone, Debug)]
pub(super) struct Plan(BTreeMap<u32, Planned>);

impl Plan {
    pub(super) fn new(pins: &[Pin]) -> Plan {
        let mut counts: BTreeMap<&Name, u32> = BTreeMap::new();
        let mut plan = BTreeMap::new();
        for pin in pins {
            let count = counts.entry(&pin.agent).or_default();
            *count += 1;
            plan.insert(pin.task, Planned { agent: pin.agent.clone(), place: *count, of: 0 });
        }
        for planned in plan.values_mut() {
            planned.of = counts.get(&planned.agent).copied().unwrap_or_default();
        }
        Plan(plan)
    }
    pub(super) fn of(&self, task: TaskId) -> Option<&Planned> {
        self.0.get(&task.instance())
    }
}

/// A task that waits for its agent, and since when.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) task: TaskView,
    pub(super) since: Time,
}

/// The tasks that wait, by agent and in the order of the plan.
#[derive(Clone, Debug, Default)]
pub(super) struct Queues {
    queues: BTreeMap<AgentId, BTreeMap<(u32, TaskId), Waiting>>,
    place_of: BTreeMap<TaskId, (AgentId, u32)>,
}

impl Queues {
    pub(super) fn push(&mut self, agent: AgentId, place: u32, waiting: Waiting) {
        let task = waiting.task.id;
        self.place_of.insert(task, (agent, place));
        self.queues.entry(agent).or_default().insert((place, task), waiting);
    }
    /// Takes the task that the plan starts first on this agent.
    pub(super) fn pop(&mut self, agent: AgentId) -> Option<Waiting> {
        let task = self.queues.get(&agent)?.first_key_value().map(|((_, task), _)| *task)?;
        self.remove(task)
    }
    pub(super) fn remove(&mut self, task: TaskId) -> Option<Waiting> {
        let (agent, place) = self.place_of.remove(&task)?;
        let queue = self.queues.get_mut(&agent)?;
        let waiting = queue.remove(&(place, task));
        if queue.is_empty() {
            self.queues.remove(&agent);
        }
        waiting
    }
    /// Takes all that wait for this agent, in order.
    pub(super) fn take_all(&mut self, agent: AgentId) -> Vec<Waiting> {
        let all: Vec<Waiting> = self.queues.remove(&agent).unwrap_or_default().into_values().collect();
        for waiting in &all {
            self.place_of.remove(&waiting.task.id);
        }
        all
    }
}
