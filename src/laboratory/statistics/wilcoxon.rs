//! Is one of two really better, when both were tried under the same conditions?

use super::sum::sum;

/// Up to so many pairs that differ, p is exact; beyond that the normal distribution is close enough (and 2⁻ⁿ still is an exact float here).
pub const EXACT_UP_TO: usize = 50;

/// What becomes of pairs that do not differ at all.
///
/// ```
/// assert_eq!(polity::laboratory::statistics::Zeros::default(), polity::laboratory::statistics::Zeros::Pratt);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zeros {
    /// They take the lowest ranks, and then go: many equal pairs weaken the evidence of the few that differ. (Pratt, "Remarks on Zeros and Ties in
    /// the Wilcoxon Signed Rank Procedures", 1959.) The better choice where equal results are common, as they are in virtual time.
    #[default]
    Pratt,
    /// They go first, as in Wilcoxon's paper.
    Wilcoxon,
}

/// What [`signed_rank`] found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignedRank {
    /// Pairs that differ.
    pub differ: usize,
    /// Pairs that don't.
    pub equal: usize,
    /// Pairs whose difference is no finite number; they took no part.
    pub left_out: usize,
    /// The sum of the ranks of positive differences.
    pub plus: f64,
    /// The sum of the ranks of negative differences.
    pub minus: f64,
    /// How likely differences as one-sided as these, to either side, are if it is chance alone. 1 if no pair differs.
    pub p: f64,
    /// True if `p` is exact, false if approximated by the normal distribution.
    pub exact: bool,
}
impl SignedRank {
    /// The matched-pairs rank-biserial correlation, -1..=1: the share of evidence for positive differences less that for negative ones. 0 if no
    /// pair differs.
    ///
    /// Source: Kerby, "The Simple Difference Formula: An Approach to Teaching Nonparametric Correlation", 2014.
    ///
    /// ```
    /// use polity::laboratory::statistics::{Zeros, signed_rank};
    /// assert_eq!(signed_rank([1.0, 2.0, 3.0], Zeros::Pratt).effect(), 1.0);
    /// ```
    pub fn effect(&self) -> f64 {
        let all = self.plus + self.minus;
        if all > 0.0 { (self.plus - self.minus) / all } else { 0.0 }
    }
}

/// Wilcoxon's signed-rank test, two-sided, of paired differences (of two governments under the same seed, say): the differences are ranked by
/// size, and if only chance decides, each rank is as likely positive as negative. Equal sizes share the mean of their ranks.
///
/// Up to [`EXACT_UP_TO`] differing pairs p comes from the exact distribution of the ranks at hand, ties and Pratt's gaps included; above, from the
/// normal distribution with the variance of these ranks (which is the tie correction) and a continuity correction of ½. O(n log n), exact O(n³).
///
/// Sizes are equal if they are equal as floats: differences of integers (nanoseconds) tie as they should, those of decimal fractions may not.
///
/// Source: Wilcoxon, "Individual Comparisons by Ranking Methods", 1945; Streitberg & Röhmel, "Exact Distributions for Permutation and Rank Tests",
/// 1986 (the shift algorithm, over doubled ranks); Pratt 1959.
///
/// ```
/// use polity::laboratory::statistics::{Zeros, signed_rank};
/// let test = signed_rank([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], Zeros::Pratt);
/// assert_eq!((test.plus, test.minus, test.p), (21.0, 0.0, 2.0 / 64.0));
/// ```
pub fn signed_rank(differences: impl IntoIterator<Item = f64>, zeros: Zeros) -> SignedRank {
    let all: Vec<f64> = differences.into_iter().collect();
    let mut sizes: Vec<f64> = all.iter().copied().filter(|d| d.is_finite()).collect();
    sizes.sort_unstable_by(|a, b| a.abs().total_cmp(&b.abs()));
    let equal = sizes.iter().take_while(|d| **d == 0.0).count();
    let differing = &sizes[equal..];
    let first = if zeros == Zeros::Pratt { equal } else { 0 };
    let twice = doubled_ranks(differing, first as u64);
    let of = |positive: bool| {
        let those = differing.iter().zip(&twice).filter(|(d, _)| (**d > 0.0) == positive);
        those.map(|(_, rank)| *rank).sum::<u64>()
    };
    let (plus, minus) = (of(true), of(false));
    let exact = differing.len() <= EXACT_UP_TO;
    SignedRank {
        differ: differing.len(),
        equal,
        left_out: all.len() - sizes.len(),
        plus: plus as f64 / 2.0,
        minus: minus as f64 / 2.0,
        p: if exact { exact_p(&twice, plus.min(minus)) } else { normal_p(&twice, plus) },
        exact,
    }
}

/// Twice the rank of each of some ascending sizes, so that the mean rank of equals is a whole number; `first` ranks are taken already.
fn doubled_ranks(sizes: &[f64], first: u64) -> Vec<u64> {
    let mut ranks = Vec::with_capacity(sizes.len());
    for equals in sizes.chunk_by(|a, b| a.abs() == b.abs()) {
        let (before, n) = (first + ranks.len() as u64, equals.len() as u64);
        ranks.resize(ranks.len() + equals.len(), 2 * before + n + 1);
    }
    ranks
}

/// Twice the chance that the positive ranks sum up to at most `smaller`; the distribution is symmetric. All numbers are multiples of 2⁻ⁿ, hence
/// exact.
fn exact_p(twice: &[u64], smaller: u64) -> f64 {
    let whole: u64 = twice.iter().sum();
    let mut chance = vec![0.0_f64; whole as usize + 1];
    chance[0] = 1.0;
    let mut reached = 0;
    for rank in twice.iter().map(|rank| *rank as usize) {
        reached += rank;
        for at in (0..=reached).rev() {
            let with = if at >= rank { chance[at - rank] } else { 0.0 };
            chance[at] = (chance[at] + with) / 2.0;
        }
    }
    (2.0 * chance[..=smaller as usize].iter().sum::<f64>()).min(1.0)
}

fn normal_p(twice: &[u64], plus: u64) -> f64 {
    let mean = twice.iter().sum::<u64>() as f64 / 4.0;
    let variance = sum(twice.iter().map(|rank| (*rank as f64) * (*rank as f64))) / 16.0;
    let away = ((plus as f64 / 2.0 - mean).abs() - 0.5).max(0.0);
    libm::erfc(away / (2.0 * variance).sqrt()).min(1.0)
}
