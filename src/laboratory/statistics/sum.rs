//! Sums that lose nothing on the way.

/// A compensated sum (Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", 1974): its error does not grow with
/// the number of terms. Linear.
pub(super) fn sum(of: impl IntoIterator<Item = f64>) -> f64 {
    let (mut total, mut lost) = (0.0_f64, 0.0_f64);
    for x in of {
        let next = total + x;
        lost += if total.abs() >= x.abs() { (total - next) + x } else { (x - next) + total };
        total = next;
    }
    // What was lost of a sum that overflowed is not a number.
    if total.is_finite() { total + lost } else { total }
}
