//! A recorded run beside what it would have been.

use super::{Alternative, Course, Recording, ReplayError, Scenario, text};
use serde_json::Value;

/// A recorded run, replayed as it was and otherwise.
///
/// ```
/// use polity::laboratory::{Recording, Replay, Scenario};
/// use polity::prelude::*;
/// use std::{cell::RefCell, rc::Rc};
/// # let agents = || vec![AgentSpec::new("ann", can("dig", 1.0)), AgentSpec::new("bob", can("dig", 0.5))];
/// # let flow = Workflow::new("w").task("dig", simulated(Simulation::default()).kind("dig").for_each("range(9)")).build().unwrap();
/// # let log = Rc::new(RefCell::new(Vec::new()));
/// # polity::simulate(7, async {
/// #     let builder = agents().into_iter().fold(Polity::builder(), |builder, spec| builder.agent_spec(spec));
/// #     builder.sink(log.clone()).start()?.run(flow.clone()).await.map_err(|wrong| Failure::error(wrong.to_string()))
/// # }).unwrap();
/// // `log` holds all events of a run of `flow` by `agents()`.
/// let recording = Recording::of(&log.borrow(), &flow, agents())?;
/// let replay = Replay::make(recording, vec![Scenario::strategy("market"), Scenario::strategy("consensus")])?;
/// assert!(replay.table().contains("consensus"));
/// assert_eq!(replay.error(), 0.0);
/// # Ok::<(), polity::laboratory::ReplayError>(())
/// ```
pub struct Replay {
    pub(super) recording: Recording,
    pub(super) again: Course,
    pub(super) others: Vec<Alternative>,
}
impl Replay {
    /// Replays it as it was, and in each scenario, by its own seed.
    ///
    /// # Errors
    /// As [`Recording::under`].
    pub fn make(recording: Recording, scenarios: Vec<Scenario>) -> Result<Replay, ReplayError> {
        Replay::by_seeds(recording, scenarios, 1)
    }
    /// Replays it as it was, and in each scenario by so many seeds, of which its own is the first: a strategy may leave much to chance.
    ///
    /// # Errors
    /// As [`Recording::under`].
    pub fn by_seeds(recording: Recording, scenarios: Vec<Scenario>, seeds: u32) -> Result<Replay, ReplayError> {
        let again = recording.replay()?;
        let others = scenarios.into_iter().map(|scenario| Alternative::of(&recording, scenario, seeds));
        let others = others.collect::<Result<_, ReplayError>>()?;
        Ok(Replay { recording, again, others })
    }
    /// What is replayed.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }
    /// The replay as it was.
    pub fn again(&self) -> &Course {
        &self.again
    }
    /// The scenarios, with what they came to.
    pub fn others(&self) -> &[Alternative] {
        &self.others
    }
    /// How far the replayed makespan is from the recorded one, as a share of that.
    pub fn error(&self) -> f64 {
        let (was, is) = (self.recording.recorded().measures.makespan, self.again.measures.makespan);
        off(was, is)
    }
    /// The same of the work along the critical path, what came to nothing too. In real time it may be far greater than that of the makespan: there waiting may
    /// pass for work.
    pub fn work_error(&self) -> f64 {
        let work = |course: &Course| course.shares.work + course.shares.lost;
        off(work(self.recording.recorded()), work(&self.again))
    }
    /// How far the replayed busy share of the slots is from the recorded one: their difference, 0..=1.
    pub fn busy_error(&self) -> f64 {
        (self.again.measures.utilisation - self.recording.recorded().measures.utilisation).abs()
    }
    /// The tables for a terminal.
    pub fn table(&self) -> String {
        text::table(self)
    }
    /// The same for programs.
    pub fn json(&self) -> Value {
        text::json(self)
    }
}

/// As a share of what it was.
fn off(was: f64, is: f64) -> f64 {
    if was > 0.0 { (is - was).abs() / was } else { 0.0 }
}
