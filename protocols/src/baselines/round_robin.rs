//! Able agents in turn, at once.

use crate::decision::{Candidate, Decision, Measure};
use crate::ids::{AgentId, DemandId, TaskId};
use crate::profile::Profile;
use crate::protocol::{Initiator, Mute, Protocol, Silence};
use crate::roster::Roster;
use crate::task::{Outcome, TaskView};
use crate::turn::{Turn, Why};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Gives the tasks of each demand at once to the able agents in turn, however busy or fast they are.
///
/// ```
/// use polity_protocols::{Protocol, baselines::RoundRobin};
/// assert_eq!(RoundRobin::NAME, "round_robin");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RoundRobin {}

impl Protocol for RoundRobin {
    const NAME: &'static str = "round_robin";
    type Message = Silence;
    type Initiator = RoundRobinInitiator;
    type Participant = Mute;

    fn initiator(&self) -> RoundRobinInitiator {
        RoundRobinInitiator::default()
    }
    fn participant(&self, _: AgentId, _: &Profile) -> Mute {
        Mute
    }
}

/// The initiator of [`RoundRobin`]. O(log n) per task.
#[derive(Clone, Debug, Default)]
pub struct RoundRobinInitiator {
    roster: Roster,
    /// Whose turn it was last, per demand: one turn for all demands would favour the neighbours of agents that can do little.
    last: BTreeMap<DemandId, AgentId>,
}

impl Initiator for RoundRobinInitiator {
    type Message = Silence;

    fn on_join(&mut self, agent: AgentId, profile: &Profile, _: &mut Turn<'_, Silence>) {
        self.roster.join(agent, profile);
    }
    fn on_leave(&mut self, agent: AgentId, _: &mut Turn<'_, Silence>) {
        self.roster.leave(agent);
    }
    fn on_task(&mut self, task: &TaskView, turn: &mut Turn<'_, Silence>) {
        let last = self.last.get(&task.demand.id).copied();
        let Some(next) = self.roster.next_after(task, last) else { return turn.decline(task.id, Why::NobodyAble) };
        self.last.insert(task.demand.id, next.agent);
        // The record shows its jobs; nobody else's were looked at.
        let candidate = Candidate::new(next.agent, f64::from(self.roster.jobs(next.agent)));
        let decision = Decision::new(RoundRobin::NAME, Measure::Jobs).candidates([candidate]).because("it was its turn");
        self.roster.award(task.id, next.agent, next.seconds_for(task.work), turn.now);
        turn.assign(task.id, next.agent, decision);
    }
    fn on_withdraw(&mut self, _: TaskId, _: &mut Turn<'_, Silence>) {}
    fn on_outcome(&mut self, task: TaskId, agent: AgentId, _: &Outcome, turn: &mut Turn<'_, Silence>) {
        self.roster.settle(task, agent, turn.now);
    }
}
