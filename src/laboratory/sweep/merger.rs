//! Tries in the order of their numbers, however they ended: this alone says what becomes of them.

use super::cell::Cell;
use super::csv::{self, Figures};
use super::measure::Tried;
use super::page::{Kept, Summary};
use super::{Experiment, Measure, Parts};
use crate::laboratory::statistics::{CONFIDENCE, Sample, Versus};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

/// A cell's precision is looked at after so many tries, and after as many again.
const STEP: u32 = 10;

/// Takes tries in any order; writes them, and what they come to, in their own.
pub(super) struct Merger<R: Write, S: Write> {
    experiment: Arc<Experiment>,
    /// The next cell and try to be written.
    at: (u64, u32),
    /// Tries that wait for an earlier one.
    waiting: BTreeMap<(u64, u32), Tried>,
    /// The same of those that were there at the beginning: they may be many, and nobody waits with them.
    aside: BTreeMap<(u64, u32), Tried>,
    open: Option<Open>,
    runs: R,
    summary: S,
    kept: Kept,
    /// What the first strategy came to under the condition at hand, by try.
    first: Vec<f64>,
    /// Some run ended well.
    well: bool,
}

/// The cell that is being written.
struct Open {
    cell: Cell,
    lead: String,
    /// By measure, then by try.
    samples: Vec<Vec<f64>>,
    makespans: Vec<f64>,
    /// What tables are of.
    values: Vec<f64>,
    /// Of each try the lower bound, and how many times that it took.
    bounds: Vec<f64>,
    ratios: Vec<f64>,
    n: u32,
    failed: u32,
    first_failed: Option<u64>,
}

impl<R: Write, S: Write> Merger<R, S> {
    pub(super) fn new(experiment: Arc<Experiment>, mut runs: R, mut summary: S) -> io::Result<Merger<R, S>> {
        runs.write_all(csv::runs_head(&experiment.parts().measures).as_bytes())?;
        summary.write_all(csv::summary_head(&experiment.parts().measures).as_bytes())?;
        let kept = Kept::default();
        let (waiting, aside) = (BTreeMap::new(), BTreeMap::new());
        Ok(Merger { experiment, at: (0, 0), waiting, aside, open: None, runs, summary, kept, first: Vec::new(), well: false })
    }
    /// The next cell and try to be written.
    pub(super) fn at(&self) -> (u64, u32) {
        self.at
    }
    /// True if nothing is left to be tried.
    pub(super) fn is_complete(&self) -> bool {
        self.at.0 >= self.experiment.cells()
    }
    /// True for a try that nobody has made, and that is still of use.
    pub(super) fn wants(&self, at: (u64, u32)) -> bool {
        let is_of_it = at.0 < self.experiment.cells() && at.1 < self.experiment.parts().repeat;
        is_of_it && at >= self.at && !self.waiting.contains_key(&at) && !self.aside.contains_key(&at)
    }
    /// What waits now was there before the first try is made.
    pub(super) fn set_aside(&mut self) {
        self.aside.append(&mut self.waiting);
    }
    /// How many tries wait for an earlier one.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }
    /// So many tries of a cell are needed in any case; whether there will be more, they say themselves.
    pub(super) fn certain(&self, cell: u64) -> u32 {
        let Parts { precision, repeat, .. } = self.experiment.parts();
        let made = if cell == self.at.0 { self.at.1 } else { 0 };
        if precision.is_some() { (made / STEP + 1).saturating_mul(STEP).min(*repeat) } else { *repeat }
    }
    /// The number of a try among all.
    fn number(&self, (cell, n): (u64, u32)) -> u64 {
        cell * u64::from(self.experiment.parts().repeat) + u64::from(n)
    }
    /// Tries that are done, those that are not needed any more among them.
    pub(super) fn done(&self) -> u64 {
        self.number(self.at) + (self.waiting.len() + self.aside.len()) as u64
    }
    /// True if some run that was written ended well.
    pub(super) fn ended_well(&self) -> bool {
        self.well
    }
    pub(super) fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Takes a try. One that is known, or not wanted any more, changes nothing.
    pub(super) fn take(&mut self, at: (u64, u32), tried: Tried) -> io::Result<()> {
        if !self.wants(at) {
            return Ok(());
        }
        self.waiting.insert(at, tried);
        while let Some(tried) = self.waiting.remove(&self.at).or_else(|| self.aside.remove(&self.at)) {
            self.write(&tried)?;
        }
        Ok(())
    }
    fn write(&mut self, tried: &Tried) -> io::Result<()> {
        let (cell, n) = self.at;
        self.well |= tried.measures.well;
        let experiment = &self.experiment;
        let measures: &[Measure] = &experiment.parts().measures;
        let open = self.open.get_or_insert_with(|| Open::new(experiment.cell(cell), measures.len()));
        self.runs.write_all(csv::run(&open.lead, experiment.seed(n), tried, measures).as_bytes())?;
        open.take(tried, experiment.seed(n), measures, experiment.parts().main());
        self.at.1 += 1;
        let precise = experiment.parts().precision.is_some_and(|share| open.is_precise(share));
        if precise || self.at.1 == experiment.parts().repeat {
            self.close()?;
            // What is here of it already is of no use.
            self.waiting.retain(|at, _| at.0 != cell);
            while let Some(entry) = self.aside.first_entry().filter(|entry| entry.key().0 <= cell) {
                entry.remove();
            }
            self.at = (cell + 1, 0);
        }
        Ok(())
    }
    fn close(&mut self) -> io::Result<()> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let figures: Vec<Figures> = open.samples.iter().map(|values| Figures::of(values.iter().copied())).collect();
        let versus = if self.is_first(open.cell.index) { None } else { Versus::of(&open.values, &self.first) };
        if self.is_first(open.cell.index) {
            self.first.clone_from(&open.values);
        }
        self.summary.write_all(csv::summary(&open.lead, open.n, open.failed, &figures, versus).as_bytes())?;
        self.kept.take(Summary {
            figures: Figures::of(open.values.iter().copied()),
            versus,
            cell: open.cell,
            n: open.n,
            failed: open.failed,
            first_failed: open.first_failed,
            bound: Sample::of(open.bounds).median().unwrap_or(f64::NAN),
            over_bound: Sample::of(open.ratios).median(),
            values: open.values,
        });
        self.flush()
    }
    /// True if a cell is that of the first strategy under its condition.
    fn is_first(&self, cell: u64) -> bool {
        cell.is_multiple_of(self.experiment.parts().arms.len() as u64)
    }
    /// Everything that was written is in the files.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.runs.flush()?;
        self.summary.flush()
    }
    /// Nothing more comes for now: a cell that is not complete is summed up as far as it is.
    pub(super) fn end(&mut self) -> io::Result<()> {
        self.close()?;
        self.flush()
    }
}

impl Open {
    fn new(cell: Cell, measures: usize) -> Open {
        let lead = csv::lead(&cell);
        Open {
            cell,
            lead,
            samples: vec![Vec::new(); measures],
            makespans: Vec::new(),
            values: Vec::new(),
            bounds: Vec::new(),
            ratios: Vec::new(),
            n: 0,
            failed: 0,
            first_failed: None,
        }
    }
    fn take(&mut self, tried: &Tried, seed: u64, measures: &[Measure], main: Measure) {
        self.samples.iter_mut().zip(measures).for_each(|(values, measure)| values.push(tried.weighed(*measure)));
        self.makespans.push(tried.measures.sound_makespan());
        self.values.push(tried.weighed(main));
        self.bounds.push(tried.bound);
        self.ratios.push(tried.measures.sound_makespan() / tried.bound);
        self.n += 1;
        if !tried.measures.well {
            self.failed += 1;
            self.first_failed.get_or_insert(seed);
        }
    }
    /// True if the median makespan is known to within a share of it. Whoever looks again and again stops a little too early now and then, so
    /// that the interval holds the median a little less often than it says.
    fn is_precise(&self, share: f64) -> bool {
        if !self.n.is_multiple_of(STEP) {
            return false;
        }
        let sample = Sample::of(self.makespans.iter().copied());
        match (sample.median(), sample.median_interval(CONFIDENCE)) {
            (Some(median), Some(interval)) => {
                let farthest = (interval.high - median).max(median - interval.low);
                farthest <= share * median
            }
            _ => false,
        }
    }
}
