//! How real and generated task graphs come into the laboratory.

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

pub use arrivals::Arrivals;
pub use distribution::Distribution;
pub use error::WorkloadError;
pub use export::WFFORMAT;
pub use graph::{GraphEdge, GraphTask, TaskGraph};
pub use read::{Format, Loaded, UNPACKED, parse, read, read_with};
pub use shape::{Draws, MOST, Shape};
pub use stg::stg;
pub use stream::{Arrived, arrive};
pub use taskdag::taskdag;
pub use transfers::Transfers;
pub use wfformat::wfformat;

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test ends where it is wrong
mod tests;
