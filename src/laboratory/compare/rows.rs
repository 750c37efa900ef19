//! From tries to figures.

use super::{Arm, Comparison};
use crate::laboratory::Measures;
use crate::laboratory::statistics::{CONFIDENCE, Interval, Sample, Versus};

/// A comparison at one size of the society.
#[derive(Clone, Debug)]
pub struct Size {
    /// Agents.
    pub agents: u32,
    /// No schedule takes less, in seconds ([`Subject::lower_bound_of`](crate::laboratory::Subject::lower_bound_of)); where it differs with the seed, the
    /// median.
    pub bound: f64,
    /// A row for each arm.
    pub rows: Vec<Row>,
}

/// What an arm came to, over those of its seeds with which its run ended well: of one that did not, no figure means anything. Figures are medians,
/// unless they say otherwise; times are seconds.
#[derive(Clone, Debug)]
pub struct Row {
    /// Which.
    pub arm: Arm,
    /// Makespans.
    pub makespan: Sample,
    /// Their median; none if no run ended.
    pub median: Option<f64>,
    /// Where the median lies, with 95 % confidence or a little more; of few seeds none.
    pub interval: Option<Interval>,
    /// How many times the lower bound of its seed a run took.
    pub over_bound: Option<f64>,
    /// How much longer than the first arm, as a share of that: the median (Hodges–Lehmann) of the paired differences, over its median. None for
    /// the first.
    pub over_first: Option<f64>,
    /// How likely chance alone makes it as different from the first (Wilcoxon's signed ranks, Pratt's zeros, Holm's correction). None where nothing is
    /// left to chance: with every seed both take the same.
    pub p: Option<f64>,
    /// The matched-pairs rank-biserial correlation, -1..=1: above 0 it takes longer than the first. None as before.
    pub effect: Option<f64>,
    /// What agents' time cost.
    pub cost: f64,
    /// Messages for each task.
    pub messages: f64,
    /// Rounds of talk for each task.
    pub rounds: f64,
    /// Share of slots in use.
    pub utilisation: f64,
    /// Jain's index.
    pub fairness: f64,
    /// Share of work that came to nothing, the mean.
    pub lost_work: f64,
    /// Tasks that were late, the mean.
    pub late: f64,
    /// Runs that did not end well.
    pub failed: u32,
}

pub(super) fn size(comparison: &Comparison, size: usize) -> Size {
    let subject = &comparison.plan.subjects[size];
    let bounds = comparison.bounds(size);
    let makespans = |arm: usize| comparison.tries(size, arm).iter().map(Measures::sound_makespan).collect::<Vec<f64>>();
    let arms = comparison.plan.arms.iter().enumerate();
    let mut rows: Vec<Row> = arms.map(|(at, arm)| row(arm, comparison.tries(size, at), &bounds)).collect();
    let first = makespans(0);
    let versus: Vec<Option<Versus>> = (1..rows.len()).map(|arm| Versus::of(&makespans(arm), &first)).collect();
    for ((row, versus), p) in rows.iter_mut().skip(1).zip(&versus).zip(Versus::corrected(&versus)) {
        (row.over_first, row.effect, row.p) = (versus.map(|versus| versus.share), versus.and_then(|versus| versus.effect), p);
    }
    Size { agents: subject.size(), bound: Sample::of(bounds).median().unwrap_or(f64::NAN), rows }
}

fn row(arm: &Arm, tries: &[Measures], bounds: &[f64]) -> Row {
    let good = || tries.iter().filter(|m| m.well);
    let median = |of: &dyn Fn(&Measures) -> f64| Sample::of(good().map(of)).median().unwrap_or(f64::NAN);
    let mean = |of: &dyn Fn(&Measures) -> f64| Sample::of(good().map(of)).mean().unwrap_or(f64::NAN);
    let makespan = Sample::of(tries.iter().map(Measures::sound_makespan));
    let middle = makespan.median();
    let ratios = tries.iter().zip(bounds).map(|(m, bound)| m.sound_makespan() / bound);
    Row {
        arm: arm.clone(),
        median: middle,
        interval: makespan.median_interval(CONFIDENCE),
        over_bound: Sample::of(ratios.filter(|ratio| ratio.is_finite())).median(),
        over_first: None,
        p: None,
        effect: None,
        cost: median(&|m| m.cost),
        messages: median(&Measures::messages_per_task),
        rounds: median(&|m| m.rounds as f64 / f64::from(m.completed.max(1))),
        utilisation: median(&|m| m.utilisation),
        fairness: median(&|m| m.fairness),
        lost_work: mean(&|m| m.lost_work),
        late: mean(&|m| f64::from(m.late)),
        failed: tries.iter().filter(|m| !m.well).count() as u32,
        makespan,
    }
}
