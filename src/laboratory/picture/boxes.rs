//! Box plots: what each of some governments measured.

use super::axis::{Axis, Scale};
use super::chart::Chart;
use super::frame::{self, RIGHT, WIDTH};
use super::kinds;
use super::series::Series;
use super::svg::{Hold, Svg, px};
use super::text::{count, fitted, put, width};
use crate::laboratory::statistics::Sample;

/// Rows that are drawn at most.
const MOST_ROWS: usize = 100;
/// Up to so many values of a row are drawn as dots of their own; of more only those beyond the whiskers.
const MOST_DOTS: usize = 150;

/// A box for each of some series, one below the other: the middle half, the median with its 95 % interval, whiskers, and the values themselves.
///
/// Source: Tukey, "Exploratory Data Analysis", 1977 (whiskers reach to the last value within 1.5 times the box's length); the interval as in
/// [`Sample::median_interval`]. O(n log n).
///
/// ```
/// use polity::laboratory::picture::{Axis, BoxPlot, Series, Unit};
/// let plot = BoxPlot {
///     title: "Makespan".into(),
///     axis: Axis::new("makespan, virtual time", Unit::Seconds),
///     groups: vec![Series::new("market", [340.0, 361.0, 365.0]), Series::new("consensus", [440.0, 452.0, f64::NAN])],
///     bounds: vec![("lower bound".into(), 312.4)],
///     ..BoxPlot::default()
/// };
/// assert_eq!(plot.draw().label(), "Makespan: medians: market 361 s, consensus 446 s");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoxPlot {
    /// What it shows.
    pub title: String,
    /// A sentence below the title.
    pub subtitle: String,
    /// What was measured.
    pub axis: Axis,
    /// A row each, from the top.
    pub groups: Vec<Series>,
    /// Values to compare with, such as a lower bound: a line through all rows.
    pub bounds: Vec<(String, f64)>,
}

impl BoxPlot {
    /// The picture.
    pub fn draw(&self) -> Chart {
        let mut svg = Svg::default();
        let held = |series: &Series| Sample::of(series.values.iter().copied().filter(|x| self.axis.holds(*x)));
        let samples: Vec<Sample> = self.groups.iter().map(held).collect();
        let bounds: Vec<&(String, f64)> = self.bounds.iter().filter(|(_, x)| self.axis.holds(*x)).collect();
        let shown = samples.len().min(MOST_ROWS);
        let mut top = frame::title(&mut svg, &self.title, &self.subtitle) + 6.0;
        // The names of bounds stand above, in two lines if they must.
        top += 16.0 * bounds.len().min(2) as f64;
        let row = if shown <= 12 { 40.0 } else { 26.0 };
        let bottom = top + row * shown.max(2) as f64;
        let longest = self.groups.iter().take(shown).map(|g| width(&g.name, 13.0)).fold(60.0, f64::max);
        let left = (longest + 24.0).min(260.0);
        let right = WIDTH - RIGHT - 92.0;
        let ends = samples[..shown].iter().flat_map(|s| s.min().into_iter().chain(s.max()));
        let range = frame::range(ends.chain(bounds.iter().map(|(_, x)| *x)));
        let scale = self.axis.scale(range, (left, right), 8.0);
        for n in (1..shown).step_by(2) {
            svg.rect("band", 0.0, top + row * n as f64, WIDTH, row, 0.0);
        }
        let below = frame::horizontal(&mut svg, &self.axis, &scale, (left, right), (top, bottom));
        if samples.iter().all(Sample::is_empty) {
            frame::nothing(&mut svg, "no values", (left, right), (top, bottom));
        }
        if shown > 0 {
            svg.text("muted", (WIDTH - RIGHT, top - 6.0), Hold::End, "median");
        }
        for (n, (group, sample)) in self.groups.iter().zip(&samples).take(shown).enumerate() {
            let middle = top + row * (n as f64 + 0.5);
            svg.group(&kinds::color(n), &self.tip(group, sample));
            svg.text("name", (left - 12.0, middle + 4.5), Hold::End, &fitted(&group.name, 13.0, left - 20.0));
            self.row(&mut svg, &scale, sample, (middle, row));
            svg.end();
        }
        self.lines(&mut svg, &bounds, &scale, (top, bottom));
        let height = frame::notes(&mut svg, &self.notes(&samples, shown), below);
        Chart::new(svg, WIDTH, height, self.label(&samples))
    }

    /// The bounds, through all rows; where there is no room for a name, the line is without.
    fn lines(&self, svg: &mut Svg, bounds: &[&(String, f64)], scale: &Scale, (top, bottom): (f64, f64)) {
        let (mut free, mut names) = ([f64::NEG_INFINITY; 2], Vec::new());
        for (name, x) in bounds {
            let at = scale.at(*x);
            let words = format!("{} {}", fitted(name, 12.0, 200.0), self.axis.unit.text(*x));
            let wide = width(&words, 12.0);
            let from = (at - wide / 2.0).clamp(8.0, WIDTH - RIGHT - 60.0 - wide);
            let line = free.iter().position(|free| from > *free);
            let up = line.map_or(0.0, |line| 16.0 * line as f64);
            svg.group("", &words);
            svg.line("bound", (at, top - up), (at, bottom));
            if let Some(line) = line {
                names.push((words, (from, top - 6.0 - up)));
                free[line] = from + wide + 8.0;
            }
            svg.end();
        }
        for (words, at) in names {
            svg.text("halo", at, Hold::Start, &words);
            svg.text("", at, Hold::Start, &words);
        }
    }

    fn row(&self, svg: &mut Svg, scale: &Scale, sample: &Sample, (middle, row): (f64, f64)) {
        let figures = [0.25, 0.5, 0.75].map(|p| sample.quantile(p));
        let [Some(low), Some(median), Some(high)] = figures else {
            svg.text("muted", (WIDTH - RIGHT, middle + 4.0), Hold::End, "no values");
            return;
        };
        let half = row * 0.28;
        let reach = 1.5 * (high - low);
        let inside = |x: &f64| (low - reach..=high + reach).contains(x);
        let whiskers = frame::range(sample.values().iter().copied().filter(inside)).unwrap_or((low, high));
        for (from, to) in [(whiskers.0, low), (high, whiskers.1)] {
            svg.line("s thin", (scale.at(from), middle), (scale.at(to), middle));
        }
        for end in [whiskers.0, whiskers.1] {
            svg.line("s thin", (scale.at(end), middle - half * 0.5), (scale.at(end), middle + half * 0.5));
        }
        let span = (scale.at(low), scale.at(high));
        svg.rect("t", span.0, middle - half, span.1 - span.0, half * 2.0, 2.0);
        if let Some(interval) = sample.median_interval(0.95) {
            let (from, to) = (scale.at(interval.low), scale.at(interval.high));
            svg.rect("f mid", from, middle - half * 0.4, to - from, half * 0.8, 0.0);
        }
        svg.line("median", (scale.at(median), middle - half), (scale.at(median), middle + half));
        let all = sample.len() <= MOST_DOTS;
        let mut last = (f64::NAN, 0);
        for (n, x) in sample.values().iter().enumerate().filter(|(_, x)| all || !inside(x)) {
            // Spread over the row's height, so that equal ones don't hide each other; no more than a few at one place.
            let at = scale.at(*x);
            last = if (at - last.0).abs() < 0.25 { (last.0, last.1 + 1) } else { (at, 0) };
            if last.1 < 12 {
                let spread = ((n as f64 * 0.618_034).fract() - 0.5) * half * 1.7;
                svg.circle("f dot", at, middle + spread, 2.2);
            }
        }
        svg.text("value", (WIDTH - RIGHT, middle + 4.0), Hold::End, &self.axis.unit.text(median));
    }

    fn tip(&self, group: &Series, sample: &Sample) -> String {
        let say = |x: Option<f64>| x.map_or_else(|| "–".into(), |x| self.axis.unit.text(x));
        let mut tip = format!("{}\n{}, median {}", group.name, count(sample.len(), "value"), say(sample.median()));
        if let Some(interval) = sample.median_interval(0.95) {
            put(&mut tip, format_args!(" (95 %: {} to {})", say(Some(interval.low)), say(Some(interval.high))));
        }
        let (q1, q3) = (sample.quantile(0.25), sample.quantile(0.75));
        put(&mut tip, format_args!("\nmiddle half {} to {}", say(q1), say(q3)));
        put(&mut tip, format_args!("\nall {} to {}, mean {}", say(sample.min()), say(sample.max()), say(sample.mean())));
        tip
    }
    fn notes(&self, samples: &[Sample], shown: usize) -> Vec<String> {
        let (least, most) = samples[..shown].iter().fold((usize::MAX, 0), |(a, b), s| (a.min(s.len()), b.max(s.len())));
        let mut notes = Vec::new();
        if most > 0 {
            let n = if least == most { count(most, "value") } else { format!("{least} to {}", count(most, "value")) };
            let interval = if most > 5 { " · inner bar: its 95 % interval" } else { "" };
            let dots = if most <= MOST_DOTS { "every value" } else { "values, if there are few, or beyond the whiskers" };
            notes.push(format!(
                "{n} in each row. Box: the middle half · line: the median{interval} · whiskers: up to 1.5 boxes further · dots: {dots}."
            ));
        }
        if samples.len() > shown {
            notes.push(format!("{} more not drawn: the first {shown} are.", count(samples.len() - shown, "row")));
        }
        let all = self.groups.iter().map(|g| g.values.len()).sum::<usize>() + self.bounds.len();
        let held =
            samples.iter().map(Sample::len).sum::<usize>() + self.bounds.iter().filter(|(_, x)| self.axis.holds(*x)).count();
        notes.extend(frame::left_out(all - held, self.axis.log));
        notes
    }
    fn label(&self, samples: &[Sample]) -> String {
        let of = |(group, sample): (&Series, &Sample)| {
            let median = sample.median().map_or_else(|| "no values".into(), |x| self.axis.unit.text(x));
            format!("{} {median}", group.name)
        };
        let all: Vec<String> = self.groups.iter().zip(samples).take(20).map(of).collect();
        let more = if samples.len() > 20 { format!(", and {} more", samples.len() - 20) } else { String::new() };
        let medians = if all.is_empty() { "no values".into() } else { format!("medians: {}{more}", all.join(", ")) };
        if self.title.is_empty() { medians } else { format!("{}: {medians}", self.title) }
    }
}

/// A path from point to point.
pub(super) fn along(points: impl IntoIterator<Item = (f64, f64)>) -> String {
    let mut d = String::new();
    for (x, y) in points {
        let step = if d.is_empty() { 'M' } else { 'L' };
        put(&mut d, format_args!("{step}{} {}", px(x), px(y)));
    }
    d
}
