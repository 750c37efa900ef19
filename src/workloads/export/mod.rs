//! Writing a task graph, and saying what a format can't carry.

mod stg;
mod target;
mod taskdag;
mod wfformat;

pub use target::{Exported, Target};
pub use wfformat::WFFORMAT;
