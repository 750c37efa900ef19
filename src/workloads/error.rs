//! Why something is no workload.

use crate::report::harmless;
use std::fmt;
use std::path::{Path, PathBuf};

/// A workload, a distribution or a file of one that is not right: one sentence that says where, what was expected, what was given, and what
/// to do about it. A program can print it as it stands.
///
/// ```
/// let wrong = polity::workloads::read("no/such/file.stg").unwrap_err();
/// assert!(wrong.to_string().starts_with("no/such/file.stg: can't be read: "));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadError {
    origin: Option<PathBuf>,
    what: String,
}
impl WorkloadError {
    /// Names in it come from files: what could do something to a terminal is spelled out.
    pub(crate) fn new(what: impl AsRef<str>) -> WorkloadError {
        WorkloadError { origin: None, what: harmless(what.as_ref()).into_owned() }
    }
    /// The file that it is about, if it is about one.
    pub fn origin(&self) -> Option<&Path> {
        self.origin.as_deref()
    }
    pub(super) fn of(self, path: &Path) -> WorkloadError {
        WorkloadError { origin: Some(path.into()), ..self }
    }
}
impl fmt::Display for WorkloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Some(path) => write!(f, "{}: {}", harmless(&path.to_string_lossy()), self.what),
            None => f.write_str(&self.what),
        }
    }
}
impl std::error::Error for WorkloadError {}
