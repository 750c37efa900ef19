//! # Polity
//!
//! An actor runtime in which you choose how your agents are governed.

#[cfg(panic = "abort")]
compile_error!("polity contains panics of agents by unwinding: build it with panic = \"unwind\"");

pub mod event;
pub mod lifecycle;
pub mod plan;
pub mod report;
pub mod supervision;
// pub mod config;
// pub mod workflow;

pub use lifecycle::{Jitter, RetryPolicy, Timeouts};
pub use polity_agents::{self as agents};
pub use polity_protocols::{self as protocols};
