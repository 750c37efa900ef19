//! Allocation rules without any talk, to compare protocols with: what a government costs and gains shows only against none.
//!
//! | name | rule |
//! |---|---|
//! | `random` | any able agent, at once |
//! | `round_robin` | able agents in turn, at once |
//! | `fifo_fastest_idle` | in order of arrival, to the fastest able agent with a free slot; else the task waits |
//! | `min_completion` | to the agent that should finish it first, at once; agents queue |
//!
//! They know members' profiles, their own awards and their outcomes, and nothing else.

mod fifo_fastest_idle;
mod min_completion;
mod random;
mod round_robin;

pub use fifo_fastest_idle::{FifoFastestIdle, FifoFastestIdleInitiator};
pub use min_completion::{MinCompletion, MinCompletionInitiator};
pub use random::{Random, RandomInitiator};
pub use round_robin::{RoundRobin, RoundRobinInitiator};

#[cfg(test)]
mod tests;
