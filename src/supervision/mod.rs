//! Who lives, who is restarted, and when to give up: OTP supervision. Pure.
//!
//! [`Supervision`] is the machine: typed [`Input`] and `now` in, typed [`Effect`]s out. It decides; what starts, stops and
//! kills is the caller. [`TRANSITIONS`] is the one table of what may become of a child.
//!
//! [`Breaker`] says whom to leave alone for a while: an agent that lives, but fails at a kind of work.
//!
//! Intensities multiply through levels: with 5 restarts in 60 s at each of three levels, one child at the bottom may be
//! started 6 × 6 × 6 times before the top gives up.

mod breaker;
mod child;
mod group;
mod machine;
mod message;
mod pool;
mod spec;
mod transition;
mod window;

#[cfg(test)]
mod tests;

pub use breaker::{Breaker, BreakerPolicy, Breaking, Circuit, MAX_PROBES, MAX_WINDOW, Sign};
pub use child::ChildView;
pub use group::{BadSupervisor, SupervisorSpec};
pub use machine::Supervision;
pub use message::{Effect, Exit, Ignored, Input};
pub use pool::{Elasticity, Pool, Resize};
pub use spec::{Backoff, ChildSpec, Intensity, Restart, Strategy};
pub use transition::{Cause, ChildState, TRANSITIONS, Transition};
