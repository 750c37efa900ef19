//! A plan, carried out: each task goes to the agent that an offline planner chose for it.
//!
//! The planners of [`planners`](crate::planners) see a whole workflow and plan it before it runs (Topcuoglu, Hariri and Wu 2002). A
//! protocol sees no graph and no names of tasks. So a plan is a list of [`Pin`]s: the number of a task in its run
//! ([`TaskId::instance`](crate::TaskId::instance)) and the name of an agent. The pins of one agent stand in the order in which the
//! plan starts them.
//!
//! | task | what happens |
//! |---|---|
//! | pinned, its agent has a free slot | it gets it |
//! | pinned, its agent is busy or rests after a refusal | it waits, and goes in the order of the plan among those that wait for this agent |
//! | without a pin | to the agent with the least expected completion, at once |
//! | its agent is absent, not able, or to be avoided | the same |
//! | its agent leaves while it waits | the same |
//!
//! An agent does not idle for a task that comes first in the plan but is not ready: the plan's order holds among those that are. So a
//! run may end later than planned where it was planned to wait, and of course where estimates were wrong. A plan pins the same
//! numbers in every run of its team.

mod initiator;
mod order;
mod settings;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub use initiator::PlanKeeper;
pub use settings::{Pin, Pinned};

/// What a config calls it.
const NAME: &str = "pinned";
