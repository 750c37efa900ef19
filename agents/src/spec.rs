//! How an agent is described, in a file or in a program.

use core::time::Duration;
use polity_protocols::{Capabilities, Name, Profile};

/// An agent's description.
///
/// ```
/// use polity_agents::AgentSpec;
/// use polity_protocols::Capabilities;
/// let shell = AgentSpec { replicas: 2, ..AgentSpec::new("shell", Capabilities::default().and("extraction", 0.9)) };
/// let names: Vec<String> = shell.profiles().map(|p| p.name.to_string()).collect();
/// assert_eq!(names, ["shell-1", "shell-2"]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct AgentSpec {
    /// Its id; replicas are called `id-1`, `id-2`, ….
    pub id: Name,
    /// What a person should know of it.
    pub description: String,
    /// What it can do.
    pub can: Capabilities,
    /// Work per second, relative; above 0.
    pub speed: f64,
    /// Cost of a second of its work; at least 0.
    pub cost: f64,
    /// Jobs at a time; at least 1.
    pub slots: u32,
    /// Jobs that may wait for a slot; a further one is refused.
    pub queue: u32,
    /// How many of it there are.
    pub replicas: u32,
    /// True if `replicas` was given: then even a single one is called `id-1`.
    pub replicated: bool,
    /// What it does when a task names no way to execute it.
    pub behaviour: Option<Name>,
    /// How long a drain may take when it is stopped.
    pub drain: Duration,
}

/// Jobs that may wait at an agent by default.
pub const DEFAULT_QUEUE: u32 = 64;

impl AgentSpec {
    /// One agent: speed 1, cost 0, one slot.
    pub fn new(id: impl Into<Name>, can: Capabilities) -> AgentSpec {
        AgentSpec {
            id: id.into(),
            description: String::new(),
            can,
            speed: 1.0,
            cost: 0.0,
            slots: 1,
            queue: DEFAULT_QUEUE,
            replicas: 1,
            replicated: false,
            behaviour: None,
            drain: Duration::from_secs(10),
        }
    }
    /// The profile of each replica.
    pub fn profiles(&self) -> impl Iterator<Item = Profile> + '_ {
        (1..=self.replicas).map(|n| {
            let name =
                if self.replicas == 1 && !self.replicated { self.id.clone() } else { Name::from(format!("{}-{n}", self.id)) };
            Profile {
                name,
                group: self.id.clone(),
                capabilities: self.can.clone(),
                speed: self.speed,
                cost: self.cost,
                slots: self.slots,
            }
        })
    }
}
