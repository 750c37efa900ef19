//! Strategies side by side, by paired seeds: each sees the same work, the same luck and the same faults.

mod comparison;
mod csv;
mod html;
mod json;
mod rows;
mod text;

pub use comparison::{Arm, Comparison, Plan, Progress};
pub(super) use csv::quoted;
pub use rows::{Row, Size};
pub(super) use text::{figure, percent, short, signed};
