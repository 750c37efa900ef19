//! What is to be tried.

use super::cell::Cell;
use super::{Condition, Given, Level, Measure};
use crate::laboratory::Arm;
use crate::workflow::{Known, WorkflowErrors};
use core::time::Duration;
use std::path::Path;
use std::sync::Arc;

/// Cells that an experiment can have.
pub const MOST_CELLS: u64 = 100_000;
/// Tries that an experiment can have: cells times `repeat`.
pub const MOST_TRIES: u64 = 100_000_000;

/// What its reader has found; it fits together.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) name: String,
    pub(crate) text: Arc<str>,
    pub(crate) base: Condition,
    /// Each is a list of steps, and each step sets some values: one if it is varied, several if they go together.
    pub(crate) factors: Vec<Vec<Vec<Level>>>,
    pub(crate) arms: Vec<Arm>,
    pub(crate) repeat: u32,
    pub(crate) first: u64,
    pub(crate) measures: Vec<Measure>,
    pub(crate) after: Option<Duration>,
    pub(crate) precision: Option<f64>,
    pub(crate) files: Vec<Arc<Given>>,
}

impl Parts {
    /// True if workloads arrive over time, under some condition.
    pub(crate) fn arrives(&self) -> bool {
        let arrives = |levels: &Vec<Vec<Level>>| levels.iter().flatten().any(|level| matches!(level, Level::Arrivals(_)));
        self.base.arrivals.is_some() || self.factors.iter().any(arrives)
    }
    /// What tables and pictures are of: the makespan; or, where it is not measured, what is measured first; or what one waits for, where workloads arrive,
    /// since their makespan is hardly more than the time of the last arrival.
    pub(crate) fn main(&self) -> Measure {
        let find = |name: &str| self.measures.iter().find(|measure| measure.name == name);
        let response = find("response").filter(|_| self.arrives());
        *response.or(find("makespan")).unwrap_or(&self.measures[0])
    }
}

/// An experiment: a workload under conditions that are varied, each with each strategy, each tried with the same seeds.
///
/// # The file
///
/// | key | says | default |
/// |---|---|---|
/// | `name` | what the experiment, and the folder of its results, is called | |
/// | `workload` | a file that [`read`](crate::workloads::read()) reads, from the experiment's folder: `{ file: flow.yaml }`, or only its name | |
/// | | with inputs for a polity workflow: `{ file, inputs }` | its defaults; a required one is made up |
/// | | or a graph that is made up: `{ shape, work, seed, bytes }` ([`Shape`](crate::workloads::Shape), [`Distribution`](crate::workloads::Distribution)); with `seed: each` every try has another | `seed: 1`, `bytes: [0, 0]` |
/// | `agents` | how many; or, for graphs, the speed of each: `[1.0, 0.5]`; or what they are drawn from: `{ count, speed, cost, slots, fit, reliability, seed }` ([`Population`](crate::laboratory::Population), [`Amount`](crate::workloads::Amount)) | those of the file; 8 |
/// | `noise` | sigma of the log-normal factor by which work strays from its estimate | 0 |
/// | `faults` | what goes wrong on purpose, in one text or as in a workflow | what the workflow says |
/// | `retry` | whether a failed task of a graph is tried again, as in a workflow: `{ attempts: 5 }` | one attempt |
/// | `bandwidth` | bytes a second between different agents, for graphs | data takes no time |
/// | `latency` | for how long data travels between different agents in any case, for graphs | not at all |
/// | `arrivals` | `{ pattern, count }`: the workload comes so many times ([`Arrivals`](crate::workloads::Arrivals)); `makespan` is then from the first arrival to the last end, `response` what one waits for. With `seed: each` every one has a graph of its own | once |
/// | `strategies` | one after the other; they vary fastest | |
/// | `vary` | lists of values of `workload`, `shape`, `work`, `agents`, `noise`, `faults`, `bandwidth`, `latency`, `arrivals`: every one with every other; the first varies slowest | |
/// | `zip` | equally long lists that go together; they vary faster than `vary` | |
/// | `repeat`, `first_seed` | tries of a cell, each by the next seed | 30, 1 |
/// | `measure` | the columns of the results | all |
/// | `stop.after` | one command works so long; the next goes on | |
/// | `stop.precision` | a cell ends early when the 95 % interval of its median makespan is within this share of it, to both sides; looked at after every 10th try, so that its confidence is a little less than 95 % | |
///
/// ```
/// use polity::laboratory::Experiment;
/// let text = "name: spans
/// workload: { shape: 'chain(tasks 3)', work: 10s }
/// strategies: [market, { hierarchical: { span: 4 } }]
/// vary: { noise: [0, 0.2, 0.5], agents: [8, 32] }
/// repeat: 5
/// ";
/// let experiment = Experiment::parse(text, None, &Default::default())?;
/// assert_eq!((experiment.cells(), experiment.tries()), (12, 60));
///
/// let wrong = Experiment::parse(&text.replace("noise", "nosie"), None, &Default::default()).unwrap_err();
/// assert_eq!(wrong.to_string(), "experiment:4:9: `vary` has no key \"nosie\"; did you mean \"noise\"?");
/// # Ok::<(), polity::workflow::WorkflowErrors>(())
/// ```
#[derive(Debug)]
pub struct Experiment(Parts);

impl Experiment {
    /// Reads and checks an experiment's file, and the workloads that it names.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the text.
    pub fn read(path: &Path, known: &Known) -> Result<Experiment, WorkflowErrors> {
        crate::workflow::experiment::load(path, known).map(Experiment)
    }
    /// Reads and checks an experiment's text. Workloads are sought from the folder that `path` is in.
    ///
    /// # Errors
    /// As [`read`](Experiment::read).
    pub fn parse(text: &str, path: Option<&Path>, known: &Known) -> Result<Experiment, WorkflowErrors> {
        crate::workflow::experiment::parse(text, path, known).map(Experiment)
    }
    /// What it is called.
    pub fn name(&self) -> &str {
        &self.0.name
    }
    /// Its text.
    pub fn text(&self) -> &str {
        &self.0.text
    }
    /// Its cells: conditions times strategies.
    pub fn cells(&self) -> u64 {
        self.conditions() * self.0.arms.len() as u64
    }
    /// Tries in all. A cell that is precise enough may need fewer.
    pub fn tries(&self) -> u64 {
        self.cells() * u64::from(self.0.repeat)
    }
    /// Its conditions: what is varied and zipped, without strategies.
    pub fn conditions(&self) -> u64 {
        self.0.factors.iter().map(|steps| steps.len() as u64).product()
    }
    /// What had to be assumed about its files, and what may be meant otherwise, one sentence each.
    pub fn remarks(&self) -> impl Iterator<Item = String> {
        let of_files =
            self.0.files.iter().flat_map(|given| given.subject.remarks().iter().map(|said| format!("{}: {said}", given.shown)));
        let planned = self.0.arms.iter().any(Arm::is_offline) && self.0.arrives();
        let planned =
            planned.then(|| "a plan is made for each workflow that arrives as if its agents had nothing else to do".to_owned());
        of_files.chain(planned).chain(self.0.base.sizes_as_speeds())
    }
    /// So long one command works at most.
    pub fn after(&self) -> Option<Duration> {
        self.0.after
    }
    pub(super) fn parts(&self) -> &Parts {
        &self.0
    }
    pub(super) fn cell(&self, index: u64) -> Cell {
        let arms = self.0.arms.len() as u64;
        let arm = self.0.arms[(index % arms) as usize].clone();
        Cell { index, condition: condition(&self.0.base, &self.0.factors, index / arms), arm }
    }
    /// The seed of a cell's try.
    pub(super) fn seed(&self, n: u32) -> u64 {
        self.0.first.wrapping_add(u64::from(n))
    }
}

/// One of the conditions; the first factor varies slowest.
pub(crate) fn condition(base: &Condition, factors: &[Vec<Vec<Level>>], index: u64) -> Condition {
    let mut rest = index;
    let mut steps: Vec<&Vec<Level>> = Vec::with_capacity(factors.len());
    for factor in factors.iter().rev() {
        let of = factor.len() as u64;
        steps.push(&factor[(rest % of) as usize]);
        rest /= of;
    }
    base.with(steps.into_iter().rev().flatten())
}
