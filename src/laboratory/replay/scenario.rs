//! What is otherwise in a replay.

use super::ReplayError;
use crate::faults::Faults;
use crate::laboratory::prepared::multiply;
use crate::workflow::Strategy;
use polity_agents::AgentSpec;
use serde_json::json;

/// What is otherwise in a replay; nothing by default.
///
/// ```
/// use polity::laboratory::Scenario;
/// let scenario = Scenario { size: Some(8), ..Scenario::strategy("market") };
/// assert_eq!(scenario.name(), "market, 8 agents");
/// assert_eq!(Scenario::default().name(), "as recorded");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Scenario {
    /// Another strategy, instead of all that the workflow names.
    pub strategy: Option<Strategy>,
    /// So many agents in all: each kind in proportion.
    pub size: Option<usize>,
    /// The speed of each kind of agent, in the order of the workflow; as it was if empty.
    pub speeds: Vec<f64>,
    /// What goes wrong on purpose, instead of what did.
    pub faults: Option<Faults>,
}
impl Scenario {
    /// Under another strategy, in one word.
    pub fn strategy(name: &str) -> Scenario {
        Scenario { strategy: Some(Strategy { name: name.into(), settings: json!({}) }), ..Scenario::default() }
    }
    /// What it is called in tables.
    pub fn name(&self) -> String {
        let mut words = vec![match &self.strategy {
            None => "as recorded".to_owned(),
            Some(Strategy { name, settings }) if settings.as_object().is_none_or(|all| all.is_empty()) => name.to_string(),
            Some(Strategy { name, settings }) => format!("{name} {settings}"),
        }];
        words.extend(self.size.map(|size| format!("{size} agents")));
        words.extend((!self.speeds.is_empty()).then(|| "other speeds".to_owned()));
        words.extend(self.faults.as_ref().map(|faults| if faults.is_none() { "no faults" } else { "other faults" }.to_owned()));
        words.join(", ")
    }
    /// The agents in it.
    pub(super) fn agents(&self, recorded: &[AgentSpec]) -> Result<Vec<AgentSpec>, ReplayError> {
        let mut agents = recorded.to_vec();
        let kinds = agents.len();
        if let Some(speed) = self.speeds.iter().find(|speed| !(speed.is_finite() && **speed > 0.0)) {
            return Err(ReplayError(format!("a speed is a number above 0, but one is {speed}")));
        }
        if !self.speeds.is_empty() && self.speeds.len() != kinds {
            let ids: Vec<String> = agents.iter().map(|spec| crate::report::harmless(&spec.id).into_owned()).collect();
            let (given, ids) = (self.speeds.len(), ids.join(", "));
            return Err(ReplayError(format!("there are {given} speeds for {kinds} kinds of agents; give one each for {ids}")));
        }
        agents.iter_mut().zip(&self.speeds).for_each(|(spec, speed)| spec.speed = *speed);
        match self.size {
            Some(size) if size < kinds.max(1) => {
                Err(ReplayError(format!("the run needs at least {kinds} agents, one of each kind, but is given {size}")))
            }
            Some(size) => {
                multiply(&mut agents, size);
                Ok(agents)
            }
            None => Ok(agents),
        }
    }
}
