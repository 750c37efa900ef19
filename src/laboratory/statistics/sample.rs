//! One sample: what its values are like.

use super::interval::{self, Interval};
use super::sum::sum;

/// Values of one kind, in ascending order; none of them is infinite or NaN.
///
/// ```
/// use polity::laboratory::statistics::Sample;
/// let sample = Sample::of([3.0, 1.0, 2.0, f64::NAN]);
/// assert_eq!(sample.values(), [1.0, 2.0, 3.0]);
/// assert_eq!((sample.left_out(), sample.median()), (1, Some(2.0)));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    sorted: Vec<f64>,
    left_out: usize,
}

impl Sample {
    /// A sample of these values, in any order. O(n log n).
    pub fn of(values: impl IntoIterator<Item = f64>) -> Sample {
        let mut left_out = 0;
        let keep = |x: &f64| {
            left_out += usize::from(!x.is_finite());
            x.is_finite()
        };
        // Zero has one sign, so that equal samples are equal to the byte.
        let mut sorted: Vec<f64> = values.into_iter().filter(keep).map(|x| x + 0.0).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        Sample { sorted, left_out }
    }
    /// The values, ascending.
    pub fn values(&self) -> &[f64] {
        &self.sorted
    }
    /// True if several values are the same, but for how floats are rounded: then no chance was at work.
    ///
    /// ```
    /// use polity::laboratory::statistics::Sample;
    /// assert!(Sample::of([2.0, 2.0]).is_constant());
    /// assert!(!Sample::of([2.0]).is_constant() && !Sample::of([2.0, 2.1]).is_constant());
    /// ```
    pub fn is_constant(&self) -> bool {
        match (self.values().first(), self.values().last()) {
            (Some(low), Some(high)) => self.len() > 1 && high - low <= 1e-9 * high.abs(),
            _ => false,
        }
    }
    /// How many values there are.
    pub fn len(&self) -> usize {
        self.sorted.len()
    }
    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }
    /// Values that were not finite, and are no part of it.
    pub fn left_out(&self) -> usize {
        self.left_out
    }
    /// The smallest.
    pub fn min(&self) -> Option<f64> {
        self.sorted.first().copied()
    }
    /// The greatest.
    pub fn max(&self) -> Option<f64> {
        self.sorted.last().copied()
    }
    /// Half of the values are at most this. None of nothing.
    pub fn median(&self) -> Option<f64> {
        self.quantile(0.5)
    }
    /// The value below which a share `p` of the sample lies; `p` is held within 0..=1. Between two values it interpolates linearly, as R, NumPy
    /// and spreadsheets do. None of nothing, or for a `p` that is no number.
    ///
    /// Source: Hyndman & Fan, "Sample Quantiles in Statistical Packages", 1996: definition 7.
    ///
    /// ```
    /// use polity::laboratory::statistics::Sample;
    /// assert_eq!(Sample::of([1.0, 2.0, 3.0, 4.0]).quantile(0.25), Some(1.75));
    /// ```
    pub fn quantile(&self, p: f64) -> Option<f64> {
        let last = self.sorted.len().checked_sub(1)?;
        if p.is_nan() {
            return None;
        }
        let place = last as f64 * p.clamp(0.0, 1.0);
        let below = place as usize; // rounds down
        let (low, high) = (self.sorted[below], self.sorted[(below + 1).min(last)]);
        let (part, width) = (place - below as f64, high - low);
        let between = match (width.is_finite(), part < 0.5) {
            (true, true) => low + part * width,
            (true, false) => high - (1.0 - part) * width,
            (false, _) => (1.0 - part) * low + part * high,
        };
        Some(between.clamp(low, high))
    }
    /// The arithmetic mean. None of nothing.
    pub fn mean(&self) -> Option<f64> {
        let n = self.sorted.len() as f64;
        let (low, high) = (self.min()?, self.max()?);
        let total = sum(self.sorted.iter().copied());
        let mean = if total.is_finite() { total / n } else { sum(self.sorted.iter().map(|x| x / n)) };
        Some(mean.clamp(low, high))
    }
    /// The geometric mean: what ratios are averaged by. Zero if one of the values is; none of nothing, or if a value is negative.
    ///
    /// Source: Fleming & Wallace, "How Not to Lie with Statistics: The Correct Way to Summarize Benchmark Results", 1986.
    ///
    /// ```
    /// use polity::laboratory::statistics::Sample;
    /// assert!((Sample::of([0.5, 2.0]).geometric_mean().unwrap() - 1.0).abs() < 1e-15);
    /// ```
    pub fn geometric_mean(&self) -> Option<f64> {
        let (low, high) = (self.min()?, self.max()?);
        if low <= 0.0 {
            return (low == 0.0).then_some(0.0);
        }
        let logs = sum(self.sorted.iter().map(|x| libm::log(*x)));
        Some(libm::exp(logs / self.sorted.len() as f64).clamp(low, high))
    }
    /// Jain's fairness index of shares: (Σx)² / (n·Σx²). 1 if all have the same (nothing at all, too), 1/n if one has it all. None of nothing, or
    /// if a share is negative.
    ///
    /// Source: Jain, Chiu & Hawe, "A Quantitative Measure of Fairness and Discrimination for Resource Allocation in Shared Computer Systems",
    /// DEC-TR-301, 1984.
    ///
    /// ```
    /// use polity::laboratory::statistics::Sample;
    /// assert_eq!(Sample::of([4.0, 4.0]).fairness(), Some(1.0));
    /// assert_eq!(Sample::of([8.0, 0.0, 0.0, 0.0]).fairness(), Some(0.25));
    /// ```
    pub fn fairness(&self) -> Option<f64> {
        let (low, high, n) = (self.min()?, self.max()?, self.sorted.len() as f64);
        if low < 0.0 {
            return None;
        }
        if high == 0.0 {
            return Some(1.0);
        }
        // The index does not depend on the unit: in that of the greatest nothing overflows.
        let total = sum(self.sorted.iter().map(|x| x / high));
        let squares = sum(self.sorted.iter().map(|x| (x / high) * (x / high)));
        Some((total * total / (n * squares)).clamp(1.0 / n, 1.0))
    }
    /// The share of values that are at most `x`: the empirical distribution function. O(log n). None of nothing.
    ///
    /// ```
    /// use polity::laboratory::statistics::Sample;
    /// assert_eq!(Sample::of([1.0, 2.0, 2.0, 3.0]).share_up_to(2.0), Some(0.75));
    /// ```
    pub fn share_up_to(&self, x: f64) -> Option<f64> {
        let n = self.sorted.len();
        (n > 0).then(|| self.sorted.partition_point(|y| *y <= x) as f64 / n as f64)
    }
    /// The steps of the empirical distribution function: each different value, with the share of values that are at most as large.
    ///
    /// ```
    /// use polity::laboratory::statistics::Sample;
    /// assert_eq!(Sample::of([2.0, 1.0, 2.0, 3.0]).steps(), [(1.0, 0.25), (2.0, 0.75), (3.0, 1.0)]);
    /// ```
    pub fn steps(&self) -> Vec<(f64, f64)> {
        let n = self.sorted.len();
        let mut steps: Vec<(f64, f64)> = Vec::new();
        for (at, x) in self.sorted.iter().enumerate() {
            let share = (at + 1) as f64 / n as f64;
            match steps.last_mut() {
                Some(last) if last.0 == *x => last.1 = share,
                _ => steps.push((*x, share)),
            }
        }
        steps
    }
    /// An interval that holds the median of what the sample was drawn from, with at least this confidence, whatever the distribution: two of the
    /// sample's own values. None if so few values can't give it: 95 % need six. O(n).
    ///
    /// Source: David & Nagaraja, "Order Statistics", 3rd ed. 2003, section 7.1: the number of values below the median is binomial.
    ///
    /// ```
    /// use polity::laboratory::statistics::Sample;
    /// let interval = Sample::of((1..=10).map(f64::from)).median_interval(0.95).unwrap();
    /// assert_eq!((interval.low, interval.high), (2.0, 9.0));
    /// assert!(interval.confidence > 0.978);
    /// assert!(Sample::of([1.0; 5]).median_interval(0.95).is_none());
    /// ```
    pub fn median_interval(&self, confidence: f64) -> Option<Interval> {
        interval::of_median(&self.sorted, confidence)
    }
}
