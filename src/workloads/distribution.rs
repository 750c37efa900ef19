//! How long tasks take, when nobody knows exactly.

use super::WorkloadError;
use super::call::Call;
use crate::report::{Report, State};
use crate::workflow::parse_duration;
use polity_agents::Distribution as Shape;
use polity_protocols::{AgentId, Rng};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A distribution of run times, in seconds. Its parameters are checked when it is made, so that drawing can't fail.
///
/// In a text (and so in JSON and YAML, as a string) it is written
///
/// | text | draws |
/// |---|---|
/// | `10s`, or `constant(10s)` | always the same |
/// | `uniform(5s, 15s)` | evenly between the two |
/// | `exponential(mean 10s)` | without memory |
/// | `lognormal(median 10s, sigma 0.5)`, or `lognormal(mean 10s, sigma 0.5)` | log-normal; sigma is the standard deviation of the logarithm |
/// | `empirical(1s, 2s, 2s, 9s)` | one of these, each as likely (the bootstrap: Efron 1979) |
///
/// Durations have a unit, as everywhere: `200ms`, `1h30m`. Draws are equal on every platform: the numbers come from ChaCha, logarithms from libm.
///
/// ```
/// use polity::protocols::Rng;
/// use polity::workloads::Distribution;
/// let work: Distribution = "lognormal(mean 10s, sigma 0.5)".parse()?;
/// let mut rng = Rng::new(42, "work");
/// let mean = (0..20_000).map(|_| work.sample(&mut rng)).sum::<f64>() / 20_000.0;
/// assert!((mean - 10.0).abs() < 0.2 && (work.mean() - 10.0).abs() < 1e-9);
///
/// let wrong = "uniform(15s, 5s)".parse::<Distribution>().unwrap_err();
/// assert_eq!(wrong.to_string(), "the bounds of `uniform` must be in order, but are 15 and 5; write the smaller one first");
/// # Ok::<(), polity::workloads::WorkloadError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Distribution(Inner);

#[derive(Clone, Debug, PartialEq)]
enum Inner {
    Shape(Shape),
    Empirical(Arc<[f64]>),
}

impl Distribution {
    /// Always so many seconds.
    ///
    /// # Errors
    /// If it is negative or not finite.
    pub fn constant(seconds: f64) -> Result<Distribution, WorkloadError> {
        Distribution::of(Shape::Constant(seconds), "write a duration like 10s")
    }
    /// Evenly between two numbers of seconds.
    ///
    /// # Errors
    /// If one is negative or not finite, or the second is below the first.
    pub fn uniform(low: f64, high: f64) -> Result<Distribution, WorkloadError> {
        let order = if low > high { "write the smaller one first" } else { "write two durations like 5s, 15s" };
        Distribution::of(Shape::Uniform(low, high), order)
    }
    /// Exponential, with this mean in seconds.
    ///
    /// # Errors
    /// If it is negative or not finite.
    pub fn exponential(mean: f64) -> Result<Distribution, WorkloadError> {
        Distribution::of(Shape::Exponential(mean), "write a duration like `mean 10s`")
    }
    /// Log-normal, with this median in seconds; `sigma` is the standard deviation of the logarithm: 0.5 has two of three draws within a
    /// factor of 1.65.
    ///
    /// # Errors
    /// If one is negative or not finite, or sigma is above 37, where the mean is no number any more.
    pub fn lognormal(median: f64, sigma: f64) -> Result<Distribution, WorkloadError> {
        // From 37.7 on the mean, exp(sigma² / 2), is beyond all numbers.
        if !(0.0..=37.0).contains(&sigma) {
            return Err(WorkloadError::new(format!(
                "`sigma` of `lognormal` must be in 0 to 37, but is {sigma}; usual is 0.1 to 2"
            )));
        }
        Distribution::of(Shape::Lognormal(median, sigma), "write it like `median 10s, sigma 0.5`")
    }
    /// Log-normal, with this mean in seconds.
    ///
    /// # Errors
    /// As [`lognormal`](Distribution::lognormal).
    pub fn lognormal_by_mean(mean: f64, sigma: f64) -> Result<Distribution, WorkloadError> {
        Distribution::lognormal(1.0, sigma)?;
        if !(mean.is_finite() && mean >= 0.0) {
            return Err(WorkloadError::new(format!(
                "the mean of `lognormal` must be a number of seconds, at least 0, but is {mean}; write it like `mean 10s, sigma 0.5`"
            )));
        }
        Distribution::lognormal(mean * libm::exp(-sigma * sigma / 2.0), sigma)
    }
    /// One of these numbers of seconds, each as likely.
    ///
    /// # Errors
    /// If there is none, or one is negative or not finite.
    pub fn empirical(samples: impl Into<Arc<[f64]>>) -> Result<Distribution, WorkloadError> {
        let samples = samples.into();
        if samples.is_empty() {
            return Err(WorkloadError::new(
                "`empirical` needs at least one sample, but has none; write them like empirical(1s, 2s, 9s)",
            ));
        }
        if let Some(bad) = samples.iter().find(|sample| !(sample.is_finite() && **sample >= 0.0)) {
            return Err(WorkloadError::new(format!(
                "the samples of `empirical` must be numbers of seconds, at least 0, but one is {bad}; leave it out"
            )));
        }
        Ok(Distribution(Inner::Empirical(samples)))
    }
    /// The work of a past run's tasks: a sample for each that completed, or only for those of a kind. It is the time of the attempt that
    /// succeeded, times the speed of the agent that had it: `speed` says that; `|_| 1.0` if nobody knows.
    ///
    /// # Errors
    /// If no such task completed, or a speed is no number above 0.
    ///
    /// ```
    /// use polity::event::RunId;
    /// use polity::prelude::*;
    /// use polity::report::SharedReport;
    /// use polity::workloads::Distribution;
    /// let report = SharedReport::of(RunId(0));
    /// polity::simulate(1, async {
    ///     let ann = AgentSpec { speed: 2.0, ..AgentSpec::new("ann", can("x", 1.0)) };
    ///     let society = Polity::builder().agent_spec(ann).sink(report.clone()).start()?;
    ///     let lasts = |work| simulated(Simulation { work: Some(polity::agents::Distribution::Constant(work)), ..Simulation::default() });
    ///     society.run(Workflow::new("past").task("a", lasts(2.0).kind("x")).task("b", lasts(6.0))).await?;
    ///     Ok::<_, Failure>(())
    /// })
    /// .unwrap();
    /// assert_eq!(Distribution::of_run(&report.look(), None, |_| 2.0)?.to_string(), "empirical(2s, 6s)");
    /// assert_eq!(Distribution::of_run(&report.look(), Some("x"), |_| 2.0)?.mean(), 2.0);
    /// # Ok::<(), polity::workloads::WorkloadError>(())
    /// ```
    pub fn of_run(report: &Report, kind: Option<&str>, speed: impl Fn(AgentId) -> f64) -> Result<Distribution, WorkloadError> {
        let kinds = report.head().map(|head| head.kinds.clone()).unwrap_or_default();
        let kind_of = |n: u32| kinds.get(report.node(n) as usize);
        let is_meant = |n: u32| kind.is_none_or(|kind| kind_of(n).is_some_and(|of| **of == *kind));
        let done = report.tasks().filter(|(n, task)| task.state == State::Completed && is_meant(*n));
        let samples = done.map(|(_, task)| task.took().as_secs_f64() * task.agent.map_or(1.0, &speed));
        let samples: Vec<f64> = samples.collect();
        if samples.is_empty() {
            let which = kind.map_or_else(String::new, |kind| format!(" of kind \"{kind}\""));
            return Err(WorkloadError::new(format!(
                "the run has no completed task{which}, so that it tells no run times; choose another run, or another kind"
            )));
        }
        Distribution::empirical(samples)
    }
    fn of(shape: Shape, remedy: &str) -> Result<Distribution, WorkloadError> {
        shape.check().map_err(|wrong| WorkloadError::new(format!("{wrong}; {remedy}")))?;
        Ok(Distribution(Inner::Shape(shape)))
    }

    /// One draw, in seconds: finite, at least 0. O(1).
    pub fn sample(&self, rng: &mut Rng) -> f64 {
        match &self.0 {
            Inner::Shape(shape) => shape.sample(rng).min(f64::MAX),
            Inner::Empirical(samples) => samples[rng.below(samples.len())],
        }
    }
    /// Its mean, in seconds.
    pub fn mean(&self) -> f64 {
        match &self.0 {
            Inner::Shape(shape) => shape.mean(),
            Inner::Empirical(samples) => samples.iter().map(|sample| sample / samples.len() as f64).sum(),
        }
    }
    /// The same with all draws so many times as long.
    ///
    /// # Errors
    /// If the factor makes a parameter negative or not finite.
    ///
    /// ```
    /// use polity::workloads::Distribution;
    /// assert_eq!(Distribution::uniform(1.0, 3.0)?.times(2.0)?.to_string(), "uniform(2s, 6s)");
    /// # Ok::<(), polity::workloads::WorkloadError>(())
    /// ```
    pub fn times(&self, factor: f64) -> Result<Distribution, WorkloadError> {
        match &self.0 {
            Inner::Shape(Shape::Constant(value)) => Distribution::constant(value * factor),
            Inner::Shape(Shape::Uniform(low, high)) => Distribution::uniform(low * factor, high * factor),
            Inner::Shape(Shape::Exponential(mean)) => Distribution::exponential(mean * factor),
            Inner::Shape(Shape::Lognormal(median, sigma)) => Distribution::lognormal(median * factor, *sigma),
            Inner::Empirical(samples) => {
                Distribution::empirical(samples.iter().map(|sample| sample * factor).collect::<Vec<_>>())
            }
        }
    }
    /// The same as the runtime's own distribution, for a [`Simulation`](polity_agents::Simulation) that draws anew at each attempt; none if
    /// it is empirical.
    pub fn shape(&self) -> Option<Shape> {
        match self.0 {
            Inner::Shape(shape) => Some(shape),
            Inner::Empirical(_) => None,
        }
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Shape(Shape::Constant(value)) => write!(f, "constant({value}s)"),
            Inner::Shape(Shape::Uniform(low, high)) => write!(f, "uniform({low}s, {high}s)"),
            Inner::Shape(Shape::Exponential(mean)) => write!(f, "exponential(mean {mean}s)"),
            Inner::Shape(Shape::Lognormal(median, sigma)) => write!(f, "lognormal(median {median}s, sigma {sigma})"),
            Inner::Empirical(samples) => {
                let samples: Vec<String> = samples.iter().map(|sample| format!("{sample}s")).collect();
                write!(f, "empirical({})", samples.join(", "))
            }
        }
    }
}

impl FromStr for Distribution {
    type Err = WorkloadError;
    fn from_str(text: &str) -> Result<Distribution, WorkloadError> {
        let Some(call) = Call::parse(text) else {
            let alone = parse_duration(text)
                .map_err(|why| WorkloadError::new(format!("{why} (or a distribution like uniform(5s, 15s))")))?;
            return Distribution::constant(alone.as_secs_f64());
        };
        match call.name {
            "constant" => Distribution::constant(call.seconds(call.only("10s")?)?),
            "uniform" => {
                let [low, high] = call.plain("5s, 15s")?;
                Distribution::uniform(call.seconds(low)?, call.seconds(high)?)
            }
            "exponential" => {
                let [mean] = call.named(["mean"], "mean 10s")?;
                Distribution::exponential(call.seconds(mean)?)
            }
            "lognormal" if call.has("median") => {
                let [median, sigma] = call.named(["median", "sigma"], "median 10s, sigma 0.5")?;
                Distribution::lognormal(call.seconds(median)?, call.number("sigma", sigma)?)
            }
            "lognormal" => {
                let [mean, sigma] = call.named(["mean", "sigma"], "mean 10s, sigma 0.5")?;
                Distribution::lognormal_by_mean(call.seconds(mean)?, call.number("sigma", sigma)?)
            }
            "empirical" => Distribution::empirical(call.all_seconds()?),
            _ => Err(call.unknown("distribution", &["constant", "uniform", "exponential", "lognormal", "empirical"])),
        }
    }
}

impl TryFrom<String> for Distribution {
    type Error = WorkloadError;
    fn try_from(text: String) -> Result<Distribution, WorkloadError> {
        text.parse()
    }
}
impl From<Distribution> for String {
    fn from(distribution: Distribution) -> String {
        distribution.to_string()
    }
}
