//! The bars of a timeline, the strips below them, and the line that joins the critical path.

use super::axis::Scale;
use super::boxes::along;
use super::gantt::{Job, KINDS, MOST_BARS};
use super::kinds;
use super::lanes::{Stretch, merged};
use super::svg::{Hold, Svg};
use super::text::{count, put, width};
use super::unit::Unit;

/// Where everything lies.
pub(super) struct Layout<'a> {
    /// Sound jobs of rows that are drawn, by beginning; and their lanes.
    pub(super) jobs: Vec<(&'a Job, usize)>,
    /// Each drawn row's first lane, and how many it has.
    pub(super) rows: Vec<(usize, usize)>,
    pub(super) lanes: usize,
    pub(super) unsound: usize,
    /// Jobs of rows that are not drawn.
    pub(super) beyond: usize,
}

/// From when to when something of a job was.
pub(super) type Span = fn(&Job) -> (f64, f64);

/// What goes before the work, from the bottom layer up: its class, and from when to when.
pub(super) const BEFORE: [(&str, Span); 3] = [
    ("f dim", |job| (job.ready, job.announced)),
    ("f mid", |job| (job.assigned, job.started)),
    ("red", |job| (job.announced, job.assigned)),
];

/// Draws what lies where.
pub(super) struct Drawing<'a> {
    pub(super) layout: &'a Layout<'a>,
    pub(super) scale: &'a Scale,
    pub(super) top: f64,
    pub(super) lane: f64,
}
impl Drawing<'_> {
    fn stretches(&self, of: impl Fn(&Job) -> (f64, f64), look: impl Fn(&Job) -> usize) -> Vec<Stretch> {
        let one = |(n, (job, lane)): (usize, &(&Job, usize))| {
            let (from, to) = of(job);
            Stretch { lane: *lane, from, to, look: look(job), job: n, jobs: 1 }
        };
        self.layout.jobs.iter().enumerate().map(one).collect()
    }
    /// Where the bar of a lane is, and how high; and the same of the strip below it.
    fn heights(&self, lane: usize) -> ((f64, f64), (f64, f64)) {
        let (y, pad) = (self.top + self.lane * lane as f64, self.lane * 0.08);
        let strip = (self.lane * 0.2).max(1.8);
        let bar = self.lane - 2.0 * pad - strip - 0.5;
        ((y + pad, bar), (y + pad + bar + 0.5, strip))
    }
    /// At least a hair wide, so that it is seen.
    fn span(&self, from: f64, to: f64) -> (f64, f64) {
        let (left, right) = (self.scale.at(from), self.scale.at(to));
        (left, (right - left).max(0.8))
    }
    /// A strip below the bars.
    pub(super) fn before(&self, svg: &mut Svg, class: &str, of: Span, look: impl Fn(&Job) -> usize) -> Option<f64> {
        let red = class == "red";
        let mut all = self.stretches(of, |job| if red { 0 } else { look(job) });
        all.retain(|s| s.to > s.from);
        let (few, closed) = merged(all, MOST_BARS);
        for look in 0..=KINDS {
            let those: Vec<&Stretch> = few.iter().filter(|s| s.look == look).collect();
            if those.is_empty() {
                continue;
            }
            svg.group(&kinds::color(look), "");
            for s in those {
                let ((_, _), (y, high)) = self.heights(s.lane);
                let (x, wide) = self.span(s.from, s.to);
                svg.rect(class, x, y, wide, high, 0.0);
            }
            svg.end();
        }
        closed
    }
    pub(super) fn work(&self, svg: &mut Svg, look: impl Fn(&Job) -> usize) -> Option<f64> {
        // What is outlined or crossed out looks different.
        let looks = |job: &Job| look(job) * 4 + usize::from(job.critical) * 2 + usize::from(job.failed);
        let all = self.stretches(|job| (job.started, job.ended), looks);
        let (critical, others): (Vec<Stretch>, Vec<Stretch>) = all.into_iter().partition(|s| s.look & 2 != 0);
        let ((mut few, closed), (critical, also)) = (merged(others, MOST_BARS), merged(critical, MOST_BARS));
        few.extend(critical);
        for s in &few {
            let ((y, high), _) = self.heights(s.lane);
            let (x, wide) = self.span(s.from, s.to);
            svg.group(&kinds::color(s.look / 4), &self.tip(s));
            svg.rect(if wide > 3.0 { "f rim" } else { "f" }, x, y, wide, high, (high * 0.12).min(2.5));
            if s.look & 1 != 0 {
                let (end, r, middle) = (x + wide, high * 0.28, y + high / 2.0);
                svg.line("edge", (end - 2.0 * r, middle - r), (end, middle + r));
                svg.line("edge", (end - 2.0 * r, middle + r), (end, middle - r));
            }
            let name = &self.layout.jobs[s.job].0.name;
            if s.jobs == 1 && high >= 12.0 && wide > width(name, 11.0) + 10.0 {
                svg.text("on", (x + 5.0, y + high / 2.0 + 4.0), Hold::Start, name);
            }
            svg.end();
        }
        // Outlines lie above all bars.
        for s in few.iter().filter(|s| s.look & 2 != 0) {
            let ((y, high), _) = self.heights(s.lane);
            let (x, wide) = self.span(s.from, s.to);
            svg.group("", &self.tip(s));
            svg.rect("edge", x, y, wide, high, (high * 0.12).min(2.5));
            svg.end();
        }
        closed.into_iter().chain(also).reduce(f64::max)
    }
    fn tip(&self, s: &Stretch) -> String {
        let (job, _) = self.layout.jobs[s.job];
        let say = |t: f64| Unit::Seconds.text(t);
        let kind = if job.kind.is_empty() { String::new() } else { format!(" · {}", job.kind) };
        if s.jobs > 1 {
            let (from, to) = (say(s.from), say(s.to));
            return format!("{}, the longest {}{kind}\nfrom {from} to {to}", count(s.jobs, "job"), job.name);
        }
        let mut tip =
            format!("{}{kind}\n{}, from {} to {}", job.name, say(job.ended - job.started), say(job.started), say(job.ended));
        let before = [
            ("waited", job.announced - job.ready),
            ("coordination", job.assigned - job.announced),
            ("queued", job.started - job.assigned),
        ];
        for (word, time) in before.into_iter().filter(|(_, time)| *time > 0.0) {
            put(&mut tip, format_args!("\n{word} {}", say(time)));
        }
        tip.push_str(if job.critical { "\non the critical path" } else { "" });
        tip.push_str(if job.failed { "\nit came to nothing" } else { "" });
        tip
    }
    /// Joins the jobs of the critical path.
    pub(super) fn path(&self, svg: &mut Svg) {
        let mut on: Vec<(&Job, usize)> = self.layout.jobs.iter().copied().filter(|(job, _)| job.critical).collect();
        if on.len() > MOST_BARS {
            return; // a line through everything says nothing
        }
        on.sort_by(|a, b| a.0.started.total_cmp(&b.0.started).then(a.0.ended.total_cmp(&b.0.ended)));
        let middle = |lane: usize| {
            let ((y, high), _) = self.heights(lane);
            y + high / 2.0
        };
        for pair in on.windows(2) {
            let [(a, from), (b, to)] = pair else { continue };
            let (left, right) = (self.scale.at(a.ended), self.scale.at(b.started));
            svg.path("path", &along([(left, middle(*from)), (left.max(right), middle(*to))]));
        }
    }
}
