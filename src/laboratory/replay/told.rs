//! What the events of a run tell of every launch of every job, in this run and in those below it.

use crate::event::{Event, Names, RunHead, RunId, What};
use core::time::Duration;
use polity_agents::{Failure, FailureKind};
use polity_protocols::{AgentId, Name, TaskId, Time};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One agent's try at a job.
#[derive(Clone, Debug)]
pub(super) struct Launch {
    pub(super) task: TaskId,
    /// What the job is called.
    pub(super) job: Name,
    pub(super) agent: AgentId,
    pub(super) attempt: u32,
    pub(super) launch: u32,
    pub(super) took: Duration,
    pub(super) how: How,
}

/// How it ended.
#[derive(Clone, Debug)]
pub(super) enum How {
    Answered(Arc<Value>),
    Failed(Arc<Failure>),
    /// It was what its agent died of.
    Fatal,
    /// Its agent was lost, and not by it.
    Lost,
    /// It was cancelled, or the log ends.
    CutShort,
}

/// A job that an agent has.
#[derive(Clone, Copy)]
struct Held {
    agent: AgentId,
    attempt: u32,
    launch: u32,
    started: Option<Time>,
    /// From when on it would have begun, had beginning taken no time: in real time that is part of the work.
    due: Option<Time>,
}

/// All that is told.
#[derive(Default)]
pub(in crate::laboratory) struct Told {
    pub(in crate::laboratory) names: Names,
    pub(super) launches: Vec<Launch>,
    /// What the runs are, the first one first.
    pub(super) heads: BTreeMap<RunId, Arc<RunHead>>,
    /// How long each failed attempt waited for the next: by task, then by attempt.
    pub(super) delays: BTreeMap<TaskId, BTreeMap<u32, Duration>>,
    /// Tasks that were not done, since an earlier run had.
    pub(in crate::laboratory) recalled: Vec<(Name, Arc<Value>)>,
    /// Tasks whose agents handed them on, or for which another way was found: from their first start to their end.
    pub(super) handed_on: BTreeMap<TaskId, Launch>,
    /// How long the first run was paused.
    pub(in crate::laboratory) paused: Duration,
    held: BTreeMap<TaskId, Held>,
    first: BTreeMap<TaskId, (Time, Held)>,
    delegated: BTreeSet<TaskId>,
    setbacks: BTreeSet<TaskId>,
    nested: BTreeSet<TaskId>,
    fallbacks: BTreeMap<TaskId, Name>,
    /// Tasks of which a handler was taken that executes something, which has not begun: which one.
    handled: BTreeMap<TaskId, u32>,
    paused_since: Option<Time>,
    /// Jobs that each agent has, those in its queue too.
    hands: BTreeMap<AgentId, u32>,
    /// Why agents were lost last, until a job is to blame.
    losses: BTreeMap<AgentId, Option<Name>>,
}

impl Told {
    /// Reads all events of a log.
    pub(in crate::laboratory) fn by(events: &[Event]) -> Told {
        let mut told = Told::default();
        events.iter().for_each(|event| told.take(event));
        let end = events.last().map_or(Time::ZERO, |event| event.at);
        for task in told.held.keys().copied().collect::<Vec<_>>() {
            told.close(task, end, None, How::CutShort);
        }
        told
    }
    /// The run that no other of the log is above.
    pub(in crate::laboratory) fn root(&self) -> Option<(RunId, &Arc<RunHead>)> {
        self.heads.iter().find(|(_, head)| head.parent.is_none()).map(|(id, head)| (*id, head))
    }
    /// What a job is called: as its task, or as a copy of it.
    pub(super) fn job_name(&self, task: TaskId) -> Name {
        self.fallbacks.get(&task).cloned().unwrap_or_else(|| self.names.task(task))
    }
    /// The run whose name a job says. If the first one went on with another, it has that one's name again in the replay.
    pub(super) fn run_name(&self, run: RunId) -> Name {
        let Some((head, (first, root))) = self.heads.get(&run).zip(self.root()) else { return "".into() };
        let resumed = root.resumes.as_ref();
        match (resumed, head.name.strip_prefix(&*root.name)) {
            (Some(resumed), _) if run == first => resumed.clone(),
            (Some(resumed), Some(rest)) => format!("{resumed}{rest}").into(),
            _ => head.name.clone(),
        }
    }

    fn take(&mut self, event: &Event) {
        self.names.take(event);
        let at = event.at;
        match &event.what {
            What::RunStarted(head) => drop(self.heads.insert(event.run, head.clone())),
            What::RunPaused if self.is_root(event.run) => self.paused_since = self.paused_since.or(Some(at)),
            What::RunResumed if self.is_root(event.run) => {
                self.paused += self.paused_since.take().map_or(Duration::ZERO, |since| at.since(since));
            }
            What::Handled { task, handler, does, .. } if matches!(&**does, "run" | "fn" | "simulate") => {
                self.handled.insert(*task, *handler);
            }
            // One that could not begin.
            What::Noted { task, .. } => drop(self.handled.remove(task)),
            What::Copied { task, copy, number } if self.setbacks.contains(task) => {
                let way = self.handled.remove(task).map_or_else(|| format!("fallback{number}"), |n| format!("on_error{n}"));
                let name = format!("{}/{way}", self.names.task(*task));
                self.fallbacks.insert(TaskId::new(task.run(), *copy), name.into());
            }
            What::Assigned { task, agent, attempt, launch, .. } => {
                let due = self.is_free(event.run, *agent).then_some(at);
                let held = Held { agent: *agent, attempt: *attempt, launch: *launch, started: None, due };
                self.held.insert(*task, held);
                *self.hands.entry(*agent).or_default() += 1;
            }
            What::Started { task, .. } => {
                if let Some(held) = self.held.get_mut(task) {
                    held.started = Some(at);
                    self.first.entry(*task).or_insert((at, *held));
                }
            }
            What::Refused { task, .. } => drop(self.let_go(*task)),
            What::AgentLost { agent, reason, .. } => drop(self.losses.insert(*agent, Some(reason.clone()))),
            What::Displaced { task, agent, .. } => {
                let how = if self.is_fatal(*task, *agent) { How::Fatal } else { How::Lost };
                self.close(*task, at, None, how);
            }
            What::Retried { task, attempt, failure, at: again, .. } => {
                self.delays.entry(*task).or_default().insert(*attempt, again.since(at));
                self.close(*task, at, None, How::Failed(failure.clone()));
            }
            What::Completed { task, took, output, .. } => {
                self.close(*task, at, Some(*took), How::Answered(output.clone()));
                self.whole(*task, at, How::Answered(output.clone()));
            }
            What::Synthesized { task, output, .. } => self.whole(*task, at, How::Answered(output.clone())),
            What::Failed { task, failure, .. } => {
                let holder = self.held.get(task).map(|held| held.agent);
                let how = match holder.filter(|_| failure.kind == FailureKind::Poison) {
                    Some(agent) if self.is_fatal(*task, agent) => How::Fatal, // once too often
                    Some(_) => How::Lost,
                    None => How::Failed(failure.clone()),
                };
                self.close(*task, at, None, how);
                self.whole(*task, at, How::Failed(failure.clone()));
            }
            What::Replanned { task, failure, .. } => {
                self.setbacks.insert(*task);
                self.close(*task, at, None, How::Failed(failure.clone()));
            }
            What::Delegated { task, .. } => {
                self.delegated.insert(*task);
                self.let_go(*task);
            }
            What::Nested { task, .. } => drop(self.nested.insert(*task)),
            What::Cancelled { task } => {
                self.close(*task, at, None, How::CutShort);
                self.whole(*task, at, How::CutShort);
            }
            What::Recalled { task, output } => self.recalled.push((self.names.task(*task), output.clone())),
            _ => {}
        }
    }
    fn is_root(&self, run: RunId) -> bool {
        self.root().is_some_and(|(root, _)| root == run)
    }
    /// Whether a job killed its agent: the panic names it, or names none and this is the first that was lost with it.
    fn is_fatal(&mut self, task: TaskId, agent: AgentId) -> bool {
        let (has_begun, job) = (self.held.get(&task).is_some_and(|held| held.started.is_some()), self.job_name(task));
        let Some(reason) = self.losses.get(&agent).and_then(Option::as_ref).filter(|_| has_begun) else { return false };
        let names_one = reason.contains(" while it did \"");
        let is_it = reason.starts_with("panic") && (!names_one || reason.contains(&format!(" while it did \"{job}\"")));
        if is_it {
            self.losses.insert(agent, None);
        }
        is_it
    }
    /// Whether an agent has a free slot, in a run in real time.
    fn is_free(&self, run: RunId, agent: AgentId) -> bool {
        let real = self.heads.get(&run).filter(|head| !head.simulated);
        let slots = real.map_or(0, |head| head.slots.get(agent.0 as usize).copied().unwrap_or(1));
        self.hands.get(&agent).copied().unwrap_or(0) < slots
    }
    fn let_go(&mut self, task: TaskId) -> Option<Held> {
        let held = self.held.remove(&task)?;
        self.hands.entry(held.agent).and_modify(|hands| *hands = hands.saturating_sub(1));
        Some(held)
    }
    /// Nobody has the job any more.
    fn close(&mut self, task: TaskId, at: Time, took: Option<Duration>, how: How) {
        let Some(held) = self.let_go(task) else { return };
        let Some(started) = held.started else { return };
        let took = match (held.due, took) {
            (Some(due), _) => at.since(due),
            (None, took) => took.unwrap_or_else(|| at.since(started)),
        };
        let job = self.job_name(task);
        let Held { agent, attempt, launch, .. } = held;
        self.launches.push(Launch { task, job, agent, attempt, launch, took, how });
    }
    /// A task that others did for its agent has ended.
    fn whole(&mut self, task: TaskId, at: Time, how: How) {
        let found = matches!(how, How::Answered(_)) && self.setbacks.contains(&task) && self.nested.contains(&task);
        let Some((since, held)) = self.first.get(&task).filter(|_| self.delegated.contains(&task) || found).copied() else {
            return;
        };
        let Held { agent, launch, .. } = held;
        let job = self.job_name(task);
        self.handed_on.insert(task, Launch { task, job, agent, attempt: 1, launch, took: at.since(since), how });
    }
}
