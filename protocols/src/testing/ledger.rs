//! The table's own books: each task's state, who is there, and the rules that an award must keep.

use super::report::{Award, Fate, Report};
use crate::capability::Demand;
use crate::decision::{Decision, KEPT};
use crate::ids::{AgentId, DemandId, TaskId};
use crate::profile::Profile;
use crate::task::TaskView;
use crate::time::Time;
use crate::turn::Why;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// More sentences than this help nobody.
const MOST_VIOLATIONS: usize = 100;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    /// Not announced: it waits for its time, for tasks before it, or for its next announcement.
    Waiting,
    Open,
    Held(AgentId),
    Settled(Fate),
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) view: TaskView,
    pub(super) state: State,
    pub(super) announced: Time,
    /// Cancelled while it was held: its outcome is the end.
    pub(super) cancelled: bool,
    /// How often it was awarded: so that an outcome finds its award.
    pub(super) awards: u32,
    pub(super) failures: u32,
    pub(super) refusals: u32,
    /// Tasks before it that are not done.
    pub(super) blocked_by: usize,
    pub(super) followers: Vec<TaskId>,
    /// Tasks before it.
    pub(super) before: Vec<TaskId>,
    /// Those of them that were never announced.
    pub(super) unannounced: usize,
    /// It was announced once.
    pub(super) told: bool,
}

/// All tasks and members, and the report so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    pub(super) tasks: BTreeMap<TaskId, Entry>,
    pub(super) present: BTreeMap<AgentId, Profile>,
    pub(super) report: Report,
    pub(super) unsettled: usize,
    pub(super) open: BTreeSet<TaskId>,
    /// Open tasks by demand, so that a look at "who could do any of them" is not a look at each.
    open_demands: BTreeMap<DemandId, (Arc<Demand>, usize)>,
    held_by: BTreeMap<AgentId, usize>,
}

impl Ledger {
    pub(super) fn violation(&mut self, now: Time, sentence: String) {
        if self.report.violations.len() < MOST_VIOLATIONS {
            self.report.violations.push(format!("at {now:?}: {sentence}"));
        }
    }
    /// Moves a task to a state and keeps the indices. The task must be known.
    pub(super) fn set(&mut self, task: TaskId, state: State) {
        let entry = self.tasks.get_mut(&task).expect("the table moves only tasks that it knows");
        let old = std::mem::replace(&mut entry.state, state.clone());
        let demand = entry.view.demand.clone();
        match old {
            State::Open => {
                self.open.remove(&task);
                if let Some((_, count)) = self.open_demands.get_mut(&demand.id) {
                    *count -= 1;
                    if *count == 0 {
                        self.open_demands.remove(&demand.id);
                    }
                }
            }
            State::Held(agent) => {
                if let Some(count) = self.held_by.get_mut(&agent) {
                    *count -= 1;
                    if *count == 0 {
                        self.held_by.remove(&agent);
                    }
                }
            }
            State::Waiting | State::Settled(_) => {}
        }
        match state {
            State::Open => {
                self.open.insert(task);
                self.open_demands.entry(demand.id).or_insert((demand, 0)).1 += 1;
            }
            State::Held(agent) => *self.held_by.entry(agent).or_default() += 1,
            State::Settled(_) => self.unsettled -= 1,
            State::Waiting => {}
        }
    }
    pub(super) fn held_tasks(&self, agent: AgentId) -> Vec<TaskId> {
        if !self.held_by.contains_key(&agent) {
            return Vec::new();
        }
        self.tasks.iter().filter(|(_, entry)| entry.state == State::Held(agent)).map(|(task, _)| *task).collect()
    }
    /// True if somebody here is able to meet the demand.
    fn somebody_able(&self, demand: &Demand) -> bool {
        self.present.iter().any(|(agent, profile)| demand.fit(*agent, profile).is_some())
    }
    /// The rules of an award. Returns the fit if it can be carried out.
    pub(super) fn judge_award(&mut self, task: TaskId, agent: AgentId, decision: &Decision, now: Time) -> Option<f64> {
        let Some(entry) = self.tasks.get(&task) else {
            self.violation(now, format!("{task:?} was assigned to {agent:?}, but was never announced"));
            return None;
        };
        let demand = entry.view.demand.clone();
        let again = match &entry.state {
            State::Open => None,
            State::Held(other) => Some(format!("it was already assigned to {other:?}")),
            State::Waiting => Some("it is not announced".to_owned()),
            State::Settled(Fate::Withdrawn) => Some("it was withdrawn".to_owned()),
            State::Settled(fate) => Some(format!("it is settled: {fate:?}")),
        };
        if let Some(because) = again {
            self.violation(now, format!("{task:?} was assigned to {agent:?}, but {because}"));
            return None;
        }
        let Some(profile) = self.present.get(&agent) else {
            self.violation(now, format!("{task:?} was assigned to {agent:?}, which is not in the team"));
            return None;
        };
        let fit = demand.fit(agent, profile);
        if fit.is_none() {
            self.violation(now, format!("{task:?} was assigned to {agent:?}, which is not able to do it"));
        }
        fit.inspect(|_| self.judge_avoid(task, agent, now)).inspect(|_| self.judge_decision(task, agent, decision, now))
    }
    fn judge_avoid(&mut self, task: TaskId, agent: AgentId, now: Time) {
        let view = &self.tasks[&task].view;
        if view.avoid.is_empty() {
            return;
        }
        let able = |(other, profile): (&AgentId, &Profile)| {
            (!view.avoids(*other) && view.demand.fit(*other, profile).is_some()).then_some(*other)
        };
        if !view.avoids(agent) {
            self.report.sometimes.avoided += 1;
        } else if let Some(other) = self.present.iter().find_map(able) {
            self.violation(now, format!("{task:?} was assigned to {agent:?}, which it avoids, though {other:?} is able"));
        }
    }
    fn judge_decision(&mut self, task: TaskId, agent: AgentId, decision: &Decision, now: Time) {
        let listed = &decision.candidates;
        let worse = |a: f64, b: f64| if decision.measure.less_is_better() { a > b } else { a < b };
        let mut faults = Vec::new();
        if (decision.considered as usize) < listed.len() {
            faults.push(format!("lists {} candidates, but considered {}", listed.len(), decision.considered));
        }
        if !listed.iter().any(|candidate| candidate.agent == agent) && decision.considered as usize <= KEPT {
            faults.push(format!("does not list the winner {agent:?}"));
        }
        if listed.windows(2).any(|pair| worse(pair[0].score, pair[1].score)) {
            faults.push("does not list the best candidate first".to_owned());
        }
        if let Some(bad) = listed.iter().find(|candidate| candidate.score.is_nan()) {
            faults.push(format!("gives {:?} a score that is not a number", bad.agent));
        }
        let since = now.since(self.tasks[&task].announced);
        if decision.latency > since {
            faults.push(format!("took {:?}, but the announcement was {since:?} ago", decision.latency));
        }
        for fault in faults {
            self.violation(now, format!("the decision on {task:?} {fault}"));
        }
    }
    /// Notes an award that can be carried out.
    pub(super) fn note_award(&mut self, task: TaskId, agent: AgentId, decision: Decision, now: Time) {
        self.report.sometimes.awards += 1;
        self.report.awards.push(Award { task, agent, at: now, decision });
    }
    /// The rules of a decline. True if it counts.
    pub(super) fn judge_decline(&mut self, task: TaskId, why: &Why, now: Time) -> bool {
        match self.tasks.get(&task).map(|entry| &entry.state) {
            Some(State::Open) => {}
            state => {
                let state = state.cloned();
                self.violation(now, format!("{task:?} was declined, but is not open: {state:?}"));
                return false;
            }
        }
        if *why == Why::NobodyAble && self.somebody_able(&self.tasks[&task].view.demand.clone()) {
            self.violation(now, format!("{task:?} was declined because nobody is able, but somebody is"));
        }
        true
    }
    /// With no able agent at all, a task is declined at once.
    pub(super) fn judge_hopeless(&mut self, now: Time) {
        let hopeless = self.open_demands.iter().find(|(_, (demand, _))| !self.somebody_able(demand)).map(|(id, _)| *id);
        if let Some(task) = hopeless.and_then(|demand| self.open_with(demand)) {
            self.violation(now, format!("{task:?} stays open, but nobody here is able to do it"));
        }
    }
    /// With no message under way and no wake to come, an open task must wait for an outcome of an able agent.
    /// True if one waits for nothing.
    pub(super) fn judge_stuck(&mut self, now: Time) -> bool {
        let comes = |demand: &Demand| {
            let busy = self.held_by.keys().filter_map(|agent| self.present.get_key_value(agent));
            busy.into_iter().any(|(agent, profile)| demand.fit(*agent, profile).is_some())
        };
        let stuck = self.open_demands.iter().find(|(_, (demand, _))| !comes(demand)).map(|(id, _)| *id);
        let Some(task) = stuck.and_then(|demand| self.open_with(demand)) else { return false };
        self.violation(
            now,
            format!("{task:?} waits for nothing: no message is under way, no wake is asked for, no able agent is busy"),
        );
        true
    }
    fn open_with(&self, demand: DemandId) -> Option<TaskId> {
        self.open.iter().copied().find(|task| self.tasks[task].view.demand.id == demand)
    }
}
