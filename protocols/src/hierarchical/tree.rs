//! The tree: members in groups of at most `span`, each under a lead of its own; leads under leads; until `span` are left.
//!
//! Groups are numbered, and the units above them follow from the number alone: group `g` is in unit `g / span` of the next level,
//! that one in `g / span²`, and so on. So who comes or goes concerns one path to the top, and nobody else is looked at.

use super::book::Book;
use super::leader::elect;
use super::message::Seat;
use crate::{AgentId, Profile};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Where a member is, and what its lead is told of it.
#[derive(Clone, Debug)]
struct Place {
    group: usize,
    profile: Arc<Profile>,
}

/// The arrangement of a team.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    span: usize,
    /// The lowest level. Groups are kept when others come and go, so that few have to be told.
    groups: Vec<Vec<AgentId>>,
    /// Groups with room.
    roomy: BTreeSet<usize>,
    places: BTreeMap<AgentId, Place>,
    /// `leads[0]` leads the groups, `leads[1]` the units of those, and so on; the last ones report to the leader's desk.
    leads: Vec<Vec<AgentId>>,
    /// Groups in which something changed since the last arrangement; numbers of groups that are gone too.
    changed: BTreeSet<usize>,
    /// What each was told last.
    told: BTreeMap<AgentId, Arc<[Seat]>>,
    /// Members that are taken as lost to the post: they lead nobody as long as somebody else can.
    silent: BTreeSet<AgentId>,
    /// The level of the seats that report to the leader's desk.
    pub levels: u8,
    /// Counts arrangements: what was worked out under another one is void.
    pub version: u64,
}

impl Tree {
    pub(super) fn new(span: usize) -> Tree {
        Tree {
            span: span.max(2),
            groups: Vec::new(),
            roomy: BTreeSet::new(),
            places: BTreeMap::new(),
            leads: Vec::new(),
            changed: BTreeSet::new(),
            told: BTreeMap::new(),
            silent: BTreeSet::new(),
            levels: 0,
            version: 0,
        }
    }
    /// Joins the first group with room, or founds one. O(log members).
    pub(super) fn join(&mut self, agent: AgentId, profile: &Profile) {
        self.leave(agent);
        self.seat(agent, Arc::new(profile.clone()));
    }
    fn seat(&mut self, agent: AgentId, profile: Arc<Profile>) {
        let group = self.roomy.first().copied().unwrap_or(self.groups.len());
        if group == self.groups.len() {
            self.groups.push(Vec::new());
        }
        self.groups[group].push(agent);
        self.places.insert(agent, Place { group, profile });
        self.touch(group);
    }
    /// A group has changed.
    fn touch(&mut self, group: usize) {
        self.changed.insert(group);
        if self.groups.get(group).is_some_and(|all| all.len() < self.span) {
            self.roomy.insert(group);
        } else {
            self.roomy.remove(&group);
        }
    }
    /// Leaves its group. What is left of a group of less than half the span is adopted by groups with room.
    pub(super) fn leave(&mut self, agent: AgentId) {
        self.told.remove(&agent);
        self.silent.remove(&agent);
        let Some(Place { group, .. }) = self.places.remove(&agent) else { return };
        self.groups[group].retain(|member| *member != agent);
        self.touch(group);
        if self.groups[group].len() * 2 < self.span {
            self.give_up(group);
        }
    }
    /// The last group takes the number of one that is given up; its members are adopted.
    fn give_up(&mut self, group: usize) {
        let last = self.groups.len() - 1;
        let orphans = self.groups.swap_remove(group);
        for member in self.groups.get(group).into_iter().flatten() {
            if let Some(place) = self.places.get_mut(member) {
                place.group = group;
            }
        }
        self.touch(last);
        self.touch(group);
        for orphan in orphans {
            if let Some(Place { profile, .. }) = self.places.remove(&orphan) {
                self.seat(orphan, profile);
            }
        }
    }
    /// How many members there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }
    /// Takes a member as lost to the post: another leads in its place. True if that is news.
    pub(super) fn give_up_on(&mut self, agent: AgentId) -> bool {
        let Some(group) = self.places.get(&agent).map(|place| place.group) else { return false };
        let news = self.silent.insert(agent);
        if news {
            self.changed.insert(group);
        }
        news
    }
    /// It was heard again, and may lead when there is the next occasion to elect.
    pub(super) fn heard(&mut self, agent: AgentId) {
        self.silent.remove(&agent);
    }
    /// Forgets who was told what, so that the next arrangement tells everybody.
    pub(super) fn renew(&mut self) {
        self.told.clear();
        self.leads.clear();
        self.changed = (0..self.groups.len()).collect();
    }
    /// Elects leads where anybody came or went; who has other orders than before. O(changes × span × levels).
    pub(super) fn arrange(&mut self, book: &Book) -> Vec<AgentId> {
        if self.changed.is_empty() {
            return Vec::new();
        }
        let mut concerned = BTreeSet::new();
        let mut units = core::mem::take(&mut self.changed);
        let (mut level, mut count) = (0, self.groups.len());
        loop {
            self.elect_level(level, count, &units, book, &mut concerned);
            if count <= self.span {
                break;
            }
            (level, count) = (level + 1, count.div_ceil(self.span));
            units = if level == self.leads.len() { (0..count).collect() } else { units.iter().map(|u| u / self.span).collect() };
        }
        concerned.extend(self.leads.drain(level + 1..).flatten());
        if usize::from(self.levels) != level + 1 {
            concerned.extend(&self.leads[level]);
        }
        self.levels = (level + 1) as u8;
        self.version += 1;
        concerned.into_iter().filter(|agent| self.publish(*agent)).collect()
    }
    fn elect_level(
        &mut self,
        level: usize,
        count: usize,
        units: &BTreeSet<usize>,
        book: &Book,
        concerned: &mut BTreeSet<AgentId>,
    ) {
        if self.leads.len() == level {
            self.leads.push(Vec::new());
        }
        let kept = count.min(self.leads[level].len());
        concerned.extend(self.leads[level].drain(kept..));
        for unit in units.range(..count).copied() {
            let reports = self.reports(level, unit);
            let claim = |a| (!self.silent.contains(&a), book.get(a).map_or(f64::NEG_INFINITY, |m| m.standing));
            let Some(lead) = elect(reports.iter().copied(), claim) else { continue };
            concerned.extend(reports);
            concerned.insert(lead);
            match self.leads[level].get_mut(unit) {
                Some(old) => _ = concerned.insert(core::mem::replace(old, lead)),
                None => self.leads[level].push(lead),
            }
        }
    }
    /// Who is in a unit.
    fn reports(&self, level: usize, unit: usize) -> &[AgentId] {
        if level == 0 {
            return self.groups.get(unit).map_or(&[], Vec::as_slice);
        }
        let below = &self.leads[level - 1];
        let first = (unit * self.span).min(below.len());
        &below[first..(first + self.span).min(below.len())]
    }
    /// True if the agent's orders are not what it was told last.
    fn publish(&mut self, agent: AgentId) -> bool {
        let Some(seats) = self.seats(agent) else { return false };
        let news = self.told.get(&agent).is_none_or(|old| **old != *seats);
        if news {
            self.told.insert(agent, seats.into());
        }
        news
    }
    /// The seats of a member: the plain one, and those in which it leads. O(span × levels).
    fn seats(&self, agent: AgentId) -> Option<Vec<Seat>> {
        let mut unit = self.places.get(&agent)?.group;
        let (mut seats, mut reports) = (Vec::with_capacity(1), Vec::new());
        for level in 0..=self.levels {
            let superior = self.leads.get(usize::from(level)).and_then(|leads| leads.get(unit)).copied();
            seats.push(Seat { level, superior, reports });
            if superior != Some(agent) {
                break;
            }
            let known = |a: &AgentId| Some((*a, self.places.get(a)?.profile.clone()));
            reports = self.reports(usize::from(level), unit).iter().filter_map(known).collect();
            unit /= self.span;
        }
        Some(seats)
    }
    /// The seats that an agent was told last.
    pub(super) fn orders(&self, agent: AgentId) -> Option<Arc<[Seat]>> {
        self.told.get(&agent).cloned()
    }
    /// Under which of the leader's direct reports an agent is. O(levels).
    pub(super) fn root_of(&self, agent: AgentId) -> Option<AgentId> {
        let group = self.places.get(&agent)?.group;
        let top = usize::from(self.levels).checked_sub(1)?;
        let unit = (0..top).fold(group, |unit, _| unit / self.span);
        self.leads.get(top)?.get(unit).copied()
    }
    /// True if the agent reports to the leader's desk.
    pub(super) fn is_root(&self, agent: AgentId) -> bool {
        self.root_of(agent) == Some(agent)
    }
}
