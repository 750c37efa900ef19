//! What is wrong with a configuration.

use crate::workflow::Problem;
use crate::workflow::problem::{lines, snippet};
use std::fmt;

/// Everything that is wrong with a configuration: files first, then the environment, then flags.
///
/// ```
/// use polity::config::{Config, Sources};
/// let sources = Sources { env: vec![("POLITY_STRATGY".into(), "market".into())], ..Sources::default() };
/// let errors = Config::load(&sources, &[]).unwrap_err();
/// assert_eq!(errors.to_string(), "POLITY_STRATGY: there is no such setting; did you mean POLITY_STRATEGY?");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigErrors {
    /// What is wrong; at least one.
    pub problems: Vec<Problem>,
    /// The texts of the files that the problems are in, by origin.
    pub(super) texts: Vec<(String, String)>,
}
impl ConfigErrors {
    /// The same with the lines of the files that are meant, for terminals.
    pub fn with_snippets(&self) -> String {
        let text = |p: &Problem| self.texts.iter().find(|(o, _)| **o == *p.origin).map_or("", |(_, t)| t.as_str());
        self.problems.iter().map(|p| snippet(p, text(p))).collect::<Vec<_>>().join("\n")
    }
}
impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        lines(&self.problems, f)
    }
}
impl std::error::Error for ConfigErrors {}
