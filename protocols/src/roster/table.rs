//! The agents that can meet one demand, by number and by rate.

use super::Able;
use super::blocks::{BLOCK, Block};
use crate::capability::Demand;
use crate::ids::AgentId;
use crate::profile::Profile;
use crate::task::TaskView;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Highest rate first, then lowest number. Rates are at least 0, where the order of bits is the order of numbers.
type ByRate = BTreeMap<(u64, AgentId), Able>;

/// The able agents of one demand. The orders by rate are made at their first use: many protocols need none.
#[derive(Clone, Debug)]
pub(super) struct Table {
    demand: Arc<Demand>,
    /// In order of number.
    able: Vec<Able>,
    all_by_rate: Option<ByRate>,
    free_by_rate: Option<ByRate>,
    /// For the earliest finish of a large team.
    blocks: Option<Vec<Block>>,
}

pub(super) fn key(able: &Able) -> (u64, AgentId) {
    (!able.rate.max(0.0).to_bits(), able.agent)
}

fn entry(able: &Able) -> ((u64, AgentId), Able) {
    (key(able), *able)
}

impl Table {
    pub(super) fn new(demand: Arc<Demand>) -> Table {
        Table { demand, able: Vec::new(), all_by_rate: None, free_by_rate: None, blocks: None }
    }
    pub(super) fn demand(&self) -> &Demand {
        &self.demand
    }
    pub(super) fn able(&self) -> &[Able] {
        &self.able
    }
    fn position(&self, agent: AgentId) -> Result<usize, usize> {
        // Numbers are given in order of joining: a newcomer goes to the end.
        match self.able.last() {
            Some(last) if last.agent < agent => Err(self.able.len()),
            _ => self.able.binary_search_by_key(&agent, |able| able.agent),
        }
    }
    pub(super) fn get(&self, agent: AgentId) -> Option<Able> {
        self.position(agent).ok().map(|at| self.able[at])
    }
    /// Enters the agent, free, if it is able.
    pub(super) fn join(&mut self, agent: AgentId, profile: &Profile) -> bool {
        let Some(fit) = self.demand.fit(agent, profile) else { return false };
        let able = Able { agent, fit, rate: profile.speed * fit };
        self.blocks = None;
        match self.position(agent) {
            Ok(at) => {
                let old = core::mem::replace(&mut self.able[at], able);
                for order in [&mut self.all_by_rate, &mut self.free_by_rate].into_iter().flatten() {
                    order.remove(&key(&old));
                }
            }
            Err(at) => self.able.insert(at, able),
        }
        for order in [&mut self.all_by_rate, &mut self.free_by_rate].into_iter().flatten() {
            order.insert(key(&able), able);
        }
        true
    }
    pub(super) fn leave(&mut self, agent: AgentId) {
        if let Ok(at) = self.position(agent) {
            self.blocks = None;
            let able = self.able.remove(at);
            for order in [&mut self.all_by_rate, &mut self.free_by_rate].into_iter().flatten() {
                order.remove(&key(&able));
            }
        }
    }
    pub(super) fn set_free(&mut self, agent: AgentId, free: bool) {
        let Some(able) = self.get(agent) else { return };
        if let Some(order) = &mut self.free_by_rate {
            if free {
                order.insert(key(&able), able);
            } else {
                order.remove(&key(&able));
            }
        }
    }
    /// The jobs of an agent have changed: when it begins a further one now, in seconds.
    pub(super) fn moved(&mut self, agent: AgentId, begins: impl FnOnce() -> f64) {
        let able = self.blocks.is_some().then(|| self.get(agent)).flatten();
        if let (Some(blocks), Some(able)) = (&mut self.blocks, able) {
            Block::moved(blocks, &able, begins());
        }
    }
    /// Able agents in blocks, the highest rate first; none if they fit into one.
    pub(super) fn blocks(&mut self) -> Option<&mut [Block]> {
        let able = &self.able;
        (able.len() > BLOCK).then(|| &mut **self.blocks.get_or_insert_with(|| Block::all(able)))
    }
    /// Able agents, the highest rate first.
    pub(super) fn fastest(&mut self) -> impl Iterator<Item = Able> + '_ {
        let able = &self.able;
        let order = self.all_by_rate.get_or_insert_with(|| able.iter().map(entry).collect());
        order.values().copied()
    }
    /// Free able agents, the highest rate first; `is_free` is asked only when the order is first made.
    pub(super) fn free(&mut self, is_free: impl Fn(AgentId) -> bool) -> impl Iterator<Item = Able> + '_ {
        let able = &self.able;
        let order = self.free_by_rate.get_or_insert_with(|| able.iter().filter(|able| is_free(able.agent)).map(entry).collect());
        order.values().copied()
    }
    /// True if the task's wish to avoid agents counts: some able agent remains.
    pub(super) fn heeds_avoid(&self, task: &TaskView) -> bool {
        task.avoid.len() < self.able.len() || self.avoided(task) < self.able.len()
    }
    /// The first candidate behind `after` in order of number, around the end; the first of all for `None`.
    pub(super) fn next_after(&self, task: &TaskView, after: Option<AgentId>) -> Option<Able> {
        let strict = self.heeds_avoid(task);
        let start = after.map_or(0, |after| self.able.partition_point(|able| able.agent <= after));
        let (before, behind) = self.able.split_at(start);
        behind.iter().chain(before).find(|able| !(strict && task.avoids(able.agent))).copied()
    }
    pub(super) fn count_candidates(&self, task: &TaskView) -> usize {
        match self.able.len() - self.avoided(task) {
            0 => self.able.len(),
            left => left,
        }
    }
    fn avoided(&self, task: &TaskView) -> usize {
        let mut distinct: Vec<AgentId> = task.avoid.iter().copied().filter(|a| self.position(*a).is_ok()).collect();
        distinct.sort_unstable();
        distinct.dedup();
        distinct.len()
    }
}
