//! The public register: who is in the team, which of our awards each holds, and when a slot of it should be free.

use crate::{Able, AgentId, Demand, Outcome, Profile, Roster, TaskId, TaskView, Time};
use std::sync::Arc;

/// An award that has no outcome yet.
#[derive(Clone, Debug)]
struct Job {
    task: TaskId,
    /// When it should end, in seconds.
    end: f64,
}

/// How many of those that proved fast are kept at hand.
const PROVEN: usize = 64;
/// How much one outcome moves an agent's pace.
const LEARNING: f64 = 0.3;

/// The register of one team. Seconds are `f64` since the start.
#[derive(Clone, Debug, Default)]
pub(super) struct Register {
    pub(super) roster: Roster,
    /// Everyone here, in order of number.
    members: Vec<AgentId>,
    /// By agent's number.
    jobs: Vec<Vec<Job>>,
    slots: u64,
    held: u64,
    /// How fast each proved to be, relative to what it declared, by agent's number.
    paces: Vec<f64>,
    /// Those whose measured speed is the highest, the fastest first: at most [`PROVEN`].
    proven: Vec<(f64, AgentId)>,
}

impl Register {
    pub(super) fn join(&mut self, agent: AgentId, profile: &Profile) {
        self.leave(agent);
        self.roster.join(agent, profile);
        if self.jobs.len() <= agent.index() {
            self.jobs.resize_with(agent.index() + 1, Vec::new);
            self.paces.resize(agent.index() + 1, 1.0);
        }
        if let Err(at) = self.members.binary_search(&agent) {
            self.members.insert(at, agent);
        }
        self.slots += u64::from(profile.slots.max(1));
    }
    /// True if it was here.
    pub(super) fn leave(&mut self, agent: AgentId) -> bool {
        let Some(profile) = self.roster.profile(agent) else { return false };
        self.slots -= u64::from(profile.slots.max(1));
        self.held -= self.jobs[agent.index()].len() as u64;
        self.jobs[agent.index()].clear();
        self.roster.leave(agent);
        self.proven.retain(|(_, known)| *known != agent);
        if let Ok(at) = self.members.binary_search(&agent) {
            self.members.remove(at);
        }
        true
    }
    pub(super) fn members(&self) -> &[AgentId] {
        &self.members
    }
    /// Slots of the team without an award of ours.
    pub(super) fn free_slots(&self) -> usize {
        self.slots.saturating_sub(self.held) as usize
    }
    pub(super) fn award(&mut self, task: TaskId, agent: AgentId, seconds: f64, now: Time) {
        self.roster.award(task, agent, seconds, now);
        self.jobs[agent.index()].push(Job { task, end: now.as_secs_f64() + seconds });
        self.held += 1;
    }
    /// False if no such award is known here.
    pub(super) fn ended(&mut self, task: TaskId, agent: AgentId, outcome: &Outcome, now: Time) -> bool {
        if let Some(jobs) = self.jobs.get_mut(agent.index())
            && let Some(at) = jobs.iter().position(|job| job.task == task)
        {
            jobs.swap_remove(at);
            self.held -= 1;
        }
        self.roster.settle_outcome(task, agent, outcome, now).is_some()
    }
    /// Slots without an award; 0 while it rests after a refusal.
    pub(super) fn free(&self, agent: AgentId) -> u32 {
        if !self.roster.is_free(agent) {
            return 0;
        }
        let slots = self.roster.profile(agent).map_or(0, |profile| profile.slots.max(1));
        slots.saturating_sub(self.jobs[agent.index()].len() as u32)
    }
    /// Seconds until a slot should be free. A job that is overdue is expected to take as long again as it is overdue: the longer it
    /// was silent, the longer it will be.
    pub(super) fn wait(&self, agent: AgentId, now: Time) -> f64 {
        if self.free(agent) > 0 {
            return 0.0;
        }
        let slots = self.roster.profile(agent).map_or(1, |profile| profile.slots.max(1)) as usize;
        let jobs = &self.jobs[agent.index()];
        let ends = jobs.iter().map(|job| (job.end - now.as_secs_f64()).abs());
        let own = if jobs.len() < slots { 0.0 } else { ends.fold(f64::INFINITY, f64::min) };
        // The roster knows of rests.
        own.max((self.roster.expected_start(agent, now) - now).as_secs_f64())
    }
    /// An award of this agent took this much of the time that its declared rate promised, inverted: 2 is twice as fast.
    pub(super) fn measured(&mut self, agent: AgentId, pace: f64) {
        let Some(profile) = self.roster.profile(agent).filter(|_| pace.is_finite()) else { return };
        let known = &mut self.paces[agent.index()];
        *known += LEARNING * (pace.clamp(0.02, 50.0) - *known);
        let speed = *known * profile.speed;
        self.rank_proven(agent, speed);
    }
    /// Takes up a pace that was measured in an earlier life.
    pub(super) fn recall_pace(&mut self, agent: AgentId, pace: f64) {
        let Some(profile) = self.roster.profile(agent) else { return };
        let speed = pace * profile.speed;
        self.paces[agent.index()] = pace;
        self.rank_proven(agent, speed);
    }
    fn rank_proven(&mut self, agent: AgentId, speed: f64) {
        self.proven.retain(|(_, known)| *known != agent);
        let at = self.proven.partition_point(|(known, _)| *known >= speed);
        self.proven.insert(at, (speed, agent));
        self.proven.truncate(PROVEN);
    }
    /// How fast the agent proved to be, relative to what it declared; 1 if nothing is known.
    pub(super) fn pace(&self, agent: AgentId) -> f64 {
        self.paces.get(agent.index()).copied().unwrap_or(1.0)
    }
    /// Those that proved to be fastest, whatever they can do.
    pub(super) fn proven(&self) -> impl Iterator<Item = AgentId> {
        self.proven.iter().map(|(_, agent)| *agent)
    }
    pub(super) fn fit(&self, demand: &Demand, agent: AgentId) -> Option<Able> {
        self.roster.fit(demand, agent)
    }
    /// The sum of an agent's capability scores.
    pub(super) fn standing(&self, agent: AgentId) -> f64 {
        self.roster.profile(agent).map_or(0.0, |profile| profile.capabilities.iter().map(|(_, score)| score).sum())
    }
    /// The fastest of those who may do the task and have a free slot.
    pub(super) fn fastest_free(&mut self, task: &TaskView) -> Option<Able> {
        self.roster.fastest_free(task)
    }
    /// How much work of a demand all who are able do in a second together, as they declare. O(able).
    pub(super) fn rate(&mut self, demand: &Arc<Demand>) -> f64 {
        self.roster.able(demand).iter().map(|able| able.rate).sum()
    }
    /// The only one who may do it, if there is only one.
    pub(super) fn unopposed(&mut self, task: &TaskView) -> Option<Able> {
        if self.roster.count_candidates(task) == 1 { self.roster.next_after(task, None) } else { None }
    }
    pub(super) fn is_hopeless(&mut self, demand: &Arc<Demand>) -> bool {
        self.roster.able(demand).is_empty()
    }
    /// Ends the rests that are over; true if there was one.
    pub(super) fn end_rests(&mut self, now: Time) -> bool {
        let mut any = false;
        while self.roster.rested(now).is_some() {
            any = true;
        }
        any
    }
    /// Ends an agent's rest, if it rests; true if it did.
    pub(super) fn hurry(&mut self, agent: AgentId, now: Time) -> bool {
        self.roster.hurry(agent, now)
    }
    pub(super) fn next_rest(&self) -> Option<Time> {
        self.roster.next_rest()
    }
}

/// Alarms that a machine with a few of them merges.
pub(super) fn earliest(times: impl IntoIterator<Item = Option<Time>>) -> Option<Time> {
    times.into_iter().flatten().min()
}
