//! Two aims at once: what nothing else beats in both.

/// The Pareto front of points where less is better in both coordinates: their places, from the smallest `x` on. A point is on it if no other is at
/// least as good in both and better in one; of equal points all are. Points that are not finite are never on it. O(n log n).
///
/// Source: Kung, Luccio & Preparata, "On Finding the Maxima of a Set of Vectors", 1975.
///
/// ```
/// use polity::laboratory::statistics::front;
/// assert_eq!(front(&[(3.0, 1.0), (1.0, 3.0), (2.0, 4.0), (2.0, 2.0)]), [1, 3, 0]);
/// ```
pub fn front(points: &[(f64, f64)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len()).filter(|n| points[*n].0.is_finite() && points[*n].1.is_finite()).collect();
    order.sort_by(|a, b| points[*a].0.total_cmp(&points[*b].0).then(points[*a].1.total_cmp(&points[*b].1)));
    let mut on: Vec<usize> = Vec::new();
    for n in order {
        let best = on.last().map(|last| points[*last]);
        if best.is_none_or(|best| points[n].1 < best.1 || points[n] == best) {
            on.push(n);
        }
    }
    on
}
