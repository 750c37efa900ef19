//! The language as tables: every key, what it takes, and whether it is built. The check of a file's shape, the JSON Schema and the
//! configuration all read these.

mod agents;
mod faults;
mod kinds;
mod nested;
mod policies;
mod task;
mod top;
mod ways;

pub(crate) use faults::FAULTS;
pub(crate) use kinds::{Field, Kind, Record, Word, key, must, yes};
use kinds::{later, not_yet};
pub(crate) use policies::RETRY;
pub(crate) use top::{CONFIG, TOP};
