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
    /// How many of it there are; of an elastic pool, at least.
    pub replicas: u32,
    /// An elastic pool grows beyond `replicas` while work waits.
    pub elastic: Option<Elastic>,
    /// True if `replicas` was given: then even a single one is called `id-1`.
    pub replicated: bool,
    /// What it does when a task names no way to execute it.
    pub behaviour: Option<Name>,
    /// How long a drain may take when it is stopped.
    pub drain: Duration,
}

/// How far an elastic pool grows, and how patient it is.
///
/// ```
/// use polity_agents::{AgentSpec, Elastic};
/// use polity_protocols::Capabilities;
/// let pool = AgentSpec { elastic: Some(Elastic::up_to(8)), ..AgentSpec::new("shell", Capabilities::default()) };
/// assert_eq!((pool.replicas, pool.most()), (1, 8));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elastic {
    /// The most replicas.
    pub max: u32,
    /// So long work must have waited, with no room anywhere, before it grows.
    pub grow_after: Duration,
    /// So long a replica must have been idle before it is stopped.
    pub idle_after: Duration,
}
impl Elastic {
    /// Grows to so many after a second, shrinks after 30.
    pub fn up_to(max: u32) -> Elastic {
        Elastic { max, grow_after: Duration::from_secs(1), idle_after: Duration::from_secs(30) }
    }
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
            elastic: None,
            replicated: false,
            behaviour: None,
            drain: Duration::from_secs(10),
        }
    }
    /// How many of it there can be.
    pub fn most(&self) -> u32 {
        self.elastic.map_or(self.replicas, |elastic| elastic.max.max(self.replicas))
    }
    /// True if its replicas are called `id-1`, `id-2`, …, and not simply `id`.
    pub fn is_numbered(&self) -> bool {
        self.replicated || self.most() > 1
    }
    /// The profile of each replica that there can be.
    pub fn profiles(&self) -> impl Iterator<Item = Profile> + '_ {
        (1..=self.most()).map(|n| {
            let name = if self.is_numbered() { Name::from(format!("{}-{n}", self.id)) } else { self.id.clone() };
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
