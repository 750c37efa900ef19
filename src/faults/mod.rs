//! Faults on purpose: what shall go wrong, how often, and to whom. Pure: who has what part in it and when something happens is a function
//! of the seed, the agent and a number, and not of what anybody says; so every strategy meets the same faults (common random numbers).
//!
//! - [`Faults`] is the model: agents crash, fail, hang or are slow; talk is late, lost, repeated or out of order; agents are cut off for a while;
//!   agents quote too low, lie, or claim what they can't do. A file has it under `faults:`, the command line as `--faults`: the [short form](Faults#impl-FromStr-for-Faults).
//! - [`Cast`] says which agent has which part.
//! - [`Calendar`] says when an agent crashes, [`Line`] what becomes of its next message, [`hangs`] whether a job hangs, [`fails`] whether an attempt fails.
//!
//! A society carries them out ([`Builder::faults`](crate::Builder::faults)), and has verbs of its own: [`Society::crash`](crate::Society::crash),
//! [`bounce`](crate::Society::bounce), [`partition`](crate::Society::partition), [`hold`](crate::Society::hold),
//! [`release`](crate::Society::release), [`repair`](crate::Society::repair).

mod cast;
mod draws;
mod model;
mod short;

#[cfg(test)]
mod tests;

pub(crate) use cast::is_named;
pub use cast::{Cast, Part};
pub use draws::{Calendar, Line, fails, hangs, inverted};
pub use model::{
    Crashes, Failing, FalseClaims, Faults, Hangs, LowBall, Lying, LyingVoters, Partition, Slowness, TalkFaults, Whom,
};
