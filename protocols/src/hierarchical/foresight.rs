//! What becomes ready soon: tasks that wait for nothing but jobs that the desk has given and that have not ended.
//!
//! A scan reserves for them as for tasks that wait for a busy agent, in the order of rank: so what is less urgent does not take, just before, the
//! agent that they will need. A free agent is kept idle for one at most [`IDLE`] of the time that it then works on it, and nothing is kept where
//! jobs do not take as long as they were estimated ([`BELIEVED`]). By itself a reservation gives nobody anything, so that a prospect that never
//! comes true costs that idle time and no more.
//!
//! This is list scheduling with a lookahead of one task; a plan that knows the whole graph reserves likewise for everything (HEFT: Topcuoglu,
//! Hariri and Wu 2002).

use super::book::still_busy_until;
use super::lanes::{Open, Order};
use crate::{AgentId, Arrival, Awaited, DemandId, Input, KeyMap, Prospect, TaskId, Time, seconds_to_duration};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A slot is kept idle for what becomes ready soon at most so long, of the time that this will take it.
pub(super) const IDLE: f64 = 0.25;
/// Reservations in one scan: more than this many tasks that become ready soon and come first leave little for others anyway.
const AT_MOST: usize = 64;
/// By how much (the mean of the absolute logarithm of a job's time against what was expected) estimates may be wrong. Beyond that to wait for an
/// end at its hour loses more than it gains: two of three jobs are off by more than half then.
const BELIEVED: f64 = 0.4;
/// How much one outcome moves what is thought of estimates.
const LEARNING: f64 = 0.1;

/// What is known of a task that was announced and has not ended.
#[derive(Clone, Copy, Debug)]
enum State {
    /// Nobody has it.
    Open,
    /// An agent has it, which is expected to end it then, in seconds.
    Running(AgentId, f64),
}

/// One task that becomes ready soon, or later.
#[derive(Clone, Debug)]
struct Entry {
    open: Open,
    data: Arc<[Input]>,
    after: Box<[Awaited]>,
    /// What it is looked at again for: a task that was not given to anybody yet; if there is none, the one that is expected to end last.
    watched: TaskId,
    /// When it is expected to be ready, in seconds, once all that it waits for is being done.
    ready: Option<f64>,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Foresight {
    states: KeyMap<TaskId, State>,
    entries: KeyMap<TaskId, Entry>,
    /// Who looks at each task.
    watchers: KeyMap<TaskId, Vec<TaskId>>,
    /// Those of which it is known when they are ready.
    soon: BTreeMap<(Order, DemandId), TaskId>,
    /// By how much estimates proved to be wrong.
    error: f64,
}

impl Foresight {
    /// A task was opened: it is no prospect any more, and what comes after it is one. O(what comes after it).
    pub(super) fn opened(&mut self, task: TaskId, prospects: &[Prospect], now: Time) {
        self.forget(task);
        if matches!(self.states.insert(task, State::Open), Some(State::Running(..))) {
            self.abandon(task);
        }
        for prospect in prospects {
            // What is not known yet was held up on its way here.
            let unknown = prospect.after.iter().map(|awaited| awaited.task).find(|task| !self.states.contains_key(task));
            let (id, watched) = (prospect.task.id, unknown.unwrap_or(task));
            self.forget(id);
            let open = Open::of(&prospect.task, now);
            let entry = Entry { open, data: prospect.task.data.clone(), after: prospect.after.clone(), watched, ready: None };
            self.entries.insert(id, entry);
            self.watch(id, watched);
        }
    }
    fn watch(&mut self, id: TaskId, task: TaskId) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.watched = task;
            self.watchers.get_or_insert_with(task, Vec::new).push(id);
        }
    }
    /// An open task was given to an agent, which is expected to end it then.
    pub(super) fn given(&mut self, task: TaskId, agent: AgentId, end: f64) {
        self.states.insert(task, State::Running(agent, end));
        self.look_again(task);
    }
    /// A job has ended. `factor`: its time against what was expected, if something was.
    pub(super) fn ended(&mut self, task: TaskId, succeeded: bool, factor: Option<f64>) {
        if let Some(off) = factor.map(|factor| libm::log(factor).abs()).filter(|off| off.is_finite()) {
            self.error += LEARNING * (off - self.error);
        }
        match self.states.remove(&task) {
            Some(State::Running(..)) if succeeded => self.look_again(task),
            Some(State::Running(..)) => self.abandon(task),
            Some(State::Open) => _ = self.states.insert(task, State::Open), // it was announced again meanwhile
            None => {}
        }
        if self.states.is_empty() && !self.entries.is_empty() {
            // Nothing becomes ready by itself.
            self.entries.clear();
            self.watchers.clear();
            self.soon.clear();
        }
    }
    /// A task is not to be done any more.
    pub(super) fn closed(&mut self, task: TaskId) {
        self.states.remove(&task);
        self.abandon(task);
    }
    /// Nobody knows what becomes of those after it.
    fn abandon(&mut self, task: TaskId) {
        for id in self.watchers.remove(&task).unwrap_or_default() {
            self.forget(id);
        }
    }
    fn look_again(&mut self, task: TaskId) {
        for id in self.watchers.remove(&task).unwrap_or_default() {
            self.look(id);
        }
    }
    fn forget(&mut self, id: TaskId) {
        let Some(entry) = self.entries.remove(&id) else { return };
        if entry.ready.is_some() {
            self.soon.remove(&(entry.open.order, entry.open.demand));
        }
        if let Some(watchers) = self.watchers.get_mut(&entry.watched) {
            watchers.retain(|watcher| *watcher != id);
            if watchers.is_empty() {
                self.watchers.remove(&entry.watched);
            }
        }
    }
    /// Looks whether all that a prospect waits for is being done; if not, it waits for that. O(what it waits for).
    fn look(&mut self, id: TaskId) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let place = (entry.open.order, entry.open.demand);
        if entry.ready.take().is_some() {
            self.soon.remove(&place);
        }
        let is_open = |awaited: &&Awaited| matches!(self.states.get(&awaited.task), Some(State::Open));
        if let Some(task) = entry.after.iter().find(is_open).map(|awaited| awaited.task) {
            return self.watch(id, task);
        }
        let running = || {
            entry.after.iter().filter_map(|awaited| match self.states.get(&awaited.task) {
                Some(State::Running(agent, end)) => Some((awaited, *agent, *end)),
                _ => None,
            })
        };
        let Some((last, _, ready)) = running().max_by(|(.., a), (.., b)| a.total_cmp(b)) else {
            return self.forget(id); // all of it has ended: it is announced by now, or never
        };
        let last = last.task;
        if entry.data.is_empty() && entry.after.iter().all(|awaited| awaited.travel.is_zero()) {
            entry.open.arrival = Arrival::default();
        } else {
            let made = running().filter(|(awaited, ..)| !awaited.travel.is_zero()).map(|(awaited, agent, end)| Input {
                holder: agent,
                bytes: 0, // how long it travels is known
                elsewhere: Time::ZERO + seconds_to_duration(end) + awaited.travel,
            });
            let inputs: Vec<Input> = entry.data.iter().copied().chain(made).collect();
            entry.open.arrival = Arrival::of(&inputs);
        }
        entry.ready = Some(ready);
        self.soon.insert(place, id);
        self.watch(id, last);
    }
    /// The next prospect in the order of rank that a scan has not seen and that comes before `before`, if what is estimated is to be believed: the
    /// task as it will be open, with the moment at which that was expected, in seconds. An end that is overdue is believed to take as long again as it
    /// is overdue.
    pub(super) fn next(&self, seen: &mut Seen, before: Order, now: f64) -> Option<(Open, f64)> {
        use core::ops::Bound::{Excluded, Unbounded};
        if self.soon.is_empty() || self.error > BELIEVED || seen.count >= AT_MOST {
            return None;
        }
        let from = seen.last.map_or(Unbounded, Excluded);
        let (place, id) = self.soon.range((from, Unbounded)).next().filter(|((order, _), _)| *order < before)?;
        (seen.count, seen.last) = (seen.count + 1, Some(*place));
        let entry = self.entries.get(id)?;
        let expected = entry.ready?;
        let mut open = entry.open.clone();
        open.arrival = open.arrival.not_before(Time::ZERO + seconds_to_duration(still_busy_until(expected, now)));
        Some((open, expected))
    }
}

/// What a scan has seen of what becomes ready soon.
#[derive(Default)]
pub(super) struct Seen {
    count: usize,
    last: Option<(Order, DemandId)>,
}
