//! In order of arrival, to the fastest able agent with a free slot.

use crate::decision::{Candidate, Decision, KEPT, Measure};
use crate::ids::{AgentId, DemandId, TaskId};
use crate::profile::Profile;
use crate::protocol::{Initiator, Mute, Protocol, Silence};
use crate::roster::{Able, Roster};
use crate::task::{Outcome, TaskView};
use crate::time::Time;
use crate::turn::{Turn, Why};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Gives tasks in order of arrival to the fastest able agent that has a free slot; while none has, the task waits.
///
/// ```
/// use polity_protocols::{Protocol, baselines::FifoFastestIdle};
/// assert_eq!(FifoFastestIdle::NAME, "fifo_fastest_idle");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FifoFastestIdle {}

impl Protocol for FifoFastestIdle {
    const NAME: &'static str = "fifo_fastest_idle";
    type Message = Silence;
    type Initiator = FifoFastestIdleInitiator;
    type Participant = Mute;

    fn initiator(&self) -> FifoFastestIdleInitiator {
        FifoFastestIdleInitiator::default()
    }
    fn participant(&self, _: AgentId, _: &Profile) -> Mute {
        Mute
    }
}

/// A task that waits, and since when.
#[derive(Clone, Debug)]
struct Waiting {
    task: TaskView,
    since: Time,
}

/// The initiator of [`FifoFastestIdle`]. O(log n) per task and outcome, times the demands that the agent can meet.
#[derive(Clone, Debug, Default)]
pub struct FifoFastestIdleInitiator {
    roster: Roster,
    arrivals: u64,
    /// By arrival.
    waiting: BTreeMap<u64, Waiting>,
    arrival_of: BTreeMap<TaskId, u64>,
    queues: BTreeMap<DemandId, BTreeSet<u64>>,
    /// Those that avoid somebody: a leaver may end the wait of one though no slot became free.
    picky: BTreeSet<u64>,
}

impl FifoFastestIdleInitiator {
    fn give(&mut self, waiting: &Waiting, winner: Able, decision: Decision, turn: &mut Turn<'_, Silence>) {
        let task = &waiting.task;
        let seconds = self.roster.seconds_taken(task, &winner, turn.now);
        self.roster.award(task.id, winner.agent, seconds, turn.now);
        turn.assign(task.id, winner.agent, decision.cost(0, 1, turn.now - waiting.since));
    }
    /// Gives the task to the fastest free candidate; false if there is none.
    fn try_give(&mut self, waiting: &Waiting, turn: &mut Turn<'_, Silence>) -> bool {
        let free: Vec<Able> = self.roster.free(&waiting.task).take(KEPT).collect();
        let Some(fastest) = free.first().copied() else { return false };
        let candidates = free.iter().map(|able| Candidate::new(able.agent, able.seconds_for(waiting.task.work)));
        let decision = Decision::new(FifoFastestIdle::NAME, Measure::ExpectedFinish)
            .candidates(candidates)
            .because("it is the fastest with a free slot");
        self.give(waiting, fastest, decision, turn);
        true
    }
    fn wait(&mut self, waiting: Waiting) {
        self.arrivals += 1;
        let task = &waiting.task;
        self.arrival_of.insert(task.id, self.arrivals);
        self.queues.entry(task.demand.id).or_default().insert(self.arrivals);
        if !task.avoid.is_empty() {
            self.picky.insert(self.arrivals);
        }
        self.waiting.insert(self.arrivals, waiting);
    }
    fn take(&mut self, arrival: u64) -> Option<Waiting> {
        let waiting = self.waiting.remove(&arrival)?;
        self.arrival_of.remove(&waiting.task.id);
        self.picky.remove(&arrival);
        if let Some(queue) = self.queues.get_mut(&waiting.task.demand.id) {
            queue.remove(&arrival);
            if queue.is_empty() {
                self.queues.remove(&waiting.task.demand.id);
            }
        }
        Some(waiting)
    }
    /// The first arrival that the agent may do.
    fn first_for(&mut self, agent: AgentId) -> Option<(u64, Able)> {
        let demands = self.roster.demands_of(agent).to_vec();
        let mut first: Option<(u64, Able)> = None;
        for queue in demands.iter().filter_map(|demand| self.queues.get(demand)) {
            let before = first.map_or(u64::MAX, |(arrival, _)| arrival);
            let roster = &mut self.roster;
            let mut mine = queue.range(..before).filter_map(|arrival| {
                let able = roster.may_do(&self.waiting[arrival].task, agent)?;
                Some((*arrival, able))
            });
            first = mine.next().or(first);
        }
        first
    }
    /// Gives the agent what waits for it, as long as it has a free slot.
    fn fill(&mut self, agent: AgentId, turn: &mut Turn<'_, Silence>) {
        while self.roster.is_free(agent) {
            let Some((arrival, able)) = self.first_for(agent) else { return };
            let Some(waiting) = self.take(arrival) else { return };
            let candidate = Candidate::new(agent, able.seconds_for(waiting.task.work));
            let decision = Decision::new(FifoFastestIdle::NAME, Measure::ExpectedFinish)
                .candidates([candidate])
                .because("a slot became free and the task had waited longest");
            self.give(&waiting, able, decision, turn);
        }
    }
    fn decline_hopeless(&mut self, turn: &mut Turn<'_, Silence>) {
        let mut hopeless = Vec::new();
        for queue in self.queues.values() {
            let first = queue.first().and_then(|arrival| self.waiting.get(arrival));
            if first.is_some_and(|waiting| self.roster.nobody_able(&waiting.task)) {
                hopeless.extend(queue.iter().copied());
            }
        }
        for arrival in hopeless {
            if let Some(waiting) = self.take(arrival) {
                turn.decline(waiting.task.id, Why::NobodyAble);
            }
        }
    }
}

impl Initiator for FifoFastestIdleInitiator {
    type Message = Silence;

    fn on_join(&mut self, agent: AgentId, profile: &Profile, turn: &mut Turn<'_, Silence>) {
        self.roster.join(agent, profile);
        self.fill(agent, turn);
    }
    fn on_leave(&mut self, agent: AgentId, turn: &mut Turn<'_, Silence>) {
        self.roster.leave(agent);
        self.decline_hopeless(turn);
        for arrival in self.picky.clone() {
            let waiting = self.waiting[&arrival].clone();
            if self.try_give(&waiting, turn) {
                self.take(arrival);
            }
        }
    }
    fn on_task(&mut self, task: &TaskView, turn: &mut Turn<'_, Silence>) {
        if self.roster.nobody_able(task) {
            return turn.decline(task.id, Why::NobodyAble);
        }
        // Whoever is free has nothing to do among those that wait: the newcomer overtakes nobody.
        let waiting = Waiting { task: task.clone(), since: turn.now };
        if !self.try_give(&waiting, turn) {
            self.wait(waiting);
        }
    }
    fn on_withdraw(&mut self, task: TaskId, _: &mut Turn<'_, Silence>) {
        if let Some(arrival) = self.arrival_of.get(&task).copied() {
            self.take(arrival);
        }
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
