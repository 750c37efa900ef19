//! A task's failure is a value: what went wrong, in a word that policies can match and a sentence that people can read.

use core::fmt;
use serde::{Deserialize, Serialize};

/// The kinds of failure, as `only_if`, `unless` and `on_error` name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The work itself reported an error (a function returned one, a program exited with a code other than 0).
    Error,
    /// The program was not found (exit 127) or may not be executed (exit 126).
    NotRunnable,
    /// It did not end in time.
    Timeout,
    /// The job's code panicked.
    Panic,
    /// The result is not of the promised form (not JSON, not UTF-8, too large).
    BadOutput,
    /// The job's input is wrong; never retried.
    Validation,
    /// Credentials were refused; never retried.
    Authentication,
    /// The process was killed by a signal that nobody here sent.
    Killed,
    /// No agent would or could take it.
    Unassigned,
    /// A binding could not be computed.
    Binding,
    /// The agents that held it died under it, too often.
    Poison,
    /// Its copies gave different results, and no result had the agreement that was asked for; never retried.
    Disagreement,
    /// Its work could not be handed on: too deep, in a circle, too many, or to somebody to whom it may not; never retried.
    Delegation,
    /// The budget that it would have drawn from is spent; never retried.
    Budget,
    /// It was cancelled.
    Cancelled,
}

impl FailureKind {
    /// True if trying again can't help: retries are never spent on it.
    ///
    /// ```
    /// assert!(polity_agents::FailureKind::Validation.is_final());
    /// assert!(!polity_agents::FailureKind::Timeout.is_final());
    /// ```
    pub fn is_final(self) -> bool {
        matches!(
            self,
            FailureKind::Validation
                | FailureKind::Authentication
                | FailureKind::Binding
                | FailureKind::Poison
                | FailureKind::Disagreement
                | FailureKind::Delegation
                | FailureKind::Budget
                | FailureKind::Cancelled
        )
    }
    /// The word for it in files and events.
    pub fn word(self) -> &'static str {
        match self {
            FailureKind::Error => "error",
            FailureKind::NotRunnable => "not_runnable",
            FailureKind::Timeout => "timeout",
            FailureKind::Panic => "panic",
            FailureKind::BadOutput => "bad_output",
            FailureKind::Validation => "validation",
            FailureKind::Authentication => "authentication",
            FailureKind::Killed => "killed",
            FailureKind::Unassigned => "unassigned",
            FailureKind::Binding => "binding",
            FailureKind::Poison => "poison",
            FailureKind::Disagreement => "disagreement",
            FailureKind::Delegation => "delegation",
            FailureKind::Budget => "budget",
            FailureKind::Cancelled => "cancelled",
        }
    }
}

/// Why a job failed.
///
/// Any `std::error::Error` becomes a `Failure` by `?`, so that an agent's code reads as usual:
///
/// ```
/// use polity_agents::{Failure, FailureKind};
/// fn parse(text: &str) -> Result<u32, Failure> {
///     Ok(text.parse::<u32>()?)
/// }
/// assert_eq!(parse("x").unwrap_err().kind, FailureKind::Error);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Of which kind.
    pub kind: FailureKind,
    /// What happened, as a sentence without a full stop.
    pub message: String,
    /// A program's exit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The end of what it wrote to its error stream.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub stderr: String,
}

impl Failure {
    /// A failure of a kind.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Failure {
        Failure { kind, message: message.into(), exit_code: None, stderr: String::new() }
    }
    /// The work reported an error.
    ///
    /// ```
    /// assert_eq!(polity_agents::Failure::error("no such year").to_string(), "no such year");
    /// ```
    pub fn error(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::Error, message)
    }
}
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
// `Failure` itself is not a `std::error::Error`, so that this blanket conversion may exist (as in `anyhow`).
impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Failure {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message = format!("{message}: {cause}");
            source = cause.source();
        }
        Failure::error(message)
    }
}
