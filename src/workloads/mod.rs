//! How real and generated task graphs come into the laboratory.
//!
//! A [`TaskGraph`] is a workload in numbers: tasks with their kind and their work (seconds on an agent of speed 1), edges with their bytes.
//!
//! | to | see |
//! |---|---|
//! | read one from a file, whatever its format | [`read`](read()), [`read_with`], [`read_graph`], [`parse`]; [`wfformat`](wfformat()) (WfCommons 1.4–1.6), [`stg`](stg()), [`taskdag`](taskdag()) |
//! | take the shape of a polity workflow | [`TaskGraph::of_workflow`] |
//! | make one up | [`Shape`], [`Draws`], [`Distribution`]; its agents: [`Amount`] |
//! | measure it | [`TaskGraph::critical_path`], [`TaskGraph::lower_bound`], [`TaskGraph::strong_lower_bound`] |
//! | carry it out in virtual time | [`TaskGraph::workflow`], [`TaskGraph::agents`]; with its data, [`Transfers`] |
//! | let many arrive | [`Arrivals`], [`arrive`] |
//! | plan it | [`TaskGraph::problem`] |
//! | write it | [`TaskGraph::export`]: [`to_wfformat`](TaskGraph::to_wfformat), [`to_taskdag`](TaskGraph::to_taskdag), [`to_stg`](TaskGraph::to_stg) |
//!
//! ```
//! use polity::prelude::*;
//! use polity::workloads::{Draws, Shape};
//!
//! let shape: Shape = "montage_like(images 9)".parse()?;
//! let graph = shape.graph(&Draws::new("lognormal(mean 10s, sigma 0.5)".parse()?, 42))?;
//! let (speeds, flow) = ([1.0, 0.5, 2.0], graph.workflow()?);
//! let took = polity::simulate(1, async {
//!     let builder = graph.agents(&speeds).into_iter().fold(Polity::builder(), |builder, spec| builder.agent_spec(spec));
//!     let society = builder.strategy(Hierarchical::default()).start()?;
//!     society.run(flow).await?;
//!     Ok::<_, Failure>(society.now().as_secs_f64())
//! });
//! assert!(took.unwrap() >= graph.strong_lower_bound(&speeds));
//! # Ok::<(), polity::workloads::WorkloadError>(())
//! ```
//!
//! Everything that is drawn comes from a seed, in streams of their own: the same seed gives the same graph on every platform.

mod amount;
mod arrivals;
mod bounds;
mod call;
mod distribution;
mod error;
mod export;
mod flow;
mod graph;
mod ids;
mod pipelines;
mod polity_file;
mod read;
mod shape;
mod sketch;
mod stg;
mod stream;
mod taskdag;
mod transfers;
mod walk;
mod wfformat;
mod wfgraph;

pub use amount::Amount;
pub use arrivals::Arrivals;
pub use distribution::Distribution;
pub use error::WorkloadError;
pub use export::{Exported, Target, WFFORMAT};
pub use graph::{GraphEdge, GraphTask, TaskGraph};
pub use read::{Format, Loaded, UNPACKED, parse, read, read_graph, read_with};
pub use shape::{Draws, MOST, Shape};
pub use stg::stg;
pub use stream::{Arrived, arrive};
pub use taskdag::taskdag;
pub use transfers::Transfers;
pub use wfformat::wfformat;

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test ends where it is wrong
mod tests;
