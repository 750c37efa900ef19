//! What becomes ready soon: tasks that wait for nothing but jobs that the desk has given and that have not ended.
//!
//! A scan reserves for them as for tasks that wait for a busy agent, in the order of rank: so what is less urgent does not take, just before, the
//! agent that they will need. A free agent is kept idle for one at most [`IDLE`] of the time that it then works on it before the hour at which that
//! is expected, and as long again after it; nothing is kept where jobs do not take as long as they were estimated ([`BELIEVED`]). By itself a reservation gives nobody anything, so that a prospect that never
//! comes true costs that idle time and no more.
//!
//! This is list scheduling with a lookahead of one task; a plan that knows the whole graph reserves likewise for everything (HEFT: Topcuoglu,
//! Hariri and Wu 2002).

use super::book::{Book, still_busy_until};
use super::lanes::{Lanes, Open, Order};
use crate::{AgentId, Arrival, Awaited, DemandId, Input, KeyMap, Prospect, TaskId, Time, seconds_to_duration};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A slot is kept idle for what becomes ready soon at most so long before its hour, and so long after it, of the time that this will take it.
pub(super) const IDLE: f64 = 0.25;
/// Reservations in one scan: more than this many tasks that become ready soon and come first leave little for others anyway.
const AT_MOST: usize = 64;
/// By how much (the mean of the absolute logarithm of a job's time against what was expected) estimates may be wrong. Beyond that to wait for an
/// end at its hour loses more than it gains: one of three jobs is off by a factor of 1.6 or more then (log-normal, sigma 0.5).
const BELIEVED: f64 = 0.4;
/// How much one outcome moves what is thought of estimates.
const LEARNING: f64 = 0.1;

/// What is known of a task that was announced and has not ended.
#[derive(Clone, Copy, Debug, PartialEq)]
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
    /// Told anew it is another.
    number: u64,
    /// How many of those that it waits for nobody has.
    unbegun: usize,
    /// How many of them have not ended.
    left: usize,
    /// The one that is expected to end last, and when, in seconds; once all of them are being done.
    last: Option<(TaskId, f64)>,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Foresight {
    states: KeyMap<TaskId, State>,
    /// Told in this moment: what they wait for may be told a little later.
    told: Vec<Arc<[Prospect]>>,
    entries: KeyMap<TaskId, Entry>,
    /// By task, what waits for it; also what has been forgotten since, until the task ends.
    waiting: KeyMap<TaskId, Vec<(TaskId, u64)>>,
    /// Those of which it is known when they are ready.
    soon: BTreeMap<(Order, DemandId), TaskId>,
    /// By how much estimates proved to be wrong.
    error: f64,
    entered: u64,
}

impl Foresight {
    /// A task was opened: it is no prospect any more, and what comes after it may be one.
    pub(super) fn opened(&mut self, task: TaskId, prospects: &Arc<[Prospect]>) {
        self.forget(task);
        if matches!(self.states.insert(task, State::Open), Some(State::Running(..))) {
            self.abandon(task);
        }
        if !prospects.is_empty() {
            self.told.push(prospects.clone());
        }
    }
    /// Takes up what was told, before a scan. A prospect that waits for something unknown is none: that has ended, or was held up on its way here.
    /// O(what it waits for) each.
    pub(super) fn take_up(&mut self, lanes: &mut Lanes, book: &Book) {
        for prospects in core::mem::take(&mut self.told) {
            for prospect in &*prospects {
                let states = || prospect.after.iter().map(|awaited| self.states.get(&awaited.task));
                if prospect.after.is_empty() || states().any(|state| state.is_none()) {
                    continue;
                }
                if lanes.meet(&prospect.task.demand, book).able.is_empty() {
                    continue;
                }
                let unbegun = states().filter(|state| *state == Some(&State::Open)).count();
                self.enter(prospect, unbegun);
            }
        }
    }
    fn enter(&mut self, prospect: &Prospect, unbegun: usize) {
        let id = prospect.task.id;
        if self.states.contains_key(&id) {
            return; // it is announced already
        }
        self.forget(id);
        self.entered += 1;
        for awaited in &prospect.after {
            self.waiting.get_or_insert_with(awaited.task, Vec::new).push((id, self.entered));
        }
        let (open, data) = (Open::of(&prospect.task, Time::ZERO), prospect.task.data.clone());
        let (after, left) = (prospect.after.clone(), prospect.after.len());
        self.entries.insert(id, Entry { open, data, after, number: self.entered, unbegun, left, last: None });
        if unbegun == 0 {
            self.foretell(id);
        }
    }
    /// An open task was given to an agent, which is expected to end it then.
    pub(super) fn given(&mut self, task: TaskId, agent: AgentId, end: f64) {
        if self.states.insert(task, State::Running(agent, end)) != Some(State::Open) {
            return;
        }
        self.for_each_waiting(task, |foresight, id| {
            let Some(entry) = foresight.entries.get_mut(&id) else { return };
            entry.unbegun -= 1;
            if entry.unbegun == 0 {
                foresight.foretell(id);
            }
        });
    }
    /// A job has ended. `factor`: its time against what was expected, if something was.
    pub(super) fn ended(&mut self, task: TaskId, agent: AgentId, succeeded: bool, factor: Option<f64>) {
        if let Some(off) = factor.map(|factor| libm::log(factor).abs()).filter(|off| off.is_finite()) {
            self.error += LEARNING * (off - self.error);
        }
        if !matches!(self.states.get(&task), Some(State::Running(holder, _)) if *holder == agent) {
            return; // it was announced again meanwhile
        }
        self.states.remove(&task);
        if !succeeded {
            return self.abandon(task);
        }
        self.for_each_waiting(task, |foresight, id| {
            let Some(entry) = foresight.entries.get_mut(&id) else { return };
            entry.left -= 1;
            if entry.left == 0 {
                foresight.forget(id); // it is announced by now, or never
            } else if entry.last.is_some_and(|(last, _)| last == task) {
                foresight.foretell(id);
            }
        });
        self.waiting.remove(&task);
    }
    /// A task is not to be done any more.
    pub(super) fn closed(&mut self, task: TaskId) {
        self.states.remove(&task);
        self.abandon(task);
    }
    /// Nobody knows what becomes of those that wait for it.
    fn abandon(&mut self, task: TaskId) {
        self.for_each_waiting(task, Foresight::forget);
        self.waiting.remove(&task);
    }
    fn for_each_waiting(&mut self, task: TaskId, mut act: impl FnMut(&mut Foresight, TaskId)) {
        let Some(waiting) = self.waiting.get_mut(&task).map(core::mem::take) else { return };
        for (id, number) in &waiting {
            if self.entries.get(id).is_some_and(|entry| entry.number == *number) {
                act(self, *id);
            }
        }
        if let Some(place) = self.waiting.get_mut(&task) {
            *place = waiting;
        }
    }
    fn forget(&mut self, id: TaskId) {
        if let Some(entry) = self.entries.remove(&id).filter(|entry| entry.last.is_some()) {
            self.soon.remove(&(entry.open.order, entry.open.demand));
        }
    }
    /// All that it waits for is being done: when that ends it is ready. O(what it waits for).
    fn foretell(&mut self, id: TaskId) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let running = || {
            entry.after.iter().filter_map(|awaited| match self.states.get(&awaited.task) {
                Some(State::Running(agent, end)) => Some((awaited, *agent, *end)),
                _ => None,
            })
        };
        let Some((last, _, ready)) = running().max_by(|(.., a), (.., b)| a.total_cmp(b)) else { return };
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
        if entry.last.replace((last, ready)).is_none() {
            self.soon.insert((entry.open.order, entry.open.demand), id);
        }
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
        let (_, expected) = entry.last?;
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
    /// Somebody is kept idle.
    pub kept: bool,
}
