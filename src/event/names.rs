//! From numbers to names: a fold over the events that introduce things.

use super::{Event, RunHead, RunId, What};
use polity_protocols::{AgentId, Name, TaskId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The names of agents, runs and tasks, as far as the events so far have told them.
///
/// ```
/// use polity::event::Names;
/// use polity_protocols::AgentId;
/// assert_eq!(&*Names::default().agent(AgentId(7)), "agent 7"); // never heard of
/// ```
#[derive(Clone, Debug, Default)]
pub struct Names {
    agents: BTreeMap<AgentId, Name>,
    runs: BTreeMap<RunId, RunNames>,
}

/// The number of what undoes a task: it is no copy of it.
const UNDO: u32 = 0;

#[derive(Clone, Debug)]
struct RunNames {
    head: Arc<RunHead>,
    /// Expanded tasks: first instance → (task, labels).
    ranges: BTreeMap<u32, (u32, Arc<[Name]>)>,
    /// Copies: number → (of which instance, the how manieth).
    copies: BTreeMap<u32, (u32, u32)>,
}

impl Names {
    /// Learns the names that an event introduces.
    pub fn take(&mut self, event: &Event) {
        match &event.what {
            What::AgentJoined { agent, name, .. } => {
                self.agents.insert(*agent, name.clone());
            }
            What::RunStarted(head) => {
                let agents = head.agents.iter().enumerate().map(|(n, name)| (AgentId(n as u32), name.clone()));
                self.agents.extend(agents);
                self.runs.insert(event.run, RunNames { head: head.clone(), ranges: BTreeMap::new(), copies: BTreeMap::new() });
            }
            What::Expanded { task, first, labels } => {
                if let Some(run) = self.runs.get_mut(&event.run) {
                    run.ranges.insert(*first, (task.instance(), labels.clone()));
                }
            }
            What::Copied { task, copy, number } if task.instance() != *copy => {
                if let Some(run) = self.runs.get_mut(&event.run) {
                    run.copies.insert(*copy, (task.instance(), *number));
                }
            }
            What::Compensating { task, undo } if task.instance() != *undo => {
                if let Some(run) = self.runs.get_mut(&event.run) {
                    run.copies.insert(*undo, (task.instance(), UNDO));
                }
            }
            _ => {}
        }
    }
    /// The instance that a copy is of; itself if it is none.
    pub fn original(&self, task: TaskId) -> TaskId {
        let copy = self.runs.get(&RunId(task.run())).and_then(|run| run.copies.get(&task.instance()));
        copy.map_or(task, |(of, _)| TaskId::new(task.run(), *of))
    }
    /// Forgets the tasks of a run that is over.
    pub fn forget(&mut self, run: RunId) {
        self.runs.remove(&run);
    }
    /// An agent's name.
    pub fn agent(&self, agent: AgentId) -> Name {
        self.agents.get(&agent).cloned().unwrap_or_else(|| format!("agent {}", agent.0).into())
    }
    /// A run's memorable name.
    pub fn run(&self, run: RunId) -> Option<Name> {
        self.runs.get(&run).map(|r| r.head.name.clone())
    }
    /// What a run is.
    pub fn head(&self, run: RunId) -> Option<&Arc<RunHead>> {
        self.runs.get(&run).map(|r| &r.head)
    }
    /// A task's id, `id[label]` of an instance, or `…/2` of the second copy of one.
    pub fn task(&self, task: TaskId) -> Name {
        let Some(run) = self.runs.get(&RunId(task.run())) else { return format!("task {}", task.instance()).into() };
        if let Some((of, number)) = run.copies.get(&task.instance()).filter(|(of, _)| !run.copies.contains_key(of)) {
            let of = self.task(TaskId::new(task.run(), *of));
            return if *number == UNDO { format!("{of}/undo") } else { format!("{of}/{number}") }.into();
        }
        let id = |n: u32| run.head.tasks.get(n as usize).cloned();
        if let Some(name) = id(task.instance()) {
            return name;
        }
        let range = run.ranges.range(..=task.instance()).next_back();
        let found = range.and_then(|(first, (of, labels))| Some((id(*of)?, labels.get((task.instance() - first) as usize)?)));
        match found {
            Some((id, label)) => format!("{id}[{label}]").into(),
            None => format!("task {}", task.instance()).into(),
        }
    }
    /// The task of the workflow that an instance belongs to.
    pub fn node(&self, task: TaskId) -> u32 {
        let task = self.original(task);
        let Some(run) = self.runs.get(&RunId(task.run())) else { return task.instance() };
        if (task.instance() as usize) < run.head.tasks.len() {
            return task.instance();
        }
        run.ranges.range(..=task.instance()).next_back().map_or(task.instance(), |(_, (of, _))| *of)
    }
}
