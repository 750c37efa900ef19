//! Many tries: of each case, under each strategy, with each seed.

use crate::parts::strategy as strategy_of;
use polity::laboratory::{Measures, Subject, Trial, cores, in_parallel};
use std::time::Instant;

/// A subject, and what its makespan is measured by.
pub struct Case {
    pub id: String,
    pub subject: Subject,
    pub bound: f64,
    /// Tries of each strategy.
    pub seeds: u64,
}

/// What came of it: by strategy, then by case, then by seed.
pub struct Trials {
    pub strategies: Vec<&'static str>,
    pub cases: Vec<Case>,
    all: Vec<Vec<Vec<Measures>>>,
}

impl Trials {
    /// Tries all. What it says meanwhile goes to the standard error.
    pub fn make(name: &str, strategies: &[&'static str], cases: Vec<Case>) -> Trials {
        let began = Instant::now();
        let mut jobs: Vec<(usize, usize, u64)> = Vec::new();
        for (case, of) in cases.iter().enumerate() {
            jobs.extend((0..strategies.len()).flat_map(|strategy| (1..=of.seeds).map(move |seed| (strategy, case, seed))));
        }
        // The long ones first, so that no core waits for the last of another.
        jobs.sort_by_key(|(_, case, _)| std::cmp::Reverse(cases[*case].subject.graph().tasks().len()));
        let work = |(strategy, case, seed): &(usize, usize, u64)| {
            Trial::under(&cases[*case].subject, strategy_of(strategies[*strategy]), *seed).run()
        };
        let of = jobs.len();
        let told = |done| {
            if done % 50 == 0 || done == of {
                eprintln!("{name}: {done} of {of} tries, {:.0} s", began.elapsed().as_secs_f64());
            }
        };
        let measured = in_parallel(&jobs, cores(), work, told).expect("every try can be made");
        let mut all = vec![vec![Vec::new(); cases.len()]; strategies.len()];
        for ((strategy, case, _), measures) in jobs.into_iter().zip(measured) {
            all[strategy][case].push(measures);
        }
        Trials { strategies: strategies.to_vec(), cases, all }
    }
    pub fn of(&self, strategy: usize, case: usize) -> &[Measures] {
        &self.all[strategy][case]
    }
    /// The geometric mean, over its seeds, of makespan over bound. A run that did not end well has none.
    pub fn ratio(&self, strategy: usize, case: usize) -> Option<f64> {
        let bound = self.cases[case].bound;
        geometric(self.of(strategy, case).iter().filter(|m| m.well).map(|m| m.makespan / bound))
    }
    /// The ratios of all cases.
    pub fn ratios(&self, strategy: usize) -> Vec<f64> {
        (0..self.cases.len()).filter_map(|case| self.ratio(strategy, case)).collect()
    }
    /// The geometric mean over the cases, each of which counts once.
    pub fn mean(&self, strategy: usize) -> Option<f64> {
        geometric(self.ratios(strategy))
    }
    /// The mean for a table, as far as runs ended well; with how many did not.
    pub fn cell(&self, strategy: usize) -> String {
        let failed = self.failed(strategy);
        let mean = crate::document::ratio(self.mean(strategy).filter(|_| failed == 0));
        if failed == 0 { mean } else { format!("{failed} of {} failed", self.all[strategy].iter().map(Vec::len).sum::<usize>()) }
    }
    /// The mean of a measure, over the cases.
    pub fn average(&self, strategy: usize, of: impl Fn(&Measures) -> f64) -> f64 {
        let case = |all: &Vec<Measures>| all.iter().map(&of).sum::<f64>() / all.len().max(1) as f64;
        self.all[strategy].iter().map(case).sum::<f64>() / self.cases.len().max(1) as f64
    }
    /// Runs that did not end well.
    pub fn failed(&self, strategy: usize) -> usize {
        self.all[strategy].iter().flatten().filter(|m| !m.well).count()
    }
}

/// The geometric mean.
pub fn geometric(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut n) = (0.0, 0);
    for value in values {
        sum += value.ln();
        n += 1;
    }
    (n > 0).then(|| (sum / f64::from(n)).exp())
}
