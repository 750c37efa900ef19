//! Axes: from numbers to pixels, and the numbers that stand beside them.

use super::text::grouped;
use super::unit::{Unit, scientific, ten};

/// What runs along one side of a picture.
///
/// ```
/// use polity::laboratory::picture::{Axis, Unit};
/// let axis = Axis::new("messages for each task", Unit::Number).logarithmic();
/// assert!(axis.log);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Axis {
    /// What it is, in words; the unit is added.
    pub label: String,
    /// What its numbers count.
    pub unit: Unit,
    /// True if equal steps are equal factors. Then only what is above zero can be drawn.
    pub log: bool,
}
impl Axis {
    /// An axis of equal steps.
    pub fn new(label: impl Into<String>, unit: Unit) -> Axis {
        Axis { label: label.into(), unit, log: false }
    }
    /// The same in equal factors.
    pub fn logarithmic(self) -> Axis {
        Axis { log: true, ..self }
    }
    /// True for what has a place on it. Absurd sizes have none: their differences would not be finite.
    pub(super) fn holds(&self, x: f64) -> bool {
        x.abs() <= 1e100 && (!self.log || x >= 1e-100)
    }
    /// Its scale, for values in `low..=high` (which it holds), drawn between two pixels, with about so many numbers.
    pub(super) fn scale(&self, values: Option<(f64, f64)>, pixels: (f64, f64), about: f64) -> Scale {
        let Some((low, high)) = values else {
            // There is nothing that numbers could tell of.
            let (low, high) = if self.log { (1.0, 10.0) } else { (0.0, 1.0) };
            return Scale { low, high, log: self.log, pixels, ticks: Vec::new(), unit: "" };
        };
        if self.log { logarithmic(self.unit, low, high, pixels) } else { linear(self.unit, (low, high), pixels, about, false) }
    }
    /// The same, but of no more than the values: it does not end at round numbers.
    pub(super) fn tight(&self, (low, high): (f64, f64), pixels: (f64, f64), about: f64) -> Scale {
        linear(self.unit, (low, high), pixels, about, true)
    }
    /// Its words, with the unit that its numbers are shown in.
    pub(super) fn title(&self, scale: &Scale) -> String {
        let log = if self.log { ", logarithmic" } else { "" };
        if scale.unit.is_empty() || self.log {
            format!("{}{log}", self.label)
        } else {
            format!("{} ({})", self.label, scale.unit)
        }
    }
}

/// From numbers to pixels.
pub(super) struct Scale {
    low: f64,
    high: f64,
    log: bool,
    pixels: (f64, f64),
    /// Where numbers stand, in pixels, and what they are.
    pub(super) ticks: Vec<(f64, String)>,
    /// The unit of these numbers.
    pub(super) unit: &'static str,
}
impl Scale {
    /// Where a number is. What lies outside is at the edge.
    pub(super) fn at(&self, x: f64) -> f64 {
        let share = if self.log {
            (libm::log10(x) - libm::log10(self.low)) / (libm::log10(self.high) - libm::log10(self.low))
        } else {
            (x - self.low) / (self.high - self.low)
        };
        self.pixels.0 + (self.pixels.1 - self.pixels.0) * share.clamp(0.0, 1.0)
    }
}

/// The nice number (1, 2 or 5, and a power of ten) that is at least `x`. Source: Heckbert, "Nice Numbers for Graph Labels", 1990.
fn nice(x: f64) -> f64 {
    let exponent = libm::floor(libm::log10(x)) as i32;
    let candidates = [exponent - 1, exponent, exponent + 1].into_iter().flat_map(|e| [1.0, 2.0, 5.0].map(|digit| digit * ten(e)));
    candidates.into_iter().find(|step| *step >= x * (1.0 - 1e-9)).unwrap_or(x)
}

fn linear(unit: Unit, (low, high): (f64, f64), pixels: (f64, f64), about: f64, tight: bool) -> Scale {
    let (low, high) = widened(low, high);
    let (one, name) = unit.step(low.abs().max(high.abs()));
    let (low, high) = (low / one, high / one);
    let step = nice((high - low) / about);
    let (outer, inner) =
        ((libm::floor(low / step + 1e-9), libm::ceil(high / step - 1e-9)), (libm::ceil(low / step), libm::floor(high / step)));
    let (first, last) = if tight { inner } else { outer };
    let ends = if tight { (low, high) } else { (first * step, last * step) };
    let mut scale = Scale { low: ends.0 * one, high: ends.1 * one, log: false, pixels, ticks: Vec::new(), unit: name };
    let decimals = (0..9).find(|n| step * ten(*n) > 0.99).unwrap_or(9) as usize;
    let huge = (first * step).abs().max((last * step).abs()) >= 1e7 || decimals > 6;
    for n in 0..=((last - first) as usize).min(30) {
        let x = (first + n as f64) * step;
        let text =
            if huge { if x == 0.0 { "0".into() } else { scientific(x, 3) } } else { grouped(&format!("{:.decimals$}", x + 0.0)) };
        scale.ticks.push((scale.at(x * one), text));
    }
    scale
}
/// A range with some width.
fn widened(low: f64, high: f64) -> (f64, f64) {
    let size = low.abs().max(high.abs());
    if size < 1e-100 {
        return (0.0, 1.0);
    }
    if high - low > size * 1e-9 {
        return (low, high);
    }
    // All values are the same: they stand in the middle, and nothing that is positive shows less than zero.
    let (down, up) = (low - size * 0.1, high + size * 0.1);
    (down, up)
}

fn logarithmic(unit: Unit, low: f64, high: f64, pixels: (f64, f64)) -> Scale {
    let decade = |x: f64| libm::floor(libm::log10(x) + 1e-9) as i32;
    let steps: Vec<f64> = (decade(low)..=decade(high) + 1).flat_map(|e| [1.0, 2.0, 5.0].map(|digit| digit * ten(e))).collect();
    let from = steps.iter().copied().rev().find(|step| *step <= low * (1.0 + 1e-9)).unwrap_or(low);
    let to = steps.iter().copied().find(|step| *step >= high * (1.0 - 1e-9) && *step > from).unwrap_or(high);
    let mut scale = Scale { low: from, high: to, log: true, pixels, ticks: Vec::new(), unit: "" };
    let inside: Vec<f64> = steps.into_iter().filter(|step| (from..=to).contains(step)).collect();
    // Few: all. More: whole decades. Many: every so many decades.
    let whole = |step: &f64| (libm::log10(*step) - libm::round(libm::log10(*step))).abs() < 1e-9;
    let chosen: Vec<f64> = if inside.len() <= 10 { inside } else { inside.into_iter().filter(whole).collect() };
    let every = chosen.len().div_ceil(10).max(1);
    for step in chosen.into_iter().step_by(every) {
        scale.ticks.push((scale.at(step), unit.text(step)));
    }
    scale
}
