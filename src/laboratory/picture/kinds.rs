//! What tells several things of one picture apart: a colour and, since colours run out and not all see them, a form.

use super::svg::{Svg, px};

/// Colours that there are; see `style`.
pub(super) const COLORS: usize = 7;
/// Forms of marks that there are.
const FORMS: usize = 6;

/// The class of the `n`th colour.
pub(super) fn color(n: usize) -> String {
    format!("k{}", n % COLORS)
}
/// The class of the `n`th thing's line: the first ones are whole, then the colours come again dashed, then dotted.
pub(super) fn dash(n: usize) -> &'static str {
    ["s", "s dash", "s dots"][(n / COLORS) % 3]
}
/// The `n`th thing's mark. The first six differ in form and colour; no two of the first 42 are the same.
pub(super) fn mark(svg: &mut Svg, class: &str, n: usize, at: (f64, f64), r: f64) {
    let (x, y) = at;
    let polygon = |points: &[(f64, f64)]| {
        let points: Vec<String> = points.iter().map(|(dx, dy)| format!("{} {}", px(x + dx * r), px(y + dy * r))).collect();
        format!("M{}Z", points.join("L"))
    };
    match n % FORMS {
        0 => svg.circle(class, x, y, r),
        1 => svg.rect(class, x - r * 0.88, y - r * 0.88, r * 1.76, r * 1.76, 0.0),
        2 => svg.path(class, &polygon(&[(0.0, -1.2), (1.1, 0.85), (-1.1, 0.85)])),
        3 => svg.path(class, &polygon(&[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)])),
        4 => svg.path(class, &polygon(&[(0.0, 1.2), (1.1, -0.85), (-1.1, -0.85)])),
        _ => svg.path(class, &polygon(&CROSS)),
    }
}
/// A plus sign with an outline.
const CROSS: [(f64, f64); 12] = [
    (-0.4, -1.2),
    (0.4, -1.2),
    (0.4, -0.4),
    (1.2, -0.4),
    (1.2, 0.4),
    (0.4, 0.4),
    (0.4, 1.2),
    (-0.4, 1.2),
    (-0.4, 0.4),
    (-1.2, 0.4),
    (-1.2, -0.4),
    (-0.4, -0.4),
];
