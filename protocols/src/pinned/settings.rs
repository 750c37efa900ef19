//! The plan as a setting, and the checks on it.

use super::initiator::PlanKeeper;
use crate::{AgentId, Mute, Name, Profile, Protocol, Silence};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One task of a plan.
///
/// ```
/// use polity_protocols::pinned::Pin;
/// let pin: Pin = serde_json::from_str(r#"{ "task": 3, "agent": "ann", "start": 2.5 }"#).unwrap();
/// assert_eq!(pin, Pin::new(3, "ann").starting_at(2.5));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The task's number in its run: [`TaskId::instance`](crate::TaskId::instance).
    pub task: u32,
    /// The name of the agent that shall do it.
    pub agent: Name,
    /// When it shall start, in seconds on the plan's clock. Its agent then waits for it, within bounds; without, never. By that clock the run
    /// begins when the first of the tasks that are announced at its beginning shall start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<f64>,
}
impl Pin {
    /// The task shall go to this agent.
    pub fn new(task: u32, agent: impl Into<Name>) -> Pin {
        Pin { task, agent: agent.into(), start: None }
    }
    /// With a planned start, in seconds on the plan's clock.
    pub fn starting_at(self, seconds: f64) -> Pin {
        Pin { start: Some(seconds), ..self }
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pinned {
    /// Who shall do which task, and when; those of one agent in the order in which it shall start them.
    pub pins: Vec<Pin>,
}

impl Protocol for Pinned {
    const NAME: &'static str = super::NAME;
    type Message = Silence;
    type Initiator = PlanKeeper;
    type Participant = Mute;

    fn check(&self) -> Result<(), String> {
        let (mut seen, mut latest) = (BTreeMap::new(), BTreeMap::new());
        for Pin { task, agent, start } in &self.pins {
            if agent.is_empty() {
                return Err(format!("pinned.pins must name an agent for each task, but the name for task {task} is empty"));
            }
            if let Some(other) = seen.insert(task, agent) {
                return Err(format!(
                    "pinned.pins must give each task to one agent, but gives task {task} to \"{other}\" and to \"{agent}\""
                ));
            }
            let Some(start) = *start else { continue };
            if !(start.is_finite() && start >= 0.0) {
                return Err(format!("pinned.pins must give task {task} a start of 0 seconds or later, but gives {start}"));
            }
            if let Some((other, before)) = latest.insert(agent, (task, start)).filter(|(_, before)| *before > start) {
                return Err(format!(
                    "pinned.pins must list the tasks of \"{agent}\" by their start, but lists task {task} at {start} s behind task {other} at {before} s"
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
