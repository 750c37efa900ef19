//! How real and generated task graphs come into the laboratory.

mod arrivals;
mod bounds;
mod call;
mod distribution;
mod error;
mod flow;
mod graph;
mod polity_file;
mod read;
mod stg;
mod taskdag;
mod walk;
mod wfformat;
mod wfgraph;

pub use arrivals::Arrivals;
pub use distribution::Distribution;
pub use error::WorkloadError;
pub use graph::{GraphEdge, GraphTask, TaskGraph};
pub use read::{Format, Loaded, UNPACKED, parse, read};
pub use stg::stg;
pub use taskdag::taskdag;
pub use wfformat::wfformat;
