//! Work that only takes time: what it will come to is drawn first, purely; then it is waited for.

use super::{Deed, PastEnd};
use crate::agent::Context;
use crate::failure::Failure;
use crate::job::{Answer, Distribution, Job, Simulation};
use core::time::Duration;
use polity_protocols::{Rng, seconds_to_duration};
use std::sync::Arc;

/// How a simulated attempt ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SimEnd {
    /// It answers.
    Succeed,
    /// It answers with a failure, after all its time.
    Fail,
    /// The agent panics, after half its time.
    Crash,
    /// It never ends, until it is stopped.
    Hang,
}

/// What was drawn for a simulated attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// After how long it ends; [`Duration::MAX`] if it hangs.
    pub duration: Duration,
    /// How.
    pub end: SimEnd,
}

impl Distribution {
    /// What is wrong with its parameters.
    ///
    /// # Errors
    /// A sentence that says what must be, and what is.
    ///
    /// ```
    /// use polity_agents::Distribution;
    /// assert!(Distribution::Uniform(1.0, 2.0).check().is_ok());
    /// assert_eq!(Distribution::Uniform(2.0, 1.0).check().unwrap_err(), "the bounds of `uniform` must be in order, but are 2 and 1");
    /// ```
    pub fn check(&self) -> Result<(), String> {
        let seconds = |what: &str, value: f64| match value.is_finite() && value >= 0.0 {
            true => Ok(()),
            false => Err(format!("{what} must be a number of seconds, at least 0, but is {value}")),
        };
        match *self {
            Distribution::Constant(value) => seconds("`constant`", value),
            Distribution::Exponential(mean) => seconds("the mean of `exponential`", mean),
            Distribution::Uniform(low, high) => {
                seconds("the lower bound of `uniform`", low)?;
                seconds("the upper bound of `uniform`", high)?;
                if low <= high {
                    Ok(())
                } else {
                    Err(format!("the bounds of `uniform` must be in order, but are {low} and {high}"))
                }
            }
            Distribution::Lognormal(median, sigma) => {
                seconds("the median of `lognormal`", median)?;
                match sigma.is_finite() && sigma >= 0.0 {
                    true => Ok(()),
                    false => Err(format!("the deviation of `lognormal` must be a number, at least 0, but is {sigma}")),
                }
            }
        }
    }

    /// A log-normal one of this mean, in seconds, and this sigma, the standard deviation of its logarithm.
    ///
    /// ```
    /// assert!((polity_agents::Distribution::around(3.0, 0.5).mean() - 3.0).abs() < 1e-12);
    /// ```
    pub fn around(mean: f64, sigma: f64) -> Distribution {
        Distribution::Lognormal(mean * libm::exp(-sigma * sigma / 2.0), sigma)
    }
    /// Its mean, in seconds.
    ///
    /// ```
    /// assert_eq!(polity_agents::Distribution::Uniform(1.0, 3.0).mean(), 2.0);
    /// ```
    pub fn mean(&self) -> f64 {
        match *self {
            Distribution::Constant(value) | Distribution::Exponential(value) => value,
            Distribution::Uniform(low, high) => low + (high - low) / 2.0,
            Distribution::Lognormal(median, sigma) => median * libm::exp(sigma * sigma / 2.0),
        }
    }

    /// One draw, in seconds.
    ///
    /// ```
    /// use polity_agents::Distribution;
    /// let x = Distribution::Uniform(1.0, 3.0).sample(&mut polity_protocols::Rng::new(1, "x"));
    /// assert!((1.0..3.0).contains(&x));
    /// ```
    pub fn sample(&self, rng: &mut Rng) -> f64 {
        match *self {
            Distribution::Constant(value) => value,
            Distribution::Uniform(low, high) => rng.between(low, high),
            Distribution::Exponential(mean) => rng.exponential(mean),
            Distribution::Lognormal(median, sigma) => median * libm::exp(sigma * rng.normal()),
        }
    }
}

impl Default for Simulation {
    /// The job's estimate, always with success, answering its input.
    fn default() -> Self {
        Simulation { work: None, failure: 0.0, crash: 0.0, hang: 0.0, output: None, past: None }
    }
}
impl Simulation {
    /// What is wrong with it.
    ///
    /// # Errors
    /// A sentence that says which key, what it must be, and what it is.
    ///
    /// ```
    /// use polity_agents::Simulation;
    /// let bad = Simulation { crash: 1.5, ..Simulation::default() };
    /// assert_eq!(bad.check().unwrap_err(), "`crash` must be a probability in 0..=1, but is 1.5");
    /// ```
    pub fn check(&self) -> Result<(), String> {
        for (key, p) in [("failure", self.failure), ("crash", self.crash), ("hang", self.hang)] {
            if !(0.0..=1.0).contains(&p) {
                return Err(format!("`{key}` must be a probability in 0..=1, but is {p}"));
            }
        }
        self.work.as_ref().map_or(Ok(()), Distribution::check)
    }
    /// The same with the course of the past that this job repeats ([`Past::drawn`](super::Past::drawn)); none if it has none to choose from.
    pub fn drawn(&self, job: &Job, lot: u64) -> Option<Simulation> {
        let past = self.past.as_ref()?.drawn(job, lot)?;
        Some(Simulation { past: Some(Arc::new(past)), work: self.work, output: self.output.clone(), ..*self })
    }
    /// What is known of this very job, if it was done before.
    fn deed(&self, job: &Job) -> Option<&Deed> {
        self.past.as_ref()?.of(job)
    }
    /// What an attempt at `job` that came to its end answers: what it did before, if that is known.
    ///
    /// # Errors
    /// [`FailureKind::Error`](crate::FailureKind::Error) if it `failed`; or the failure that is known.
    ///
    /// ```
    /// use polity_agents::{Job, Simulation, Work};
    /// let simulation = Simulation { output: Some("done".into()), ..Simulation::default() };
    /// let job = Job::new("a", Work::Own);
    /// assert_eq!(simulation.answer(&job, false).unwrap(), "done");
    /// assert!(simulation.answer(&job, true).is_err());
    /// ```
    pub fn answer(&self, job: &Job, failed: bool) -> Answer {
        match self.deed(job).map(|deed| &deed.end) {
            Some(PastEnd::Answered(output)) => Ok((**output).clone()),
            Some(PastEnd::Failed(failure)) => Err((**failure).clone()),
            _ if failed => {
                Err(Failure::error(format!("simulated failure (each attempt fails with probability {})", self.failure)))
            }
            _ => Ok(self.output.clone().unwrap_or_else(|| (*job.input).clone())),
        }
    }
}

/// Draws what an attempt at `job` will come to on an agent of this speed. Pure.
///
/// It lasts its work ÷ (speed × fit). Whether it hangs is drawn first; if not, whether it crashes; if not, whether it fails. All the
/// fates are drawn each time, so that a change of one probability shifts no other draw (common random numbers); only where nothing at all is
/// left to chance `rng` is left alone, since its first draw costs more than all the rest. Of a job that is known from the past nothing is
/// drawn: it lasts its work then ÷ (speed × fit), and ends as it did.
///
/// ```
/// use polity_agents::{SimEnd, Simulation, Work, draw};
/// # let job = polity_agents::Job::new("a", Work::Own).estimate(6.0).fit(0.5);
/// // A job of 6 s of work, for an agent of fit 0.5:
/// let drawn = draw(&Simulation::default(), &job, 4.0, &mut polity_protocols::Rng::new(1, "x"));
/// assert_eq!((drawn.duration.as_secs(), drawn.end), (3, SimEnd::Succeed));
/// ```
pub fn draw(simulation: &Simulation, job: &Job, speed: f64, rng: &mut Rng) -> Draw {
    if let Some(deed) = simulation.deed(job) {
        return deed.again(speed * job.fit);
    }
    let ([hang, crash, failure], work) = lots(simulation, job.estimate, rng);
    let rate = speed * job.fit;
    // A rate of 0 is an agent that gets nowhere: forever, unless there is nothing to do.
    let seconds = if rate > 0.0 || work <= 0.0 { work / rate.max(f64::MIN_POSITIVE) } else { f64::INFINITY };
    let duration = seconds_to_duration(seconds);
    if hang < simulation.hang {
        Draw { duration: Duration::MAX, end: SimEnd::Hang }
    } else if crash < simulation.crash {
        Draw { duration: duration / 2, end: SimEnd::Crash }
    } else if failure < simulation.failure {
        Draw { duration, end: SimEnd::Fail }
    } else {
        Draw { duration, end: SimEnd::Succeed }
    }
}

/// The work that an attempt comes to, in seconds at speed 1 and fit 1, as [`draw`] draws it from the same stream. Not for what is known from the past.
///
/// ```
/// use polity_agents::{Distribution, Simulation, Work, draw, drawn_work};
/// use polity_protocols::Rng;
/// let simulation = Simulation { work: Some(Distribution::Uniform(1.0, 9.0)), ..Simulation::default() };
/// let job = polity_agents::Job::new("a", Work::Own).estimate(6.0);
/// let work = drawn_work(&simulation, 6.0, &mut Rng::new(1, "x"));
/// assert_eq!(draw(&simulation, &job, 1.0, &mut Rng::new(1, "x")).duration.as_secs_f64(), (work * 1e9).round() / 1e9);
/// ```
pub fn drawn_work(simulation: &Simulation, estimate: f64, rng: &mut Rng) -> f64 {
    lots(simulation, estimate, rng).1
}
/// What decides whether it hangs, crashes and fails, and its work.
fn lots(simulation: &Simulation, estimate: f64, rng: &mut Rng) -> ([f64; 3], f64) {
    let never = simulation.hang <= 0.0 && simulation.crash <= 0.0 && simulation.failure <= 0.0;
    let known = matches!(simulation.work, None | Some(Distribution::Constant(_)));
    let fates = if never && known { [1.0; 3] } else { [rng.unit(), rng.unit(), rng.unit()] };
    (fates, simulation.work.map_or(estimate, |distribution| distribution.sample(rng)))
}

/// Carries out a simulated attempt in the context's time. The draw comes from the context's stream `simulate`.
///
/// # Errors
/// [`FailureKind::Error`](crate::FailureKind::Error), if a failure was drawn.
///
/// # Panics
/// If a crash was drawn: that is what a crash is.
///
/// ```
/// use polity_agents::{Context, RealClock, Simulation, Work, simulate};
/// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
/// # let job = polity_agents::Job::new("a", Work::Own).estimate(6.0);
/// let context = Context::new(std::rc::Rc::new(RealClock::new()), 42);
/// let simulation = Simulation { output: Some("done".into()), ..Simulation::default() };
/// assert_eq!(simulate(job, &simulation, 1.0, context.clone()).await.unwrap(), "done");
/// assert_eq!(context.now().as_secs_f64().round(), 6.0);
/// # });
/// ```
pub async fn simulate(job: Job, simulation: &Simulation, speed: f64, context: Context) -> Answer {
    let drawn = draw(simulation, &job, speed, &mut context.rng("simulate"));
    if drawn.end == SimEnd::Hang {
        // No timer: a virtual clock that has nothing else to do would run to the end of time for it.
        core::future::pending::<()>().await;
    }
    context.sleep(drawn.duration).await;
    if drawn.end == SimEnd::Crash {
        panic!("simulated crash of the agent at task \"{}\"", job.name);
    }
    simulation.answer(&job, drawn.end == SimEnd::Fail)
}

#[cfg(test)]
#[path = "simulated_tests.rs"]
mod tests;
