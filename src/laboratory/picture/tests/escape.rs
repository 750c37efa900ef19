//! Text stays text, and pages do nothing.

use super::sample;
use crate::laboratory::picture::*;
use proptest::prelude::*;

/// Tags that pictures and pages consist of.
const TAGS: &[&str] = &[
    "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "dl", "div", "dt", "dd", "table", "thead",
    "tbody", "tr", "th", "td", "figure", "pre", "footer", "svg", "g", "rect", "line", "circle", "path", "text", "!DOCTYPE",
];
const ATTRIBUTES: &[&str] = &[
    "lang",
    "charset",
    "http-equiv",
    "content",
    "name",
    "class",
    "tabindex",
    "scope",
    "xmlns",
    "viewBox",
    "width",
    "height",
    "role",
    "aria-label",
    "x",
    "y",
    "x1",
    "x2",
    "y1",
    "y2",
    "cx",
    "cy",
    "r",
    "rx",
    "d",
    "text-anchor",
    "html",
];

/// Reads markup as strictly as XML is read, but for `meta` and the doctype, which stay open: all tags and attributes are known, all values are
/// quoted, all that is opened is closed. Returns all text that is not in a tag, still escaped, and the values of attributes.
pub(crate) fn read(markup: &str) -> Result<(String, Vec<(String, String)>), String> {
    let (mut open, mut text, mut values, mut rest) = (Vec::new(), String::new(), Vec::new(), markup);
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        text.push_str(before);
        if before.contains('>') && open.last() != Some(&"style") {
            return Err(format!("a stray > in {before:?}"));
        }
        let end = tag.find('>').ok_or("a tag is open at the end")?;
        let inside = &tag[1..end];
        rest = &tag[end + 1..];
        if let Some(name) = inside.strip_prefix('/') {
            let last = open.pop();
            if last != Some(name) {
                return Err(format!("</{name}> closes {last:?}"));
            }
            continue;
        }
        let (name, attributes) = inside.split_once(' ').unwrap_or((inside, ""));
        let alone = inside.ends_with('/');
        let name = name.trim_end_matches('/');
        if !TAGS.contains(&name) {
            return Err(format!("<{name}> is no tag of ours"));
        }
        let mut left = attributes.trim_end_matches('/').trim();
        while !left.is_empty() && name != "!DOCTYPE" {
            let (key, more) = left.split_once("=\"").ok_or_else(|| format!("an attribute without a value: {left}"))?;
            let (value, more) = more.split_once('"').ok_or("a value is open at the end of its tag")?;
            if !ATTRIBUTES.contains(&key) {
                return Err(format!("{key} is no attribute of ours"));
            }
            values.push((key.to_owned(), value.to_owned()));
            left = more.trim_start();
        }
        if !alone && !["meta", "!DOCTYPE"].contains(&name) {
            open.push(name);
        }
    }
    text.push_str(rest);
    if open.is_empty() { Ok((text, values)) } else { Err(format!("open at the end: {open:?}")) }
}

#[test]
fn the_reader_sees_what_is_wrong() {
    assert!(read("<p>a &lt; b</p>").is_ok());
    for bad in ["<p>", "<img src=\"x\">", "<p onclick=\"x\"></p>", "<p class=x></p>", "<p><g></p></g>", "<p>></p>"] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

/// A page in which every text is this one.
fn page_of(text: &str) -> Page {
    let series = vec![Series::new(text, [1.0, 2.0]), Series::new(text, [])];
    let job = Job { name: text.into(), kind: text.into(), ended: 2.0, critical: true, failed: true, ..Job::default() };
    let axis = Axis::new(text, Unit::Seconds);
    let cells = vec![Cell::from(text), Cell::Best(text.into()), Cell::Bad(text.into()), Cell::Dim(text.into())];
    let columns = vec![Column::text(text), Column::number(text), Column::text(text), Column::number(text)];
    let (title, subtitle) = (text.to_owned(), text.to_owned());
    let clouds = vec![Cloud::new(text, [(1.0, 1.0), (2.0, 2.0)])];
    let boxes = BoxPlot {
        title: title.clone(),
        subtitle: subtitle.clone(),
        axis: axis.clone(),
        groups: series.clone(),
        bounds: vec![(title.clone(), 1.5)],
    };
    let curves = Curves { title: title.clone(), subtitle: subtitle.clone(), axis: axis.clone(), series };
    let scatter = Scatter { title: title.clone(), subtitle: subtitle.clone(), x: axis.clone(), y: axis, clouds };
    let gantt = Gantt { title: title.clone(), subtitle, rows: vec![title.clone()], jobs: vec![job] };
    Page {
        title: title.clone(),
        lead: title.clone(),
        footer: title.clone(),
        parts: vec![
            Part::heading(text),
            Part::text(text),
            Part::Preformatted(title.clone()),
            Part::Figures(vec![(title.clone(), title.clone())]),
            Part::Table(Table { columns, rows: vec![cells], caption: title }),
            Part::Chart(boxes.draw()),
            Part::Chart(curves.draw()),
            Part::Chart(scatter.draw()),
            Part::Chart(gantt.draw()),
        ],
    }
}

#[test]
fn a_name_with_an_attack_in_it_is_a_name() {
    for attack in [
        "<img src=x onerror=alert(1)>",
        "\"><script>alert(1)</script>",
        "'onload='alert(1)",
        "</style><b>",
        "]]><!--",
        "&#60;b&#62;",
    ] {
        let html = page_of(attack).html();
        let (text, values) = read(&html).unwrap_or_else(|why| panic!("{attack}: {why}"));
        assert!(!html.contains("<img") && !html.contains("<script") && !html.contains("<b>"));
        let shown =
            attack.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;");
        assert!(text.matches(&shown).count() > 12, "{attack} is shown as it is");
        assert!(values.iter().any(|(key, value)| key == "aria-label" && value.contains(&shown)));
    }
}

#[test]
fn pages_allow_nothing_but_their_own_style() {
    let html = sample::page().html();
    let (_, values) = read(&html).unwrap();
    let policy = values.iter().find(|(_, value)| value.starts_with("default-src")).unwrap();
    assert!(policy.1.starts_with("default-src 'none'; style-src 'sha256-") && !policy.1.contains("unsafe"));
    assert_eq!(html.matches("<style").count(), 1);
    let style = html.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    assert!(!style.contains("url(") && !style.contains("@import") && !style.contains('<'));
    for outside in ["http://", "https://", "<script", "javascript:", "<link", " style=\""] {
        assert!(!html.contains(outside), "{outside}");
    }
    // Every picture says in words what it shows.
    assert_eq!(html.matches("<svg").count(), html.matches("role=\"img\" aria-label=\"").count());
}

#[test]
fn a_picture_of_its_own_is_whole() {
    let svg = sample::boxes(sample::series(3, 30, 1)).draw().svg();
    read(&svg).unwrap();
    assert!(svg.contains("<style>") && svg.contains("prefers-color-scheme:dark") && svg.contains("width=\"960\""));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_a_text_contains_the_markup_is_sound(text in r#"([<>&"'/=a-z \n\t]|\PC|\x00|\x1b|\u{202e}|\u{ffff}|&lt;){0,40}"#) {
        let page = page_of(&text).html();
        prop_assert!(read(&page).is_ok(), "{:?}", read(&page).err());
        let bad = |c: char| c.is_control() && c != '\n' && c != '\t' || matches!(c, '\u{202e}' | '\u{ffff}');
        prop_assert!(!page.contains(bad));
    }
}
