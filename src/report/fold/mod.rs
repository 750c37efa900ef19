//! A run's events, folded into what is known of it.

mod known;
mod lower;
mod report;
mod shared;
mod tasks;

pub use report::{Cost, Report};
pub use shared::SharedReport;
pub(super) use shared::concerns;
