//! Shows a government of your own in one file: offices are drawn by lot among the able, as in Athens. A workflow calls it by its name.

use polity::{prelude::*, protocols::*};
use serde::{Deserialize, Serialize};

/// Each able agent has as many lots as its fit is worth.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sortition {}

/// The coordinator's half; the agents are not asked.
#[derive(Default)]
pub struct Urn(Roster);

impl Protocol for Sortition {
    const NAME: &'static str = "sortition";
    type Message = Silence;
    type Initiator = Urn;
    type Participant = Mute;
    fn initiator(&self) -> Urn {
        Urn::default()
    }
    fn participant(&self, _: AgentId, _: &Profile) -> Mute {
        Mute
    }
}

impl Initiator for Urn {
    type Message = Silence;
    fn on_join(&mut self, agent: AgentId, profile: &Profile, _: &mut Turn<'_, Silence>) {
        self.0.join(agent, profile);
    }
    fn on_leave(&mut self, agent: AgentId, _: &mut Turn<'_, Silence>) {
        self.0.leave(agent);
    }
    fn on_task(&mut self, task: &TaskView, turn: &mut Turn<'_, Silence>) {
        let mut able: Vec<Candidate> = self.0.candidates(task).map(|able| Candidate::new(able.agent, able.fit)).collect();
        able.sort_by(|a, b| b.score.total_cmp(&a.score)); // a decision shows the best first
        let lots: Vec<f64> = able.iter().map(|candidate| candidate.score).collect();
        let Some(drawn) = turn.rng.weighted(&lots) else { return turn.decline(task.id, Why::NobodyAble) };
        let agent = able[drawn].agent;
        let decision = Decision::new(Sortition::NAME, Measure::Fit).candidates(able).because("the lot fell on it");
        turn.assign(task.id, agent, decision);
    }
    fn on_withdraw(&mut self, _: TaskId, _: &mut Turn<'_, Silence>) {}
}

/// A year of twelve offices.
pub fn main() -> Result<()> {
    let held = polity::simulate(508, async {
        let citizens = AgentSpec { replicas: 5, ..AgentSpec::new("citizen", can("office", 0.8)) };
        let society = Polity::builder().protocol::<Sortition>().agent_spec(citizens).start()?;
        let month = simulated(Simulation::default()).kind("office").for_each("range(12)");
        let year = Workflow::new("year").strategy(Sortition::NAME).task("month", month);
        Ok::<_, Failure>(society.run(year).await?.tally().completed)
    })?;
    println!("{held} offices were held; {} awards kept the rules", testing::suite(Sortition::default, 60).awards);
    Ok(())
}
