//! # Polity
//!
//! An actor runtime in which you choose how your agents are governed.

#[cfg(panic = "abort")]
compile_error!("polity contains panics of agents by unwinding: build it with panic = \"unwind\"");

mod actors;
pub mod config;
pub mod event;
pub mod lifecycle;
pub mod plan;
pub mod prelude;
mod registry;
pub mod report;
mod runtime;
pub mod supervision;
pub mod workflow;
mod world;

pub use lifecycle::{Jitter, RetryPolicy, Timeouts};
pub use polity_agents::{self as agents};
pub use polity_protocols::{self as protocols};
pub use registry::{Government, IntoGovernment, Registry};
pub use runtime::*;
