//! Curves as SVG: text put together, and nothing else.

use std::fmt::Write;

/// One curve.
pub struct Curve {
    pub name: String,
    /// Awards each, and share.
    pub points: Vec<(f64, f64)>,
}
/// One picture of several.
pub struct Panel {
    pub title: String,
    pub curves: Vec<Curve>,
}

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 48.0;
const TOP: f64 = 56.0;
const GAP: f64 = 28.0;
/// Colours that the colour-blind tell apart (Okabe and Ito).
const COLOURS: [&str; 4] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"];
/// The axis of awards: from 5 to 1,000, logarithmic.
const FROM: f64 = 5.0;
const TO: f64 = 1_000.0;

fn x(awards: f64) -> f64 {
    WIDTH * (awards / FROM).ln() / (TO / FROM).ln()
}
fn y(share: f64) -> f64 {
    HEIGHT * (1.0 - share.clamp(0.0, 1.0))
}

/// All panels side by side, with a legend below each.
pub fn svg(panels: &[Panel]) -> String {
    let width = LEFT + panels.len() as f64 * (WIDTH + GAP);
    let height = TOP + HEIGHT + 124.0;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"sans-serif\" font-size=\"12\">\n"
    );
    put(&mut text, format_args!("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"));
    put(
        &mut text,
        format_args!(
            "<text x=\"{LEFT}\" y=\"22\" font-size=\"15\">Share of the work that goes to the dishonest: four of ten agents</text>"
        ),
    );
    for (n, panel) in panels.iter().enumerate() {
        let left = LEFT + n as f64 * (WIDTH + GAP);
        put(&mut text, format_args!("<g transform=\"translate({left:.1} {TOP})\">"));
        draw(&mut text, panel);
        put(&mut text, format_args!("</g>"));
    }
    text.push_str("</svg>\n");
    text
}
fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a text takes all");
}

fn draw(text: &mut String, panel: &Panel) {
    put(text, format_args!("<text x=\"0\" y=\"-10\" font-weight=\"bold\">{}</text>", panel.title));
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let at = y(share);
        put(text, format_args!("<line x1=\"0\" x2=\"{WIDTH}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>"));
        put(
            text,
            format_args!("<text x=\"-6\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#555\">{:.0} %</text>", at + 4.0, share * 100.0),
        );
    }
    for (share, dash) in [(0.05, "2 3"), (0.4, "6 3")] {
        let at = y(share);
        let line = format_args!(
            "<line x1=\"0\" x2=\"{WIDTH}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#888\" stroke-dasharray=\"{dash}\"/>"
        );
        put(text, line);
    }
    for mark in [5.0, 10.0, 50.0, 200.0, 1_000.0] {
        put(
            text,
            format_args!(
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#555\">{mark:.0}</text>",
                x(mark),
                HEIGHT + 16.0
            ),
        );
    }
    put(
        text,
        format_args!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#555\">awards each agent</text>",
            WIDTH / 2.0,
            HEIGHT + 32.0
        ),
    );
    for (curve, (n, colour)) in panel.curves.iter().zip(COLOURS.iter().enumerate()) {
        let points: Vec<String> =
            curve.points.iter().map(|(awards, share)| format!("{:.1},{:.1}", x(*awards), y(*share))).collect();
        put(
            text,
            format_args!("<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{}\"/>", points.join(" ")),
        );
        let (at, below) = ((n % 2) as f64 * WIDTH / 2.0, HEIGHT + 54.0 + (n / 2) as f64 * 18.0);
        put(text, format_args!("<rect x=\"{at:.1}\" y=\"{:.1}\" width=\"14\" height=\"4\" fill=\"{colour}\"/>", below - 6.0));
        put(text, format_args!("<text x=\"{:.1}\" y=\"{below:.1}\">{}</text>", at + 20.0, curve.name));
    }
    let note = "dashed: their share of the agents; dotted: 5 %";
    put(text, format_args!("<text x=\"0\" y=\"{:.1}\" fill=\"#555\" font-size=\"11\">{note}</text>", HEIGHT + 96.0));
}
