//! The deciding side: it keeps to the plan as far as the plan goes.

use super::course::{Courses, PATIENCE};
use super::order::{Plan, Planned, Queues, Waiting};
use super::settings::Pinned;
use crate::{
    Able, AgentId, Candidate, Deadlines, Decision, Initiator, KEPT, Measure, Name, Outcome, Profile, Roster, Silence, TaskId,
    TaskView, Time, Turn, Why,
};
use core::time::Duration;
use std::collections::BTreeMap;

/// A wake is never for the moment at which it is asked for, or a wheel might spin.
const ONE_NANOSECOND: Duration = Duration::from_nanos(1);

/// The initiator of [`Pinned`]. O(log n) for a task with a pin, and for each that waits for the same agent while a slot is held; for one
/// without, what [`Roster::earliest_finish`] costs.
#[derive(Clone, Debug)]
pub struct PlanKeeper {
    plan: Plan,
    roster: Roster,
    by_name: BTreeMap<Name, AgentId>,
    queues: Queues,
    courses: Courses,
    /// Agents that leave a slot free though something waits for them: when to look again.
    holds: Deadlines<AgentId>,
    /// Since when they do.
    idle: BTreeMap<AgentId, Time>,
}

impl PlanKeeper {
    /// The keeper of a plan, who knows nobody yet.
    pub fn new(settings: &Pinned) -> PlanKeeper {
        PlanKeeper {
            plan: Plan::new(&settings.pins),
            roster: Roster::default(),
            by_name: BTreeMap::new(),
            queues: Queues::default(),
            courses: Courses::default(),
            holds: Deadlines::default(),
            idle: BTreeMap::new(),
        }
    }
    /// Whom the plan wants for the task, if that agent is here and may do it.
    fn planned(&mut self, task: &TaskView) -> Option<(Planned, Able)> {
        let planned = self.plan.of(task.id)?.clone();
        let agent = *self.by_name.get(&planned.agent)?;
        let able = self.roster.may_do(task, agent)?;
        Some((planned, able))
    }
    /// Lets the task wait for its agent, who perhaps takes it at once; or finds another.
    fn place(&mut self, waiting: Waiting, turn: &mut Turn<'_, Silence>) {
        match self.planned(&waiting.task) {
            Some((planned, able)) => {
                self.queues.push(able.agent, planned.place, waiting);
                self.fill(able.agent, turn);
            }
            None => self.fall_back(&waiting, turn),
        }
    }
    fn give(&mut self, waiting: &Waiting, planned: &Planned, able: Able, turn: &mut Turn<'_, Silence>) {
        let seconds = able.seconds_for(waiting.task.work);
        let decision = Decision::new(super::NAME, Measure::ExpectedFinish)
            .candidates([Candidate::new(able.agent, seconds).note("planned")])
            .because(format!(
                "the plan gives it this task, as number {} of its {}",
                planned.place,
                self.plan.lanes()[planned.lane].len()
            ));
        self.courses.begun(waiting.task.id.run(), planned, turn.now);
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
        self.idle.remove(&able.agent);
        turn.assign(task.id, able.agent, decision.cost(0, 1, turn.now - waiting.since));
    }
    /// Gives the agent what waits for it, as long as it has a free slot that is not held. Who may do what has perhaps changed since.
    fn fill(&mut self, agent: AgentId, turn: &mut Turn<'_, Silence>) {
        self.holds.clear(&agent);
        while self.roster.is_free(agent) {
            let Some(waiting) = self.next_of(agent, turn.now).and_then(|task| self.queues.remove(task)) else { return };
            match self.planned(&waiting.task) {
                Some((planned, able)) if able.agent == agent => self.give(&waiting, &planned, able, turn),
                _ => self.place(waiting, turn),
            }
        }
    }
    /// The first of those that wait for an agent with a free slot that need not leave it to one that is still to come. If all must, it is
    /// noted when to look again. O(log n) for each that must.
    fn next_of(&mut self, agent: AgentId, now: Time) -> Option<TaskId> {
        let slots = self.roster.profile(agent)?.slots.max(1);
        let free = slots.saturating_sub(self.roster.jobs(agent)).max(1);
        let idle = self.idle.get(&agent).copied().unwrap_or(now);
        let mut until = f64::INFINITY;
        for Waiting { task, since } in self.queues.of(agent) {
            // Who can't do it any more passes it on.
            let Some(able) = self.roster.fit(&task.demand, agent) else { return Some(task.id) };
            // Until what it needs has arrived it would keep a slot from whoever could use it.
            let seconds = self.roster.seconds_taken(task, &able, now);
            let last = idle.max(*since).as_secs_f64() + (1.0 + PATIENCE) * seconds;
            let planned = self.plan.of(task.id).filter(|_| last > now.as_secs_f64());
            let held = planned.and_then(|planned| {
                let course = self.courses.of(task.id.run())?;
                course.held(&self.plan, planned, seconds, free, now)
            });
            match held {
                Some(held) => until = until.min(held).min(last),
                None => return Some(task.id),
            }
        }
        if until < f64::INFINITY {
            self.idle.insert(agent, idle);
            self.holds.set(agent, Time::from_secs_f64(until).max(now + ONE_NANOSECOND));
        }
        None
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
        self.holds.clear(&agent);
        self.idle.remove(&agent);
        if self.roster.leave(agent) {
            self.place_again(agent, turn);
        }
    }
    fn on_task(&mut self, task: &TaskView, turn: &mut Turn<'_, Silence>) {
        if let Some(planned) = self.plan.of(task.id) {
            self.courses.announced(task.id.run(), &self.plan, planned, turn.now);
        }
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
        while let Some(agent) = self.holds.pop(turn.now) {
            self.fill(agent, turn);
        }
    }
    fn next_wake(&self) -> Option<Time> {
        self.roster.next_rest().into_iter().chain(self.holds.next()).min()
    }
}
