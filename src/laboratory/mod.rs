//! The laboratory: which government is better for a workload, and how sure is that?
//!
//! | part | gives |
//! |---|---|
//! | [`Subject`] | a workload with a society for it |
//! | [`Population`] | agents for it that are drawn |
//! | [`Trial`], [`Measures`] | one run in virtual time, and what it came to |
//! | [`in_parallel`] | many of them, on all cores |
//! | [`Comparison`] | strategies side by side, by paired seeds |
//! | [`Recording`], [`Scenario`], [`Replay`] | a run that was recorded, again: as it was, and under another government |
//! | [`Experiment`], [`Sweep`] | a grid of conditions, each tried by many seeds, into a folder of files; can be killed and goes on |
//! | [`Advice`] | which of them to take, with how many agents |
//! | [`Past`] | how tasks went in past runs: how long they took, how often they failed |
//! | [`Hindsight`] | how well past runs would have been predicted, each from the others |
//! | [`statistics`] | medians with their intervals, paired tests, effect sizes, fairness |
//! | [`picture`] | charts as SVG, and pages that hold them: one file each, without a script |
//!
//! The last two are pure: plain numbers and names in, numbers and text out. They know nothing of runs.

pub mod picture;
pub mod statistics;

mod advice;
mod bound;
mod compare;
mod hindsight;
mod past;
mod pool;
mod population;
mod prepared;
mod replay;
mod subject;
pub(crate) mod sweep;
mod trial;
mod why;

pub use advice::{Advice, Rival};
pub use compare::{Arm, Comparison, Plan, Progress, Row, Size};
pub use hindsight::{Guess, Hindsight};
pub use past::Past;
pub use pool::{cores, in_parallel, in_parallel_until};
pub use population::Population;
pub use replay::{Alternative, Course, Moved, Place, Recording, Replay, ReplayError, Scenario, Shares};
pub use subject::{Subject, speeds};
pub use sweep::{Ending, Experiment, MOST_CELLS, MOST_TRIES, Sweep, SweepError};
pub use trial::{Measures, Trial};
