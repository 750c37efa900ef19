//! # Polity
//!
//! An actor runtime in which you choose how your agents are governed: a task graph is carried out by capability-scored agents under a
//! protocol that is picked by one word, live or in deterministic virtual time, by the same code.
//!
//! ```
//! use polity::prelude::*;
//! let sum = polity::run(async {
//!     let society = Polity::builder()
//!         .strategy(Hierarchical::default())
//!         .function("add", |job, _| async move { Ok(json!(job.input::<i64>("a")? + job.input::<i64>("b")?)) })
//!         .agent_spec(AgentSpec::new("ann", Capabilities::default()))
//!         .start()?;
//!     let flow = Workflow::new("sum")
//!         .task("three", function("add").with("a", 1).with("b", 2))
//!         .task("ten", function("add").with("a", output("three")).with("b", 7));
//!     Ok::<_, Failure>(society.run(flow).await?.output("ten").clone())
//! });
//! assert_eq!(sum.unwrap(), 10);
//! ```
//!
//! | to | see |
//! |---|---|
//! | put a society together, run workflows | [`Polity::builder`], [`Society`], [`run`](crate::run()), [`simulate`] |
//! | write a workflow in Rust or read one from a file | [`workflow`] |
//! | write an agent | [`agents::Agent`] |
//! | write a government | [`protocols::Protocol`], [`protocols::testing`] |
//! | read, generate and measure task graphs | [`workloads`] |
//! | see what happened | [`event`], [`report`] |
//! | compare governments by figures and pictures | [`laboratory`] |
//! | have things go wrong on purpose | [`faults`] |
//! | use the machines by themselves | [`plan`], [`lifecycle`], [`supervision`] |

#[cfg(panic = "abort")]
compile_error!("polity contains panics of agents by unwinding: build it with panic = \"unwind\"");

mod actors;
pub mod config;
pub mod delegation;
pub mod event;
pub mod faults;
mod files;
pub mod laboratory;
pub mod lifecycle;
mod mutation;
pub mod plan;
pub mod planned;
pub mod prelude;
mod registry;
pub mod report;
mod runtime;
pub mod supervision;
pub mod workflow;
pub mod workloads;
mod world;

pub use lifecycle::{Jitter, RetryPolicy, Timeouts};
pub use polity_agents::{self as agents};
pub use polity_protocols::{self as protocols};
pub use registry::{Government, IntoGovernment, Registry};
pub use runtime::*;

/// The program in the README is compiled and run with the examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
