//! A comparison: planned, made, told.

use super::{Size, csv, html, json, rows, text};
use crate::laboratory::{Measures, Subject, Trial, in_parallel_until};
use crate::workflow::Strategy;
use crate::workloads::WorkloadError;
use core::ops::ControlFlow;
use serde_json::Value;

/// A strategy in a comparison.
///
/// ```
/// use polity::laboratory::Arm;
/// assert_eq!(Arm::new("market").name, "market");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// What it is called in tables; two arms may be one strategy with different settings.
    pub name: String,
    /// The strategy.
    pub strategy: Strategy,
}
impl Arm {
    /// A strategy in one word.
    pub fn new(name: &str) -> Arm {
        Arm::with(name, Value::Object(serde_json::Map::new()))
    }
    /// A strategy with settings; they are part of what it is called.
    pub fn with(name: &str, settings: Value) -> Arm {
        let shown =
            if settings.as_object().is_none_or(serde_json::Map::is_empty) { String::new() } else { format!(" {settings}") };
        Arm { name: format!("{name}{shown}"), strategy: Strategy { name: name.into(), settings } }
    }
    /// What the command line calls it: one word, or the long form.
    pub fn flag(&self) -> String {
        let Strategy { name, settings } = &self.strategy;
        if settings.as_object().is_none_or(serde_json::Map::is_empty) {
            name.to_string()
        } else {
            serde_json::json!({ &**name: settings }).to_string()
        }
    }
    /// True for a plan of which nobody says what it is: there is nothing to compare.
    ///
    /// ```
    /// use polity::laboratory::Arm;
    /// let pins = serde_json::json!({ "pins": [{ "task": 0, "agent": "ann" }] });
    /// assert!(Arm::new("pinned").is_empty() && !Arm::with("pinned", pins).is_empty() && !Arm::new("market").is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        let pins = self.strategy.settings.get("pins").and_then(Value::as_array);
        &*self.strategy.name == "pinned" && pins.is_none_or(Vec::is_empty)
    }
    /// True for a plan of somebody who knows everything before it begins: no protocol can be asked to be as good.
    pub fn is_offline(&self) -> bool {
        matches!(&*self.strategy.name, "heft" | "cpop" | "maxmin")
    }
    /// The four governments, their chooser `auto`, and the offline plan HEFT to compare with.
    pub fn usual() -> Vec<Arm> {
        ["hierarchical", "consensus", "market", "stigmergic", "auto", "heft"].map(Arm::new).into()
    }
}

/// What is to be compared. The first arm is what the others are compared with.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The workload at each size of the society.
    pub subjects: Vec<Subject>,
    /// The strategies; at least one.
    pub arms: Vec<Arm>,
    /// The first seed.
    pub first: u64,
    /// How many seeds: each arm is tried with each.
    pub seeds: u32,
    /// Threads; results don't depend on how many.
    pub threads: usize,
}
impl Plan {
    /// Tries in all: sizes times arms times seeds.
    pub fn tries(&self) -> u64 {
        (self.subjects.len() * self.arms.len()) as u64 * u64::from(self.seeds)
    }
}

/// So many strategies are asked why their runs did not end well.
const MOST_TOLD: usize = 4;

/// How far a comparison is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Tries that are done.
    pub done: usize,
    /// Tries in all.
    pub of: usize,
}

/// A comparison that was made: [`Measures`] by size, arm and seed.
///
/// ```
/// use polity::laboratory::{Arm, Comparison, Plan, Subject};
/// use polity::workloads::{Draws, Shape};
/// let shape: Shape = "layered(layers 4, width 5, density 0.5)".parse()?;
/// let graph = shape.graph(&Draws::new("lognormal(mean 10s, sigma 0.5)".parse()?, 42))?;
/// let plan = Plan {
///     subjects: vec![Subject::of_graph(graph, &[1.0, 0.5, 2.0])?.with_noise(0.2)?],
///     arms: vec![Arm::new("hierarchical"), Arm::new("market")],
///     first: 1,
///     seeds: 6,
///     threads: 2,
/// };
/// let comparison = Comparison::make(plan.clone(), |_| {})?;
/// assert!(comparison.table().contains("market"));
/// let alone = Comparison::make(Plan { threads: 1, ..plan }, |_| {})?;
/// assert_eq!(comparison.csv(), alone.csv(), "whatever the number of threads is");
/// # Ok::<(), polity::workloads::WorkloadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Comparison {
    pub(super) plan: Plan,
    /// By size, then by arm, then by seed.
    tries: Vec<Measures>,
}

impl Comparison {
    /// Makes it. `told` hears how far it is.
    ///
    /// # Errors
    /// If there is nothing to compare, or the error of the first try that could not be made.
    pub fn make(plan: Plan, mut told: impl FnMut(Progress)) -> Result<Comparison, WorkloadError> {
        let (comparison, _) = Comparison::make_until(plan, |progress| {
            told(progress);
            ControlFlow::Continue(())
        })?;
        Ok(comparison)
    }
    /// Makes it until `told` breaks it off; what has begun then is still waited for. Seeds are tried one after the other, each with every arm, so that
    /// it is a comparison by the first seeds, as many as there were; the plan in it says how many, and `true` that they are fewer than planned.
    ///
    /// # Errors
    /// As [`make`](Comparison::make); also if it was broken off before every arm was tried with one seed.
    pub fn make_until(
        mut plan: Plan,
        mut told: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(Comparison, bool), WorkloadError> {
        if plan.arms.is_empty() || plan.subjects.is_empty() || plan.seeds == 0 {
            let wrong = "a comparison needs a workload, at least one strategy and at least one seed";
            return Err(WorkloadError::new(wrong));
        }
        let (sizes, arms) = (plan.subjects.len(), plan.arms.len());
        let jobs: Vec<(u64, usize, usize)> = (0..u64::from(plan.seeds))
            .map(|n| plan.first.wrapping_add(n))
            .flat_map(|seed| (0..sizes).flat_map(move |size| (0..arms).map(move |arm| (seed, size, arm))))
            .collect();
        let work = |(seed, size, arm): &(u64, usize, usize)| {
            Trial::under(&plan.subjects[*size], plan.arms[*arm].strategy.clone(), *seed).run()
        };
        let of = jobs.len();
        let made = in_parallel_until(&jobs, plan.threads, work, |done| told(Progress { done, of }))?;
        let (cells, seeds) = (sizes * arms, made.len() / (sizes * arms));
        if seeds == 0 {
            return Err(WorkloadError::new(
                "it was broken off before every strategy was tried with one seed, so that there is nothing to compare",
            ));
        }
        let is_cut = seeds < plan.seeds as usize;
        plan.seeds = seeds as u32;
        let tries = (0..cells).flat_map(|cell| made[..seeds * cells].iter().skip(cell).step_by(cells)).cloned().collect();
        Ok((Comparison { plan, tries }, is_cut))
    }
    /// What was compared.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
    /// The tries of an arm at a size, by seed.
    pub fn tries(&self, size: usize, arm: usize) -> &[Measures] {
        let seeds = self.plan.seeds as usize;
        let from = (size * self.plan.arms.len() + arm) * seeds;
        &self.tries[from..from + seeds]
    }
    /// True if some run ended well.
    pub fn ended_well(&self) -> bool {
        self.tries.iter().any(|m| m.well)
    }
    /// The lower bound of each try at a size, by seed, in seconds.
    pub fn bounds(&self, size: usize) -> Vec<f64> {
        let subject = &self.plan.subjects[size];
        if !subject.has_chance() {
            return vec![subject.lower_bound(); self.plan.seeds as usize];
        }
        (0..u64::from(self.plan.seeds)).map(|n| subject.lower_bound_of(self.plan.first.wrapping_add(n))).collect()
    }
    /// Why runs did not end well: a sentence for each of the first strategies of which that is so. One run of each is made once more.
    pub fn failures(&self) -> Vec<String> {
        let arms = || (0..self.plan.subjects.len()).flat_map(|size| (0..self.plan.arms.len()).map(move |arm| (size, arm)));
        let sentence = |(size, arm): (usize, usize)| {
            let tries = self.tries(size, arm);
            let n = tries.iter().position(|m| !m.well)?;
            let (subject, arm, seed) = (&self.plan.subjects[size], &self.plan.arms[arm], self.plan.first.wrapping_add(n as u64));
            let why = Trial::under(subject, arm.strategy.clone(), seed).why()?;
            Some(format!("{} did not end well with seed {seed}: {why}", arm.name))
        };
        arms().filter_map(sentence).take(MOST_TOLD).collect()
    }
    /// The seed of the try whose makespan is the median of an arm's (of an even number, the shorter), among those that ended well if any did.
    pub fn median_seed(&self, size: usize, arm: usize) -> u64 {
        let tries = self.tries(size, arm);
        let mut order: Vec<usize> = (0..tries.len()).filter(|n| tries[*n].well).collect();
        if order.is_empty() {
            order = (0..tries.len()).collect();
        }
        order.sort_by(|a, b| tries[*a].makespan.total_cmp(&tries[*b].makespan));
        self.plan.first.wrapping_add(order[(order.len() - 1) / 2] as u64)
    }
    /// How likely chance alone makes them as different, corrected for the number of comparisons, and the like: by size, then by arm.
    pub fn sizes(&self) -> Vec<Size> {
        (0..self.plan.subjects.len()).map(|size| rows::size(self, size)).collect()
    }
    /// The table for a terminal.
    pub fn table(&self) -> String {
        text::table(self)
    }
    /// The figures for programs: by size and strategy what the table has, and the effect size and the p of each difference. What means nothing is null.
    ///
    /// ```
    /// # use polity::laboratory::{Arm, Comparison, Plan, Subject};
    /// # use polity::workloads::{Draws, Shape};
    /// # let graph = "fork_join(stages 2, width 3)".parse::<Shape>()?.graph(&Draws::new("10s".parse()?, 1))?;
    /// # let subjects = vec![Subject::of_graph(graph, &[1.0])?];
    /// let comparison = Comparison::make(Plan { subjects, arms: vec![Arm::new("market")], first: 1, seeds: 1, threads: 1 }, |_| {})?;
    /// let row = &comparison.json()["sizes"][0]["strategies"][0];
    /// assert!(row["strategy"] == "market" && row["over_bound"].as_f64() >= Some(1.0) && row["p"].is_null());
    /// # Ok::<(), polity::workloads::WorkloadError>(())
    /// ```
    pub fn json(&self) -> Value {
        json::json(self)
    }
    /// Every try as a row of CSV, with a head.
    pub fn csv(&self) -> String {
        csv::csv(self)
    }
    /// The page, with pictures; the median run of each arm is tried once more for its timeline. `again` is the command that makes the
    /// comparison, without strategies and seeds.
    ///
    /// # Errors
    /// As [`Trial::watch`].
    pub fn page(&self, again: &str) -> Result<String, WorkloadError> {
        html::page(self, again)
    }
}
