//! A string builder for SVG. Numbers have two digits behind the point; classes, not colours: `style` says how they look.

use super::text::{escaped, put};

/// Where a text is held.
#[derive(Clone, Copy)]
pub(super) enum Hold {
    Start,
    Middle,
    End,
}

/// The inside of a picture.
#[derive(Default)]
pub(super) struct Svg {
    body: String,
}

/// A coordinate in at most two digits behind the point. What is no number never gets here: scales clamp, and values are looked at before.
pub(super) fn px(x: f64) -> String {
    debug_assert!(x.is_finite(), "a coordinate is a number");
    let text = format!("{:.2}", if x.is_finite() { x } else { 0.0 });
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if short == "-0" { "0".into() } else { short.into() }
}

impl Svg {
    pub(super) fn into_body(self) -> String {
        self.body
    }
    /// A rectangle with corners rounded by `round`.
    pub(super) fn rect(&mut self, class: &str, x: f64, y: f64, width: f64, height: f64, round: f64) {
        let round = if round > 0.0 { format!(" rx=\"{}\"", px(round)) } else { String::new() };
        let (x, y, width, height) = (px(x), px(y), px(width.max(0.0)), px(height.max(0.0)));
        put(
            &mut self.body,
            format_args!("<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"{round}/>"),
        );
    }
    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let (x1, y1, x2, y2) = (px(from.0), px(from.1), px(to.0), px(to.1));
        put(&mut self.body, format_args!("<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>"));
    }
    pub(super) fn circle(&mut self, class: &str, x: f64, y: f64, radius: f64) {
        put(&mut self.body, format_args!("<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"{}\"/>", px(x), px(y), px(radius)));
    }
    /// A path; `d` is made of [`px`].
    pub(super) fn path(&mut self, class: &str, d: &str) {
        put(&mut self.body, format_args!("<path class=\"{class}\" d=\"{d}\"/>"));
    }
    pub(super) fn text(&mut self, class: &str, at: (f64, f64), hold: Hold, text: &str) {
        let hold = match hold {
            Hold::Start => "",
            Hold::Middle => " text-anchor=\"middle\"",
            Hold::End => " text-anchor=\"end\"",
        };
        let (x, y) = (px(at.0), px(at.1));
        put(&mut self.body, format_args!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\"{hold}>{}</text>", escaped(text)));
    }
    /// What follows until [`Svg::end`] has this class, and says this when it is pointed at.
    pub(super) fn group(&mut self, class: &str, tip: &str) {
        put(&mut self.body, format_args!("<g class=\"{class}\">"));
        if !tip.is_empty() {
            put(&mut self.body, format_args!("<title>{}</title>", escaped(tip)));
        }
    }
    pub(super) fn end(&mut self) {
        self.body.push_str("</g>\n");
    }
}
