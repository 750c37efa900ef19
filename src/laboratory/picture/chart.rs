//! A finished picture.

use super::style;
use super::svg::{Svg, px};
use super::text::escaped;

/// A picture, as SVG. Make it from a [`super::BoxPlot`], [`super::Curves`], [`super::Scatter`] or [`super::Gantt`].
///
/// ```
/// use polity::laboratory::picture::{BoxPlot, Series};
/// let chart = BoxPlot { groups: vec![Series::new("market", [1.0, 2.0, 4.0])], ..BoxPlot::default() }.draw();
/// assert!(chart.svg().starts_with("<svg xmlns="));
/// assert!(chart.label().contains("market 2"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    pub(super) body: String,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) label: String,
}
impl Chart {
    pub(super) fn new(svg: Svg, width: f64, height: f64, label: String) -> Chart {
        Chart { body: svg.into_body(), width, height, label }
    }
    /// What it shows, in words: for those who don't see it.
    pub fn label(&self) -> &str {
        &self.label
    }
    /// A file of its own, `.svg`, with its style.
    pub fn svg(&self) -> String {
        // Quotes and ampersands only; there is no `<` in a style.
        let style = format!("<style>{}</style>", style::of_charts().replace('&', "&amp;"));
        let size = format!(" width=\"{}\" height=\"{}\"", px(self.width), px(self.height));
        self.framed(" xmlns=\"http://www.w3.org/2000/svg\"", &size, &style)
    }
    /// A part of a page that has the style.
    pub(super) fn inline(&self) -> String {
        self.framed("", "", "")
    }
    fn framed(&self, space: &str, size: &str, style: &str) -> String {
        let (width, height, label) = (px(self.width), px(self.height), escaped(&self.label));
        let paper = format!("<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>");
        format!(
            "<svg{space} class=\"pic\" viewBox=\"0 0 {width} {height}\"{size} role=\"img\" aria-label=\"{label}\">{style}{paper}\n{}</svg>\n",
            self.body
        )
    }
}
