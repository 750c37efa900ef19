//! The floor: open tasks, the highest rank first, by demand.

use super::register::Register;
use crate::{AgentId, Demand, DemandId, KeyMap, TaskId, TaskView, Time};
use core::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

/// The higher rank first, then the earlier announcement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Order(Reverse<i64>, u64);

/// An open task.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub(super) view: TaskView,
    pub(super) since: Time,
    /// Its share of the messages of the ballots that it was part of.
    pub(super) messages: f64,
    /// Calls of all its ballots.
    pub(super) rounds: u32,
    /// Ballots that gave it no winner.
    pub(super) failed_ballots: u32,
    /// The finalists of the last ballot, if it is to be run again.
    pub(super) only: Option<Vec<AgentId>>,
    /// It stands far behind on the agenda: only those who are free stand for it, and who need no more than so many seconds.
    pub(super) within: Option<f64>,
    order: Order,
    /// The session in which it was put off: it is not taken up again in that one.
    put_off: u64,
}

/// The tasks of one demand.
#[derive(Clone, Debug)]
struct Lane {
    demand: Arc<Demand>,
    tasks: BTreeMap<Order, TaskId>,
    /// The sum of their work.
    work: f64,
}

/// Tasks behind the first of an agenda that are looked at, for one that whoever is free ends in time.
const FURTHER: usize = 32;

fn number(work: f64) -> f64 {
    if work.is_finite() { work.max(0.0) } else { 0.0 }
}

/// All open tasks. A *session* lasts until something happens that could change how a vote goes: a task that was put off waits for the
/// next one.
#[derive(Clone, Debug, Default)]
pub(super) struct Floor {
    open: KeyMap<TaskId, Open>,
    lanes: BTreeMap<DemandId, Lane>,
    arrivals: u64,
    session: u64,
}

/// The order of `f64::total_cmp`, as a number.
fn ordered(rank: f64) -> i64 {
    let bits = rank.to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

impl Floor {
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
    pub(super) fn get(&self, task: TaskId) -> Option<&Open> {
        self.open.get(&task)
    }
    pub(super) fn get_mut(&mut self, task: TaskId) -> Option<&mut Open> {
        self.open.get_mut(&task)
    }
    pub(super) fn add(&mut self, view: &TaskView, now: Time) {
        self.take(view.id);
        self.arrivals += 1;
        let order = Order(Reverse(ordered(view.rank)), self.arrivals);
        let lane = self.lanes.entry(view.demand.id);
        let lane = lane.or_insert_with(|| Lane { demand: view.demand.clone(), tasks: BTreeMap::new(), work: 0.0 });
        lane.tasks.insert(order, view.id);
        lane.work += number(view.work);
        let open = Open {
            view: view.clone(),
            since: now,
            messages: 0.0,
            rounds: 0,
            failed_ballots: 0,
            only: None,
            within: None,
            order,
            put_off: u64::MAX,
        };
        self.open.insert(view.id, open);
    }
    pub(super) fn take(&mut self, task: TaskId) -> Option<Open> {
        let open = self.open.remove(&task)?;
        let demand = open.view.demand.id;
        if let Some(lane) = self.lanes.get_mut(&demand) {
            lane.tasks.remove(&open.order);
            lane.work -= number(open.view.work);
            if lane.tasks.is_empty() {
                self.lanes.remove(&demand);
            }
        }
        Some(open)
    }
    /// Something happened: what was put off may be taken up again.
    pub(super) fn new_session(&mut self) {
        self.session += 1;
    }
    pub(super) fn put_off(&mut self, task: TaskId) {
        if let Some(open) = self.open.get_mut(&task) {
            open.put_off = self.session;
        }
    }
    /// A task that nobody here is able to do.
    pub(super) fn hopeless(&self, register: &mut Register) -> Option<TaskId> {
        let mut lanes = self.lanes.values().filter(|lane| register.is_hopeless(&lane.demand));
        lanes.next().and_then(|lane| lane.tasks.values().next().copied())
    }
    /// The next tasks to be decided, the highest rank first: those for which somebody has a free slot, at most `most`. Behind them
    /// come up to `more` that somebody who is free ends before all who are able, together, could end what is open of their kind: so nobody
    /// is idle beside a heap of work because each of the first tasks rather waits for somebody faster.
    /// O(lanes · (log n + able) + most).
    pub(super) fn pick(&mut self, most: usize, more: usize, register: &mut Register) -> Vec<TaskId> {
        let mut heads: BinaryHeap<Reverse<(Order, DemandId)>> = BinaryHeap::new();
        for (demand, lane) in &self.lanes {
            if let Some((order, _)) = lane.tasks.first_key_value() {
                heads.push(Reverse((*order, *demand)));
            }
        }
        let (mut picked, mut further) = (Vec::new(), 0);
        let mut drains: BTreeMap<DemandId, f64> = BTreeMap::new();
        while let Some(Reverse((order, demand))) = heads.pop().filter(|_| picked.len() < most + more && further < FURTHER) {
            let lane = &self.lanes[&demand];
            let task = lane.tasks[&order];
            let Some(open) = self.open.get_mut(&task) else { continue };
            let fastest = register.fastest_free(&open.view);
            let free = fastest.is_some();
            if let Some(fastest) = fastest.filter(|_| open.put_off != self.session) {
                let first = picked.len() < most || open.only.is_some();
                open.within = (!first).then(|| *drains.entry(demand).or_insert_with(|| lane.work / register.rate(&lane.demand)));
                further += usize::from(!first);
                if open.within.is_none_or(|within| fastest.seconds_for(open.view.work) <= within) {
                    picked.push(task);
                }
            }
            // Where nobody is free for a task that avoids nobody, nobody is for the rest of its lane.
            if free || !open.view.avoid.is_empty() {
                let behind = (core::ops::Bound::Excluded(order), core::ops::Bound::Unbounded);
                if let Some((next, _)) = lane.tasks.range(behind).next() {
                    heads.push(Reverse((*next, demand)));
                }
            }
        }
        picked
    }
}
