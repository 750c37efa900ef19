//! Who asks often enough finds something: the correction for many tests.

/// The p-values as they are after Holm's correction, in the given order: if those at most α count as found, then with probability 1-α nothing
/// is found that isn't there, however the tests depend on each other. A p that is no number is not a test: it stays so and counts for nothing.
/// O(n log n).
///
/// Source: Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979.
///
/// ```
/// use polity::laboratory::statistics::holm;
/// assert_eq!(holm(&[0.01, 0.04, 0.03]), [0.03, 0.06, 0.06]);
/// ```
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).filter(|n| !p[*n].is_nan()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let (tests, mut least, mut adjusted) = (order.len(), 0.0_f64, p.to_vec());
    for (before, n) in order.into_iter().enumerate() {
        least = least.max((tests - before) as f64 * p[n]).min(1.0);
        adjusted[n] = least;
    }
    adjusted
}
