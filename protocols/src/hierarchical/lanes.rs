//! The open tasks: one lane per distinct demand, each in the order of rank, with the agents that are able.
//!
//! Lanes make two things cheap: who is able is worked out once per demand and member, and a lane in which nothing can start is put
//! aside whole instead of being walked task by task.

use super::book::{Book, Member};
use super::desk::LOOKAHEAD;
use super::index::{Index, SMALL};
use super::settings::Delegation;
use crate::{AgentId, Arrival, Demand, DemandId, KeyMap, TaskId, TaskView, Time};
use core::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The place of a task in its lane: the higher rank first, then the lower id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order(Reverse<u64>, TaskId);

impl Order {
    fn of(task: &TaskView) -> Order {
        Order(Reverse(sortable(task.rank)), task.id)
    }
    pub(super) fn task(self) -> TaskId {
        self.1
    }
}

/// Bits that sort as the numbers do; NaN counts 0.
pub(super) fn sortable(rank: f64) -> u64 {
    let bits = if rank.is_nan() { 0.0_f64.to_bits() } else { (rank + 0.0).to_bits() };
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

/// The number that sorts so.
pub(super) fn unsortable(bits: u64) -> f64 {
    f64::from_bits(if bits >> 63 == 1 { bits & !(1 << 63) } else { !bits })
}

/// An open task, as much of it as is needed to place it.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub order: Order,
    pub demand: DemandId,
    pub work: f64,
    /// When each agent can have what it needs.
    pub arrival: Arrival,
    pub since: Time,
    pub avoid: Arc<[AgentId]>,
    /// How many calls for it were made down the tree.
    pub tries: u32,
}

impl Open {
    pub(super) fn of(task: &TaskView, now: Time) -> Open {
        let work = if task.work.is_nan() { 0.0 } else { task.work.max(0.0) };
        let (order, demand, arrival) = (Order::of(task), task.demand.id, task.arrival());
        Open { order, demand, work, arrival, since: now, avoid: task.avoid.clone(), tries: 0 }
    }
    pub(super) fn task(&self) -> TaskId {
        self.order.task()
    }
}

/// An agent that is able to meet a lane's demand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Able {
    pub agent: AgentId,
    pub fit: f64,
    /// Declared speed times fit: work per second.
    pub rate: f64,
}

/// One distinct demand.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    pub demand: Arc<Demand>,
    /// In the order of ids.
    pub able: Vec<Able>,
    open: BTreeMap<Order, Open>,
    /// The sum of the open tasks' work.
    work: f64,
    /// The sum of the able agents' rates.
    rate: f64,
    /// Not all that are able are equally fast.
    mixed: bool,
    /// In large lanes.
    index: Option<Box<Index>>,
    /// In this scan: tasks that were left open although it looked at them.
    pub passed: u32,
    /// In this scan: some able agent still has a free slot.
    pub hope: bool,
}

impl Lane {
    fn new(demand: &Arc<Demand>, book: &Book) -> Lane {
        let mut lane = Lane {
            demand: demand.clone(),
            able: Vec::new(),
            open: BTreeMap::new(),
            work: 0.0,
            rate: 0.0,
            mixed: false,
            index: None,
            passed: 0,
            hope: false,
        };
        for (agent, member) in book.iter() {
            lane.joined(agent, member);
        }
        lane
    }
    fn joined(&mut self, agent: AgentId, member: &Member) {
        if let Some(fit) = self.demand.fit(agent, &member.profile) {
            let rate = member.profile.speed * fit;
            let at = self.able.partition_point(|a| a.agent < agent);
            self.mixed |= self.able.first().is_some_and(|other| other.rate != rate);
            self.able.insert(at, Able { agent, fit, rate });
            self.rate += rate;
        }
    }
    fn left(&mut self, agent: AgentId) {
        if let Some(at) = self.find(agent) {
            let gone = self.able.remove(at);
            self.mixed = self.mixed && self.able.windows(2).any(|pair| pair[0].rate != pair[1].rate);
            // A sum of differences may drift: it only serves an estimate, and is exact again when it is empty.
            self.rate = if self.able.is_empty() { 0.0 } else { (self.rate - gone.rate).max(0.0) };
        }
    }
    fn find(&self, agent: AgentId) -> Option<usize> {
        self.able.binary_search_by(|a| a.agent.cmp(&agent)).ok()
    }
    /// True if a scan has passed over so many of its open tasks that it reserves for no more.
    pub(super) fn is_deep(&self) -> bool {
        self.passed >= LOOKAHEAD && !self.open.is_empty()
    }
    /// True if not all that are able are equally fast.
    pub(super) fn is_mixed(&self) -> bool {
        self.mixed
    }
    /// What is known of an agent if it is able.
    pub(super) fn able_one(&self, agent: AgentId) -> Option<&Able> {
        self.find(agent).map(|at| &self.able[at])
    }
    /// Brings the index up to date, if the lane is large enough for one.
    pub(super) fn sync(&mut self, rule: Delegation, book: &Book) {
        if self.able.len() <= SMALL {
            self.index = None;
            return;
        }
        self.index.get_or_insert_with(|| Box::new(Index::new(rule))).sync(&self.able, book);
    }
    /// The index of a large lane, as it was when it was brought up to date.
    pub(super) fn index(&self) -> Option<&Index> {
        self.index.as_deref()
    }
    /// The same lane as if it were small.
    #[cfg(test)]
    pub(super) fn without_index(&self) -> Lane {
        Lane { index: None, ..self.clone() }
    }
    pub(super) fn first(&self) -> Option<Order> {
        self.open.first_key_value().map(|(order, _)| *order)
    }
    pub(super) fn after(&self, order: Order) -> Option<Order> {
        use core::ops::Bound::{Excluded, Unbounded};
        self.open.range((Excluded(order), Unbounded)).next().map(|(order, _)| *order)
    }
    /// The first open tasks.
    pub(super) fn some_open(&self, most: usize) -> impl Iterator<Item = &Open> {
        self.open.values().take(most)
    }
    pub(super) fn get(&self, order: Order) -> Option<&Open> {
        self.open.get(&order)
    }
    /// Seconds that the able agents need together for what is open.
    pub(super) fn drain(&self) -> f64 {
        if self.rate > 0.0 { self.work / self.rate } else { f64::INFINITY }
    }
    /// True if an able agent that the task does not avoid is in the team.
    pub(super) fn has_choice(&self, avoid: &[AgentId]) -> bool {
        avoid.is_empty() || self.able.iter().any(|a| !avoid.contains(&a.agent))
    }
}

/// All lanes.
#[derive(Clone, Debug, Default)]
pub(super) struct Lanes {
    lanes: Vec<Option<Box<Lane>>>,
    /// Lanes in which something is open, in order.
    busy: Vec<DemandId>,
    places: KeyMap<TaskId, (DemandId, Order)>,
}

impl Lanes {
    pub(super) fn is_empty(&self) -> bool {
        self.busy.is_empty()
    }
    /// How many lanes have something open.
    pub(super) fn busy_len(&self) -> usize {
        self.busy.len()
    }
    /// One of the lanes in which something is open, in the order of demands.
    pub(super) fn busy_at(&self, at: usize) -> Option<DemandId> {
        self.busy.get(at).copied()
    }
    pub(super) fn lane(&self, demand: DemandId) -> Option<&Lane> {
        self.lanes.get(demand.index())?.as_deref()
    }
    pub(super) fn lane_mut(&mut self, demand: DemandId) -> Option<&mut Lane> {
        self.lanes.get_mut(demand.index())?.as_deref_mut()
    }
    /// Opens the lane of a task without opening the task. O(members) the first time.
    pub(super) fn meet(&mut self, demand: &Arc<Demand>, book: &Book) -> &mut Lane {
        let at = demand.id.index();
        if self.lanes.len() <= at {
            self.lanes.resize_with(at + 1, || None);
        }
        self.lanes[at].get_or_insert_with(|| Box::new(Lane::new(demand, book)))
    }
    /// Opens a task. An open one of the same id is replaced.
    pub(super) fn open(&mut self, task: &TaskView, now: Time, book: &Book) {
        self.close(task.id);
        self.meet(&task.demand, book);
        self.put_back(Open::of(task, now));
    }
    /// Opens a task (again); its lane must be there.
    pub(super) fn put_back(&mut self, open: Open) {
        let (demand, order) = (open.demand, open.order);
        let Some(lane) = self.lane_mut(demand) else { return };
        lane.work += open.work;
        if lane.open.is_empty() {
            lane.open.insert(order, open);
            if let Err(at) = self.busy.binary_search(&demand) {
                self.busy.insert(at, demand);
            }
        } else {
            lane.open.insert(order, open);
        }
        self.places.insert(order.task(), (demand, order));
    }
    /// Takes a task out.
    pub(super) fn close(&mut self, task: TaskId) -> Option<Open> {
        let (demand, order) = self.places.remove(&task)?;
        let lane = self.lane_mut(demand)?;
        let open = lane.open.remove(&order)?;
        lane.work -= open.work;
        if lane.open.is_empty() {
            lane.work = 0.0;
            if let Ok(at) = self.busy.binary_search(&demand) {
                self.busy.remove(at);
            }
        }
        Some(open)
    }
    pub(super) fn joined(&mut self, agent: AgentId, member: &Member) {
        for lane in self.lanes.iter_mut().flatten() {
            lane.left(agent);
            lane.joined(agent, member);
        }
    }
    pub(super) fn left(&mut self, agent: AgentId) {
        for lane in self.lanes.iter_mut().flatten() {
            lane.left(agent);
        }
    }
    /// Takes out a task that nobody is able to do any more; `None` if there is none.
    pub(super) fn hopeless(&mut self) -> Option<TaskId> {
        let order = self.busy.iter().find_map(|d| {
            let lane = self.lanes.get(d.index())?.as_deref()?;
            if lane.able.is_empty() { lane.first() } else { None }
        })?;
        self.close(order.task()).map(|open| open.task())
    }
}
