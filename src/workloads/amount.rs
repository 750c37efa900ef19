//! A number that is drawn for each of several.

use super::WorkloadError;
use super::call::Call;
use super::walk::shown_text;
use polity_agents::Distribution as Shape;
use polity_protocols::Rng;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A number without a unit, at least 0, as each of several agents has one of its own: a speed, a price, a score.
///
/// | text | draws |
/// |---|---|
/// | `2` | always the same |
/// | `uniform(0.5, 2)` | evenly between the two |
/// | `exponential(mean 2)` | without memory |
/// | `lognormal(median 1, sigma 0.5)` | log-normal; sigma is the standard deviation of the logarithm |
/// | `choice(0.5, 1, 1, 2)` | one of these, each as likely |
///
/// ```
/// use polity::protocols::Rng;
/// use polity::workloads::Amount;
/// let speed: Amount = "uniform(0.5, 2)".parse()?;
/// assert!((0.5..2.0).contains(&speed.sample(&mut Rng::new(1, "speed"))));
/// let wrong = "uniform(2, 0.5)".parse::<Amount>().unwrap_err();
/// assert_eq!(wrong.to_string(), "the bounds of `uniform` must be in order, but are 2 and 0.5; write the smaller one first");
/// # Ok::<(), polity::workloads::WorkloadError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Amount(Inner);

#[derive(Clone, Debug, PartialEq)]
enum Inner {
    Shape(Shape),
    Choice(Arc<[f64]>),
}

impl Amount {
    /// Always this number.
    ///
    /// # Errors
    /// If it is negative or not finite.
    pub fn constant(number: f64) -> Result<Amount, WorkloadError> {
        Amount::of(Shape::Constant(number), "write a number like 2")
    }
    /// One of these numbers, each as likely.
    ///
    /// # Errors
    /// If there is none, or one is negative or not finite.
    pub fn choice(numbers: impl Into<Arc<[f64]>>) -> Result<Amount, WorkloadError> {
        let numbers = numbers.into();
        let bad = numbers.iter().find(|number| !(number.is_finite() && **number >= 0.0));
        match bad {
            Some(bad) => Err(WorkloadError::new(format!("`choice` takes numbers of at least 0, but one is {bad}; leave it out"))),
            None if numbers.is_empty() => {
                Err(WorkloadError::new("`choice` needs at least one number, but has none; write them like choice(0.5, 1, 2)"))
            }
            None => Ok(Amount(Inner::Choice(numbers))),
        }
    }
    fn of(shape: Shape, remedy: &str) -> Result<Amount, WorkloadError> {
        // The runtime's own distributions are of seconds, and say so.
        let plain = |wrong: String| wrong.replace("a number of seconds, at least 0", "a number of at least 0");
        shape.check().map_err(|wrong| WorkloadError::new(format!("{}; {remedy}", plain(wrong))))?;
        Ok(Amount(Inner::Shape(shape)))
    }
    /// One draw: finite, at least 0. O(1).
    pub fn sample(&self, rng: &mut Rng) -> f64 {
        match &self.0 {
            Inner::Shape(shape) => shape.sample(rng).min(f64::MAX),
            Inner::Choice(numbers) => numbers[rng.below(numbers.len())],
        }
    }
    /// The least and the most that can be drawn.
    pub fn range(&self) -> (f64, f64) {
        match &self.0 {
            Inner::Shape(Shape::Constant(number)) => (*number, *number),
            Inner::Shape(Shape::Uniform(low, high)) => (*low, *high),
            Inner::Shape(Shape::Lognormal(median, sigma)) if *median == 0.0 || *sigma == 0.0 => (*median, *median),
            Inner::Shape(Shape::Exponential(_) | Shape::Lognormal(..)) => (0.0, f64::INFINITY),
            Inner::Choice(numbers) => numbers.iter().fold((f64::INFINITY, 0.0), |(low, high), n| (n.min(low), n.max(high))),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Shape(Shape::Constant(number)) => write!(f, "{number}"),
            Inner::Shape(Shape::Uniform(low, high)) => write!(f, "uniform({low}, {high})"),
            Inner::Shape(Shape::Exponential(mean)) => write!(f, "exponential(mean {mean})"),
            Inner::Shape(Shape::Lognormal(median, sigma)) => write!(f, "lognormal(median {median}, sigma {sigma})"),
            Inner::Choice(numbers) => {
                let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
                write!(f, "choice({})", numbers.join(", "))
            }
        }
    }
}

impl FromStr for Amount {
    type Err = WorkloadError;
    fn from_str(text: &str) -> Result<Amount, WorkloadError> {
        let Some(call) = Call::parse(text) else {
            let wrong = || {
                let given = shown_text(text.trim());
                WorkloadError::new(format!("a number like 2, or uniform(0.5, 2), is needed, but this is {given}; write one"))
            };
            return Amount::constant(text.trim().parse().map_err(|_| wrong())?);
        };
        match call.name {
            "uniform" => {
                let [low, high] = call.plain("0.5, 2")?;
                let (low, high) = (call.number("the lower bound", low)?, call.number("the upper bound", high)?);
                let remedy = if low > high { "write the smaller one first" } else { "write two numbers like 0.5, 2" };
                Amount::of(Shape::Uniform(low, high), remedy)
            }
            "exponential" => {
                let [mean] = call.named(["mean"], "mean 2")?;
                Amount::of(Shape::Exponential(call.number("mean", mean)?), "write it like `mean 2`")
            }
            "lognormal" => {
                let [median, sigma] = call.named(["median", "sigma"], "median 1, sigma 0.5")?;
                let (median, sigma) = (call.number("median", median)?, call.number("sigma", sigma)?);
                Amount::of(Shape::Lognormal(median, sigma), "write it like `median 1, sigma 0.5`")
            }
            "choice" => {
                let numbers: Result<Vec<f64>, _> = call.parts.iter().map(|part| call.number("a part", part)).collect();
                Amount::choice(numbers?)
            }
            _ => Err(call.unknown("distribution", &["uniform", "exponential", "lognormal", "choice"])),
        }
    }
}

impl TryFrom<String> for Amount {
    type Error = WorkloadError;
    fn try_from(text: String) -> Result<Amount, WorkloadError> {
        text.parse()
    }
}
impl From<Amount> for String {
    fn from(amount: Amount) -> String {
        amount.to_string()
    }
}
