//! A supervisor of agents as a file or a program describes it.

use super::spec::{Intensity, Restart, Strategy};
use polity_protocols::Name;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Agents that share a supervisor of their own: they fail together, or stand alone under one limit.
///
/// Its children are started in the order of `agents` (replicas in theirs) and stopped in reverse. Beyond `intensity` it stops them all
/// and escalates to the supervisor above, which starts the whole group again, within its own limit; intensities multiply.
///
/// ```
/// use polity::supervision::{Restart, Strategy, SupervisorSpec};
/// let pipeline = SupervisorSpec::new("pipeline", ["reader", "writer"]).strategy(Strategy::RestForOne).restart(Restart::Permanent);
/// assert_eq!(pipeline.agents.len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupervisorSpec {
    /// Its name.
    pub id: Name,
    /// Who is restarted along with one that failed.
    pub strategy: Strategy,
    /// When its agents are restarted.
    pub restart: Restart,
    /// How many restarts it bears.
    pub intensity: Intensity,
    /// The ids of its agents, in the order of starting.
    pub agents: Vec<Name>,
}
impl SupervisorSpec {
    /// A supervisor that restarts each of these agents alone, unless it ended normally, 5 times in 60 s.
    pub fn new<N: Into<Name>>(id: impl Into<Name>, agents: impl IntoIterator<Item = N>) -> SupervisorSpec {
        SupervisorSpec {
            id: id.into(),
            strategy: Strategy::OneForOne,
            restart: Restart::Transient,
            intensity: Intensity::AGENTS,
            agents: agents.into_iter().map(Into::into).collect(),
        }
    }
    /// With another strategy.
    #[must_use]
    pub fn strategy(mut self, strategy: Strategy) -> SupervisorSpec {
        self.strategy = strategy;
        self
    }
    /// With another kind of children.
    #[must_use]
    pub fn restart(mut self, restart: Restart) -> SupervisorSpec {
        self.restart = restart;
        self
    }
    /// With another limit.
    #[must_use]
    pub fn intensity(mut self, intensity: Intensity) -> SupervisorSpec {
        self.intensity = intensity;
        self
    }

    /// The first thing that is wrong with some supervisors: two of one name, one without agents, an agent that is unknown or has two.
    ///
    /// ```
    /// use polity::supervision::SupervisorSpec;
    /// let pair = SupervisorSpec::new("pair", ["ann", "bob"]);
    /// let wrong = SupervisorSpec::first_problem(&[pair], |name| &**name == "ann").unwrap();
    /// assert_eq!(wrong.sentence, "supervisor \"pair\" has agent \"bob\", which is not an agent");
    /// assert_eq!((wrong.group, wrong.agent), (0, Some(1)));
    /// ```
    pub fn first_problem(groups: &[SupervisorSpec], is_agent: impl Fn(&Name) -> bool) -> Option<BadSupervisor> {
        let mut taken: BTreeMap<&Name, &Name> = BTreeMap::new();
        for (group, spec) in groups.iter().enumerate() {
            let id = &spec.id;
            let wrong = |agent, sentence| Some(BadSupervisor { group, agent, sentence });
            if groups[..group].iter().any(|other| other.id == *id) {
                return wrong(None, format!("there are two supervisors \"{id}\""));
            }
            if spec.agents.is_empty() {
                return wrong(None, format!("supervisor \"{id}\" has no agents"));
            }
            for (at, agent) in spec.agents.iter().enumerate() {
                if !is_agent(agent) {
                    return wrong(Some(at), format!("supervisor \"{id}\" has agent \"{agent}\", which is not an agent"));
                }
                if let Some(other) = taken.insert(agent, id) {
                    return wrong(Some(at), format!("agent \"{agent}\" has two supervisors, \"{other}\" and \"{id}\""));
                }
            }
        }
        None
    }
}

/// See [`SupervisorSpec::first_problem`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSupervisor {
    /// Which supervisor, by its place.
    pub group: usize,
    /// Which of its agents, by its place.
    pub agent: Option<usize>,
    /// What is wrong.
    pub sentence: String,
}
