//! A strategy against the first one, under the same condition and with the same seeds.

use crate::laboratory::statistics::{Sample, Zeros, holm, shift, signed_rank};

/// How a cell differs from the first strategy's cell under its condition, in what is measured first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Versus {
    /// How much more, as a share: the median of the paired differences (Hodges–Lehmann), over the first one's median.
    pub(super) share: f64,
    /// How likely chance alone makes them as different (Wilcoxon's signed ranks, Pratt's zeros), before any correction. None where nothing is left to
    /// chance.
    pub(super) p: Option<f64>,
    /// The matched-pairs rank-biserial correlation, -1..=1.
    pub(super) effect: Option<f64>,
}

impl Versus {
    /// By tries of the same seeds, in order; one that means nothing is NaN, and its pair is left out. None if no pair is whole.
    pub(super) fn of(own: &[f64], first: &[f64]) -> Option<Versus> {
        let differences: Vec<f64> = own.iter().zip(first).map(|(own, first)| own - first).collect();
        let (own, first) = (Sample::of(own.iter().copied()), Sample::of(first.iter().copied()));
        let median = first.median()?;
        let share = Some(shift(differences.iter().copied())? / median).filter(|share| share.is_finite())?;
        let test = (!(own.is_constant() && first.is_constant())).then(|| signed_rank(differences, Zeros::Pratt));
        Some(Versus { share, p: test.as_ref().map(|test| test.p), effect: test.as_ref().map(|test| test.effect()) })
    }
}

/// The same chances, corrected by Holm for the strategies of one condition.
pub(super) fn corrected(all: &[Option<Versus>]) -> Vec<Option<f64>> {
    let known: Vec<f64> = all.iter().filter_map(|versus| versus.as_ref()?.p).collect();
    let mut corrected = holm(&known).into_iter();
    all.iter().map(|versus| versus.as_ref()?.p.and_then(|_| corrected.next())).collect()
}
