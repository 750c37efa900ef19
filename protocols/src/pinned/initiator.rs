//! The deciding side: it keeps to the plan as far as the plan goes.

use super::order::{Plan, Planned, Queues, Waiting};
use super::settings::Pinned;
use crate::{
    Able, AgentId, Candidate, Decision, Initiator, KEPT, Measure, Name, Outcome, Profile, Roster, Silence, TaskId, TaskView,
    Time, Turn, Why,
};
use std::collections::BTreeMap;

/// The initiator of [`Pinned`]. O(log n) for a task with a pin; for one without, what
/// [`Roster::earliest_finish`] costs.
#[derive(Clone, Debug)]
pub struct PlanKeeper {
    plan: Plan,
    roster: Roster,
    by_name: BTreeMap<Name, AgentId>,
    queues: Queues,
}

impl PlanKeeper {
    /// The keeper of a plan, who knows nobody yet.
    pub fn new(settings: &Pinned) -> PlanKeeper {
        PlanKeeper {
            plan: Plan::new(&settings.pins),
            roster: Roster::default(),
            by_name: BTreeMap::new(),
            queues: Queues::default(),
        }
    }
    /// Whom the plan wants for the task, if that agent is here and may do it.
    fn planned(&mut self, task: &TaskView) -> Option<(Planned, Able)> {
        let planned = self.plan.of(task.id)?.clone();
        let agent = *self.by_name.get(&planned.agent)?;
        let able = self.roster.may_do(task, agent)?;
        Some((planned, able))
    }
    /// Gives the task to its agent, lets it wait for that agent, or finds another.
    fn place(&mut self, waiting: Waiting, turn: &mut Turn<'_, Silence>) {
        match self.planned(&waiting.task) {
            Some((planned, able)) if self.roster.is_free(able.agent) => self.give(&waiting, &planned, able, turn),
            Some((planned, able)) => self.queues.push(able.agent, planned.place, waiting),
            None => self.fall_back(&waiting, turn),
        }
    }
    fn give(&mut self, waiting: &Waiting, planned: &Planned, able: Able, turn: &mut Turn<'_, Silence>) {
        let seconds = able.seconds_for(waiting.task.work);
        let decision = Decision::new(super::NAME, Measure::ExpectedFinish)
            .candidates([Candidate::new(able.agent, seconds).note("planned")])
            .because(format!("the plan gives it this task, as number {} of its {}", planned.place, planned.of));
        self.award(waiting, able, decision, turn);
    }
    fn fall_back(&mut self, waiting: &Waiting, turn: &mut Turn<'_, Silence>) {
        let task = &waiting.task;
        let (best, looked) = self.roster.earliest_finish(task, turn.now, KEPT);
        let Some((winner, _)) = best.first().copied() else { return turn.decline(task.id, Why::NobodyAble) };
        let candidates = best.iter().map(|(able, finish)| Candidate::new(able.agent, *finish));
        let reason = self.why_not_planned(task);
        let mut decision = Decision::new(super::NAME, Measure::ExpectedFinish).candidates(candidates).because(reason);
        decision.considered = looked;
        self.award(waiting, winner, decision, turn);
    }
    fn why_not_planned(&self, task: &TaskView) -> String {
        const THEN: &str = "and it is expected to finish first";
        let Some(Planned { agent: name, .. }) = self.plan.of(task.id) else {
            return format!("the plan does not say who shall do task {}, {THEN}", task.id.instance());
        };
        match self.by_name.get(name) {
            None => format!("the plan wants \"{name}\", which is not in the team, {THEN}"),
            Some(agent) if task.avoids(*agent) => format!("the plan wants \"{name}\", which is to be avoided, {THEN}"),
            Some(_) => format!("the plan wants \"{name}\", which is not able to do it, {THEN}"),
        }
    }
    fn award(&mut self, waiting: &Waiting, able: Able, decision: Decision, turn: &mut Turn<'_, Silence>) {
        let task = &waiting.task;
        let seconds = self.roster.seconds_taken(task, &able, turn.now);
        self.roster.award(task.id, able.agent, seconds, turn.now);
        turn.assign(task.id, able.agent, decision.cost(0, 1, turn.now - waiting.since));
    }
    /// Gives the agent what waits for it, as long as it has a free slot. Who may do what has perhaps changed since.
    fn fill(&mut self, agent: AgentId, turn: &mut Turn<'_, Silence>) {
        while self.roster.is_free(agent) {
            let Some(waiting) = self.queues.pop(agent) else { return };
            self.place(waiting, turn);
        }
    }
    fn place_again(&mut self, agent: AgentId, turn: &mut Turn<'_, Silence>) {
        for waiting in self.queues.take_all(agent) {
            self.place(waiting, turn);
        }
    }
    fn forget_name(&mut self, agent: AgentId) {
        if let Some(name) = self.roster.profile(agent).map(|profile| profile.name.clone())
            && self.by_name.get(&name) == Some(&agent)
        {
            self.by_name.remove(&name);
        }
    }
}

impl Initiator for PlanKeeper {
    type Message = Silence;

    fn on_join(&mut self, agent: AgentId, profile: &Profile, turn: &mut Turn<'_, Silence>) {
        self.forget_name(agent);
        self.roster.join(agent, profile);
        self.by_name.insert(profile.name.clone(), agent);
        self.place_again(agent, turn);
    }
    fn on_leave(&mut self, agent: AgentId, turn: &mut Turn<'_, Silence>) {
        self.forget_name(agent);
        if self.roster.leave(agent) {
            self.place_again(agent, turn);
        }
    }
    fn on_task(&mut self, task: &TaskView, turn: &mut Turn<'_, Silence>) {
        self.place(Waiting { task: task.clone(), since: turn.now }, turn);
    }
    fn on_withdraw(&mut self, task: TaskId, _: &mut Turn<'_, Silence>) {
        self.queues.remove(task);
    }
    fn on_outcome(&mut self, task: TaskId, agent: AgentId, outcome: &Outcome, turn: &mut Turn<'_, Silence>) {
        self.roster.settle_outcome(task, agent, outcome, turn.now);
        self.fill(agent, turn);
    }
    fn on_free(&mut self, agent: AgentId, turn: &mut Turn<'_, Silence>) {
        if self.roster.hurry(agent, turn.now) {
            self.on_wake(turn);
        }
    }
    fn on_wake(&mut self, turn: &mut Turn<'_, Silence>) {
        while let Some(agent) = self.roster.rested(turn.now) {
            self.fill(agent, turn);
        }
    }
    fn next_wake(&self) -> Option<Time> {
        self.roster.next_rest()
    }
}
