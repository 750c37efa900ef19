//! The open tasks: what is stimulus in the environment, in the order of its strength.

use super::message::Response;
use crate::{AgentId, Arrival, DemandId, KeyMap, TaskId, TaskView, Time};
use core::cmp::Reverse;
use std::collections::BTreeSet;

/// The place of a task among the open ones: the higher rank first, then the longer wait, then the lower id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order(Reverse<u64>, Time, TaskId);

impl Order {
    fn of(task: &TaskView, since: Time) -> Order {
        Order(Reverse(sortable(task.rank)), since, task.id)
    }
    pub(super) fn task(self) -> TaskId {
        self.2
    }
}

/// Bits that sort as the numbers do; NaN counts 0.
fn sortable(rank: f64) -> u64 {
    let bits = if rank.is_nan() { 0.0_f64.to_bits() } else { (rank + 0.0).to_bits() };
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

/// An ant that volunteers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offer {
    pub agent: AgentId,
    pub trail: f64,
    pub response: Response,
}

/// One open task.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub view: TaskView,
    /// When each ant can have what it needs.
    pub arrival: Arrival,
    /// Its announcement's number.
    pub call: u64,
    pub since: Time,
    pub explores: bool,
    /// Who sensed it and has not answered yet.
    pub awaiting: Vec<AgentId>,
    pub volunteers: Vec<Offer>,
    /// Until then the first volunteers wait for the others that sensed it.
    pub closes: Time,
    /// How many ants hesitated.
    pub hesitated: u32,
    /// Since when idle ants leave it to others.
    pub left: Option<Time>,
    pub messages: u32,
    pub rounds: u32,
    order: Order,
}

impl Open {
    /// True if nobody is about to respond.
    pub(super) fn is_quiet(&self) -> bool {
        self.awaiting.is_empty() && self.volunteers.is_empty()
    }
    /// The work, as a number from 0 on.
    pub(super) fn work(&self) -> f64 {
        if self.view.work.is_finite() { self.view.work.max(0.0) } else { 0.0 }
    }
    pub(super) fn forget(&mut self, agent: AgentId) {
        self.awaiting.retain(|other| *other != agent);
        self.volunteers.retain(|offer| offer.agent != agent);
    }
}

/// All open tasks.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenTasks {
    tasks: KeyMap<TaskId, Open>,
    lanes: Vec<BTreeSet<Order>>,
    /// Those that avoid somebody: a leaver may change who may do them.
    picky: BTreeSet<TaskId>,
    calls: u64,
}

impl OpenTasks {
    pub(super) fn insert(&mut self, view: &TaskView, now: Time, explores: bool) {
        self.remove(view.id);
        self.calls += 1;
        let (lane, order) = (view.demand.id.index(), Order::of(view, now));
        if self.lanes.len() <= lane {
            self.lanes.resize_with(lane + 1, BTreeSet::new);
        }
        self.lanes[lane].insert(order);
        if !view.avoid.is_empty() {
            self.picky.insert(view.id);
        }
        let open = Open {
            view: view.clone(),
            arrival: view.arrival(),
            call: self.calls,
            since: now,
            explores,
            awaiting: Vec::new(),
            volunteers: Vec::new(),
            closes: now,
            hesitated: 0,
            left: None,
            messages: 0,
            rounds: 0,
            order,
        };
        self.tasks.insert(view.id, open);
    }
    pub(super) fn remove(&mut self, task: TaskId) -> Option<Open> {
        let open = self.tasks.remove(&task)?;
        self.lanes[open.view.demand.id.index()].remove(&open.order);
        self.picky.remove(&task);
        Some(open)
    }
    pub(super) fn get(&self, task: TaskId) -> Option<&Open> {
        self.tasks.get(&task)
    }
    pub(super) fn get_mut(&mut self, task: TaskId) -> Option<&mut Open> {
        self.tasks.get_mut(&task)
    }
    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut Open> {
        self.tasks.values_mut()
    }
    /// Those that avoid somebody.
    pub(super) fn picky(&self) -> impl Iterator<Item = TaskId> + '_ {
        self.picky.iter().copied()
    }
    /// The open task of each demand that is the strongest of its demand.
    pub(super) fn heads(&self) -> impl Iterator<Item = &Open> {
        self.lanes.iter().filter_map(|lane| lane.first()).filter_map(|order| self.tasks.get(&order.task()))
    }
    /// The strongest of these demands, at most `depth`, the strongest first. `room` is where they are put in order if they are of several demands.
    pub(super) fn strongest<'a>(
        &'a self,
        demands: &[DemandId],
        depth: usize,
        room: &'a mut Vec<Order>,
    ) -> impl Iterator<Item = &'a Open> + use<'a> {
        room.clear();
        let mut lanes = demands.iter().filter_map(|demand| self.lanes.get(demand.index())).filter(|lane| !lane.is_empty());
        let mut only = lanes.next();
        for lane in lanes {
            room.extend(only.take().into_iter().flat_map(|first| first.iter().take(depth)));
            room.extend(lane.iter().take(depth));
        }
        room.sort_unstable();
        let orders = only.into_iter().flatten().chain(&*room).take(depth);
        orders.filter_map(|order| self.tasks.get(&order.task()))
    }
}
