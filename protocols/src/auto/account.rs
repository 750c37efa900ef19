//! What became of tasks under a government, against what was to be expected.

use crate::{AgentId, Ended, KeyMap, Outcome, Roster, TaskId, TaskView, Time};
use std::collections::BTreeMap;

/// Below this many seconds it does not matter how long a task took.
const GRAIN: f64 = 1e-3;
/// How many refused tasks may be awaited again at a time: some never come back.
const MOST_REFUSED: usize = 1024;

/// Since when a task is wanted, and how long it should take from then on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Promise {
    since: Time,
    expected: f64,
}
impl Promise {
    /// How well it was kept, in `[0, 1]`: ½ is as expected.
    fn kept(&self, now: Time) -> f64 {
        let took = now.since(self.since).as_secs_f64();
        (self.expected + GRAIN) / (self.expected + took + 2.0 * GRAIN)
    }
}

/// A task that is announced.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub(super) view: TaskView,
    pub(super) announced: Time,
    pub(super) government: usize,
    promise: Promise,
    seconds: f64,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    agent: AgentId,
    government: usize,
    promise: Promise,
}

/// All tasks that are open or held.
#[derive(Clone, Debug, Default)]
pub(super) struct Account {
    pub(super) roster: Roster,
    open: KeyMap<TaskId, Open>,
    /// Of the open tasks, in seconds on their best agents.
    open_seconds: f64,
    held: KeyMap<TaskId, Held>,
    refused: BTreeMap<TaskId, Promise>,
    slots: u32,
}

impl Account {
    pub(super) fn team_changed(&mut self) {
        self.slots = self.roster.iter().map(|(_, profile)| profile.slots.max(1)).fold(0, u32::saturating_add);
    }
    pub(super) fn open(&mut self, view: &TaskView, government: usize, now: Time) {
        while self.roster.rested(now).is_some() {}
        let (best, _) = self.roster.earliest_finish(view, now, 1);
        let finite = |seconds: f64| if seconds.is_finite() { seconds.max(0.0) } else { 0.0 };
        let (seconds, finish) = best.first().map_or((0.0, 0.0), |(able, finish)| (able.seconds_for(view.work), *finish));
        let queue = self.open_seconds / f64::from(self.slots.max(1));
        let fresh = Promise { since: now, expected: finite(finish) + queue };
        let promise = self.refused.remove(&view.id).unwrap_or(fresh);
        let open = Open { view: view.clone(), announced: now, government, promise, seconds: finite(seconds) };
        self.open_seconds += open.seconds;
        self.open.insert(view.id, open);
    }
    pub(super) fn get(&self, task: TaskId) -> Option<&Open> {
        self.open.get(&task)
    }
    pub(super) fn opened_by(&self, government: usize) -> Vec<TaskId> {
        self.open.values().filter(|open| open.government == government).map(|open| open.view.id).collect()
    }
    pub(super) fn hand_over(&mut self, task: TaskId, to: usize) {
        if let Some(open) = self.open.get_mut(&task) {
            open.government = to;
        }
    }
    /// Takes a task off the open ones, if it is open under this government.
    pub(super) fn close(&mut self, task: TaskId, government: usize) -> Option<Open> {
        self.open.get(&task).filter(|open| open.government == government)?;
        let open = self.open.remove(&task)?;
        // Sums of differences drift; an empty table is the moment to be exact again.
        self.open_seconds = if self.open.is_empty() { 0.0 } else { (self.open_seconds - open.seconds).max(0.0) };
        Some(open)
    }
    pub(super) fn forget(&mut self, task: TaskId) {
        self.refused.remove(&task);
    }
    pub(super) fn hold(&mut self, open: &Open, agent: AgentId, now: Time) {
        let view = &open.view;
        let seconds = self.roster.fit(&view.demand, agent).map_or(0.0, |able| able.seconds_for(view.work));
        self.roster.award(view.id, agent, seconds, now);
        self.held.insert(view.id, Held { agent, government: open.government, promise: open.promise });
    }
    /// An award ended: under which government, and what reward that is. `None` for an award unknown here.
    pub(super) fn end(&mut self, task: TaskId, agent: AgentId, outcome: &Outcome, now: Time) -> Option<(usize, Option<f64>)> {
        let held = *self.held.get(&task).filter(|held| held.agent == agent)?;
        self.held.remove(&task);
        self.roster.settle_outcome(task, agent, outcome, now);
        let reward = match outcome.ended {
            Ended::Succeeded if outcome.quality.is_nan() => Some(0.0),
            Ended::Succeeded => Some(held.promise.kept(now) * outcome.quality.clamp(0.0, 1.0)),
            Ended::Failed => Some(0.0),
            Ended::Refused => {
                self.refused.insert(task, held.promise);
                if self.refused.len() > MOST_REFUSED {
                    self.refused.pop_first();
                }
                None
            }
            Ended::Cancelled | Ended::Lost => None,
        };
        Some((held.government, reward))
    }
}
