//! What a run is given, converted to what its workflow declares.

use super::context::type_word;
use super::model::{Input, InputType, Workflow};
use super::problem::{Problem, Span, lines};
use super::scope::{Scope, TaskFacts};
use super::text::{nearest, parse_duration};
use super::yaml;
use polity_protocols::Name;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A value for an input, as it comes.
///
/// ```
/// use polity::workflow::Given;
/// assert_eq!(Given::from("5m"), Given::Text("5m".into()));
/// assert_eq!(Given::from(serde_json::json!([1])), Given::Value(serde_json::json!([1])));
/// ```
///
/// From a command line as text, from a program as it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// A text that is converted to the input's type: `[2012, 2013]`, `5m`, `data.csv`.
    Text(String),
    /// A value that must be of the input's type already.
    Value(Value),
}
impl From<&str> for Given {
    fn from(text: &str) -> Given {
        Given::Text(text.to_owned())
    }
}
impl From<String> for Given {
    fn from(text: String) -> Given {
        Given::Text(text)
    }
}
impl From<Value> for Given {
    fn from(value: Value) -> Given {
        Given::Value(value)
    }
}

/// The values of a run's inputs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoundInputs {
    /// By name. An input that is not required, has no default and was not given is not among them.
    pub values: BTreeMap<Name, Arc<Value>>,
    /// Those that were made up for a mock run.
    pub made_up: Vec<Name>,
}

/// What is known of a run before it begins: its inputs, but for those that were made up, and nothing of its tasks.
impl Scope for BoundInputs {
    fn input(&self, name: &str) -> Option<Arc<Value>> {
        let is_made_up = self.made_up.iter().any(|made_up| **made_up == *name);
        self.values.get(name).filter(|_| !is_made_up).cloned()
    }
    fn task(&self, _: &str) -> Option<TaskFacts> {
        None
    }
}

/// What is wrong with the values that a run was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputErrors {
    /// What is wrong; at least one.
    pub problems: Vec<Problem>,
}
impl fmt::Display for InputErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        lines(&self.problems, f)
    }
}
impl std::error::Error for InputErrors {}

/// Converts what a run is given to what the workflow declares, and adds defaults. Relative paths are taken from the current directory.
/// A `mock` run makes up what is required and missing.
///
/// # Errors
/// [`InputErrors`], all at once: an unknown input, one that is given twice, a value of the wrong type, a required one that is missing.
///
/// ```
/// use polity::workflow::{Known, bind_inputs, parse};
/// let text = "name: w\nagents: [{ id: shell }]\ninputs: [{ name: years, type: list, required: true }]\ntasks: [{ id: a, run: echo }]\n";
/// let workflow = parse(text, None, &Known::default()).unwrap().workflow;
/// let bound = bind_inputs(&workflow, [("years", "[2012, 2013]")], false).unwrap();
/// assert_eq!(*bound.values["years"], serde_json::json!([2012, 2013]));
/// let error = bind_inputs(&workflow, [("yeras", "[]")], true).unwrap_err();
/// assert_eq!(error.to_string(), "the workflow has no input \"yeras\"; did you mean \"years\"?");
/// ```
pub fn bind_inputs<N: Into<String>, G: Into<Given>>(
    workflow: &Workflow,
    given: impl IntoIterator<Item = (N, G)>,
    mock: bool,
) -> Result<BoundInputs, InputErrors> {
    let mut bound = BoundInputs::default();
    let mut problems = Vec::new();
    for (name, value) in given {
        let name: String = name.into();
        match one(workflow, &name, value.into(), &bound) {
            Ok(value) => drop(bound.values.insert(name.into(), Arc::new(value))),
            Err(problem) => problems.push(problem),
        }
    }
    for input in workflow.inputs.iter() {
        if bound.values.contains_key(&input.name) || problems.iter().any(|p| p.message.contains(&format!("\"{}\"", input.name))) {
            continue;
        }
        if let Some(default) = &input.default {
            bound.values.insert(input.name.clone(), Arc::new(default.clone()));
        } else if input.required && mock {
            bound.values.insert(input.name.clone(), Arc::new(made_up(input.kind)));
            bound.made_up.push(input.name.clone());
        } else if input.required {
            let message = format!("the input \"{}\" is required{}", input.name, about(input));
            problems.push(Problem::new(Span::default(), message).help(format!("give it with -i {}=…", input.name)));
        }
    }
    if problems.is_empty() { Ok(bound) } else { Err(InputErrors { problems }) }
}

/// The same workflow, with these values where nothing else is given: as if they stood in it as defaults. Relative paths are taken from the current directory.
///
/// # Errors
/// As [`bind_inputs`], but that none has to be given.
///
/// ```
/// use polity::workflow::{Known, parse, with_inputs};
/// let text = "name: w\nagents: [{ id: shell }]\ninputs: [{ name: years, type: list, required: true }]\ntasks: [{ id: a, run: echo, for_each: inputs.years }]\n";
/// let workflow = parse(text, None, &Known::default()).unwrap().workflow;
/// let given = with_inputs(&workflow, [("years", "[2012, 2013]")]).unwrap();
/// assert_eq!(given.inputs[0].default, Some(serde_json::json!([2012, 2013])));
/// assert!(with_inputs(&workflow, [("yeras", "[]")]).is_err());
/// ```
pub fn with_inputs<N: Into<String>, G: Into<Given>>(
    workflow: &Workflow,
    given: impl IntoIterator<Item = (N, G)>,
) -> Result<Workflow, InputErrors> {
    let bound = bind_inputs(workflow, given, true)?;
    let mut given = workflow.clone();
    for input in &mut given.inputs {
        if let Some(value) = bound.values.get(&input.name).filter(|_| !bound.made_up.contains(&input.name)) {
            input.default = Some((**value).clone());
        }
    }
    Ok(given)
}

fn about(input: &Input) -> String {
    if input.description.is_empty() { String::new() } else { format!(" ({})", input.description) }
}

fn one(workflow: &Workflow, name: &str, given: Given, bound: &BoundInputs) -> Result<Value, Problem> {
    let fail = |message: String| Problem::new(Span::default(), message);
    let Some(input) = workflow.inputs.iter().find(|i| *i.name == *name) else {
        let near = nearest(name, workflow.inputs.iter().map(|i| &*i.name)).map(|w| format!("did you mean \"{w}\"?"));
        return Err(fail(format!("the workflow has no input \"{name}\"")).maybe(near));
    };
    if bound.values.contains_key(name) {
        return Err(fail(format!("the input \"{name}\" is given twice")));
    }
    match given {
        Given::Value(value) => convert_value(input, value).map_err(fail),
        Given::Text(text) => convert_text(input, &text).map_err(fail),
    }
}

/// The word that a file uses for a type.
fn type_name(kind: InputType) -> &'static str {
    match kind {
        InputType::String => "a text",
        InputType::Int => "a whole number",
        InputType::Number => "a number",
        InputType::Bool => "true or false",
        InputType::List => "a list like [1, 2]",
        InputType::Map => "a map like {a: 1}",
        InputType::Path => "a path",
        InputType::Date => "a date like 2024-12-31",
        InputType::Duration => "a duration like 5m",
        InputType::Dataset => "a dataset",
        InputType::Any => "a value",
    }
}

fn mismatch(input: &Input, given: &str) -> String {
    format!("input \"{}\" must be {}, but is {given}", input.name, type_name(input.kind))
}

/// Checks a value against the input's type.
pub(crate) fn convert_value(input: &Input, value: Value) -> Result<Value, String> {
    let text = value.as_str();
    let good = match input.kind {
        InputType::String | InputType::Path => text.is_some(),
        InputType::Int => value.is_i64() || value.is_u64(),
        InputType::Number => value.is_number(),
        InputType::Bool => value.is_boolean(),
        InputType::List => value.is_array(),
        InputType::Map => value.is_object(),
        InputType::Date => text.is_some_and(is_date),
        InputType::Duration => match text {
            Some(t) => return parse_duration(t).map(|_| value.clone()).map_err(|why| format!("input \"{}\": {why}", input.name)),
            None => false,
        },
        InputType::Dataset => !value.is_null(),
        InputType::Any => true,
    };
    if good {
        return Ok(value);
    }
    let given = match &value {
        Value::String(text) => format!("the text \"{text}\""),
        Value::Number(n) => format!("the number {n}"),
        other => type_word(other).to_owned(),
    };
    Err(mismatch(input, &given))
}

fn convert_text(input: &Input, text: &str) -> Result<Value, String> {
    let wrong = || mismatch(input, &format!("\"{text}\""));
    let structured = || yaml::read(text).map(|node| node.json()).map_err(|_| wrong());
    let value = match input.kind {
        InputType::String | InputType::Date | InputType::Duration => Value::from(text),
        InputType::Int => text.trim().parse::<i64>().map(Value::from).map_err(|_| wrong())?,
        InputType::Number => number(text).ok_or_else(wrong)?,
        InputType::Bool => text.trim().parse::<bool>().map(Value::from).map_err(|_| wrong())?,
        InputType::List | InputType::Map => structured()?,
        InputType::Path => resolved(text).ok_or_else(|| format!("input \"{}\" must be a path, but is empty", input.name))?,
        InputType::Dataset | InputType::Any => loose(text),
    };
    convert_value(input, value).map_err(|why| if matches!(input.kind, InputType::List | InputType::Map) { wrong() } else { why })
}

fn number(text: &str) -> Option<Value> {
    let text = text.trim();
    match text.parse::<i64>() {
        Ok(whole) => Some(Value::from(whole)),
        Err(_) => text.parse::<f64>().ok().filter(|f| f.is_finite()).map(Value::from),
    }
}

/// A value of no declared type: JSON if it is some, else text.
fn loose(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

/// A path, taken from the current directory.
fn resolved(text: &str) -> Option<Value> {
    if text.is_empty() {
        return None;
    }
    let absolute = std::path::absolute(text).ok();
    Some(Value::from(absolute.as_deref().and_then(|p| p.to_str()).unwrap_or(text)))
}

/// `YYYY-MM-DD`, in the proleptic Gregorian calendar.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [y, m, d] = parts[..] else { return false };
    let digits = |s: &str, n: usize| s.len() == n && s.bytes().all(|b| b.is_ascii_digit());
    if !digits(y, 4) || !digits(m, 2) || !digits(d, 2) {
        return false;
    }
    let (Ok(year), Ok(month), Ok(day)) = (y.parse::<u32>(), m.parse::<u32>(), d.parse::<u32>()) else { return false };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// A value for a run that only pretends.
fn made_up(kind: InputType) -> Value {
    match kind {
        InputType::String | InputType::Any => json!("mock"),
        InputType::Int => json!(1),
        InputType::Number => json!(1.0),
        InputType::Bool => json!(true),
        InputType::List => json!([1, 2, 3]),
        InputType::Map => json!({}),
        InputType::Path => json!("mock"),
        InputType::Date => json!("2000-01-01"),
        InputType::Duration => json!("1s"),
        InputType::Dataset => json!([]),
    }
}
