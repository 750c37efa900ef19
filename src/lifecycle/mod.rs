//! *Whether again*: one task's life from announced to settled. Pure.
//!
//! [`Lifecycle`] is the machine: typed [`Input`] and `now` in, typed [`Effect`]s out. [`TRANSITIONS`] is the one table of
//! what may happen in which [`State`]. [`Policy`] says how often and how long, [`RetryBudget`] how many retries a whole run bears.

mod budget;
mod copies;
mod hedge;
mod machine;
mod message;
mod policy;
mod transition;

#[cfg(test)]
mod tests;

pub use budget::{OverBudget, RetryBudget, RetryLimit};
pub use copies::{CopyConflict, CopyWeights, MAX_COPIES, Panel, RERUNS, Redundancy, Vote};
pub use hedge::{Durations, Hedge, LEAST_DURATIONS, MOST_DURATIONS, Race};
pub use machine::{Lifecycle, MAX_AVOIDED, POISON_AFTER};
pub use message::{Effect, Ignored, Input, InputKind, Settled};
pub use policy::{Jitter, Policy, RetryPolicy, Timeouts};
pub use transition::{State, TRANSITIONS, Transition};
