//! What is counted along an axis, and how people write it.

use super::text::grouped;

/// What a number counts.
///
/// ```
/// use polity::laboratory::picture::Unit;
/// assert_eq!(Unit::Seconds.text(0.0123), "12.3 ms");
/// assert_eq!(Unit::Seconds.text(5400.0), "90 min");
/// assert_eq!(Unit::Share.text(0.125), "12.5 %");
/// assert_eq!(Unit::Number.text(1234567.0), "1.235 M");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Anything: cost, messages, a ratio.
    #[default]
    Number,
    /// Seconds; shown in what is read well, from nanoseconds to days.
    Seconds,
    /// Parts of a whole, 0..=1; shown in per cent.
    Share,
}

/// Units of time, and from how many seconds on they are read better than the one before.
const TIMES: [(f64, f64, &str); 7] = [
    (0.0, 1e-9, "ns"),
    (1e-6, 1e-6, "µs"),
    (1e-3, 1e-3, "ms"),
    (1.0, 1.0, "s"),
    (600.0, 60.0, "min"),
    (10_800.0, 3_600.0, "h"),
    (259_200.0, 86_400.0, "d"),
];
/// The same of plain numbers.
const LARGE: [(f64, f64, &str); 3] = [(0.0, 1.0, ""), (1e6, 1e6, "M"), (1e9, 1e9, "G")];

impl Unit {
    /// A number as people read it: four digits that matter, with its unit. What is not finite is `–`.
    pub fn text(self, x: f64) -> String {
        if !x.is_finite() {
            return "–".into();
        }
        let (one, name) = self.step(x.abs());
        let number = significant(x / one);
        if name.is_empty() { number } else { format!("{number} {name}") }
    }
    /// What numbers up to this size are shown in: its size, and its name.
    pub(super) fn step(self, largest: f64) -> (f64, &'static str) {
        let of = match self {
            Unit::Share => return (0.01, "%"),
            Unit::Seconds if largest == 0.0 => return (1.0, "s"),
            Unit::Seconds => &TIMES[..],
            Unit::Number => &LARGE[..],
        };
        let found = of.iter().rev().find(|(from, ..)| largest >= *from * (1.0 - 1e-12));
        found.map_or((1.0, ""), |(_, one, name)| (*one, name))
    }
}

/// A number with four digits that matter, without zeros at its end.
pub(super) fn significant(x: f64) -> String {
    let size = x.abs();
    if size != 0.0 && !(1e-3..1e7).contains(&size) {
        return scientific(x, 3);
    }
    let decimals = if size >= 1000.0 { 0 } else { (0..6).find(|n| size * ten(*n) >= 1000.0).unwrap_or(6) as usize };
    grouped(trimmed(&format!("{x:.decimals$}")))
}
/// `1.2×10⁻⁹` without the zeros at the end of its digits.
pub(super) fn scientific(x: f64, digits: usize) -> String {
    let text = format!("{x:.digits$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let high = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit),
    };
    format!("{}×10{}", grouped(trimmed(mantissa)), exponent.chars().map(high).collect::<String>())
}
fn trimmed(number: &str) -> &str {
    let short = if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
    if short == "-0" { "0" } else { short }
}
/// A power of ten, exact.
pub(super) fn ten(exponent: i32) -> f64 {
    format!("1e{exponent}").parse().expect("a number of digits only")
}
