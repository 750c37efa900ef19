//! By how much one of two is better, in the unit that was measured.

use super::interval::Interval;
use super::sample::Sample;
use super::wilcoxon::EXACT_UP_TO;

/// The Hodges–Lehmann estimate of a shift: the median of the means of all pairs of differences, each with itself among them. What the signed-rank
/// test tests is whether this is zero. Differences that are not finite take no part; none if none is left. O(n log n), and no pair is stored.
///
/// Source: Hodges & Lehmann, "Estimates of Location Based on Rank Tests", 1963. The means are counted along the edge of their sorted matrix
/// (as in Johnson & Mizoguchi, "Selecting the Kth Element in X + Y and X₁ + X₂ + … + Xₘ", 1978), and the median found by halving the floats.
///
/// ```
/// use polity::laboratory::statistics::shift;
/// assert_eq!(shift([1.0, 2.0, 9.0]), Some(3.5)); // of 1, 1.5, 2, 5, 5.5 and 9
/// ```
pub fn shift(differences: impl IntoIterator<Item = f64>) -> Option<f64> {
    let sample = Sample::of(differences);
    let pairs = pairs(sample.len());
    let (low, high) = (kth(sample.values(), pairs.checked_sub(1)? / 2), kth(sample.values(), pairs / 2));
    Some(mean(low, high))
}

/// The interval of the shift that belongs to the signed-rank test: what is outside would be refused by it. None if so few differences can't give
/// the confidence: 95 % need six. Exact up to [`EXACT_UP_TO`] differences if none are equal, else by the normal distribution. O(n³) up to
/// there, then O(n log n).
///
/// Source: Lehmann, "Nonparametrics: Statistical Methods Based on Ranks", 1975, section 4.4 (Tukey's interval).
///
/// ```
/// use polity::laboratory::statistics::shift_interval;
/// let interval = shift_interval((1..=6).map(f64::from), 0.95).unwrap();
/// assert_eq!((interval.low, interval.high), (1.0, 6.0));
/// assert!(shift_interval([1.0; 5], 0.95).is_none());
/// ```
pub fn shift_interval(differences: impl IntoIterator<Item = f64>, confidence: f64) -> Option<Interval> {
    let sample = Sample::of(differences);
    let n = sample.len();
    if n == 0 || !(0.0..1.0).contains(&confidence) {
        return None;
    }
    let allowed = (1.0 - confidence) / 2.0;
    let (outside, chance) = if n <= EXACT_UP_TO { exact_tail(n, allowed) } else { normal_tail(n, allowed) }?;
    let ends = (kth(sample.values(), outside), kth(sample.values(), pairs(n) - 1 - outside));
    Some(Interval { low: ends.0, high: ends.1, confidence: 1.0 - 2.0 * chance })
}

/// The greatest rank sum that is reached from below with at most the allowed chance, and that chance.
fn exact_tail(n: usize, allowed: f64) -> Option<(u64, f64)> {
    let mut chance = vec![0.0_f64; pairs(n) as usize + 1];
    chance[0] = 1.0;
    for rank in 1..=n {
        for at in (0..chance.len()).rev() {
            let with = if at >= rank { chance[at - rank] } else { 0.0 };
            chance[at] = (chance[at] + with) / 2.0;
        }
    }
    let (mut below, mut found) = (0.0, None);
    for (rank_sum, here) in chance.iter().enumerate() {
        below += here;
        if below > allowed {
            break;
        }
        found = Some((rank_sum as u64, below));
    }
    found
}
fn normal_tail(n: usize, allowed: f64) -> Option<(u64, f64)> {
    let n = n as f64;
    let (mean, deviation) = (n * (n + 1.0) / 4.0, (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0).sqrt());
    let chance = |rank_sum: u64| libm::erfc((mean - rank_sum as f64 - 0.5) / (deviation * core::f64::consts::SQRT_2)) / 2.0;
    // The chance grows with the sum: halve.
    let (mut fits, mut too_much) = (0, mean as u64 + 1);
    if chance(fits) > allowed {
        return None;
    }
    while too_much - fits > 1 {
        let middle = fits + (too_much - fits) / 2;
        if chance(middle) <= allowed { fits = middle } else { too_much = middle }
    }
    Some((fits, chance(fits)))
}

fn pairs(n: usize) -> u64 {
    n as u64 * (n as u64 + 1) / 2
}

/// The mean of two, which never overflows and never falls if one of them rises.
fn mean(a: f64, b: f64) -> f64 {
    let sum = a + b;
    // Halves of the smallest floats are rounded, sums of the greatest are infinite: never both, so each is halved where it is exact.
    if sum.is_finite() { sum / 2.0 } else { a / 2.0 + b / 2.0 }
}

/// The `k`th smallest mean of two, from 0: the least float that more than `k` means do not exceed.
fn kth(sorted: &[f64], k: u64) -> f64 {
    let (mut low, mut high) = (key(sorted[0]), key(sorted[sorted.len() - 1]));
    while low < high {
        let middle = low + (high - low) / 2;
        if up_to(sorted, float(middle)) > k { high = middle } else { low = middle + 1 }
    }
    float(low) + 0.0
}
/// How many means of two are at most `x`: along the staircase between those that are and those that aren't.
fn up_to(sorted: &[f64], x: f64) -> u64 {
    let (mut count, mut end) = (0, sorted.len());
    for (first, a) in sorted.iter().enumerate() {
        while end > first && mean(*a, sorted[end - 1]) > x {
            end -= 1;
        }
        count += end.saturating_sub(first) as u64;
    }
    count
}
/// Floats as whole numbers in the same order, so that their range can be halved.
fn key(x: f64) -> u64 {
    let bits = x.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}
fn float(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}
