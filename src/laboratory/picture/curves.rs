//! Curves: how a measure is distributed.

use super::axis::{Axis, Scale};
use super::boxes::along;
use super::chart::Chart;
use super::frame::{self, RIGHT, Sign, WIDTH};
use super::kinds;
use super::series::Series;
use super::svg::Svg;
use super::text::count;
use super::unit::Unit;
use crate::laboratory::statistics::Sample;

/// Curves that are drawn at most.
const MOST_CURVES: usize = 21;

/// The empirical distribution of each of some series, as a line: at each value, the share of values that are at most as large. The line further
/// left is the smaller one, everywhere and not only on average. O(n log n).
///
/// ```
/// use polity::laboratory::picture::{Axis, Curves, Series, Unit};
/// let series = vec![Series::new("market", [1.0, 2.0, 9.0]), Series::new("auto", [2.0, 3.0])];
/// let chart = Curves { title: "Waiting".into(), axis: Axis::new("waited", Unit::Seconds), series, ..Curves::default() }.draw();
/// assert!(chart.label().starts_with("Waiting: half of the values are at most: market 2 s, auto 2.5 s"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curves {
    /// What it shows.
    pub title: String,
    /// A sentence below the title.
    pub subtitle: String,
    /// What was measured.
    pub axis: Axis,
    /// A line each.
    pub series: Vec<Series>,
}

impl Curves {
    /// The picture.
    pub fn draw(&self) -> Chart {
        let mut svg = Svg::default();
        let held = |series: &Series| Sample::of(series.values.iter().copied().filter(|x| self.axis.holds(*x)));
        let samples: Vec<Sample> = self.series.iter().map(held).collect();
        let shown = samples.len().min(MOST_CURVES);
        let top = frame::title(&mut svg, &self.title, &self.subtitle);
        let names: Vec<(Sign, &str)> = (0..shown).map(|n| (Sign::Line(n), &*self.series[n].name)).collect();
        let top = frame::legend(&mut svg, &names, top) + 22.0;
        let (x, y) = ((62.0, WIDTH - RIGHT), (top, top + 330.0));
        let range = frame::range(samples[..shown].iter().flat_map(|s| s.min().into_iter().chain(s.max())));
        let scale = self.axis.scale(range, x, 9.0);
        let shares = Axis::new("share of values", Unit::Share);
        let up = shares.scale(Some((0.0, 1.0)), (y.1, y.0), 5.0);
        frame::vertical(&mut svg, &shares, &up, x, y);
        let below = frame::horizontal(&mut svg, &self.axis, &scale, x, y);
        if range.is_none() {
            frame::nothing(&mut svg, "no values", x, y);
        }
        for (n, sample) in samples.iter().enumerate().take(shown).filter(|(_, sample)| !sample.is_empty()) {
            svg.group(&kinds::color(n), &self.tip(n, sample));
            svg.path(kinds::dash(n), &along(stairs(sample, &scale, &up, x)));
            svg.end();
        }
        let mut notes = Vec::new();
        if samples.len() > shown {
            notes.push(format!("{} more not drawn: the first {shown} are.", count(samples.len() - shown, "series")));
        }
        let all: usize = self.series.iter().map(|s| s.values.len()).sum();
        notes.extend(frame::left_out(all - samples.iter().map(Sample::len).sum::<usize>(), self.axis.log));
        let height = frame::notes(&mut svg, &notes, below);
        Chart::new(svg, WIDTH, height, self.label(&samples))
    }
    fn tip(&self, n: usize, sample: &Sample) -> String {
        let say = |p: f64| sample.quantile(p).map_or_else(|| "–".into(), |x| self.axis.unit.text(x));
        let (name, values) = (&self.series[n].name, count(sample.len(), "value"));
        format!("{name}\n{values}: half up to {}, nine of ten up to {}, all up to {}", say(0.5), say(0.9), say(1.0))
    }
    fn label(&self, samples: &[Sample]) -> String {
        let of =
            |(series, sample): (&Series, &Sample)| Some(format!("{} {}", series.name, self.axis.unit.text(sample.median()?)));
        let all: Vec<String> = self.series.iter().zip(samples).filter_map(of).take(20).collect();
        let title = if self.title.is_empty() { String::new() } else { format!("{}: ", self.title) };
        if all.is_empty() {
            format!("{title}no values")
        } else {
            format!("{title}half of the values are at most: {}", all.join(", "))
        }
    }
}

/// The steps of a distribution, from edge to edge; steps that are nearer than half a pixel are one.
fn stairs(sample: &Sample, scale: &Scale, up: &Scale, x: (f64, f64)) -> Vec<(f64, f64)> {
    let mut points = vec![(x.0, up.at(0.0))];
    let mut share = 0.0;
    let mut drawn = f64::NEG_INFINITY;
    let steps = sample.steps();
    for (n, (value, next)) in steps.iter().enumerate() {
        let at = scale.at(*value);
        if at - drawn >= 0.5 || n + 1 == steps.len() {
            points.extend([(at, up.at(share)), (at, up.at(*next))]);
            drawn = at;
            share = *next;
        }
    }
    points.push((x.1, up.at(share)));
    points
}
