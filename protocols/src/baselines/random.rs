//! Any able agent, at once.

use crate::decision::{Candidate, Decision, Measure};
use crate::ids::{AgentId, TaskId};
use crate::profile::Profile;
use crate::protocol::{Initiator, Mute, Protocol, Silence};
use crate::roster::Roster;
use crate::task::TaskView;
use crate::turn::{Turn, Why};
use serde::{Deserialize, Serialize};

/// Gives each task at once to an able agent, each with the same chance, however busy it is.
///
/// ```
/// use polity_protocols::{Protocol, baselines::Random};
/// assert_eq!(Random::NAME, "random");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Random {}

impl Protocol for Random {
    const NAME: &'static str = "random";
    type Message = Silence;
    type Initiator = RandomInitiator;
    type Participant = Mute;

    fn initiator(&self) -> RandomInitiator {
        RandomInitiator::default()
    }
    fn participant(&self, _: AgentId, _: &Profile) -> Mute {
        Mute
    }
}

/// The initiator of [`Random`]. O(1) per task.
#[derive(Clone, Debug, Default)]
pub struct RandomInitiator {
    roster: Roster,
}

impl Initiator for RandomInitiator {
    type Message = Silence;

    fn on_join(&mut self, agent: AgentId, profile: &Profile, _: &mut Turn<'_, Silence>) {
        self.roster.join(agent, profile);
    }
    fn on_leave(&mut self, agent: AgentId, _: &mut Turn<'_, Silence>) {
        self.roster.leave(agent);
    }
    fn on_task(&mut self, task: &TaskView, turn: &mut Turn<'_, Silence>) {
        let Some(drawn) = self.roster.draw(task, turn.rng) else { return turn.decline(task.id, Why::NobodyAble) };
        let count = self.roster.count_candidates(task);
        let chance = 1.0 / count as f64;
        let others = self.roster.candidates(task).filter(|able| able.agent != drawn.agent);
        let shown = others.take(crate::KEPT - 1).map(|able| Candidate::new(able.agent, chance));
        let mut decision = Decision::new(Random::NAME, Measure::Trail)
            .candidates([Candidate::new(drawn.agent, chance)].into_iter().chain(shown))
            .because("the lot fell on it");
        decision.considered = count as u32;
        turn.assign(task.id, drawn.agent, decision);
    }
    fn on_withdraw(&mut self, _: TaskId, _: &mut Turn<'_, Silence>) {}
}
