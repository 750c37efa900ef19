//! One file that tells it all: no network, no script.

use super::chart::Chart;
use super::policy;
use super::style;
use super::table::Table;
use super::text::{escaped, put};

/// A part of a page.
///
/// ```
/// use polity::laboratory::picture::Part;
/// assert_eq!(Part::text("All went well."), Part::Text("All went well.".into()));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// A heading.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// Some figures side by side: what each is, and its value.
    Figures(Vec<(String, String)>),
    /// A table.
    Table(Table),
    /// A picture.
    Chart(Chart),
    /// Text as it is, line by line.
    Preformatted(String),
}
impl Part {
    /// A heading.
    pub fn heading(text: impl Into<String>) -> Part {
        Part::Heading(text.into())
    }
    /// A paragraph.
    pub fn text(text: impl Into<String>) -> Part {
        Part::Text(text.into())
    }
}

/// A page as one HTML file, to be opened from the disk: readable on a phone, in the dark, without seeing, and on paper. All text is escaped. It runs
/// no script and loads nothing; its content security policy holds the browser to that.
///
/// ```
/// use polity::laboratory::picture::{Page, Part};
/// let parts = vec![Part::heading("Who is <img src=x onerror=alert(1)>?"), Part::text("A name.")];
/// let html = Page { title: "brave-otter".into(), parts, ..Page::default() }.html();
/// assert!(html.contains("Who is &lt;img src=x onerror=alert(1)&gt;?"));
/// assert!(!html.contains("<img") && !html.contains("<script"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Its title; also the window's.
    pub title: String,
    /// A sentence below the title.
    pub lead: String,
    /// What it tells, in order.
    pub parts: Vec<Part>,
    /// A line at its end: what made it, and how to make it again.
    pub footer: String,
}
impl Page {
    /// The file's text.
    pub fn html(&self) -> String {
        let css = style::of_pages() + &style::of_charts();
        let (title, policy) = (escaped(&self.title), policy::of_style(&css));
        let mut html = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
             <title>{title}</title>\n<style>{css}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
        );
        if !self.lead.is_empty() {
            put(&mut html, format_args!("<p class=\"lead\">{}</p>\n", escaped(&self.lead)));
        }
        self.parts.iter().for_each(|part| part_html(&mut html, part));
        if !self.footer.is_empty() {
            put(&mut html, format_args!("<footer>{}</footer>\n", escaped(&self.footer)));
        }
        html + "</main>\n</body>\n</html>\n"
    }
}

fn part_html(html: &mut String, part: &Part) {
    match part {
        Part::Heading(text) => put(html, format_args!("<h2>{}</h2>\n", escaped(text))),
        Part::Text(text) => put(html, format_args!("<p>{}</p>\n", escaped(text))),
        Part::Figures(all) => {
            html.push_str("<dl class=\"facts\">");
            for (name, value) in all {
                put(html, format_args!("<div><dt>{}</dt><dd>{}</dd></div>", escaped(name), escaped(value)));
            }
            html.push_str("</dl>\n");
        }
        Part::Table(table) => html.push_str(&table.html()),
        Part::Chart(chart) => put(html, format_args!("<figure>{}</figure>\n", chart.inline())),
        // A line break at the beginning would be swallowed.
        Part::Preformatted(text) => put(html, format_args!("<pre>\n{}</pre>\n", escaped(text))),
    }
}
