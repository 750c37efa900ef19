//! Who of a lane is free, and who will be soonest: kept in order, so that a choice looks at a few agents and not at all.
//!
//! Small lanes have none: below [`SMALL`] agents it is faster to look at each. An index reads the book's list of changes when it is
//! asked, so that a lane in which nothing is open costs nothing.

use super::book::{Book, Member};
use super::lanes::{Able, sortable, unsortable};
use super::settings::Delegation;
use crate::{AgentId, KeyMap};
use core::cmp::Reverse;
use core::ops::Bound::{Excluded, Unbounded};
use std::collections::{BTreeMap, BTreeSet};

/// Up to so many able agents a lane is looked through one by one.
pub(super) const SMALL: usize = 24;

/// Less is better, as in a full look: what decides, what decides next, the id.
type FreeKey = (u64, u64, AgentId);
/// When a slot is expected to be free, the complement of the rate (so that the fastest comes first), the id.
type BusyKey = (u64, u64, AgentId);

/// Busy agents of about the same rate.
#[derive(Clone, Debug, Default)]
struct Class {
    /// No rate of the class is greater.
    top: f64,
    ends: BTreeSet<BusyKey>,
}

/// Where an agent stands in the index.
#[derive(Clone, Debug, Default)]
struct Placed {
    free: Option<FreeKey>,
    busy: Vec<(u64, BusyKey)>,
}

/// The index of one lane.
#[derive(Clone, Debug)]
pub(super) struct Index {
    rule: Delegation,
    /// How much of the book's list of changes it has read; `None` before the first look.
    read: Option<u64>,
    free: BTreeSet<FreeKey>,
    /// The free ones by id, for drawing by lot.
    lot: Vec<AgentId>,
    /// Busy ones by rate, the fastest class first; only where the rule looks at them.
    classes: BTreeMap<Reverse<u64>, Class>,
    placed: KeyMap<AgentId, Placed>,
}

impl Index {
    pub(super) fn new(rule: Delegation) -> Index {
        Index { rule, read: None, free: BTreeSet::new(), lot: Vec::new(), classes: BTreeMap::new(), placed: KeyMap::default() }
    }
    /// Takes up what changed since the last look. O(log able agents) for each change.
    pub(super) fn sync(&mut self, able: &[Able], book: &Book) {
        match self.read.and_then(|read| book.changes_since(read)) {
            Some(changes) => {
                for agent in changes {
                    let at = able.binary_search_by(|a| a.agent.cmp(agent)).ok();
                    self.place(*agent, at.and_then(|at| Some((&able[at], book.get(*agent)?))));
                }
            }
            None => {
                *self = Index::new(self.rule);
                for one in able {
                    self.place(one.agent, book.get(one.agent).map(|member| (one, member)));
                }
            }
        }
        self.read = Some(book.changes());
    }
    fn place(&mut self, agent: AgentId, state: Option<(&Able, &Member)>) {
        let mut placed = self.placed.remove(&agent).unwrap_or_default();
        if let Some(key) = placed.free.take() {
            self.free.remove(&key);
            if let Ok(at) = self.lot.binary_search(&agent) {
                self.lot.remove(at);
            }
        }
        for (class, key) in placed.busy.drain(..) {
            if let Some(found) = self.classes.get_mut(&Reverse(class)) {
                found.ends.remove(&key);
                if found.ends.is_empty() {
                    self.classes.remove(&Reverse(class));
                }
            }
        }
        let Some((able, member)) = state else { return };
        if member.free() > 0 {
            self.add_free(able, member, &mut placed);
        } else if self.rule == Delegation::LoadBalanced {
            self.add_busy(able, member, &mut placed);
        }
        self.placed.insert(agent, placed);
    }
    fn add_free(&mut self, able: &Able, member: &Member, placed: &mut Placed) {
        let jobs = u64::from(member.jobs());
        let (first, next) = match self.rule {
            Delegation::LoadBalanced => (!sortable(able.rate * member.pace), 0),
            Delegation::LeastLoaded => (jobs, 0),
            Delegation::BestFit => (!sortable(able.fit), jobs),
            Delegation::RoundRobin | Delegation::Random => (0, 0),
        };
        let key = (first, next, able.agent);
        placed.free = Some(key);
        if self.rule != Delegation::Random {
            self.free.insert(key);
        } else if let Err(at) = self.lot.binary_search(&able.agent) {
            self.lot.insert(at, able.agent);
        }
    }
    fn add_busy(&mut self, able: &Able, member: &Member, placed: &mut Placed) {
        let rate = able.rate * member.pace;
        // Eight classes from one power of two to the next.
        let name = sortable(rate) >> 49;
        let class = self.classes.entry(Reverse(name)).or_default();
        class.top = class.top.max(rate);
        for end in member.ends() {
            let key = (sortable(end), !sortable(rate), able.agent);
            class.ends.insert(key);
            placed.busy.push((name, key));
        }
        if class.ends.is_empty() {
            self.classes.remove(&Reverse(name));
        }
    }
    /// How many are free.
    pub(super) fn free_len(&self) -> usize {
        if self.rule == Delegation::Random { self.lot.len() } else { self.free.len() }
    }
    /// True if this one is free.
    pub(super) fn is_free(&self, agent: AgentId) -> bool {
        self.placed.get(&agent).is_some_and(|placed| placed.free.is_some())
    }
    /// The free ones by id.
    pub(super) fn lot(&self) -> &[AgentId] {
        &self.lot
    }
    /// The free ones, the best first; where they take turns, from this one on and around.
    pub(super) fn free_from(&self, from: AgentId) -> impl Iterator<Item = AgentId> {
        let turns = self.rule == Delegation::RoundRobin;
        let first = if turns { (0, 0, from) } else { (0, 0, AgentId(0)) };
        self.free.range(first..).chain(self.free.range(..first)).map(|(.., agent)| *agent)
    }
    /// Shows the busy agents that are worth a look, class by class, in each class the soonest first.
    pub(super) fn busy(&self, now: f64, look: &mut impl Look) {
        for class in self.classes.values() {
            if look.worth(now, class.top) {
                class.ahead(now, look);
                class.overdue(now, look);
            }
        }
    }
}

/// Somebody who looks through the busy ones.
pub(super) trait Look {
    /// Whether an agent that is ready then, at no greater rate than this, could still be of use.
    fn worth(&self, at: f64, rate: f64) -> bool;
    /// Looks at one; false if no other of the same class that is ready at the same moment is wanted.
    fn see(&mut self, agent: AgentId) -> bool;
}

impl Class {
    /// Those whose end is still to come, the earliest first.
    fn ahead(&self, now: f64, look: &mut impl Look) {
        let mut from = Excluded((sortable(now).saturating_sub(1), u64::MAX, AgentId(u32::MAX)));
        while let Some((end, ..)) = self.ends.range((from, Unbounded)).next().copied() {
            if !look.worth(unsortable(end), self.top) {
                return;
            }
            self.run(end, look);
            from = Excluded((end, u64::MAX, AgentId(u32::MAX)));
        }
    }
    /// Those that are overdue, the least first: the longer it was silent, the longer it will be.
    fn overdue(&self, now: f64, look: &mut impl Look) {
        let mut to = (sortable(now), 0, AgentId(0));
        while let Some((end, ..)) = self.ends.range(..to).next_back().copied() {
            if !look.worth(now + (now - unsortable(end)), self.top) {
                return;
            }
            self.run(end, look);
            to = (end, 0, AgentId(0));
        }
    }
    /// All of one moment, the fastest first.
    fn run(&self, end: u64, look: &mut impl Look) {
        for (.., agent) in self.ends.range((end, 0, AgentId(0))..=(end, u64::MAX, AgentId(u32::MAX))) {
            if !look.see(*agent) {
                return;
            }
        }
    }
}
