//! The plan by task, and the tasks that wait for their agents.

use super::settings::Pin;
use crate::{AgentId, Name, TaskId, TaskView, Time};
use std::collections::BTreeMap;

/// What the plan says of a task.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub(super) agent: Name,
    /// The number of that agent in the plan: where its [`Lane`] is.
    pub(super) lane: usize,
    /// Its place among the tasks of its agent, from 1 on.
    pub(super) place: u32,
    /// When it shall start, in seconds after the plan's beginning.
    pub(super) start: Option<f64>,
}

/// The tasks of one agent, by place.
#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    /// When each shall start; one without a time of its own has that of the one before it, so that they rise.
    pub(super) starts: Vec<f64>,
    timed: Vec<u32>,
}
impl Lane {
    fn add(&mut self, start: Option<f64>) -> u32 {
        let before = self.starts.last().copied().unwrap_or(0.0);
        self.starts.push(start.unwrap_or(before).max(before));
        let place = self.len();
        if start.is_some() {
            self.timed.push(place);
        }
        place
    }
    /// The places of the tasks that have a planned start.
    pub(super) fn timed(&self) -> impl Iterator<Item = u32> {
        self.timed.iter().copied()
    }
    pub(super) fn len(&self) -> u32 {
        self.starts.len() as u32
    }
}

/// The plan by the number of the task. O(log n) a look.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    tasks: BTreeMap<u32, Planned>,
    lanes: Vec<Lane>,
}

impl Plan {
    pub(super) fn new(pins: &[Pin]) -> Plan {
        let mut numbers: BTreeMap<&Name, usize> = BTreeMap::new();
        let mut plan = Plan { tasks: BTreeMap::new(), lanes: Vec::new() };
        for Pin { task, agent, start } in pins {
            let lane = *numbers.entry(agent).or_insert(plan.lanes.len());
            if lane == plan.lanes.len() {
                plan.lanes.push(Lane::default());
            }
            let place = plan.lanes[lane].add(*start);
            plan.tasks.insert(*task, Planned { agent: agent.clone(), lane, place, start: *start });
        }
        plan
    }
    pub(super) fn of(&self, task: TaskId) -> Option<&Planned> {
        self.tasks.get(&task.instance())
    }
    /// The tasks of each agent, in the order in which the plan names the agents.
    pub(super) fn lanes(&self) -> &[Lane] {
        &self.lanes
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
    /// Those that wait for this agent, in order.
    pub(super) fn of(&self, agent: AgentId) -> impl Iterator<Item = &Waiting> {
        self.queues.get(&agent).into_iter().flat_map(BTreeMap::values)
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
