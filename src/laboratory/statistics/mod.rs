//! Figures from samples, without assumptions on how they are distributed: makespans have long tails, and no mean tells of them.
//!
//! | to | see | after |
//! |---|---|---|
//! | describe one sample | [`Sample`]: median, quantiles, means, fairness, ECDF | Hyndman & Fan 1996; Jain, Chiu & Hawe 1984 |
//! | say how sure a median is | [`Sample::median_interval`], [`bootstrap`] | David & Nagaraja 2003; Efron 1979 |
//! | compare two governments on the same seeds | [`signed_rank`] | Wilcoxon 1945, Pratt 1959 |
//! | say how large the difference is | [`SignedRank::effect`], [`shift`], [`shift_interval`] | Kerby 2014; Hodges & Lehmann 1963 |
//! | compare many | [`holm`] | Holm 1979 |
//! | weigh two aims | [`front`] | Kung, Luccio & Preparata 1975 |
//!
//! Values that are not finite are no part of a sample; they are counted ([`Sample::left_out`]), so that a reader can be told. Logarithms are
//! libm's, sums are compensated and in a fixed order: equal input gives equal output on every platform. All is compared to SciPy in the tests.

mod front;
mod holm;
mod interval;
mod sample;
mod shift;
mod sum;
mod versus;
mod wilcoxon;

pub use front::front;
pub use holm::holm;
pub use interval::{Interval, RESAMPLES, bootstrap};
pub use sample::Sample;
pub use shift::{shift, shift_interval};
pub use versus::{CONFIDENCE, SIGNIFICANT, Versus};
pub use wilcoxon::{EXACT_UP_TO, SignedRank, Zeros, signed_rank};

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test that fails by a panic is what is wanted
mod tests;
