//! The plan as a setting, and the checks on it.

use super::initiator::PlanKeeper;
use crate::{AgentId, Mute, Name, Profile, Protocol, Silence};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One task of a plan.
///
/// ```
/// use polity_protocols::pinned::Pin;
/// let pin: Pin = serde_json::from_str(r#"{ "task": 3, "agent": "ann" }"#).unwrap();
/// assert_eq!(pin, Pin::new(3, "ann"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The task's number in its run: [`TaskId::instance`](crate::TaskId::instance).
    pub task: u32,
    /// The name of the agent that shall do it.
    pub agent: Name,
}
impl Pin {
    /// The task shall go to this agent.
    pub fn new(task: u32, agent: impl Into<Name>) -> Pin {
        Pin { task, agent: agent.into() }
    }
}

/// Carries out a plan; what the plan does not say goes to the agent with the least expected completion.
///
/// ```
/// use polity_protocols::Protocol;
/// use polity_protocols::pinned::{Pin, Pinned};
/// let plan = Pinned { pins: vec![Pin::new(0, "ann"), Pin::new(1, "bob")] };
/// assert_eq!(plan.check(), Ok(()));
/// let twice = Pinned { pins: vec![Pin::new(0, "ann"), Pin::new(0, "bob")] };
/// assert_eq!(twice.check().unwrap_err(), "pinned.pins must give each task to one agent, but gives task 0 to \"ann\" and to \"bob\"");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pinned {
    /// Who shall do which task; those of one agent in the order in which it shall start them.
    pub pins: Vec<Pin>,
}

impl Protocol for Pinned {
    const NAME: &'static str = super::NAME;
    type Message = Silence;
    type Initiator = PlanKeeper;
    type Participant = Mute;

    fn check(&self) -> Result<(), String> {
        let mut seen = BTreeMap::new();
        for Pin { task, agent } in &self.pins {
            if agent.is_empty() {
                return Err(format!("pinned.pins must name an agent for each task, but the name for task {task} is empty"));
            }
            if let Some(other) = seen.insert(task, agent) {
                return Err(format!(
                    "pinned.pins must give each task to one agent, but gives task {task} to \"{other}\" and to \"{agent}\""
                ));
            }
        }
        Ok(())
    }
    fn initiator(&self) -> PlanKeeper {
        PlanKeeper::new(self)
    }
    fn participant(&self, _: AgentId, _: &Profile) -> Mute {
        Mute
    }
}
