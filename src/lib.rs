//! # Polity
//!
//! An actor runtime in which you choose how your agents are governed.

#[cfg(panic = "abort")]
compile_error!("polity contains panics of agents by unwinding: build it with panic = \"unwind\"");

pub mod config;
pub mod lifecycle;
pub mod plan;
pub mod supervision;
pub mod workflow;

pub use lifecycle::{Jitter, RetryPolicy, Timeouts};
pub use polity_agents::{self as agents};
pub use polity_protocols::{self as protocols};
