//! Reports: how they add up, and how a lead chooses by them.

use super::message::{Kind, Summary};
use super::settings::Delegation;
use crate::{AgentId, Load, Profile, Rng, Time, seconds_to_duration};
use std::collections::BTreeMap;

impl Summary {
    /// The state of one agent, by its own word.
    pub(super) fn of_one(profile: &Profile, load: &Load, now: Time) -> Summary {
        let slots = profile.slots.max(1);
        let free = slots.saturating_sub(load.jobs());
        let wait = if free > 0 { 0.0 } else { load.backlog / f64::from(slots) };
        let able = profile.capabilities.iter().filter(|(_, score)| *score > 0.0);
        let kinds = able.map(|(name, best)| Kind { name: name.clone(), free, best }).collect();
        let earliest = now + seconds_to_duration(wait);
        Summary { agents: 1, slots, free, speed: profile.speed, backlog: load.backlog, earliest, kinds }
    }
    /// Adds what another one reported.
    pub(super) fn add(&mut self, other: &Summary) {
        self.earliest = if self.agents == 0 { other.earliest } else { self.earliest.min(other.earliest) };
        self.agents += other.agents;
        self.slots = self.slots.saturating_add(other.slots);
        self.free = self.free.saturating_add(other.free);
        self.speed += other.speed;
        self.backlog += other.backlog;
        for kind in &other.kinds {
            match self.kinds.binary_search_by(|k| k.name.cmp(&kind.name)) {
                Ok(at) => {
                    let mine = &mut self.kinds[at];
                    mine.free = mine.free.saturating_add(kind.free);
                    mine.best = mine.best.max(kind.best);
                }
                Err(at) => self.kinds.insert(at, kind.clone()),
            }
        }
    }
    fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.binary_search_by(|k| (*k.name).cmp(name)).ok().map(|at| &self.kinds[at])
    }
    /// Free slots for a kind of work; all if any agent will do.
    fn free_for(&self, kind: &str) -> u32 {
        if kind.is_empty() { self.free } else { self.kind(kind).map_or(0, |k| k.free) }
    }
}

/// The last report of each direct report, and what was sent its way since.
#[derive(Clone, Debug, Default)]
pub(super) struct Inbox {
    /// By reporter.
    last: BTreeMap<AgentId, Heard>,
    /// Whose turn was last.
    turn: Option<AgentId>,
}

#[derive(Clone, Debug)]
struct Heard {
    seq: u64,
    state: Summary,
    /// Slots that were spoken for since: the report does not know of them yet.
    spoken_for: u32,
}

/// One who could be asked.
struct Offer {
    agent: AgentId,
    /// Less is better.
    key: f64,
}

impl Inbox {
    /// Takes up a report. False if a newer one is here already.
    pub(super) fn hear(&mut self, from: AgentId, seq: u64, state: Summary) -> bool {
        if self.last.get(&from).is_some_and(|heard| heard.seq >= seq) {
            return false;
        }
        self.last.insert(from, Heard { seq, state, spoken_for: 0 });
        true
    }
    pub(super) fn forget_all_but(&mut self, keep: impl Fn(AgentId) -> bool) {
        self.last.retain(|agent, _| keep(*agent));
    }
    pub(super) fn len(&self) -> usize {
        self.last.len()
    }
    /// One more slot below this one is spoken for.
    pub(super) fn speak_for(&mut self, agent: AgentId) {
        self.turn = Some(agent);
        if let Some(heard) = self.last.get_mut(&agent) {
            heard.spoken_for = heard.spoken_for.saturating_add(1);
        }
    }
    /// What was spoken for is free again.
    pub(super) fn release(&mut self, agent: AgentId) {
        if let Some(heard) = self.last.get_mut(&agent) {
            heard.spoken_for = heard.spoken_for.saturating_sub(1);
        }
    }
    /// It has nothing, whatever it reported; until its next report.
    pub(super) fn exhausted(&mut self, agent: AgentId) {
        if let Some(heard) = self.last.get_mut(&agent) {
            heard.spoken_for = u32::MAX;
        }
    }
    /// The sum of what was reported, less what was spoken for since.
    pub(super) fn sum(&self) -> Summary {
        let mut sum = Summary::default();
        for heard in self.last.values() {
            let mut state = heard.state.clone();
            state.free = state.free.saturating_sub(heard.spoken_for);
            for kind in &mut state.kinds {
                kind.free = kind.free.saturating_sub(heard.spoken_for);
            }
            sum.add(&state);
        }
        sum
    }
    /// Chooses one with a reported free slot for the kind of work, by aggregates only. `able` tells who may be asked at all, and
    /// its fit where that is known.
    pub(super) fn choose(
        &self,
        rule: Delegation,
        kind: &str,
        able: impl Fn(AgentId) -> Option<f64>,
        rng: &mut Rng,
    ) -> Option<AgentId> {
        let free = |heard: &Heard| heard.state.free_for(kind).saturating_sub(heard.spoken_for);
        let open = self.last.iter().filter(|(_, heard)| free(heard) > 0);
        let mut offers: Vec<Offer> = open
            .filter_map(|(agent, heard)| {
                let fit = able(*agent)?;
                let state = &heard.state;
                let best = state.kind(kind).map_or(1.0, |k| k.best);
                let key = match rule {
                    // With a free slot the expected finish falls with the mean speed, less what is held already.
                    Delegation::LoadBalanced => -(state.speed / f64::from(state.agents.max(1))) * fit.min(best),
                    Delegation::LeastLoaded => -f64::from(free(heard)) / f64::from(state.slots.max(1)),
                    Delegation::BestFit => -fit.min(best),
                    Delegation::RoundRobin => {
                        f64::from(self.turn.map_or(agent.0, |last| agent.0.wrapping_sub(last.0).wrapping_sub(1)))
                    }
                    Delegation::Random => 0.0,
                };
                Some(Offer { agent: *agent, key })
            })
            .collect();
        if rule == Delegation::Random && !offers.is_empty() {
            return Some(offers.swap_remove(rng.below(offers.len())).agent);
        }
        offers.into_iter().min_by(|a, b| a.key.total_cmp(&b.key).then(a.agent.cmp(&b.agent))).map(|o| o.agent)
    }
}
