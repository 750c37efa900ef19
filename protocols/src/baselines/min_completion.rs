//! To the agent that should finish first, at once.

use crate::decision::{Candidate, Decision, KEPT, Measure};
use crate::ids::{AgentId, TaskId};
use crate::profile::Profile;
use crate::protocol::{Initiator, Mute, Protocol, Silence};
use crate::roster::Roster;
use crate::task::{Outcome, TaskView};
use crate::turn::{Turn, Why};
use serde::{Deserialize, Serialize};

/// Gives each task, when it is announced, to the agent with the least expected completion: its known jobs and then this one.
///
/// The rule is MCT of Maheswaran et al. (1999), "Dynamic matching and scheduling of a class of independent tasks onto
/// heterogeneous computing systems". An agent that refused counts as busy for as long as its own backlog should take it.
///
/// ```
/// use polity_protocols::{Protocol, baselines::MinCompletion};
/// assert_eq!(MinCompletion::NAME, "min_completion");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MinCompletion {}

impl Protocol for MinCompletion {
    const NAME: &'static str = "min_completion";
    type Message = Silence;
    type Initiator = MinCompletionInitiator;
    type Participant = Mute;

    fn initiator(&self) -> MinCompletionInitiator {
        MinCompletionInitiator::default()
    }
    fn participant(&self, _: AgentId, _: &Profile) -> Mute {
        Mute
    }
}

/// The initiator of [`MinCompletion`]. A task costs what [`Roster::earliest_finish`] does: O(log n) while fast agents are free, O(n / 64) and a
/// look at some blocks of 64 when all are busy.
#[derive(Clone, Debug, Default)]
pub struct MinCompletionInitiator {
    roster: Roster,
}

impl Initiator for MinCompletionInitiator {
    type Message = Silence;

    fn on_join(&mut self, agent: AgentId, profile: &Profile, _: &mut Turn<'_, Silence>) {
        self.roster.join(agent, profile);
    }
    fn on_leave(&mut self, agent: AgentId, _: &mut Turn<'_, Silence>) {
        self.roster.leave(agent);
    }
    fn on_task(&mut self, task: &TaskView, turn: &mut Turn<'_, Silence>) {
        while self.roster.rested(turn.now).is_some() {}
        let (best, looked) = self.roster.earliest_finish(task, turn.now, KEPT);
        let Some((winner, _)) = best.first().copied() else { return turn.decline(task.id, Why::NobodyAble) };
        let candidates = best.iter().map(|(able, finish)| Candidate::new(able.agent, *finish));
        let mut decision = Decision::new(MinCompletion::NAME, Measure::ExpectedFinish)
            .candidates(candidates)
            .because("it is expected to finish first");
        decision.considered = looked;
        let seconds = self.roster.seconds_taken(task, &winner, turn.now);
        self.roster.award(task.id, winner.agent, seconds, turn.now);
        turn.assign(task.id, winner.agent, decision);
    }
    fn on_withdraw(&mut self, _: TaskId, _: &mut Turn<'_, Silence>) {}
    fn on_outcome(&mut self, task: TaskId, agent: AgentId, outcome: &Outcome, turn: &mut Turn<'_, Silence>) {
        self.roster.settle_outcome(task, agent, outcome, turn.now);
    }
}
