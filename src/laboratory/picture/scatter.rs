//! Scatter plots: one aim against another.

use super::axis::Axis;
use super::chart::Chart;
use super::frame::{self, RIGHT, Sign, WIDTH};
use super::kinds;
use super::svg::{Hold, Svg, px};
use super::text::{count, fitted, put, width};
use crate::laboratory::statistics::{Sample, front};

/// Clouds that are drawn at most.
const MOST_CLOUDS: usize = 42;
/// Points that are drawn at most, of all clouds together.
const MOST_POINTS: usize = 4_000;
/// The radius of a cloud's centre.
const CENTRE: f64 = 7.0;

/// Points under one name, such as the runs of a strategy.
///
/// ```
/// use polity::laboratory::picture::Cloud;
/// assert_eq!(Cloud::new("market", [(361.0, 41.2)]).points.len(), 1);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cloud {
    /// Whose they are.
    pub name: String,
    /// What was measured: along the horizontal axis, and along the vertical one.
    pub points: Vec<(f64, f64)>,
}
impl Cloud {
    /// Points under a name.
    pub fn new(name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Cloud {
        Cloud { name: name.into(), points: points.into_iter().collect() }
    }
}

/// Clouds of points with their centres (the medians of both coordinates), less being better in both: centres that no other beats in both are
/// ringed and joined, the Pareto front. O(n log n).
///
/// ```
/// use polity::laboratory::picture::{Axis, Cloud, Scatter, Unit};
/// let scatter = Scatter {
///     title: "Time against talk".into(),
///     x: Axis::new("makespan", Unit::Seconds),
///     y: Axis::new("messages for each task", Unit::Number).logarithmic(),
///     clouds: vec![
///         Cloud::new("market", [(361.0, 47.6)]), Cloud::new("hierarchical", [(381.0, 2.1)]), Cloud::new("consensus", [(452.0, 60.0)]),
///     ],
///     ..Scatter::default()
/// };
/// assert_eq!(scatter.draw().label(), "Time against talk: nothing beats market and hierarchical in both");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scatter {
    /// What it shows.
    pub title: String,
    /// A sentence below the title.
    pub subtitle: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The points, by name.
    pub clouds: Vec<Cloud>,
}

/// A cloud's centre: which one, and where.
type Centre = (usize, (f64, f64));

impl Scatter {
    /// The picture.
    pub fn draw(&self) -> Chart {
        let mut svg = Svg::default();
        let shown = &self.clouds[..self.clouds.len().min(MOST_CLOUDS)];
        let holds = |p: &(f64, f64)| self.x.holds(p.0) && self.y.holds(p.1);
        let held: Vec<Vec<(f64, f64)>> = shown.iter().map(|c| c.points.iter().copied().filter(holds).collect()).collect();
        let centres: Vec<Centre> = held.iter().enumerate().filter_map(|(n, points)| Some((n, centre(points)?))).collect();
        let places: Vec<(f64, f64)> = centres.iter().map(|(_, at)| *at).collect();
        let best: Vec<Centre> = front(&places).into_iter().map(|n| centres[n]).collect();

        let top = frame::title(&mut svg, &self.title, &self.subtitle);
        let names: Vec<(Sign, &str)> = shown.iter().enumerate().map(|(n, cloud)| (Sign::Mark(n), &*cloud.name)).collect();
        let top = frame::legend(&mut svg, &names, top) + 22.0;
        let (x, y) = ((78.0, WIDTH - RIGHT), (top, top + 400.0));
        let points = || held.iter().flatten().chain(&places);
        let across = self.x.scale(frame::range(points().map(|p| p.0)), x, 8.0);
        let up = self.y.scale(frame::range(points().map(|p| p.1)), (y.1, y.0), 7.0);
        frame::vertical(&mut svg, &self.y, &up, x, y);
        let below = frame::horizontal(&mut svg, &self.x, &across, x, y);
        if centres.is_empty() {
            frame::nothing(&mut svg, "no values", x, y);
        }
        let all: usize = held.iter().map(Vec::len).sum();
        let every = all.div_ceil(MOST_POINTS).max(1);
        for (n, points) in held.iter().enumerate().filter(|(_, points)| points.len() > 1) {
            svg.group(&kinds::color(n), "");
            for point in points.iter().step_by(every) {
                kinds::mark(&mut svg, "f dim", n, (across.at(point.0), up.at(point.1)), 3.0);
            }
            svg.end();
        }
        let at = |(_, p): &Centre| (across.at(p.0), up.at(p.1));
        let stairs: Vec<(f64, f64)> = best.iter().map(at).collect();
        svg.path("front", &staircase(&stairs));
        if let (Some(first), Some(last)) = (stairs.first(), stairs.last()) {
            svg.line("outer", *first, (first.0, y.0));
            svg.line("outer", *last, (x.1, last.1));
        }
        for centre in &centres {
            let (n, place) = (centre.0, at(centre));
            let ring = if best.iter().any(|(other, _)| *other == n) { "f ring" } else { "f rim" };
            svg.group(&kinds::color(n), &self.tip(centre, held[n].len()));
            kinds::mark(&mut svg, ring, n, place, CENTRE);
            svg.end();
        }
        self.names(&mut svg, &centres.iter().map(|c| (c.0, at(c))).collect::<Vec<_>>(), &stairs, (x, y));
        let height = frame::notes(&mut svg, &self.notes(&held, every, best.len()), below);
        Chart::new(svg, WIDTH, height, self.label(&best))
    }
    /// A name beside each centre where there is room.
    fn names(&self, svg: &mut Svg, centres: &[Centre], stairs: &[(f64, f64)], (x, y): ((f64, f64), (f64, f64))) {
        let box_of = |at: (f64, f64), r: f64| (at.0 - r, at.1 - r, at.0 + r, at.1 + r);
        let mut taken: Vec<(f64, f64, f64, f64)> = centres.iter().map(|(_, at)| box_of(*at, CENTRE + 1.0)).collect();
        // The front's line is in the way, too: right of each of its points, and down to the next.
        let (mut from, mut lines) = ((x.0, y.0), Vec::new());
        for (n, at) in stairs.iter().enumerate() {
            if n > 0 {
                lines.push((from.0, from.1 - 1.0, at.0, from.1 + 1.0));
            }
            let down = if n == 0 { y.0 } else { from.1 };
            lines.push((at.0 - 1.0, down, at.0 + 1.0, at.1));
            from = *at;
        }
        lines.extend(stairs.last().map(|at| (at.0, at.1 - 1.0, x.1, at.1 + 1.0)));
        taken.extend(lines);
        for (n, at) in centres {
            let name = fitted(&self.clouds[*n].name, 12.0, 150.0);
            let (wide, gap) = (width(&name, 12.0), CENTRE + 5.0);
            let tries = [
                (at.0 + gap, at.1 + 4.0),
                (at.0 - gap - wide, at.1 + 4.0),
                (at.0 - wide / 2.0, at.1 - gap - 2.0),
                (at.0 - wide / 2.0, at.1 + gap + 10.0),
            ];
            let area = |p: &(f64, f64)| (p.0, p.1 - 11.0, p.0 + wide, p.1 + 3.0);
            let free = |p: &&(f64, f64)| {
                let (left, top, right, bottom) = area(p);
                let inside = left >= x.0 && right <= x.1 + RIGHT && top >= y.0 && bottom <= y.1;
                inside && !taken.iter().any(|t| left < t.2 && t.0 < right && top < t.3 && t.1 < bottom)
            };
            if let Some(place) = tries.iter().find(free) {
                svg.text("halo", *place, Hold::Start, &name);
                svg.text("", *place, Hold::Start, &name);
                taken.push(area(place));
            }
        }
    }
    fn tip(&self, (n, at): &Centre, points: usize) -> String {
        let figures = format!("{}: {}\n{}: {}", self.x.label, self.x.unit.text(at.0), self.y.label, self.y.unit.text(at.1));
        let of = if points > 1 { format!("\nmedians of {}", count(points, "point")) } else { String::new() };
        format!("{}\n{figures}{of}", self.clouds[*n].name)
    }
    fn notes(&self, held: &[Vec<(f64, f64)>], every: usize, best: usize) -> Vec<String> {
        let mut notes = Vec::new();
        if best > 0 {
            let centre =
                if held.iter().any(|points| points.len() > 1) { " Large marks: medians; small ones: single runs." } else { "" };
            notes.push(format!(
                "Less is better on both axes. Ringed and joined: what no other beats in both (the Pareto front).{centre}"
            ));
        }
        if every > 1 {
            notes.push(format!("Of the small marks every {every}th is drawn."));
        }
        if self.clouds.len() > held.len() {
            notes.push(format!(
                "{} more not drawn: the first {} are.",
                count(self.clouds.len() - held.len(), "cloud"),
                held.len()
            ));
        }
        let all: usize = self.clouds.iter().take(held.len()).map(|c| c.points.len()).sum();
        let missing = all - held.iter().map(Vec::len).sum::<usize>();
        notes.extend(frame::left_out(missing, self.x.log || self.y.log));
        notes
    }
    fn label(&self, best: &[Centre]) -> String {
        let names: Vec<&str> = best.iter().take(20).map(|(n, _)| &*self.clouds[*n].name).collect();
        let words = if names.is_empty() { "no values".into() } else { format!("nothing beats {} in both", names.join(" and ")) };
        if self.title.is_empty() { words } else { format!("{}: {words}", self.title) }
    }
}

fn centre(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let middle = |of: fn(&(f64, f64)) -> f64| Sample::of(points.iter().map(of)).median();
    Some((middle(|p| p.0)?, middle(|p| p.1)?))
}
/// The front's outline: what lies right of it and above is beaten.
fn staircase(points: &[(f64, f64)]) -> String {
    let mut d = String::new();
    for (n, (x, y)) in points.iter().enumerate() {
        if n == 0 {
            put(&mut d, format_args!("M{} {}", px(*x), px(*y)));
        } else {
            put(&mut d, format_args!("H{}V{}", px(*x), px(*y)));
        }
    }
    d
}
