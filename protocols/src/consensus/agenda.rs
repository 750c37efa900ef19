//! What goes on the agenda: which tasks, who stands for them, and who votes.

use super::floor::Floor;
use super::message::{Agenda, Entry, Minute, Motion, Seat, Slate};
use super::register::Register;
use super::settings::Consensus;
use super::weights::Weighing;
use crate::{Able, AgentId, Demand, Rng, TaskId, TaskView, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A rate is never taken as less: work divided by it must stay a number.
const LEAST_RATE: f64 = 1e-9;
/// How many busy agents are looked at for each one that may stand: those whose turn comes soon are among the fastest.
const LOOKED_AT: usize = 4;

/// Drafts the agenda of a ballot on these open tasks.
pub(super) struct Draft<'a> {
    pub(super) settings: &'a Consensus,
    pub(super) floor: &'a Floor,
    pub(super) register: &'a mut Register,
    pub(super) rng: &'a mut Rng,
    pub(super) now: Time,
}

/// A slate that is being drawn up.
struct Drawn {
    demand: Arc<Demand>,
    /// In order of number.
    agents: Vec<AgentId>,
}

impl Drawn {
    fn add(&mut self, agent: AgentId) {
        if let Err(at) = self.agents.binary_search(&agent) {
            self.agents.insert(at, agent);
        }
    }
}

impl<'a> Draft<'a> {
    /// The agenda. Each task is open, and has at least two candidates.
    pub(super) fn agenda(&mut self, tasks: &[TaskId], minutes: Vec<Minute>) -> Agenda {
        let floor = self.floor;
        let views: Vec<&TaskView> = tasks.iter().filter_map(|task| Some(&floor.get(*task)?.view)).collect();
        let (drawn, slate_of) = self.draw_slates(&views);
        let mut agents: Vec<AgentId> = drawn.iter().flat_map(|slate| slate.agents.iter().copied()).collect();
        if drawn.len() > 1 {
            agents.sort_unstable();
            agents.dedup();
        }
        let seats: Vec<Seat> = agents.into_iter().map(|agent| self.seat(agent)).collect();
        let slates: Vec<Slate> = drawn.iter().map(|drawn| self.slate(drawn, &seats)).collect();
        let motions = views.iter().zip(slate_of);
        let motions = motions.map(|(view, slate)| self.motion(view, slate, &drawn[slate])).collect();
        Agenda { ballot: self.rng.bits(), seats, slates, motions, minutes }
    }
    fn draw_slates(&mut self, views: &[&TaskView]) -> (Vec<Drawn>, Vec<usize>) {
        let mut counts: BTreeMap<_, usize> = BTreeMap::new();
        for view in views {
            *counts.entry(view.demand.id).or_default() += 1;
        }
        let mut drawn: Vec<Drawn> = Vec::new();
        let mut slate_of = Vec::with_capacity(views.len());
        for view in views {
            let at = drawn.iter().position(|slate| slate.demand.id == view.demand.id).unwrap_or_else(|| {
                let wanted = self.settings.shortlist.max(counts[&view.demand.id] + self.settings.shortlist / 2);
                drawn.push(Drawn { demand: view.demand.clone(), agents: self.shortlist(view, wanted) });
                drawn.len() - 1
            });
            self.add_special(view, &mut drawn[at]);
            slate_of.push(at);
        }
        (drawn, slate_of)
    }
    /// All that are able if they are few; else a third each: the fastest free ones, those that should finish first by what was measured
    /// (busy or not), and some drawn by lot, so that hidden skill is found.
    fn shortlist(&mut self, view: &TaskView, wanted: usize) -> Vec<AgentId> {
        let plain = TaskView::new(view.id, view.demand.clone()).work(view.work);
        let able = self.register.roster.able(&view.demand);
        if able.len() <= wanted {
            return able.iter().map(|able| able.agent).collect();
        }
        let mut listed: BTreeSet<AgentId> =
            self.register.roster.free(&plain).take(wanted.div_ceil(3)).map(|able| able.agent).collect();
        let mut fast: Vec<Able> = self.register.roster.fastest(&plain).take(wanted * LOOKED_AT).collect();
        fast.extend(self.register.proven().filter_map(|agent| self.register.fit(&view.demand, agent)));
        let finish = |able: &Able| {
            let seconds = able.seconds_for(plain.work) / self.register.pace(able.agent);
            self.register.wait(able.agent, self.now) + seconds
        };
        let mut fast: Vec<_> = fast.iter().filter(|able| !listed.contains(&able.agent)).map(|a| (finish(a), a.agent)).collect();
        fast.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        fast.dedup();
        listed.extend(fast.iter().take(wanted.div_ceil(3)).map(|(_, agent)| *agent));
        for _ in 0..2 * wanted {
            if listed.len() >= wanted {
                break;
            }
            listed.extend(self.register.roster.draw(&plain, self.rng).map(|able| able.agent));
        }
        listed.into_iter().collect()
    }
    /// What a task with agents to avoid, with finalists, or with something that one agent has at hand needs on its slate.
    fn add_special(&mut self, view: &TaskView, slate: &mut Drawn) {
        if let Some(home) = view.arrival().home_at(self.now)
            && self.register.roster.may_do(view, home).is_some()
        {
            slate.add(home);
        }
        if !view.avoid.is_empty() || self.within(view).is_some() {
            self.register.roster.free(view).take(2).for_each(|able| slate.add(able.agent));
            self.register.roster.fastest(view).take(2).for_each(|able| slate.add(able.agent));
        }
        for finalist in self.finalists(view) {
            if self.register.roster.may_do(view, *finalist).is_some() {
                slate.add(*finalist);
            }
        }
    }
    fn finalists(&self, view: &TaskView) -> &'a [AgentId] {
        let floor = self.floor;
        floor.get(view.id).and_then(|open| open.only.as_deref()).unwrap_or_default()
    }
    fn within(&self, view: &TaskView) -> Option<f64> {
        self.floor.get(view.id).and_then(|open| open.within)
    }
    fn seat(&self, agent: AgentId) -> Seat {
        let slots = self.register.roster.profile(agent).map_or(1, |profile| profile.slots.max(1));
        Seat { agent, slots, free: self.register.free(agent), wait: self.register.wait(agent, self.now) }
    }
    fn slate(&self, drawn: &Drawn, seats: &[Seat]) -> Slate {
        let entry = |agent: &AgentId| {
            let seat = seats.binary_search_by_key(agent, |seat| seat.agent).ok()?;
            let rate = self.register.fit(&drawn.demand, *agent)?.rate.max(LEAST_RATE);
            Some(Entry { seat: seat as u16, rate })
        };
        Slate { demand: drawn.demand.id, entries: drawn.agents.iter().filter_map(entry).collect() }
    }
    fn motion(&mut self, view: &TaskView, slate: usize, drawn: &Drawn) -> Motion {
        let work = if view.work.is_finite() { view.work.max(0.0) } else { 0.0 };
        let mut only = None;
        if !view.avoid.is_empty() {
            only = Some(self.positions(drawn, |draft, agent| draft.register.roster.may_do(view, agent).is_some()));
        }
        let finalists = self.finalists(view);
        if !finalists.is_empty() {
            let standing = self.positions(drawn, |draft, agent| {
                finalists.contains(&agent) && draft.register.roster.may_do(view, agent).is_some()
            });
            only = if standing.is_empty() { only } else { Some(standing) };
        }
        if let Some(within) = self.within(view) {
            let standing = self.positions(drawn, |draft, agent| {
                let able = draft.register.roster.may_do(view, agent).filter(|_| draft.register.free(agent) > 0);
                able.is_some_and(|able| able.seconds_for(work) <= within)
            });
            only = if standing.is_empty() { only } else { Some(standing) };
        }
        Motion { task: view.id, slate: slate as u16, work, arrival: view.arrival(), only }
    }
    fn positions(&mut self, drawn: &Drawn, stands: impl Fn(&mut Self, AgentId) -> bool) -> Vec<u16> {
        let all = drawn.agents.iter().enumerate();
        all.filter(|(_, agent)| stands(self, **agent)).map(|(at, _)| at as u16).collect()
    }
    /// Who votes, in order of number: everyone who has a say if the team is small, else a sample of bounded size, each with the same
    /// chance. Where votes are weighed by expertise, those who can do none of the tasks have no say.
    pub(super) fn electors(&mut self, tasks: &[TaskId]) -> Vec<AgentId> {
        let most = self.settings.committee;
        if !(self.settings.voting.weighs() && self.settings.weights == Weighing::Expertise) {
            let members = self.register.members();
            return sample(members.len(), most, self.rng).into_iter().map(|at| members[at]).collect();
        }
        let mut demands: Vec<Arc<Demand>> =
            tasks.iter().filter_map(|task| Some(self.floor.get(*task)?.view.demand.clone())).collect();
        demands.sort_by_key(|demand| demand.id);
        demands.dedup_by_key(|demand| demand.id);
        if self.register.members().len() <= most {
            let can = |agent: &AgentId| demands.iter().any(|demand| self.register.fit(demand, *agent).is_some());
            return self.register.members().iter().copied().filter(can).collect();
        }
        self.sample_of_able(&demands)
    }
    fn sample_of_able(&mut self, demands: &[Arc<Demand>]) -> Vec<AgentId> {
        let sizes: Vec<usize> = demands.iter().map(|demand| self.register.roster.able(demand).len()).collect();
        let mut drawn = BTreeSet::new();
        for mut at in sample(sizes.iter().sum(), self.settings.committee, self.rng) {
            for (demand, size) in demands.iter().zip(&sizes) {
                if at < *size {
                    drawn.insert(self.register.roster.able(demand)[at].agent);
                    break;
                }
                at -= size;
            }
        }
        drawn.into_iter().collect()
    }
}

/// `most` distinct numbers below `n`, each set with the same chance, in order; all of them if they are so few (Floyd's algorithm, as
/// told by Bentley 1987). O(most · log most).
fn sample(n: usize, most: usize, rng: &mut Rng) -> Vec<usize> {
    if n <= most {
        return (0..n).collect();
    }
    let mut drawn = BTreeSet::new();
    for top in n - most..n {
        let at = rng.below(top + 1);
        if !drawn.insert(at) {
            drawn.insert(top);
        }
    }
    drawn.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_of_its_size_and_fair() {
        let mut rng = Rng::new(7, "sample");
        let mut drawn = [0_u32; 20];
        for _ in 0..4_000 {
            let sample = sample(20, 5, &mut rng);
            assert!(sample.len() == 5 && sample.windows(2).all(|pair| pair[0] < pair[1]));
            sample.iter().for_each(|at| drawn[*at] += 1);
        }
        // 1,000 expected each, with a standard deviation of 27.
        assert!(drawn.iter().all(|times| (870..1_130).contains(times)), "{drawn:?}");
        assert_eq!(sample(3, 5, &mut rng), [0, 1, 2]);
    }
}
