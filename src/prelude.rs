//! What a program needs at hand: `use polity::prelude::*;`.

pub use crate::event::RunStatus;
pub use crate::faults::Faults;
pub use crate::lifecycle::RetryPolicy;
pub use crate::protocols::auto::Auto;
pub use crate::protocols::baselines::{FifoFastestIdle, MinCompletion, Random, RoundRobin};
pub use crate::protocols::consensus::Consensus;
pub use crate::protocols::hierarchical::Hierarchical;
pub use crate::protocols::market::Market;
pub use crate::protocols::pinned::{Pin, Pinned};
pub use crate::protocols::stigmergic::Stigmergic;
pub use crate::protocols::{Capabilities, Weather};
pub use crate::runtime::{Controls, Decomposer, Delegating, Order, Polity, RunError, RunOptions, RunResult, Society};
pub use crate::workflow::*;
pub use polity_agents::{Agent, AgentSpec, Context, Failure, FailureKind, Job, Letter, Simulation, agent_fn};
pub use serde_json::{Value, json};

/// A job's result, or a program's: any error becomes a [`Failure`] by `?`.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// One capability, with its score.
///
/// ```
/// use polity::prelude::*;
/// let both = can("read", 0.9).and("write", 0.5);
/// assert_eq!(both.score("write"), 0.5);
/// ```
pub fn can(capability: &str, score: f64) -> Capabilities {
    Capabilities::default().and(capability, score)
}
