//! Pictures of runs, and pages that hold them: SVG and HTML from plain numbers and names, by a string builder of our own.
//!
//! | to show | see |
//! |---|---|
//! | what each of some governments measured | [`BoxPlot`] |
//! | how a measure is distributed | [`Curves`] |
//! | one aim against another, and who is beaten in both | [`Scatter`] |
//! | who did what when | [`Gantt`] |
//! | all that as one file that needs no network and runs no script | [`Page`], [`Table`] |
//!
//! Colours can be told apart by the colour-blind (after Okabe & Ito, "Color Universal Design", 2008), and no colour is the only sign of anything;
//! light or dark is as the reader's system has it, and paper is white. What can't be drawn (NaN, infinities) is never drawn but counted below the
//! picture. Text stays text, whatever it contains. Equal input gives equal output, to the byte.

mod axis;
mod bars;
mod boxes;
mod chart;
mod curves;
mod frame;
mod gantt;
mod kinds;
mod lanes;
mod page;
mod policy;
mod scatter;
mod series;
mod style;
mod svg;
mod table;
mod text;
mod unit;

pub use axis::Axis;
pub use boxes::BoxPlot;
pub use chart::Chart;
pub use curves::Curves;
pub use gantt::{Gantt, Job, MOST_BARS, MOST_LANES};
pub use page::{Page, Part};
pub use scatter::{Cloud, Scatter};
pub use series::Series;
pub use table::{Cell, Column, Table};
pub use unit::Unit;

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test that fails by a panic is what is wanted
pub(crate) mod tests;
