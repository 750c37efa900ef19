//! What distributions and arrivals are written like: `name(5s, word 10s)`.

use super::WorkloadError;
use super::walk::shown_text;
use crate::workflow::parse_duration;
use crate::workflow::text::nearest;

/// A name with parts in parentheses.
pub(super) struct Call<'a> {
    pub(super) name: &'a str,
    pub(super) parts: Vec<&'a str>,
}

impl<'a> Call<'a> {
    /// None if there are no parentheses around the end.
    pub(super) fn parse(text: &'a str) -> Option<Call<'a>> {
        let (name, parts) = text.trim().strip_suffix(')')?.split_once('(')?;
        let parts = if parts.trim().is_empty() { Vec::new() } else { parts.split(',').map(str::trim).collect() };
        Some(Call { name: name.trim(), parts })
    }
    fn wrong(&self, pattern: &str) -> WorkloadError {
        let (name, given) = (self.name, shown_text(&self.parts.join(", ")));
        WorkloadError::new(format!("`{name}` is written {name}({pattern}), but is given {given}; write it like that"))
    }
    /// Just so many parts without names.
    pub(super) fn plain<const N: usize>(&self, pattern: &str) -> Result<[&'a str; N], WorkloadError> {
        self.parts.clone().try_into().map_err(|_| self.wrong(pattern))
    }
    pub(super) fn only(&self, pattern: &str) -> Result<&'a str, WorkloadError> {
        let [part] = self.plain(pattern)?;
        Ok(part)
    }
    fn find(&self, word: &str) -> Option<&'a str> {
        self.parts.iter().find_map(|part| part.strip_prefix(word)?.strip_prefix(char::is_whitespace))
    }
    pub(super) fn has(&self, word: &str) -> bool {
        self.find(word).is_some()
    }
    /// Just these parts, each behind its word, in any order.
    pub(super) fn named<const N: usize>(&self, words: [&str; N], pattern: &str) -> Result<[&'a str; N], WorkloadError> {
        let found: Vec<&str> = words.iter().filter_map(|word| self.find(word)).map(str::trim).collect();
        let whole = self.parts.len() == N;
        found.try_into().ok().filter(|_| whole).ok_or_else(|| self.wrong(pattern))
    }
    pub(super) fn number(&self, what: &str, text: &str) -> Result<f64, WorkloadError> {
        let wrong = || format!("`{what}` of `{}` must be a number like 0.5, but is {}; write one", self.name, shown_text(text));
        text.parse().map_err(|_| WorkloadError::new(wrong()))
    }
    pub(super) fn count(&self, what: &str, text: &str) -> Result<u32, WorkloadError> {
        let wrong = || {
            let given = shown_text(text);
            format!("`{what}` of `{}` must be a whole number of at least 1, but is {given}; write how many", self.name)
        };
        text.parse().ok().filter(|count| *count > 0).ok_or_else(|| WorkloadError::new(wrong()))
    }
    /// A part that is a duration, in seconds.
    pub(super) fn seconds(&self, text: &str) -> Result<f64, WorkloadError> {
        let wrong = |why| WorkloadError::new(format!("in `{}`: {why}", self.name));
        parse_duration(text).map(|duration| duration.as_secs_f64()).map_err(wrong)
    }
    /// All parts, as durations.
    pub(super) fn all_seconds(&self) -> Result<Vec<f64>, WorkloadError> {
        self.parts.iter().map(|part| self.seconds(part)).collect()
    }
    /// A name that is not one of these.
    pub(super) fn unknown(&self, what: &str, known: &[&str]) -> WorkloadError {
        let given = shown_text(self.name);
        let remedy = match nearest(self.name, known.iter().copied()) {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("there is {}", known.join(", ")),
        };
        WorkloadError::new(format!("there is no {what} {given}; {remedy}"))
    }
}
