//! The bookkeeping that every initiator needs: who is in the team, what each can do, and what each holds of our awards.

mod blocks;
mod load;
mod seat;
mod table;

use crate::capability::Demand;
use crate::data::Arrival;
use crate::deadlines::Deadlines;
use crate::ids::{AgentId, DemandId, Name, TaskId};
use crate::key_map::KeyMap;
use crate::profile::Profile;
use crate::rng::Rng;
use crate::task::TaskView;
use crate::time::Time;
use core::cmp::Reverse;
use seat::Seat;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;
use table::{Table, key};

/// Draws before a roster stops to hope for an agent that is not avoided, and looks.
const MOST_DRAWS: usize = 16;

/// An agent that is able to do a task of some demand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Able {
    /// Who.
    pub agent: AgentId,
    /// How well it fits the demand, in `(0, 1]`.
    pub fit: f64,
    /// Work per second at this demand: its speed times its fit.
    pub rate: f64,
}
impl Able {
    /// Seconds that it needs for `work` (seconds at speed 1 and fit 1); infinite if it has no rate.
    pub fn seconds_for(&self, work: f64) -> f64 {
        if self.rate > 0.0 { work / self.rate } else { f64::INFINITY }
    }
}

/// An award that has no outcome yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Held {
    /// Who has it.
    pub agent: AgentId,
    /// How long it is expected to take once it runs, in seconds.
    pub seconds: f64,
    life: u32,
}

/// The members of a team, with a table of able agents per demand, and the load that our own awards put on each.
///
/// Everything here is what an initiator *believes*: it hears of joins, leaves, awards and outcomes, and sees no body.
/// Agents with a free slot are indexed per demand by their rate, so that "the fastest free one" costs O(log n) and not a look at
/// all n. A table is built at the first use of a demand (O(n log n)), and kept up to date by joins and leaves (O(log n) search,
/// plus a move of memory, for each demand that the agent can meet).
///
/// ```
/// use polity_protocols::{AgentId, Capabilities, Demand, DemandId, Profile, Roster, TaskId, TaskView, Time};
/// use std::sync::Arc;
/// let can = |score| Capabilities::default().and("analysis", score);
/// let mut roster = Roster::default();
/// roster.join(AgentId(0), &Profile::new("ann", can(0.5)));
/// roster.join(AgentId(1), &Profile::new("bob", can(0.5)).speed(2.0));
/// let task = TaskView::new(TaskId::new(0, 0), Arc::new(Demand::of_kind(DemandId(0), "analysis"))).work(3.0);
///
/// let bob = roster.fastest_free(&task).unwrap();
/// assert_eq!((bob.agent, bob.seconds_for(task.work)), (AgentId(1), 3.0));
/// roster.award(task.id, bob.agent, bob.seconds_for(task.work), Time::ZERO);
/// assert_eq!(roster.expected_start(AgentId(1), Time::from_secs_f64(1.0)), Time::from_secs_f64(3.0));
/// assert_eq!(roster.fastest_free(&task).unwrap().agent, AgentId(0));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Roster {
    /// By agent's number; an agent that left keeps an empty seat.
    seats: Vec<Option<Seat>>,
    /// How often each agent has joined: outcomes of an earlier life must not free slots of this one.
    lives: Vec<u32>,
    present: usize,
    /// How many of them have a free slot and do not rest.
    free: usize,
    tables: Vec<Option<Box<Table>>>,
    /// Demands with a table that any agent may meet: a join looks at each.
    open_demands: Vec<DemandId>,
    /// Demands with a table that are pinned to a name: a join looks only at those of its own names.
    pinned_demands: BTreeMap<Name, Vec<DemandId>>,
    /// Who bears a name or shares a group's name, so that a pinned demand's table needs no look at all agents.
    named: BTreeMap<Name, BTreeSet<AgentId>>,
    awards: KeyMap<TaskId, Held>,
    /// See [`changes`](Roster::changes).
    changes: u64,
    rests: Deadlines<AgentId>,
}

/// Members.
impl Roster {
    /// An agent joins; if it is still here, its new life replaces the old one.
    pub fn join(&mut self, agent: AgentId, profile: &Profile) {
        self.leave(agent);
        if self.seats.len() <= agent.index() {
            self.seats.resize_with(agent.index() + 1, || None);
            self.lives.resize(agent.index() + 1, 0);
        }
        self.lives[agent.index()] += 1;
        self.changes += 1;
        for name in [&profile.name, &profile.group] {
            self.named.entry(name.clone()).or_default().insert(agent);
        }
        let pins = |name: &Name| self.pinned_demands.get(name).into_iter().flatten().copied();
        let mut demands: Vec<DemandId> = self.open_demands.clone();
        demands.extend(pins(&profile.name).chain(pins(&profile.group)));
        let mut seat = Seat::new(profile.clone());
        for demand in demands {
            let table = self.tables[demand.index()].as_mut().expect("a listed demand has a table");
            if !seat.demands.contains(&demand) && table.join(agent, profile) {
                seat.demands.push(demand);
            }
        }
        self.free += usize::from(seat.listed_free);
        self.seats[agent.index()] = Some(seat);
        self.present += 1;
    }
    /// An agent leaves, and what it holds with it: the outcomes of its awards change nothing any more. False if it was not here.
    pub fn leave(&mut self, agent: AgentId) -> bool {
        let Some(seat) = self.seats.get_mut(agent.index()).and_then(Option::take) else { return false };
        self.present -= 1;
        self.changes += 1;
        self.free -= usize::from(seat.listed_free);
        self.rests.clear(&agent);
        for demand in &seat.demands {
            if let Some(table) = self.tables[demand.index()].as_mut() {
                table.leave(agent);
            }
        }
        for name in [&seat.profile.name, &seat.profile.group] {
            if let Some(bearers) = self.named.get_mut(name) {
                bearers.remove(&agent);
                if bearers.is_empty() {
                    self.named.remove(name);
                }
            }
        }
        true
    }
    /// True if the agent is in the team.
    pub fn contains(&self, agent: AgentId) -> bool {
        self.seat(agent).is_some()
    }
    /// What the agent said of itself when it joined; `None` if it is not here.
    pub fn profile(&self, agent: AgentId) -> Option<&Profile> {
        self.seat(agent).map(|seat| &seat.profile)
    }
    /// Everyone here, in order of number.
    pub fn iter(&self) -> impl Iterator<Item = (AgentId, &Profile)> {
        let seats = self.seats.iter().enumerate();
        seats.filter_map(|(index, seat)| seat.as_ref().map(|seat| (AgentId(index as u32), &seat.profile)))
    }
    /// How many are here.
    pub fn len(&self) -> usize {
        self.present
    }
    /// True if nobody is here.
    pub fn is_empty(&self) -> bool {
        self.present == 0
    }
    /// Counts up whenever who is here, what somebody holds or whether it rests may have changed: for what is worked out from it and kept.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }
    fn seat(&self, agent: AgentId) -> Option<&Seat> {
        self.seats.get(agent.index())?.as_ref()
    }
}

/// Who is able, and who of them may be asked.
impl Roster {
    /// Everyone who is able to meet the demand, in order of number. O(1) but for the first use of a demand.
    pub fn able(&mut self, demand: &Arc<Demand>) -> &[Able] {
        self.table(demand).able()
    }
    /// How the agent fits the demand; `None` if it is not able or not here. Needs no table.
    pub fn fit(&self, demand: &Demand, agent: AgentId) -> Option<Able> {
        let profile = self.profile(agent)?;
        demand.fit(agent, profile).map(|fit| Able { agent, fit, rate: profile.speed * fit })
    }
    /// Everyone who may be given the task, in order of number: the able ones that it does not avoid, or all able ones if it
    /// avoids them all.
    pub fn candidates<'a>(&'a mut self, task: &'a TaskView) -> impl Iterator<Item = Able> + Clone + 'a {
        let table = self.table(&task.demand);
        let strict = table.heeds_avoid(task);
        table.able().iter().copied().filter(move |able| !(strict && task.avoids(able.agent)))
    }
    /// The same, the highest rate first (ties: the lowest number): stop early and it costs only what was looked at.
    pub fn fastest<'a>(&'a mut self, task: &'a TaskView) -> impl Iterator<Item = Able> + 'a {
        let table = self.table(&task.demand);
        let strict = table.heeds_avoid(task);
        table.fastest().filter(move |able| !(strict && task.avoids(able.agent)))
    }
    /// True if nobody here is able to do it, avoided or not.
    pub fn nobody_able(&mut self, task: &TaskView) -> bool {
        self.table(&task.demand).able().is_empty()
    }
    /// How many may be given the task. O(agents that it avoids), not O(able).
    pub fn count_candidates(&mut self, task: &TaskView) -> usize {
        self.table(&task.demand).count_candidates(task)
    }
    /// True if the agent is here, able, and not passed over by the task's wish to avoid it.
    pub fn may_do(&mut self, task: &TaskView, agent: AgentId) -> Option<Able> {
        let able = self.fit(&task.demand, agent)?;
        let passed_over = task.avoids(agent) && self.table(&task.demand).heeds_avoid(task);
        (!passed_over).then_some(able)
    }
    /// Those of the candidates that have a free slot and do not rest, the highest rate first (ties: the lowest number).
    pub fn free<'a>(&'a mut self, task: &'a TaskView) -> impl Iterator<Item = Able> + 'a {
        self.ensure(&task.demand);
        let (tables, seats) = (&mut self.tables, &self.seats);
        let table = tables[task.demand.id.index()].as_mut().expect("ensured above");
        let strict = table.heeds_avoid(task);
        let is_free = |agent: AgentId| seats[agent.index()].as_ref().is_some_and(Seat::is_free);
        table.free(is_free).filter(move |able| !(strict && task.avoids(able.agent)))
    }
    /// The candidate of the highest rate that has a free slot. O(log n) but for the first use of a demand.
    pub fn fastest_free(&mut self, task: &TaskView) -> Option<Able> {
        self.free(task).next()
    }
    /// The next candidate behind an agent in order of number, around the end; the first for `None`. O(log n + avoided).
    pub fn next_after(&mut self, task: &TaskView, after: Option<AgentId>) -> Option<Able> {
        self.table(&task.demand).next_after(task, after)
    }
    /// One of the candidates, each with the same chance. O(1) unless most of the able ones are avoided.
    pub fn draw(&mut self, task: &TaskView, rng: &mut Rng) -> Option<Able> {
        let table = self.table(&task.demand);
        let (able, strict) = (table.able(), table.heeds_avoid(task));
        for _ in 0..MOST_DRAWS {
            let drawn = able.get(rng.below(able.len())).copied()?;
            if !(strict && task.avoids(drawn.agent)) {
                return Some(drawn);
            }
        }
        let left: Vec<Able> = self.candidates(task).collect();
        left.get(rng.below(left.len())).copied()
    }
    /// The candidates that should finish the task first, by our awards and estimates, the first finish first (ties: the higher
    /// rate), at most `keep` of those that had to be looked at; and how many those were. The fastest are looked at first, and the look ends
    /// where even an idle agent would be too slow: O(log n) while a fast agent is free. If all are busy it is O(n / 64) and some blocks of 64, since
    /// of each block of agents of similar rates it is known when the first of them begins another job at the soonest. What the task needs has to
    /// reach the agent first; the only one that can have it sooner than the others is looked at before them.
    pub fn earliest_finish(&mut self, task: &TaskView, now: Time, keep: usize) -> (Vec<(Able, f64)>, u32) {
        self.ensure(&task.demand);
        let seats = &self.seats;
        let table = self.tables[task.demand.id.index()].as_mut().expect("ensured above");
        let strict = table.heeds_avoid(task);
        let arrival = task.arrival();
        let mut look = Look { best: Vec::new(), keep: keep.max(1), looked: 0, work: task.work, arrival, now };
        let (home, soonest) = (arrival.home_at(now), arrival.everywhere().since(now).as_secs_f64());
        let wait = |able: &Able| seats[able.agent.index()].as_ref().map_or(f64::INFINITY, |seat| seat.wait(now));
        let passed = |agent: AgentId| strict && task.avoids(agent);
        if let Some(at_home) = home.and_then(|home| table.get(home)).filter(|able| !passed(able.agent)) {
            look.at(at_home, wait(&at_home));
        }
        let may = |able: &Able| !passed(able.agent) && home != Some(able.agent);
        let Some(blocks) = table.blocks() else {
            for able in table.fastest().filter(may) {
                if look.is_over(soonest + able.seconds_for(task.work)) {
                    break;
                }
                look.at(able, wait(&able));
            }
            return (look.best, look.looked);
        };
        // The block that may have the first comes first, so that most of the others need no look.
        let mut turns: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::with_capacity(blocks.len());
        for (at, block) in blocks.iter().enumerate() {
            let seconds = block.first().seconds_for(task.work);
            // Of numbers that are at least 0 the order of bits is their order.
            turns.push(Reverse(((block.least_wait(now).max(soonest) + seconds).to_bits(), at)));
        }
        while let Some(Reverse((finish, at))) = turns.pop() {
            if look.is_behind(f64::from_bits(finish), blocks[at].first()) {
                break;
            }
            blocks[at].look(now, wait, |able, wait| {
                if may(&able) {
                    look.at(able, wait);
                }
            });
        }
        (look.best, look.looked)
    }
    /// Seconds for which a slot of the agent is taken if the task is given to it now: until what the task needs has arrived, and then for
    /// its work.
    pub fn seconds_taken(&self, task: &TaskView, able: &Able, now: Time) -> f64 {
        let seconds = able.seconds_for(task.work);
        if task.data.is_empty() {
            return seconds;
        }
        let wait = self.expected_start(able.agent, now).since(now).as_secs_f64();
        task.arrival().taken(able.agent, now, wait, seconds)
    }
    /// The demands with a table that the agent can meet: to find work for an agent that became free.
    pub fn demands_of(&self, agent: AgentId) -> &[DemandId] {
        self.seat(agent).map_or(&[], |seat| &seat.demands)
    }

    fn table(&mut self, demand: &Arc<Demand>) -> &mut Table {
        self.ensure(demand);
        self.tables[demand.id.index()].as_mut().expect("ensured above")
    }
    fn ensure(&mut self, demand: &Arc<Demand>) {
        let index = demand.id.index();
        if self.tables.len() <= index {
            self.tables.resize_with(index + 1, || None);
        }
        if self.tables[index].is_none() {
            self.build(demand);
        }
    }
    fn build(&mut self, demand: &Arc<Demand>) {
        let mut table = Table::new(demand.clone());
        match &demand.agent {
            Some(pin) => {
                self.pinned_demands.entry(pin.clone()).or_default().push(demand.id);
                for agent in self.named.get(pin).into_iter().flatten() {
                    enter(&mut table, *agent, self.seats[agent.index()].as_mut());
                }
            }
            None => {
                self.open_demands.push(demand.id);
                for (index, seat) in self.seats.iter_mut().enumerate() {
                    enter(&mut table, AgentId(index as u32), seat.as_mut());
                }
            }
        }
        self.tables[demand.id.index()] = Some(Box::new(table));
    }
}

/// A look for who finishes a task first.
struct Look {
    best: Vec<(Able, f64)>,
    keep: usize,
    looked: u32,
    work: f64,
    arrival: Arrival,
    now: Time,
}
impl Look {
    /// One agent, and what it waits for before it could begin.
    fn at(&mut self, able: Able, wait: f64) {
        self.looked += 1;
        let finish = wait + self.arrival.taken(able.agent, self.now, wait, able.seconds_for(self.work));
        let before = |(other, its): &(Able, f64)| *its < finish || (*its == finish && key(other) <= key(&able));
        let at = self.best.partition_point(before);
        if at < self.keep {
            self.best.truncate(self.keep - 1);
            self.best.insert(at, (able, finish));
        }
    }
    /// True if nobody who finishes so late at the soonest, and is not faster than that one, comes first.
    fn is_behind(&self, seconds: f64, fastest: &Able) -> bool {
        self.best.first().is_some_and(|(able, finish)| *finish < seconds || (*finish == seconds && key(able) < key(fastest)))
    }
    /// True if nobody who needs so many seconds at least comes first.
    fn is_over(&self, seconds: f64) -> bool {
        self.best.first().is_some_and(|(_, finish)| *finish <= seconds)
    }
}

fn enter(table: &mut Table, agent: AgentId, seat: Option<&mut Seat>) {
    if let Some(seat) = seat.filter(|seat| table.join(agent, &seat.profile)) {
        seat.demands.push(table.demand().id);
    }
}

#[cfg(test)]
mod tests;
