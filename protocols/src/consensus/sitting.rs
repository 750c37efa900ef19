//! One open ballot: who may vote, what came, and what it comes to.

use super::message::{Agenda, Ranking};
use super::settings::Consensus;
use super::tally::Tally;
use crate::{AgentId, TaskId, Time};
use core::time::Duration;
use std::sync::Arc;

/// A ballot that is open.
#[derive(Clone, Debug)]
pub(super) struct Sitting {
    pub(super) agenda: Arc<Agenda>,
    /// In order of number.
    electors: Vec<AgentId>,
    /// One for each elector: its rankings, once they came.
    votes: Vec<Option<Vec<Ranking>>>,
    /// One for each motion; `None` once its task is off the floor.
    tallies: Vec<Option<Tally>>,
    pub(super) due: Time,
    wait: Duration,
    /// How often it was called for votes.
    pub(super) calls: u32,
    /// Said by either side.
    pub(super) messages: u32,
}

impl Sitting {
    /// Opens a ballot. `weight`: of an elector, for a slate.
    pub(super) fn open(
        agenda: Agenda,
        electors: Vec<AgentId>,
        settings: &Consensus,
        now: Time,
        weight: impl Fn(usize, AgentId) -> f64,
    ) -> Sitting {
        let weights: Vec<Vec<f64>> =
            (0..agenda.slates.len()).map(|slate| electors.iter().map(|elector| weight(slate, *elector)).collect()).collect();
        let tally =
            |slate: usize| Tally::new(settings.rules(), agenda.slates[slate].entries.len(), weights[slate].iter().copied());
        let tallies = agenda.motions.iter().map(|motion| Some(tally(usize::from(motion.slate)))).collect();
        Sitting {
            votes: vec![None; electors.len()],
            messages: electors.len() as u32,
            electors,
            tallies,
            agenda: Arc::new(agenda),
            due: now + settings.deadline,
            wait: settings.deadline,
            calls: 1,
        }
    }
    pub(super) fn electors(&self) -> &[AgentId] {
        &self.electors
    }
    /// Takes an answer: `None` is an abstention. False if it does not count: of a stranger, a second one, or with the wrong number
    /// of rankings.
    pub(super) fn vote(&mut self, from: AgentId, rankings: Option<Vec<Ranking>>) -> bool {
        let Ok(elector) = self.electors.binary_search(&from) else { return false };
        let rankings = rankings.unwrap_or_else(|| vec![Ranking::new([], 0.0); self.tallies.len()]);
        if self.votes[elector].is_some() || rankings.len() != self.tallies.len() {
            return false;
        }
        self.messages += 1;
        for ((tally, motion), ranking) in self.tallies.iter_mut().zip(&self.agenda.motions).zip(&rankings) {
            let Some(tally) = tally else { continue };
            if motion.only.is_none() {
                tally.vote(elector, ranking.options());
            } else {
                let standing = ranking.options().iter().copied().filter(|option| motion.stands(*option));
                tally.vote(elector, Ranking::new(standing, 0.0).options());
            }
        }
        self.votes[elector] = Some(rankings);
        true
    }
    /// An agent left: if it has not voted it is no elector any more. True if it was one.
    pub(super) fn left(&mut self, agent: AgentId) -> bool {
        let Ok(elector) = self.electors.binary_search(&agent) else { return false };
        self.tallies.iter_mut().flatten().for_each(|tally| tally.strike(elector));
        true
    }
    /// A task is off the floor. True if it was voted on.
    pub(super) fn drop_motion(&mut self, task: TaskId) -> bool {
        let at = self.agenda.motions.iter().position(|motion| motion.task == task);
        at.and_then(|at| self.tallies[at].take()).is_some()
    }
    /// True if no vote that may still come can change a winner.
    pub(super) fn is_over(&self) -> bool {
        self.tallies.iter().flatten().all(Tally::is_settled)
    }
    /// Those who have neither voted nor left.
    pub(super) fn silent(&self) -> Vec<AgentId> {
        let awaited = |elector: &usize| self.tallies.iter().flatten().any(|tally| tally.awaits(*elector));
        (0..self.electors.len()).filter(awaited).map(|elector| self.electors[elector]).collect()
    }
    /// Whom to call again, now that the time is over: the silent ones, if some motion has no quorum yet and not all calls are spent.
    pub(super) fn call_again(&mut self, rounds: u32, now: Time) -> Vec<AgentId> {
        let lacking = self.tallies.iter().flatten().any(|tally| !tally.has_quorum());
        let silent = if lacking && self.calls < rounds { self.silent() } else { Vec::new() };
        if !silent.is_empty() {
            self.calls += 1;
            self.messages += silent.len() as u32;
            self.wait = self.wait.saturating_mul(2);
            self.due = now + self.wait;
        }
        silent
    }
    /// The agent behind an option of a motion.
    pub(super) fn agent(&self, motion: usize, option: u16) -> AgentId {
        let slate = &self.agenda.slates[usize::from(self.agenda.motions[motion].slate)];
        self.agenda.seats[usize::from(slate.entries[usize::from(option)].seat)].agent
    }
    /// The declared rate of an option of a motion.
    pub(super) fn rate(&self, motion: usize, option: u16) -> f64 {
        self.agenda.slates[usize::from(self.agenda.motions[motion].slate)].entries[usize::from(option)].rate
    }
    /// The count of a motion, unless its task is off the floor.
    pub(super) fn tally(&self, motion: usize) -> Option<&Tally> {
        self.tallies[motion].as_ref()
    }
    /// Each voter with its ranking of a motion.
    pub(super) fn rankings(&self, motion: usize) -> impl Iterator<Item = (AgentId, &Ranking)> {
        let voters = self.electors.iter().zip(&self.votes);
        voters.filter_map(move |(voter, vote)| Some((*voter, &vote.as_ref()?[motion])))
    }
    /// Who ranked the option first, and how long each of them expects it to take.
    pub(super) fn endorsers(&self, motion: usize, option: u16) -> impl Iterator<Item = (AgentId, f64)> {
        let first = move |ranking: &Ranking| ranking.options().first() == Some(&option);
        self.rankings(motion).filter(move |(_, ranking)| first(ranking)).map(|(voter, ranking)| (voter, ranking.seconds))
    }
}
