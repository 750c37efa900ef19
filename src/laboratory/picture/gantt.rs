//! Timelines: who did what when.

use super::axis::Axis;
use super::bars::{BEFORE, Drawing, Layout};
use super::chart::Chart;
use super::frame::{self, RIGHT, Sign, WIDTH};
use super::kinds;
use super::lanes::lanes;
use super::svg::{Hold, Svg};
use super::text::{count, fitted, grouped, width};
use super::unit::Unit;
use std::collections::BTreeMap;

/// Bars that are drawn at most, of each shade; beyond that neighbours are merged, and the picture says so.
pub const MOST_BARS: usize = 3_000;
/// Lanes that are drawn at most, of all agents together; one agent has at most 16. Agents beyond that are only counted.
pub const MOST_LANES: usize = 320;
const LANES_OF_ONE: usize = 16;
/// Kinds that have a colour of their own; the rest share the last.
pub(super) const KINDS: usize = kinds::COLORS - 1;

/// A job in a timeline: the moments of its life, in seconds, ascending.
///
/// ```
/// use polity::laboratory::picture::Job;
/// let job = Job { ready: 0.0, announced: 0.0, assigned: 0.1, started: 0.5, ended: 2.0, ..Job::default() };
/// assert!(job.is_sound());
/// assert!(!Job { ended: f64::NAN, ..job }.is_sound());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Job {
    /// Whose it is: a place in [`Gantt::rows`].
    pub row: usize,
    /// Its task.
    pub name: String,
    /// The kind of work: its colour.
    pub kind: String,
    /// When it could have begun, had somebody been free. Until it is announced, it *waits*.
    pub ready: f64,
    /// When it was announced, and somebody could have begun with it. Until it is awarded, that is *coordination*.
    pub announced: f64,
    /// When it was awarded. Until its agent begins, it is *queued*.
    pub assigned: f64,
    /// When its agent began.
    pub started: f64,
    /// When it was over.
    pub ended: f64,
    /// True on the critical path.
    pub critical: bool,
    /// True if it came to nothing: it failed, or its agent was lost.
    pub failed: bool,
}
impl Job {
    /// True if its moments are finite and ascend: others are not drawn.
    pub fn is_sound(&self) -> bool {
        let moments = [self.ready, self.announced, self.assigned, self.started, self.ended];
        moments.iter().all(|t| t.abs() <= 1e100) && moments.windows(2).all(|pair| pair[0] <= pair[1])
    }
}

/// A timeline with a row for each agent: a bar for each job, coloured by the kind of work; thin below it what went before: waiting, coordination
/// (red), queueing. The critical path is outlined and joined. An agent that does several jobs at once has several lanes. O(n log n).
///
/// ```
/// use polity::laboratory::picture::{Gantt, Job};
/// let job = Job { name: "extract".into(), kind: "shell".into(), assigned: 0.1, started: 0.5, ended: 2.0, critical: true, ..Job::default() };
/// let chart = Gantt { title: "brave-otter".into(), rows: vec!["ann".into()], jobs: vec![job], ..Gantt::default() }.draw();
/// assert_eq!(chart.label(), "brave-otter: 1 job of 1 agent over 2 s");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gantt {
    /// What it shows.
    pub title: String,
    /// A sentence below the title.
    pub subtitle: String,
    /// The agents, from the top.
    pub rows: Vec<String>,
    /// The jobs, in any order.
    pub jobs: Vec<Job>,
}

impl Gantt {
    /// The picture.
    pub fn draw(&self) -> Chart {
        let mut svg = Svg::default();
        let layout = self.layout();
        let kinds = self.kinds();
        let look = |job: &Job| kinds.get(&*job.kind).copied().unwrap_or(KINDS);
        let mut top = frame::title(&mut svg, &self.title, &self.subtitle);
        if !layout.jobs.is_empty() {
            top = self.legends(&mut svg, &kinds, top);
        }
        top += if layout.lanes > 40 { 20.0 } else { 6.0 };
        let lane = match layout.lanes {
            0..=12 => 26.0,
            13..=40 => 17.0,
            41..=100 => 11.0,
            _ => 7.0,
        };
        // Small rows have small names; a row without any room for a name goes without.
        let bottom = top + lane * layout.lanes.max(2) as f64;
        let size = if lane < 13.0 { 10.0 } else { 12.0 };
        let longest = self.rows.iter().take(layout.rows.len()).map(|name| width(name, size)).fold(40.0, f64::max);
        let left = (longest + 20.0).min(220.0);
        let x = (left, WIDTH - RIGHT);
        let moments = layout.jobs.iter().flat_map(|(job, _)| [job.ready, job.ended]);
        // The run began at zero, whether somebody had work then or not.
        let range = frame::range(moments.chain(layout.jobs.first().map(|_| 0.0)));
        let range = range.map(|(from, to)| if to > from { (from, to) } else { (from, from + 1.0) });
        let axis = Axis::new("time since the run began", Unit::Seconds);
        let scale = range.map_or_else(|| axis.scale(None, x, 10.0), |range| axis.tight(range, x, 10.0));
        for (n, (first, lanes)) in layout.rows.iter().enumerate() {
            let (y, high) = (top + lane * *first as f64, lane * *lanes as f64);
            if n % 2 == 1 {
                svg.rect("band", 0.0, y, WIDTH, high, 0.0);
            }
            let name = fitted(&self.rows[n], size, left - 18.0);
            svg.group("", &self.rows[n]);
            svg.text(if size < 12.0 { "small" } else { "" }, (left - 10.0, y + high / 2.0 + size * 0.36), Hold::End, &name);
            svg.end();
        }
        if bottom - top > 500.0 {
            // Who reads the first rows does not see the axis.
            scale.ticks.iter().for_each(|(at, text)| svg.text("tick", (*at, top - 6.0), Hold::Middle, text));
        }
        let below = frame::horizontal(&mut svg, &axis, &scale, x, (top, bottom));
        if layout.jobs.is_empty() {
            frame::nothing(&mut svg, "no jobs", x, (top, bottom));
        }
        let draw = Drawing { layout: &layout, scale: &scale, top, lane };
        let mut closed: Vec<Option<f64>> = Vec::new();
        for (class, of) in BEFORE {
            closed.push(draw.before(&mut svg, class, of, look));
        }
        closed.push(draw.work(&mut svg, look));
        let closed = closed.into_iter().flatten().reduce(f64::max);
        draw.path(&mut svg);
        let height = frame::notes(&mut svg, &self.notes(&layout, closed), below);
        Chart::new(svg, WIDTH, height, self.label(&layout, range))
    }

    fn layout(&self) -> Layout<'_> {
        let mut by_row: Vec<Vec<&Job>> = vec![Vec::new(); self.rows.len()];
        let mut unsound = 0;
        for job in &self.jobs {
            match by_row.get_mut(job.row).filter(|_| job.is_sound()) {
                Some(row) => row.push(job),
                None => unsound += 1,
            }
        }
        let mut layout = Layout { jobs: Vec::new(), rows: Vec::new(), lanes: 0, unsound, beyond: 0 };
        for row in &mut by_row {
            row.sort_by(|a, b| a.started.total_cmp(&b.started).then(a.ended.total_cmp(&b.ended)));
            let times: Vec<(f64, f64)> = row.iter().map(|job| (job.started, job.ended)).collect();
            let (places, used) = lanes(&times, LANES_OF_ONE);
            let used = used.max(1);
            if layout.lanes + used > MOST_LANES || layout.beyond > 0 {
                layout.beyond += row.len().max(1);
                continue;
            }
            let first = layout.lanes;
            layout.jobs.extend(row.iter().zip(places).map(|(job, lane)| (*job, first + lane)));
            layout.rows.push((first, used));
            layout.lanes += used;
        }
        layout
    }
    /// The kinds that have a colour of their own: those that took the most time.
    fn kinds(&self) -> BTreeMap<&str, usize> {
        let mut times: BTreeMap<&str, f64> = BTreeMap::new();
        for job in self.jobs.iter().filter(|job| job.is_sound()) {
            *times.entry(&job.kind).or_default() += job.ended - job.started;
        }
        let mut order: Vec<(&str, f64)> = times.into_iter().collect();
        order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        order.into_iter().take(KINDS).enumerate().map(|(n, (kind, _))| (kind, n)).collect()
    }
    fn legends(&self, svg: &mut Svg, kinds: &BTreeMap<&str, usize>, top: f64) -> f64 {
        let mut order: Vec<(&str, usize)> = kinds.iter().map(|(kind, n)| (*kind, *n)).collect();
        order.sort_by_key(|(_, n)| *n);
        let word = |kind: &'_ str| if kind.is_empty() { "no kind" } else { "" };
        let mut items: Vec<(Sign, &str)> = Vec::new();
        for (kind, n) in &order {
            items.push((Sign::Patch(kinds::color(*n), "f"), if kind.is_empty() { word(kind) } else { kind }));
        }
        if self.jobs.iter().any(|job| job.is_sound() && !kinds.contains_key(&*job.kind)) {
            items.push((Sign::Patch(kinds::color(KINDS), "f"), "other kinds"));
        }
        let top = frame::legend(svg, &items, top);
        let grey = || kinds::color(KINDS);
        let shades = [
            (Sign::Patch(String::new(), "red"), "coordination, until the award"),
            (Sign::Patch(grey(), "f mid"), "queued at its agent"),
            (Sign::Patch(grey(), "f dim"), "waiting"),
            (Sign::Patch(String::new(), "edge"), "critical path"),
        ];
        frame::legend(svg, &shades, top)
    }
    fn notes(&self, layout: &Layout<'_>, closed: Option<f64>) -> Vec<String> {
        let mut notes = Vec::new();
        if layout.jobs.iter().any(|(job, _)| job.failed) {
            notes.push("Crossed out: it came to nothing (it failed, or its agent was lost).".into());
        }
        if let Some(gap) = closed {
            let jobs = count(layout.jobs.len(), "job");
            let (bars, gap) = (grouped(&MOST_BARS.to_string()), Unit::Seconds.text(gap));
            notes.push(format!(
                "{jobs} are more than the {bars} bars of a shade that are drawn: those of a lane that begin within {gap} are one bar, in the colour of the longest."
            ));
        }
        if layout.rows.len() < self.rows.len() {
            let (agents, jobs) = (count(self.rows.len() - layout.rows.len(), "more agent"), count(layout.beyond, "job"));
            notes.push(format!("{agents} with {jobs} not drawn: the first {} are.", layout.rows.len()));
        }
        if layout.unsound > 0 {
            notes
                .push(format!("{} not drawn: the moments are no finite numbers, or not in order.", count(layout.unsound, "job")));
        }
        notes
    }
    fn label(&self, layout: &Layout<'_>, range: Option<(f64, f64)>) -> String {
        let (jobs, agents) = (count(layout.jobs.len(), "job"), count(self.rows.len(), "agent"));
        let time = range.map(|(from, to)| format!(" over {}", Unit::Seconds.text(to - from))).unwrap_or_default();
        let title = if self.title.is_empty() { String::new() } else { format!("{}: ", self.title) };
        format!("{title}{jobs} of {agents}{time}")
    }
}
