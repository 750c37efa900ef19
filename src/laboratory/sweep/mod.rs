//! Sweeps: an experiment is a grid of conditions, each tried by many seeds, on all cores, into files.
//!
//! | part | does |
//! |---|---|
//! | [`Experiment`] | what is to be tried: cells, tries, measures; read from a file ([the keys](Experiment#the-file)) |
//! | [`Sweep`] | carries it out into a folder, and goes on where a killed one stopped |
//!
//! Results don't depend on the number of threads, nor on how often it was killed: tries are numbered, by cell and then by seed; they may end in any
//! order, but count in that of their numbers. What ends is appended to a journal at once, so that a kill loses what was in flight. Memory holds
//! the tries in flight and those that wait for an earlier one (together at most eight for each thread, and nine), the measures of one cell, and of the first
//! 200,000 tries the makespan, for the page; never the results.

mod cell;
mod condition;
mod csv;
mod engine;
mod error;
mod experiment;
mod folder;
mod grown;
mod journal;
mod measure;
mod merger;
mod page;
mod table;
mod why;
mod work;

pub(crate) use condition::{Comings, Condition, Crew, Drawn, Given, GraphSeed, Level, Workload};
pub use error::SweepError;
pub use experiment::{Experiment, MOST_CELLS, MOST_TRIES};
pub(crate) use experiment::{Parts, condition};
pub(crate) use measure::{MEASURES, Measure};
pub use work::{Ending, Sweep};
