//! The tree: members in groups of at most `span`, each under a lead of its own; leads under leads; until `span` are left.

use super::book::Book;
use super::leader::elect;
use super::message::Seat;
use crate::{AgentId, Profile};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The arrangement of a team.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    span: usize,
    /// The lowest level. Groups are kept when others come and go, so that few have to be told.
    groups: Vec<Vec<AgentId>>,
    profiles: BTreeMap<AgentId, Arc<Profile>>,
    orders: BTreeMap<AgentId, Arc<[Seat]>>,
    /// Those who report to the leader's desk, by whom they lead.
    root_of: BTreeMap<AgentId, AgentId>,
    /// The level of their seats.
    pub levels: u8,
    changed: bool,
}

impl Tree {
    pub(super) fn new(span: usize) -> Tree {
        Tree {
            span: span.max(2),
            groups: Vec::new(),
            profiles: BTreeMap::new(),
            orders: BTreeMap::new(),
            root_of: BTreeMap::new(),
            levels: 0,
            changed: false,
        }
    }
    /// Joins the first group with room, or founds one.
    pub(super) fn join(&mut self, agent: AgentId, profile: &Profile) {
        self.leave(agent);
        self.profiles.insert(agent, Arc::new(profile.clone()));
        self.seat(agent);
    }
    fn seat(&mut self, agent: AgentId) {
        self.changed = true;
        match self.groups.iter_mut().find(|group| group.len() < self.span) {
            Some(group) => group.push(agent),
            None => self.groups.push(vec![agent]),
        }
    }
    /// Leaves its group. What is left of a group of less than half the span is adopted by groups with room.
    pub(super) fn leave(&mut self, agent: AgentId) {
        self.profiles.remove(&agent);
        self.orders.remove(&agent);
        let Some(at) = self.groups.iter().position(|group| group.contains(&agent)) else { return };
        self.changed = true;
        self.groups[at].retain(|member| *member != agent);
        if self.groups[at].len() * 2 < self.span {
            for orphan in self.groups.remove(at) {
                self.seat(orphan);
            }
        }
    }
    /// Elects the leads anew if anybody came or went; who has other orders than before.
    pub(super) fn arrange(&mut self, book: &Book) -> Vec<AgentId> {
        if !core::mem::take(&mut self.changed) {
            return Vec::new();
        }
        let claim = |agent| book.get(agent).map_or(f64::NEG_INFINITY, |m| m.standing);
        let mut seats: BTreeMap<AgentId, Vec<Seat>> = BTreeMap::new();
        let plain = |agent: &AgentId| (*agent, vec![Seat { level: 0, superior: None, reports: Vec::new() }]);
        seats.extend(self.groups.iter().flatten().map(plain));
        let mut units = self.groups.clone();
        let mut level = 1;
        self.root_of = self.groups.iter().flatten().map(|agent| (*agent, *agent)).collect();
        loop {
            let mut leads = Vec::new();
            for unit in &units {
                let Some(lead) = elect(unit.iter().copied(), claim) else { continue };
                self.install(lead, unit, level, &mut seats);
                leads.push(lead);
            }
            if leads.len() <= self.span {
                break;
            }
            units = leads.chunks(self.span).map(<[AgentId]>::to_vec).collect();
            level += 1;
        }
        self.levels = level;
        self.publish(seats)
    }
    fn install(&mut self, lead: AgentId, unit: &[AgentId], level: u8, seats: &mut BTreeMap<AgentId, Vec<Seat>>) {
        for root in self.root_of.values_mut().filter(|root| unit.contains(root)) {
            *root = lead;
        }
        for agent in unit {
            if let Some(below) = seats.get_mut(agent).and_then(|all| all.last_mut()) {
                below.superior = Some(lead);
            }
        }
        let reports = unit.iter().filter_map(|agent| Some((*agent, self.profiles.get(agent)?.clone()))).collect();
        seats.entry(lead).or_default().push(Seat { level, superior: None, reports });
    }
    fn publish(&mut self, seats: BTreeMap<AgentId, Vec<Seat>>) -> Vec<AgentId> {
        let mut told = Vec::new();
        for (agent, seats) in seats {
            if self.orders.get(&agent).is_none_or(|old| **old != *seats) {
                self.orders.insert(agent, seats.into());
                told.push(agent);
            }
        }
        told
    }
    /// The seats of an agent.
    pub(super) fn orders(&self, agent: AgentId) -> Option<Arc<[Seat]>> {
        self.orders.get(&agent).cloned()
    }
    /// Under which of the leader's direct reports an agent is.
    pub(super) fn root_of(&self, agent: AgentId) -> Option<AgentId> {
        self.root_of.get(&agent).copied()
    }
    /// True if the agent reports to the leader's desk.
    pub(super) fn is_root(&self, agent: AgentId) -> bool {
        self.root_of(agent) == Some(agent)
    }
}
