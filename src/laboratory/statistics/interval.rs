//! How sure a figure is.

use super::sample::Sample;
use polity_protocols::Rng;

/// A range that holds the truth with some confidence.
///
/// ```
/// use polity::laboratory::statistics::Interval;
/// assert!(Interval { low: 1.0, high: 2.0, confidence: 0.95 }.holds(1.5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its lower end, which belongs to it.
    pub low: f64,
    /// Its upper end, which belongs to it.
    pub high: f64,
    /// How often such intervals hold the truth, 0..1. At least what was asked for, where the values allow steps only.
    pub confidence: f64,
}
impl Interval {
    /// True if it holds `x`.
    pub fn holds(&self, x: f64) -> bool {
        self.low <= x && x <= self.high
    }
}

/// See [`Sample::median_interval`].
pub(super) fn of_median(sorted: &[f64], confidence: f64) -> Option<Interval> {
    let n = sorted.len();
    if !(0.0..1.0).contains(&confidence) {
        return None;
    }
    // From the outside inwards, as long as what lies outside on one side is not too likely. In logarithms: 2⁻ⁿ may be smaller than any float.
    let allowed = (1.0 - confidence) / 2.0;
    let mut log = -(n as f64) * core::f64::consts::LN_2;
    let (mut outside, mut found) = (0.0, None);
    for below in 0..n.div_ceil(2) {
        outside += libm::exp(log);
        if outside > allowed {
            break;
        }
        found = Some(Interval { low: sorted[below], high: sorted[n - 1 - below], confidence: 1.0 - 2.0 * outside });
        log += libm::log((n - below) as f64 / (below + 1) as f64);
    }
    found
}

/// Resamples of a [`bootstrap`] that suffice for an interval of 95 %.
pub const RESAMPLES: usize = 10_000;

/// The bootstrap's percentile interval of any statistic: the sample is drawn again from itself, with replacement, `resamples` times, and the
/// middle `confidence` of what `statistic` says of these is the interval. Equal seeds give equal intervals. Results that are not finite are left
/// out. None of nothing, without resamples, or if no result is left.
///
/// For medians prefer [`Sample::median_interval`], which holds what it promises for small samples too. O(resamples · n log n).
///
/// Source: Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979; Efron & Tibshirani, "An Introduction to the Bootstrap", 1993,
/// section 13.3.
///
/// ```
/// use polity::laboratory::statistics::{RESAMPLES, Sample, bootstrap};
/// let sample = Sample::of((1..=30).map(f64::from));
/// let interval = bootstrap(&sample, Sample::mean, 0.95, RESAMPLES, 7).unwrap();
/// assert!(interval.holds(15.5) && interval.low > 11.0 && interval.high < 20.0);
/// ```
pub fn bootstrap(
    sample: &Sample,
    statistic: impl Fn(&Sample) -> Option<f64>,
    confidence: f64,
    resamples: usize,
    seed: u64,
) -> Option<Interval> {
    let values = sample.values();
    if values.is_empty() || !(0.0..1.0).contains(&confidence) {
        return None;
    }
    let mut rng = Rng::new(seed, "laboratory/bootstrap");
    let mut again = || statistic(&Sample::of(values.iter().map(|_| values[rng.below(values.len())])));
    let results = Sample::of((0..resamples).filter_map(|_| again()));
    let outside = (1.0 - confidence) / 2.0;
    Some(Interval { low: results.quantile(outside)?, high: results.quantile(1.0 - outside)?, confidence })
}
