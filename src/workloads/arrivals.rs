//! When workflows arrive.

use super::WorkloadError;
use super::call::Call;
use polity_protocols::{Rng, seconds_to_duration};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// When the workflows of an experiment arrive. Its parameters are checked when it is made.
///
/// | text | arrivals |
/// |---|---|
/// | `poisson(every 30s)` | a Poisson process: the gaps are exponential, 30 s on average; so is the time to the first |
/// | `bursts(size 10, every 5m)` | 10 at the same moment, at 0, 5 min, 10 min, … |
/// | `bursts(size 10, every 5m, within 20s)` | each of the 10 at a moment of its own within 20 s from the burst's beginning, evenly drawn |
/// | `trace(0s, 4s, 4s, 9s)` | at these moments |
///
/// ```
/// use polity::workloads::Arrivals;
/// use std::time::Duration;
/// let bursts: Arrivals = "bursts(size 2, every 1m)".parse()?;
/// assert_eq!(bursts.moments(3, 42)?, [0, 0, 60].map(Duration::from_secs));
/// let poisson = Arrivals::poisson(30.0)?.moments(10_000, 42)?;
/// assert!((poisson[9_999].as_secs_f64() / 300_000.0 - 1.0).abs() < 0.05);
/// # Ok::<(), polity::workloads::WorkloadError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Arrivals(Inner);

#[derive(Clone, Debug, PartialEq)]
enum Inner {
    Poisson { every: f64 },
    Bursts { size: u32, every: f64, within: f64 },
    Trace(Arc<[f64]>),
}

fn positive(what: &str, value: f64) -> Result<f64, WorkloadError> {
    let wrong = || format!("{what} must be a number of seconds above 0, but is {value}; write a duration like 30s");
    if value.is_finite() && value > 0.0 { Ok(value) } else { Err(WorkloadError::new(wrong())) }
}

impl Arrivals {
    /// A Poisson process with this mean gap, in seconds.
    ///
    /// # Errors
    /// If it is not finite and above 0.
    pub fn poisson(every: f64) -> Result<Arrivals, WorkloadError> {
        Ok(Arrivals(Inner::Poisson { every: positive("the gap of `poisson`", every)? }))
    }
    /// So many at a time, every so many seconds, each within so many seconds from its burst's beginning.
    ///
    /// # Errors
    /// If the size is 0, `every` is not finite and above 0, or `within` is not in 0 to `every`.
    pub fn bursts(size: u32, every: f64, within: f64) -> Result<Arrivals, WorkloadError> {
        if size == 0 {
            return Err(WorkloadError::new("the size of `bursts` must be at least 1, but is 0; write how many arrive together"));
        }
        let every = positive("the gap of `bursts`", every)?;
        if !(0.0..=every).contains(&within) {
            return Err(WorkloadError::new(format!(
                "the width of `bursts` must be at least 0 and at most their gap, {every} s, but is {within}; write a shorter `within`"
            )));
        }
        Ok(Arrivals(Inner::Bursts { size, every, within }))
    }
    /// At these moments, in seconds from the beginning, in any order.
    ///
    /// # Errors
    /// If there is none, or one is negative or not finite.
    pub fn trace(moments: impl Into<Vec<f64>>) -> Result<Arrivals, WorkloadError> {
        let mut moments = moments.into();
        if moments.is_empty() {
            return Err(WorkloadError::new("`trace` needs at least one moment, but has none; write them like trace(0s, 4s, 9s)"));
        }
        if let Some(bad) = moments.iter().find(|moment| !(moment.is_finite() && **moment >= 0.0)) {
            return Err(WorkloadError::new(format!(
                "the moments of `trace` must be numbers of seconds, at least 0, but one is {bad}; count from the first arrival"
            )));
        }
        moments.sort_unstable_by(f64::total_cmp);
        Ok(Arrivals(Inner::Trace(moments.into())))
    }
    /// How many there are; none if they go on for ever.
    pub fn count(&self) -> Option<usize> {
        match &self.0 {
            Inner::Trace(moments) => Some(moments.len()),
            Inner::Poisson { .. } | Inner::Bursts { .. } => None,
        }
    }
    /// The first `count` moments from the beginning, in order: of one seed always the same, and the first of them do not depend on how many are
    /// asked for.
    ///
    /// # Errors
    /// If a trace has fewer.
    pub fn moments(&self, count: usize, seed: u64) -> Result<Vec<Duration>, WorkloadError> {
        let mut rng = Rng::new(seed, "workloads/arrivals");
        let seconds: Vec<f64> = match &self.0 {
            Inner::Poisson { every } => {
                let mut now = 0.0;
                let next = |_| {
                    now += rng.exponential(*every);
                    now
                };
                (0..count).map(next).collect()
            }
            Inner::Bursts { size, every, within } => {
                // Whole bursts are drawn, so that the moments of the last don't depend on where it is cut.
                let bursts = (0..count.div_ceil(*size as usize)).map(|n| {
                    let mut burst: Vec<f64> = (0..*size).map(|_| n as f64 * every + rng.between(0.0, *within)).collect();
                    burst.sort_unstable_by(f64::total_cmp);
                    burst
                });
                bursts.flatten().take(count).collect()
            }
            Inner::Trace(moments) if count > moments.len() => {
                return Err(WorkloadError::new(format!(
                    "{count} arrivals are wanted, but the trace has {}; ask for fewer, or lengthen the trace",
                    moments.len()
                )));
            }
            Inner::Trace(moments) => moments[..count].to_vec(),
        };
        Ok(seconds.into_iter().map(seconds_to_duration).collect())
    }
}

impl fmt::Display for Arrivals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Poisson { every } => write!(f, "poisson(every {every}s)"),
            Inner::Bursts { size, every, within: 0.0 } => write!(f, "bursts(size {size}, every {every}s)"),
            Inner::Bursts { size, every, within } => write!(f, "bursts(size {size}, every {every}s, within {within}s)"),
            Inner::Trace(moments) => {
                let moments: Vec<String> = moments.iter().map(|moment| format!("{moment}s")).collect();
                write!(f, "trace({})", moments.join(", "))
            }
        }
    }
}

impl FromStr for Arrivals {
    type Err = WorkloadError;
    fn from_str(text: &str) -> Result<Arrivals, WorkloadError> {
        let Some(call) = Call::parse(text) else {
            let given = super::walk::shown_text(text.trim());
            return Err(WorkloadError::new(format!(
                "arrivals are written like poisson(every 30s), but are {given}; write them so"
            )));
        };
        match call.name {
            "poisson" => {
                let [every] = call.named(["every"], "every 30s")?;
                Arrivals::poisson(call.seconds(every)?)
            }
            "bursts" if call.has("within") => {
                let [size, every, within] = call.named(["size", "every", "within"], "size 10, every 5m, within 20s")?;
                Arrivals::bursts(call.count("size", size)?, call.seconds(every)?, call.seconds(within)?)
            }
            "bursts" => {
                let [size, every] = call.named(["size", "every"], "size 10, every 5m")?;
                Arrivals::bursts(call.count("size", size)?, call.seconds(every)?, 0.0)
            }
            "trace" => Arrivals::trace(call.all_seconds()?),
            _ => Err(call.unknown("pattern of arrivals", &["poisson", "bursts", "trace"])),
        }
    }
}

impl TryFrom<String> for Arrivals {
    type Error = WorkloadError;
    fn try_from(text: String) -> Result<Arrivals, WorkloadError> {
        text.parse()
    }
}
impl From<Arrivals> for String {
    fn from(arrivals: Arrivals) -> String {
        arrivals.to_string()
    }
}
