//! What all pictures have around them: a title, a legend, axes, notes.

use super::axis::{Axis, Scale};
use super::kinds;
use super::svg::{Hold, Svg};
use super::text::{count, fitted, width};

/// All pictures are so wide, in pixels; a page scales them.
pub(super) const WIDTH: f64 = 960.0;
/// The margin at the right edge.
pub(super) const RIGHT: f64 = 20.0;

/// The title, and a sentence below it. Returns where the next thing may begin.
pub(super) fn title(svg: &mut Svg, title: &str, subtitle: &str) -> f64 {
    let mut y = 8.0;
    if !title.is_empty() {
        y += 18.0;
        svg.text("title", (8.0, y), Hold::Start, &fitted(title, 16.0, WIDTH - 16.0));
    }
    if !subtitle.is_empty() {
        y += 19.0;
        svg.text("muted", (8.0, y), Hold::Start, &fitted(subtitle, 12.0, WIDTH - 16.0));
    }
    y + 14.0
}

/// What stands before a name in a legend.
pub(super) enum Sign {
    /// The line and mark of the `n`th thing.
    Line(usize),
    /// The mark of the `n`th thing.
    Mark(usize),
    /// A patch: the class of its colour, and that of its shade.
    Patch(String, &'static str),
}

/// Names with their signs, in as many lines as it takes. Returns where the next thing may begin.
pub(super) fn legend(svg: &mut Svg, items: &[(Sign, &str)], top: f64) -> f64 {
    let (mut x, mut y) = (8.0, top + 8.0);
    for (sign, name) in items {
        let name = fitted(name, 12.0, 300.0);
        let wide = 30.0 + width(&name, 12.0) + 14.0;
        if x > 8.0 && x + wide > WIDTH - RIGHT {
            (x, y) = (8.0, y + 20.0);
        }
        match sign {
            Sign::Line(n) => {
                svg.group(&kinds::color(*n), "");
                svg.line(kinds::dash(*n), (x, y), (x + 24.0, y));
                svg.end();
            }
            Sign::Mark(n) => {
                svg.group(&kinds::color(*n), "");
                kinds::mark(svg, "f", *n, (x + 14.0, y), 5.5);
                svg.end();
            }
            Sign::Patch(class, shade) => {
                svg.group(class, "");
                svg.rect(shade, x + 4.0, y - 6.0, 20.0, 12.0, 2.0);
                svg.end();
            }
        }
        svg.text("", (x + 30.0, y + 4.0), Hold::Start, &name);
        x += wide;
    }
    if items.is_empty() { top } else { y + 22.0 }
}

/// The horizontal axis below a plot: its grid from `top` to `bottom`, its numbers, its words. Returns where the next thing may begin.
pub(super) fn horizontal(svg: &mut Svg, axis: &Axis, scale: &Scale, x: (f64, f64), y: (f64, f64)) -> f64 {
    let (top, bottom) = y;
    for (at, text) in &scale.ticks {
        svg.line("grid", (*at, top), (*at, bottom));
        svg.text("tick", (*at, bottom + 17.0), Hold::Middle, text);
    }
    svg.line("axis", (x.0, bottom), (x.1, bottom));
    let words = axis.title(scale);
    if words.is_empty() {
        return bottom + 28.0;
    }
    svg.text("muted", ((x.0 + x.1) / 2.0, bottom + 37.0), Hold::Middle, &fitted(&words, 12.0, x.1 - x.0));
    bottom + 52.0
}

/// The vertical axis left of a plot; its words stand above it.
pub(super) fn vertical(svg: &mut Svg, axis: &Axis, scale: &Scale, x: (f64, f64), y: (f64, f64)) {
    for (at, text) in &scale.ticks {
        svg.line("grid", (x.0, *at), (x.1, *at));
        svg.text("tick", (x.0 - 8.0, at + 4.0), Hold::End, text);
    }
    svg.line("axis", (x.0, y.0), (x.0, y.1));
    svg.text("muted", (8.0, y.0 - 12.0), Hold::Start, &fitted(&axis.title(scale), 12.0, x.1));
}

/// Notes below a picture. Returns where it ends.
pub(super) fn notes(svg: &mut Svg, notes: &[String], top: f64) -> f64 {
    let mut y = top;
    for line in notes.iter().flat_map(|note| wrapped(note, 12.0, WIDTH - 16.0)) {
        svg.text("muted", (8.0, y + 10.0), Hold::Start, &line);
        y += 17.0;
    }
    y + 6.0
}
/// Widths are guessed generously: in a whole line that adds up.
const SLACK: f64 = 0.92;

fn wrapped(text: &str, size: f64, most: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if (width(line, size) + width(word, size)) * SLACK + size <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(fitted(word, size, most)),
        }
    }
    lines
}

/// Says how many values are not in the picture; nothing if all are.
pub(super) fn left_out(n: usize, log: bool) -> Option<String> {
    let why = if log { "not above zero, or no finite number" } else { "no finite number" };
    (n > 0).then(|| format!("{} not drawn: {why}.", count(n, "value")))
}

/// In the middle of where a plot would be.
pub(super) fn nothing(svg: &mut Svg, words: &str, x: (f64, f64), y: (f64, f64)) {
    svg.text("muted name", ((x.0 + x.1) / 2.0, (y.0 + y.1) / 2.0 + 4.0), Hold::Middle, words);
}

/// The smallest and the greatest of some values.
pub(super) fn range(of: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    of.into_iter().fold(None, |range, x| Some(range.map_or((x, x), |(low, high): (f64, f64)| (low.min(x), high.max(x)))))
}
