//! What can go wrong at the outer edge.

use super::RunResult;
use std::fmt;

/// Why a society could not be started.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StartError {
    /// There is one on this thread already, or one that was dropped is not at its end: it must be stopped first.
    Another,
    /// A setting makes no sense; the sentence says which.
    Setting(String),
}
impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Another => f.write_str("this thread has a society already; end it by `stop` before another is started"),
            StartError::Setting(sentence) => f.write_str(sentence),
        }
    }
}
impl std::error::Error for StartError {}

/// Why a run gave no result.
#[derive(Debug)]
#[non_exhaustive]
pub enum RunError {
    /// The workflow is not right; one problem a line.
    Workflow(String),
    /// An input is missing, unknown or of the wrong type.
    Input(String),
    /// A setting makes no sense.
    Setting(String),
    /// It ended, but not well.
    Failed(Box<RunResult>),
    /// In virtual time it would never end; why.
    Stuck(String),
    /// The runtime ended under it.
    Gone,
}
impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Workflow(sentence)
            | RunError::Input(sentence)
            | RunError::Setting(sentence)
            | RunError::Stuck(sentence) => f.write_str(sentence),
            RunError::Failed(result) => write!(f, "{}", result.sentence()),
            RunError::Gone => f.write_str("the runtime ended before the run did"),
        }
    }
}
impl std::error::Error for RunError {}
