//! One series of tries against another with the same seeds.

use super::{Sample, Zeros, holm, shift, signed_rank};

/// How sure intervals are.
pub const CONFIDENCE: f64 = 0.95;
/// A difference that chance alone makes less often than this is called one.
pub const SIGNIFICANT: f64 = 0.05;

/// How tries differ from others that had the same seeds, one for one.
///
/// ```
/// use polity::laboratory::statistics::Versus;
/// let first = [10.0, 11.0, 12.0, 10.0, 14.0, 10.0];
/// let versus = Versus::of(&first.map(|x| x + 1.05), &first).unwrap();
/// assert!((versus.share - 0.1).abs() < 1e-9 && versus.p.unwrap() < 0.05 && versus.effect == Some(1.0));
/// // Where every seed gives the same, nothing is left to chance.
/// assert_eq!(Versus::of(&[3.0; 6], &[2.0; 6]).unwrap().p, None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Versus {
    /// How much more, as a share: the median of the paired differences (Hodges–Lehmann), over the median of the others.
    pub share: f64,
    /// How likely chance alone makes them as different (Wilcoxon's signed ranks, Pratt's zeros), before any correction. None where nothing is left to
    /// chance.
    pub p: Option<f64>,
    /// The matched-pairs rank-biserial correlation, -1..=1: above 0 they are more. None as before.
    pub effect: Option<f64>,
}

impl Versus {
    /// By tries of the same seeds, in order; one that means nothing is NaN, and its pair is left out. None if no pair is whole. O(n log n).
    pub fn of(own: &[f64], others: &[f64]) -> Option<Versus> {
        let differences: Vec<f64> = own.iter().zip(others).map(|(own, other)| own - other).collect();
        let (own, others) = (Sample::of(own.iter().copied()), Sample::of(others.iter().copied()));
        let share = Some(shift(differences.iter().copied())? / others.median()?).filter(|share| share.is_finite())?;
        let test = (!(own.is_constant() && others.is_constant())).then(|| signed_rank(differences, Zeros::Pratt));
        Some(Versus { share, p: test.as_ref().map(|test| test.p), effect: test.as_ref().map(|test| test.effect()) })
    }
    /// The same chances, corrected by [`holm`] for the number of comparisons.
    ///
    /// ```
    /// use polity::laboratory::statistics::Versus;
    /// let one = Versus { share: 0.1, p: Some(0.02), effect: Some(1.0) };
    /// let certain = Versus { p: None, effect: None, ..one };
    /// assert_eq!(Versus::corrected(&[Some(one), None, Some(certain), Some(one)]), [Some(0.04), None, None, Some(0.04)]);
    /// ```
    pub fn corrected(all: &[Option<Versus>]) -> Vec<Option<f64>> {
        let chance = |versus: &Option<Versus>| versus.and_then(|versus| versus.p);
        let mut corrected = holm(&all.iter().filter_map(chance).collect::<Vec<_>>()).into_iter();
        all.iter().map(|versus| chance(versus).and_then(|_| corrected.next())).collect()
    }
}
