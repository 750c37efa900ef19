//! Tables of a page.

use super::text::{escaped, put};

/// Rows that are written at most; a page must open.
const MOST_ROWS: usize = 5_000;

/// A column: its words, and whether numbers stand in it.
///
/// ```
/// use polity::laboratory::picture::Column;
/// assert!(Column::number("makespan").number && !Column::text("strategy").number);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// What stands above it.
    pub name: String,
    /// True if its numbers stand below each other, digit by digit.
    pub number: bool,
}
impl Column {
    /// A column of words.
    pub fn text(name: impl Into<String>) -> Column {
        Column { name: name.into(), number: false }
    }
    /// A column of numbers.
    pub fn number(name: impl Into<String>) -> Column {
        Column { name: name.into(), number: true }
    }
}

/// What stands in one place of a table.
///
/// ```
/// use polity::laboratory::picture::Cell;
/// assert_eq!(Cell::from("361 s"), Cell::Plain("361 s".into()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// As it is.
    Plain(String),
    /// Bold: the best of its column.
    Best(String),
    /// Red: something that went wrong. The words must say so too.
    Bad(String),
    /// Grey: of less weight.
    Dim(String),
}
impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Cell {
        Cell::Plain(text.into())
    }
}

/// A table; its head stays in sight. Rows may be shorter than the head, and what is longer is cut off.
///
/// ```
/// use polity::laboratory::picture::{Column, Page, Part, Table};
/// let table = Table {
///     columns: vec![Column::text("strategy"), Column::number("median")],
///     rows: vec![vec!["market".into(), "361.0 s".into()]],
///     caption: "30 paired seeds".into(),
/// };
/// let page = Page { parts: vec![Part::Table(table)], ..Page::default() }.html();
/// assert!(page.contains("<td class=\"n\">361.0 s</td>"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, from the top.
    pub rows: Vec<Vec<Cell>>,
    /// A sentence below it.
    pub caption: String,
}
impl Table {
    pub(super) fn html(&self) -> String {
        let mut html = String::from("<div class=\"sheet\" tabindex=\"0\"><table>");
        let cut = self.rows.len().saturating_sub(MOST_ROWS);
        let left = if cut > 0 { format!(" {} not shown.", super::text::count(cut, "more row")) } else { String::new() };
        html.push_str("<thead><tr>");
        for column in &self.columns {
            let class = if column.number { " class=\"n\"" } else { "" };
            put(&mut html, format_args!("<th scope=\"col\"{class}>{}</th>", escaped(&column.name)));
        }
        html.push_str("</tr></thead><tbody>\n");
        for row in self.rows.iter().take(MOST_ROWS) {
            html.push_str("<tr>");
            for (column, cell) in self.columns.iter().zip(row) {
                cell_html(&mut html, column, cell);
            }
            html.push_str("</tr>\n");
        }
        html.push_str("</tbody></table></div>\n");
        if !self.caption.is_empty() || cut > 0 {
            // Not a `caption`: that would be as wide as the table, and scroll away with it on a phone.
            put(&mut html, format_args!("<p class=\"note\">{}{left}</p>\n", escaped(&self.caption)));
        }
        html
    }
}

fn cell_html(html: &mut String, column: &Column, cell: &Cell) {
    let (text, tone) = match cell {
        Cell::Plain(text) => (text, ""),
        Cell::Best(text) => (text, "best"),
        Cell::Bad(text) => (text, "bad"),
        Cell::Dim(text) => (text, "dim"),
    };
    let kind = if column.number {
        "n"
    } else if text.chars().count() > 32 {
        "long"
    } else {
        ""
    };
    let classes: Vec<&str> = [kind, tone].into_iter().filter(|class| !class.is_empty()).collect();
    let class = if classes.is_empty() { String::new() } else { format!(" class=\"{}\"", classes.join(" ")) };
    put(html, format_args!("<td{class}>{}</td>", escaped(text)));
}
