//! What a team knows of an agent: what it says of itself when it joins, and how busy it was when last heard of.

use crate::capability::Capabilities;
use crate::ids::Name;
use serde::{Deserialize, Serialize};

/// What an agent declares when it joins a team. A capability is a claim until proven.
///
/// ```
/// use polity_protocols::{Capabilities, Profile};
/// let profile = Profile::new("shell-1", Capabilities::default().and("extraction", 0.9)).speed(2.0).slots(2);
/// assert_eq!(profile.slots, 2);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// The agent's name, unique in its society.
    pub name: Name,
    /// The name that its replicas share; its own name if it has none.
    pub group: Name,
    /// What it can do, how well.
    pub capabilities: Capabilities,
    /// Work per second, relative; above 0.
    pub speed: f64,
    /// What a second of its work costs; at least 0.
    pub cost: f64,
    /// Jobs at a time; at least 1.
    pub slots: u32,
}

impl Profile {
    /// An agent with speed 1, cost 0 and one slot.
    pub fn new(name: impl Into<Name>, capabilities: Capabilities) -> Profile {
        let name = name.into();
        Profile { group: name.clone(), name, capabilities, speed: 1.0, cost: 0.0, slots: 1 }
    }
    /// With another speed.
    pub fn speed(mut self, speed: f64) -> Profile {
        self.speed = speed;
        self
    }
    /// With another cost per second.
    pub fn cost(mut self, cost: f64) -> Profile {
        self.cost = cost;
        self
    }
    /// With another number of slots.
    pub fn slots(mut self, slots: u32) -> Profile {
        self.slots = slots;
        self
    }
    /// How long this agent needs for `work` (seconds at speed 1) at the given fit, in seconds.
    pub fn seconds_for(&self, work: f64, fit: f64) -> f64 {
        let rate = self.speed * fit;
        if rate > 0.0 { work / rate } else { f64::INFINITY }
    }
}

/// How busy an agent is: its own word, true when it was said.
///
/// ```
/// use polity_protocols::Load;
/// let load = Load { running: 2, queued: 1, backlog: 4.5 };
/// assert_eq!(load.jobs(), 3);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// Jobs in its slots.
    pub running: u32,
    /// Jobs waiting for a slot.
    pub queued: u32,
    /// Estimated seconds until all of them would be done, if nothing else came, summed over slots.
    pub backlog: f64,
}
impl Load {
    /// Jobs that it holds, running or waiting.
    pub fn jobs(&self) -> u32 {
        self.running + self.queued
    }
}
