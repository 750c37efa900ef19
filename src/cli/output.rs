//! Printing. A reader who leaves early (`| head`) is no error, and never a panic.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use std::io::{self, ErrorKind, IsTerminal, Write};

/// Prints a result, with a newline at its end.
///
/// # Errors
/// If it can't be written, unless nobody reads any more.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let end: &[u8] = if text.is_empty() || text.ends_with('\n') { b"" } else { b"\n" };
    match out.write_all(text.as_bytes()).and_then(|()| out.write_all(end)).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// Tells something beside the result. If nobody listens, nobody is told.
pub fn tell(text: &str) {
    let mut err = io::stderr().lock();
    let _ = writeln!(err, "{}", text.trim_end_matches('\n'));
}

/// True if error output is read by a person: then problems are shown with their lines.
pub fn is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// True if error output may have colours: <https://no-color.org>.
pub fn has_color() -> bool {
    let said = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    is_terminal() && said("NO_COLOR").is_none() && said("TERM").is_none_or(|term| term != "dumb")
}

/// A table without lines.
pub fn table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled).set_header(head.to_vec());
    table
}

/// `1 task`, `2 tasks`.
pub fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// A text from a file as one harmless line.
pub fn plain(text: &str) -> String {
    polity::report::harmless(text).into_owned()
}

/// Aligns columns of figures.
pub fn right(table: &mut Table, columns: std::ops::RangeInclusive<usize>) {
    for column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}
