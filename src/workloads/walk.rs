//! Walking through foreign JSON: what is not as expected is named by its path.

use super::WorkloadError;
use serde_json::{Map, Value};
use std::fmt;

/// A place in a JSON text, and how it was reached.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) value: &'a Value,
    up: Option<&'a At<'a>>,
    step: Step<'a>,
}
#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Item(usize),
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.up, self.step) {
            (Some(up), Step::Key(key)) if matches!(up.step, Step::Root) => f.write_str(key),
            (Some(up), Step::Key(key)) => write!(f, "{up}.{key}"),
            (Some(up), Step::Item(n)) => write!(f, "{up}[{n}]"),
            _ => f.write_str("the whole"),
        }
    }
}

impl<'a> At<'a> {
    pub(super) fn root(value: &'a Value) -> At<'a> {
        At { value, up: None, step: Step::Root }
    }
    pub(super) fn wrong(&self, expected: &str) -> WorkloadError {
        WorkloadError::new(format!("`{self}` must be {expected}, but is {}; change it there", shown(self.value)))
    }
    fn object(&self) -> Result<&'a Map<String, Value>, WorkloadError> {
        self.value.as_object().ok_or_else(|| self.wrong("an object"))
    }
    /// A part that may be missing; null is as missing.
    pub(super) fn maybe(&'a self, key: &'a str) -> Result<Option<At<'a>>, WorkloadError> {
        let found = self.object()?.get(key).filter(|value| !value.is_null());
        Ok(found.map(|value| At { value, up: Some(self), step: Step::Key(key) }))
    }
    /// A part that must be there.
    pub(super) fn key(&'a self, key: &'a str) -> Result<At<'a>, WorkloadError> {
        self.maybe(key)?.ok_or_else(|| {
            let owner = if matches!(self.step, Step::Root) { "the file".to_owned() } else { format!("`{self}`") };
            WorkloadError::new(format!("{owner} has no `{key}`; add it, or fetch the file again if it was cut"))
        })
    }
    pub(super) fn list(&'a self) -> Result<impl ExactSizeIterator<Item = At<'a>>, WorkloadError> {
        let items = self.value.as_array().ok_or_else(|| self.wrong("a list"))?;
        Ok(items.iter().enumerate().map(|(n, value)| At { value, up: Some(self), step: Step::Item(n) }))
    }
    /// The parts of a list of just so many.
    pub(super) fn parts<const N: usize>(&'a self, expected: &str) -> Result<[At<'a>; N], WorkloadError> {
        let items: Vec<At<'a>> = self.list().map_err(|_| self.wrong(expected))?.collect();
        items.try_into().map_err(|_| self.wrong(expected))
    }
    pub(super) fn text(&self) -> Result<&'a str, WorkloadError> {
        self.value.as_str().ok_or_else(|| self.wrong("a text"))
    }
    /// A number of seconds, at least 0.
    pub(super) fn seconds(&self) -> Result<f64, WorkloadError> {
        let number = self.value.as_f64().filter(|number| number.is_finite() && *number >= 0.0);
        number.ok_or_else(|| self.wrong("a number of seconds, at least 0"))
    }
    /// A whole number of at least 0, however it is written: `5`, `5.0`.
    pub(super) fn count(&self, of: &str) -> Result<u64, WorkloadError> {
        let whole = |number: f64| number >= 0.0 && number < 2f64.powi(64) && number.fract() == 0.0;
        let number = self.value.as_u64().or_else(|| self.value.as_f64().filter(|n| whole(*n)).map(|n| n as u64));
        number.ok_or_else(|| self.wrong(&format!("a whole number of {of}, at least 0")))
    }
}

/// Longest beginning of a text that an error shows.
const SHOWN: usize = 60;

/// What a value is, in a few words.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(_) => "an object".into(),
        Value::String(text) => shown_text(text),
        other => other.to_string(),
    }
}

/// A text from outside in quotes, its beginning if it is long.
pub(super) fn shown_text(text: &str) -> String {
    let start: String = text.chars().take(SHOWN).collect();
    if text.chars().count() > SHOWN { format!("\"{start}…\"") } else { format!("\"{start}\"") }
}
